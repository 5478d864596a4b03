//! The tenants, whose endpoints share announcements.

use std::collections::HashMap;

use driver_api::{Error, OneLine, Query, Row, Session, StandIn};
use lookups::endpoints::{Kind, Options};
use serde::Deserialize;

use super::variant::{Announcements, Variant};

pub(super) struct Tenants(HashMap<String, Row<Tenant>>);

const TENANTS: Query<'_> = Query {
    table: "tenant",
    key: &["uuid"],
    sql: "SELECT uuid, record_start_announcement, record_stop_announcement FROM tenant",
};

/// Databases before 25.04 have no announcements.
pub(super) const WITHOUT_ANNOUNCEMENTS: StandIn = StandIn::new(
    "tenant",
    "SELECT t.*, CAST(NULL AS TEXT) AS record_start_announcement, CAST(NULL AS TEXT) AS record_stop_announcement
        FROM tenant AS t",
);

#[derive(Deserialize)]
pub(super) struct Tenant {
    uuid: String,
    record_start_announcement: Option<OneLine>,
    record_stop_announcement: Option<OneLine>,
}

static START_SOUND: Kind = Kind::variable("__WAZO_RECORDING_START_SOUND=").of("record_start_announcement");
static MIX_MONITOR: Kind =
    Kind::variable("__WAZO_MIXMONITOR_OPTIONS=").from("the announcements of its tenant");
static STOP_SOUND: Kind = Kind::variable("__WAZO_RECORDING_STOP_SOUND=").of("record_stop_announcement");

impl Tenants {
    pub(super) fn read(session: &mut Session<'_>) -> Result<Tenants, Error> {
        let tenants: Vec<Row<Tenant>> = session.query(TENANTS, &[])?;
        Ok(Tenants(tenants.into_iter().map(|tenant| (tenant.uuid.clone(), tenant)).collect()))
    }

    pub(super) fn get(&self, uuid: &str) -> Option<&Row<Tenant>> {
        self.0.get(uuid)
    }
}

/// Adds the sounds that announce the start and the end of a recording.
pub(super) fn add_announcements<'a>(tenant: &'a Row<Tenant>, variant: Variant, options: &mut Options<'a>) {
    match variant.announcements {
        Announcements::Variables => {
            let sounds = [
                (&START_SOUND, &tenant.record_start_announcement),
                (&STOP_SOUND, &tenant.record_stop_announcement),
            ];
            for (kind, sound) in sounds {
                if let Some(sound) = sound.as_deref().filter(|sound| !sound.is_empty()) {
                    options.push(kind, tenant.origin(), sound);
                }
            }
        }
        Announcements::MixMonitor => options.push(&MIX_MONITOR, tenant.origin(), tenant.mix_monitor()),
        Announcements::None => {}
    }
}

impl Tenant {
    /// Returns the options of `MixMonitor`: `p(START)P(STOP)`, without the sounds that are not set.
    fn mix_monitor(&self) -> String {
        let sound = |sound: &Option<OneLine>| {
            sound
                .as_deref()
                .filter(|sound| !sound.is_empty())
                .map_or_else(String::new, |sound| format!("({sound})"))
        };
        let (start, stop) = (sound(&self.record_start_announcement), sound(&self.record_stop_announcement));
        format!("p{start}P{stop}")
    }
}
