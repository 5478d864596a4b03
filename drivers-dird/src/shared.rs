//! Code that several files share: whether contexts are separated, and the warnings of duplicate names and rows.

use driver_api::{Error, Query, Row, Session, Warning};
use serde::Deserialize;

/// Returns whether users find only the users of their own context.
pub(crate) fn contexts_are_separated(session: &mut Session<'_>) -> Result<bool, Error> {
    let rows: Vec<Row<Main>> = session.query(MAIN, &[])?;
    match rows.len() {
        0 => session.warn(Warning::new("ctimain", "there is no row, so contexts are not separated")),
        1 => {}
        several => session.warn(Warning::new("ctimain", first_of(several))),
    }
    Ok(rows.first().and_then(|row| row.context_separation).is_some_and(|value| value != 0))
}

const MAIN: Query<'_> =
    Query { table: "ctimain", key: &["id"], sql: "SELECT id, context_separation FROM ctimain ORDER BY id" };

#[derive(Deserialize)]
struct Main {
    context_separation: Option<i64>,
}

/// Returns the name of the copy of a source that finds only the users of one profile's context. A name that is
/// NULL becomes `None`, as Python formats it.
pub(crate) fn name_of_copy(source: Option<&str>, profile: Option<&str>) -> String {
    format!("{}_{}", source.unwrap_or("None"), profile.unwrap_or("None"))
}

/// Warns that this row replaces an earlier one.
pub(crate) fn warn_of_namesake<T>(session: &mut Session<'_>, row: &Row<T>) {
    row.warn(session, "name", "another row has the same name; this one counts");
}

/// Returns the message for a table with several rows, of which the driver uses one.
pub(crate) fn first_of(rows: usize) -> String {
    format!("there are {rows} rows; the one with the smallest id counts")
}
