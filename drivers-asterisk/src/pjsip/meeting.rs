//! The guests of meetings, who come in by an endpoint of the meeting.

use driver_api::{Error, OneLine, Query, Session};
use serde::Deserialize;
use uuid::Uuid;

use super::endpoint::Endpoints;
use super::options::Options;
use super::resolve::Item;
use super::tenant::Tenant;

pub(super) struct Meeting {
    row: Row,
    endpoint: usize,
}

const MEETINGS: Query<'_> = Query {
    table: "meeting",
    key: &["uuid"],
    sql: "SELECT uuid, name, guest_endpoint_sip_uuid
        FROM meeting
        WHERE guest_endpoint_sip_uuid IS NOT NULL",
};

#[derive(Deserialize)]
struct Row {
    uuid: Uuid,
    name: Option<OneLine>,
    guest_endpoint_sip_uuid: Uuid,
}

/// The meetings that have an endpoint for guests, in the order of the file.
pub(super) fn items(session: &mut Session<'_>, endpoints: &Endpoints) -> Result<Vec<Meeting>, Error> {
    let rows: Vec<Row> = session.query(MEETINGS, &[])?;
    let mut meetings: Vec<Meeting> = rows
        .into_iter()
        .filter_map(|row| {
            let key = format_args!("uuid={}", row.uuid);
            let endpoint = endpoints.of_row(session, "meeting", key, row.guest_endpoint_sip_uuid)?;
            Some(Meeting { row, endpoint })
        })
        .collect();
    meetings.sort_by_key(|meeting| (endpoints.get(meeting.endpoint).rank(), meeting.row.uuid));
    Ok(meetings)
}

impl Item for Meeting {
    fn endpoint(&self) -> usize {
        self.endpoint
    }

    fn row(&self) -> (&'static str, String) {
        ("meeting", format!("uuid={}", self.row.uuid))
    }

    fn defaults<'a>(&'a self, tenant: Option<&Tenant>, options: &mut Options<'a>) {
        options.push("set_var", "WAZO_CHANNEL_DIRECTION=from-wazo");
        options.set_var("WAZO_MEETING_UUID", &self.row.uuid.to_string());
        // A null is the word that Python prints for it.
        options.set_var("WAZO_MEETING_NAME", self.row.name.as_deref().unwrap_or("None"));
        if let Some(tenant) = tenant {
            tenant.announce(options);
        }
    }
}
