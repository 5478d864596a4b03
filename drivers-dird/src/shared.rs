//! What the files have in common: contexts that may be separated, and rows that go by their names.

use driver_api::{Error, Query, Session, Warning};
use serde::Deserialize;

/// Whether users find only those of their own context.
pub(crate) fn contexts_are_separated(session: &mut Session<'_>) -> Result<bool, Error> {
    let rows: Vec<Main> = session.query(MAIN, &[])?;
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
    #[expect(dead_code, reason = "names the row in messages")]
    id: i64,
    context_separation: Option<i64>,
}

/// What the copy of a source is called that finds the users of one profile's context. A name that is NULL
/// is written as Python writes it.
pub(crate) fn name_of_copy(source: Option<&str>, profile: Option<&str>) -> String {
    format!("{}_{}", source.unwrap_or("None"), profile.unwrap_or("None"))
}

/// A warning about a row of a table with ids.
pub(crate) fn about(table: &str, id: i64, message: impl Into<String>) -> Warning {
    Warning::new(table, message).row(format_args!("id={id}"))
}

/// A warning that this row takes the place of an earlier one.
pub(crate) fn namesake(table: &str, id: i64) -> Warning {
    about(table, id, "another row has the same name; this one counts").column("name")
}

/// The message where only one of so many rows is asked for.
pub(crate) fn first_of(rows: usize) -> String {
    format!("there are {rows} rows; the one with the smallest id counts")
}
