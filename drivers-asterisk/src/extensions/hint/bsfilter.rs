//! The hint of a call filter between boss and secretary: whether it is on, for each member of one.

use driver_api::{Error, Query, Session, Warning};
use serde::Deserialize;

use super::function_key::contexts;
use super::{Argument, Hints, Source};

const MEMBERS: Query<'_> = Query {
    table: "callfiltermember",
    key: &["id"],
    sql: "SELECT cm.id, cm.typeval
        FROM func_key_dest_bsfilter d
        JOIN callfiltermember cm ON cm.id = d.filtermember_id
        JOIN callfilter cf ON cf.id = cm.callfilterid AND cf.commented = 0
        ORDER BY cm.id",
};

#[derive(Deserialize)]
struct Member {
    id: i64,
    /// The id of the user.
    typeval: String,
}

pub(super) fn add<'a>(
    hints: &mut Hints<'a>,
    session: &mut Session<'_>,
    source: &Source<'a>,
) -> Result<(), Error> {
    let members: Vec<Member> = session.query(MEMBERS, &[])?;
    let code = source.features.prefix(session, "bsfilter");
    for Member { id, typeval } in members {
        let Ok(user) = typeval.trim().parse() else {
            let message = format!("{typeval:?} is not the id of a user; the member has no hint");
            session.warn(Warning::new("callfiltermember", message).row(format!("id={id}")).column("typeval"));
            continue;
        };
        let Some(user) = source.users.with_id(user) else { continue };
        for extension in contexts(source, user).filter(|extension| extension.is_enabled()) {
            hints.add(&extension.context, format!("{code}{id}"), Argument::Custom);
        }
    }
    Ok(())
}
