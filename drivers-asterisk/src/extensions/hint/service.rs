//! A key for a service, such as "do not disturb", shows whether it is on.

use std::borrow::Cow;

use driver_api::Query;
use serde::Deserialize;
use uuid::Uuid;

use super::Source;
use super::function_key::Key;
use crate::extensions::user::User;

#[derive(Deserialize)]
pub(super) struct Service {
    template_id: i64,
    position: i64,
    feature_extension_uuid: Uuid,
}

impl Key for Service {
    const KEYS: Query<'static> = Query {
        table: "func_key_dest_service",
        key: &["func_key_id"],
        sql: "SELECT m.template_id, m.position, d.func_key_id, d.feature_extension_uuid
            FROM func_key_dest_service d
            JOIN func_key_mapping m ON m.func_key_id = d.func_key_id AND m.blf",
    };

    const COLUMN: &str = "feature_extension_uuid";

    fn place(&self) -> (i64, i64) {
        (self.template_id, self.position)
    }

    fn extension(&self, user: &User, source: &Source<'_>) -> Option<Cow<'_, str>> {
        source.key_extension(user, self.feature_extension_uuid, "")
    }
}
