//! A key that forwards calls shows whether they are forwarded, to the number of the key if it has one.

use std::borrow::Cow;

use driver_api::{OneLine, Query};
use serde::Deserialize;
use uuid::Uuid;

use super::Source;
use super::function_key::Key;
use crate::extensions::user::User;

#[derive(Deserialize)]
pub(super) struct Forward {
    template_id: i64,
    position: i64,
    feature_extension_uuid: Uuid,
    number: Option<OneLine>,
}

impl Key for Forward {
    const KEYS: Query<'static> = Query {
        table: "func_key_dest_forward",
        key: &["func_key_id"],
        sql: "SELECT m.template_id, m.position, d.func_key_id, d.feature_extension_uuid, d.number
            FROM func_key_dest_forward d
            JOIN func_key_mapping m ON m.func_key_id = d.func_key_id AND m.blf",
    };

    const COLUMN: &str = "number";

    fn place(&self) -> (i64, i64) {
        (self.template_id, self.position)
    }

    fn extension(&self, user: &User, source: &Source<'_>) -> Option<Cow<'_, str>> {
        source.key_extension(user, self.feature_extension_uuid, self.number.as_deref().unwrap_or_default())
    }
}
