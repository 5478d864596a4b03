//! A key with a number that the user chose shows the state of that number.

use std::borrow::Cow;

use driver_api::{OneLine, Query};
use serde::Deserialize;

use super::Source;
use super::function_key::Key;
use crate::extensions::user::User;

#[derive(Deserialize)]
pub(super) struct Custom {
    template_id: i64,
    position: i64,
    exten: OneLine,
}

impl Key for Custom {
    const KEYS: Query<'static> = Query {
        table: "func_key_dest_custom",
        key: &["func_key_id"],
        sql: "SELECT m.template_id, m.position, d.func_key_id, d.exten
            FROM func_key_dest_custom d
            JOIN func_key_mapping m ON m.func_key_id = d.func_key_id AND m.blf",
    };

    const COLUMN: &str = "exten";

    fn place(&self) -> (i64, i64) {
        (self.template_id, self.position)
    }

    fn extension(&self, _: &User, _: &Source<'_>) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(&self.exten))
    }
}
