//! What the endpoints of a tenant have in common.

use std::collections::HashMap;

use driver_api::{Error, OneLine, Query, Session};
use serde::Deserialize;

use super::options::Options;

pub(super) struct Tenants(HashMap<String, Tenant>);

const TENANTS: Query<'_> = Query {
    table: "tenant",
    key: &["uuid"],
    sql: "SELECT uuid, record_start_announcement, record_stop_announcement FROM tenant",
};

#[derive(Deserialize)]
pub(super) struct Tenant {
    uuid: String,
    record_start_announcement: Option<OneLine>,
    record_stop_announcement: Option<OneLine>,
}

impl Tenants {
    pub(super) fn read(session: &mut Session<'_>) -> Result<Tenants, Error> {
        let tenants: Vec<Tenant> = session.query(TENANTS, &[])?;
        Ok(Tenants(tenants.into_iter().map(|tenant| (tenant.uuid.clone(), tenant)).collect()))
    }

    pub(super) fn get(&self, uuid: &str) -> Option<&Tenant> {
        self.0.get(uuid)
    }
}

impl Tenant {
    /// The sounds that tell a caller that the recording begins and ends.
    pub(super) fn announce(&self, options: &mut Options<'_>) {
        let sounds = [
            ("__WAZO_RECORDING_START_SOUND", &self.record_start_announcement),
            ("__WAZO_RECORDING_STOP_SOUND", &self.record_stop_announcement),
        ];
        for (variable, sound) in sounds {
            if let Some(sound) = sound.as_deref().filter(|sound| !sound.is_empty()) {
                options.set_var(variable, sound);
            }
        }
    }
}
