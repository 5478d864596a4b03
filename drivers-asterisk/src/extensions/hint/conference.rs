//! The hint of a conference: whether anybody is in it. It is there if some function key has the
//! conference for its destination.

use driver_api::{Error, OneLine, Query, Session};
use serde::Deserialize;

use super::{Argument, Hints};

const CONFERENCES: Query<'_> = Query {
    table: "extensions",
    key: &["id"],
    sql: "SELECT DISTINCT c.id AS conference_id, e.id, e.exten, e.context
        FROM conference c
        JOIN func_key_dest_conference d ON d.conference_id = c.id
        JOIN extensions e ON CAST(e.type AS TEXT) = 'conference' AND e.typeval = CAST(c.id AS TEXT)
        ORDER BY c.id, e.id",
};

#[derive(Deserialize)]
struct Conference {
    conference_id: i64,
    #[expect(dead_code, reason = "names the row in messages")]
    id: i64,
    exten: OneLine,
    context: String,
}

pub(super) fn add(hints: &mut Hints<'_>, session: &mut Session<'_>) -> Result<(), Error> {
    let conferences: Vec<Conference> = session.query(CONFERENCES, &[])?;
    for Conference { conference_id, exten, context, .. } in conferences {
        hints.add(&context, exten.into_string(), Argument::Of(format!("confbridge:{conference_id}")));
    }
    Ok(())
}
