//! The hint of a member of a call filter between boss and secretary shows whether the filter is on.

use std::collections::{BTreeSet, HashMap};

use driver_api::{Query, Row, Session};
use serde::Deserialize;

use super::function_key::{contexts, names};
use super::{Argument, Hint, Hints, Source};

pub(super) const MEMBERS: Query<'_> = Query {
    table: "callfiltermember",
    key: &["id"],
    sql: "SELECT cm.id, cm.typeval
        FROM func_key_dest_bsfilter d
        JOIN callfiltermember cm ON cm.id = d.filtermember_id
        JOIN callfilter cf ON cf.id = cm.callfilterid AND cf.commented = 0
        ORDER BY cm.id",
};

#[derive(Deserialize)]
pub(super) struct Member {
    id: i64,
    /// The id of the user.
    typeval: String,
}

pub(super) fn add<'a>(
    hints: &mut Hints<'a>,
    session: &mut Session<'_>,
    source: &Source<'a>,
    members: &'a [Row<Member>],
) {
    let code = source.features.prefix(session, "bsfilter");
    let mut contexts_of: HashMap<i64, BTreeSet<&str>> = HashMap::new();
    for member in members {
        let Member { id, typeval } = &**member;
        let Ok(user) = typeval.trim().parse() else {
            let message = format!("{typeval:?} is not the id of a user; the member has no hint");
            member.warn(session, "typeval", message);
            continue;
        };
        let Some(user) = source.users.with_id(user) else { continue };
        let extension = format!("{code}{id}").into();
        let hint = Hint { origin: member.origin(), column: "id", extension, argument: Argument::Custom };
        let contexts = contexts_of
            .entry(user.id)
            .or_insert_with(|| names(contexts(source, user).filter(|extension| extension.is_enabled())));
        for context in &*contexts {
            hints.add(session, context, hint.clone());
        }
    }
}
