//! Tables whose rows are options: `features`, `staticqueue`, `staticvoicemail`, and `staticiax` and `staticsip`,
//! which have the section `[general]` only.

use std::ops::Deref;

use driver_api::{Blanked, Error, OneLine, Query, Row, Session};
use serde::Deserialize;

/// A row of such a table. `V` is `Text` where the driver escapes line breaks in values.
#[derive(Deserialize)]
pub(crate) struct StaticOption<V = OneLine> {
    /// The section.
    pub(crate) category: String,
    pub(crate) var_name: OneLine,
    pub(crate) var_val: Option<V>,
}

/// Returns the value to write, with its column. For NULL it is the word that Python prints, with a warning.
pub(crate) fn value<'r, V: Deref<Target = str>>(
    session: &mut Session<'_>,
    row: &'r Row<StaticOption<V>>,
) -> (&'static str, &'r str) {
    if let Some(value) = &row.var_val {
        return (VALUE, value);
    }
    let message = format!(
        "the option {} has no value, so the file has the word None: set a value or delete the option",
        row.var_name
    );
    row.warn(session, VALUE, message);
    (VALUE, "None")
}

/// The column that has the values.
pub(crate) const VALUE: &str = "var_val";

/// A row of a table that has the section `[general]` only.
#[derive(Deserialize)]
pub(crate) struct GeneralOption {
    pub(crate) var_name: OneLine,
    pub(crate) var_val: Blanked,
}

/// Returns the enabled options of such a table, whatever their category and file name are.
pub(crate) fn general_options(
    session: &mut Session<'_>,
    table: &str,
) -> Result<Vec<Row<GeneralOption>>, Error> {
    let sql = format!(
        "SELECT id, var_name, var_val
        FROM {table}
        WHERE commented = 0 AND var_val IS NOT NULL
        ORDER BY id"
    );
    session.query(Query { table, key: &["id"], sql: &sql }, &[])
}
