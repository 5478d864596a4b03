//! Rules of more than one file: the separation of contexts, and rows with the same name.

use driver_api::{Error, Query, Row, Session, Warning};
use serde::Deserialize;

/// Whether a search finds only users of the same context.
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

/// The name of a source's copy that finds the users of one profile's context. NULL is `None`, as in Python.
pub(crate) fn name_of_copy(source: Option<&str>, profile: Option<&str>) -> String {
    format!("{}_{}", source.unwrap_or("None"), profile.unwrap_or("None"))
}

/// Warns that this row takes the place of an earlier one.
pub(crate) fn warn_of_namesake<T>(session: &mut Session<'_>, row: &Row<T>) {
    row.warn(session, "name", "another row has the same name; this one counts");
}

/// The message for a table with several rows of which one counts.
pub(crate) fn first_of(rows: usize) -> String {
    format!("there are {rows} rows; the one with the smallest id counts")
}
