//! Tables of which each row is an option as such: `features`, `staticqueue`, `staticvoicemail`.

use std::ops::Deref;

use driver_api::{OneLine, Session, Warning};
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
