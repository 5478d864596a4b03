//! The hint of a conference shows whether the conference has participants. Only a conference that is the
//! destination of a function key has one.

use driver_api::{OneLine, Query, Row, Session};
use serde::Deserialize;

use super::{Argument, Hint, Hints};

pub(super) const CONFERENCES: Query<'_> = Query {
    table: "extensions",
    key: &["id"],
    sql: "SELECT DISTINCT c.id AS conference_id, e.id, e.exten, e.context
        FROM conference c
        JOIN func_key_dest_conference d ON d.conference_id = c.id
        JOIN extensions e ON CAST(e.type AS TEXT) = 'conference' AND e.typeval = CAST(c.id AS TEXT)
        ORDER BY c.id, e.id",
};

#[derive(Deserialize)]
pub(super) struct Conference {
    conference_id: i64,
    exten: OneLine,
    context: String,
}

pub(super) fn add<'a>(hints: &mut Hints<'a>, session: &mut Session<'_>, conferences: &'a [Row<Conference>]) {
    for conference in conferences {
        let hint = Hint {
            origin: conference.origin(),
            column: "exten",
            extension: (&*conference.exten).into(),
            argument: Argument::Conference(conference.conference_id),
        };
        hints.add(session, &conference.context, hint);
    }
}
