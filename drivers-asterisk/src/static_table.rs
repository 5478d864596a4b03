//! Tables of which each row is an option as such: `features`, `staticqueue`, `staticvoicemail`; and, for the
//! section `[general]` alone, `staticiax` and `staticsip`.

use std::ops::Deref;

use driver_api::{Blanked, Error, OneLine, Query, Row, Session};
use serde::Deserialize;

/// A row of such a table. Where a value may have line breaks that are not written as such, `V` is `Text`.
#[derive(Deserialize)]
pub(crate) struct StaticOption<V = OneLine> {
    /// The section.
    pub(crate) category: String,
    pub(crate) var_name: OneLine,
    pub(crate) var_val: Option<V>,
}

/// The value as it is written, with its column. A null is the word that Python prints for it, with a warning.
pub(crate) fn value<'r, V: Deref<Target = str>>(
    session: &mut Session<'_>,
    row: &'r Row<StaticOption<V>>,
) -> (&'static str, &'r str) {
    if let Some(value) = &row.var_val {
        return (VALUE, value);
    }
    let message = format!("there is no value: Asterisk reads {} as the word None", row.var_name);
    row.warn(session, VALUE, message);
    (VALUE, "None")
}

/// The column of the values.
pub(crate) const VALUE: &str = "var_val";

/// A row of a table that has the options of `[general]` alone.
#[derive(Deserialize)]
pub(crate) struct GeneralOption {
    pub(crate) var_name: OneLine,
    pub(crate) var_val: Blanked,
}

/// The options of such a table that are in use. Category and file name make no difference.
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
