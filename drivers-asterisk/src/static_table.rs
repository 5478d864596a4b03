//! Tables of which each row is an option as such: `features`, `staticqueue`, `staticvoicemail`; and, for the
//! section `[general]` alone, `staticiax` and `staticsip`.

use std::ops::Deref;

use driver_api::{Blanked, Error, OneLine, Query, Session, Warning};
use serde::Deserialize;

/// A row of such a table. Where a value may have line breaks that are not written as such, `V` is `String`.
#[derive(Deserialize)]
pub(crate) struct StaticOption<V = OneLine> {
    pub(crate) id: i64,
    /// The section.
    pub(crate) category: String,
    pub(crate) var_name: OneLine,
    pub(crate) var_val: Option<V>,
}

impl<V: Deref<Target = str>> StaticOption<V> {
    /// The value as it is written. A null is the word that Python prints for it, with a warning.
    pub(crate) fn value(&self, session: &mut Session<'_>, table: &str) -> &str {
        if let Some(value) = &self.var_val {
            return value;
        }
        let message = format!("there is no value: Asterisk reads {} as the word None", &*self.var_name);
        session.warn(Warning::new(table, message).row(format_args!("id={}", self.id)).column("var_val"));
        "None"
    }
}

/// A row of a table that has the options of `[general]` alone.
#[derive(Deserialize)]
pub(crate) struct GeneralOption {
    #[expect(dead_code, reason = "names the row in messages")]
    id: i64,
    pub(crate) var_name: OneLine,
    pub(crate) var_val: Blanked,
}

/// The options of such a table that are in use. Category and file name make no difference.
pub(crate) fn general_options(session: &mut Session<'_>, table: &str) -> Result<Vec<GeneralOption>, Error> {
    let sql = format!(
        "SELECT id, var_name, var_val
        FROM {table}
        WHERE commented = 0 AND var_val IS NOT NULL
        ORDER BY id"
    );
    session.query(Query { table, key: &["id"], sql: &sql }, &[])
}
