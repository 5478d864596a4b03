//! The guests of meetings, who share an endpoint of the meeting.

use driver_api::{Error, OneLine, Origin, Query, Row, Session, StandIn};
use lookups::endpoints::{Endpoints, Kind, Options};
use serde::Deserialize;
use uuid::Uuid;

use super::resolve::Item;
use super::tenant::{self, Tenant};
use super::variant::Variant;

pub(super) struct Meeting {
    row: Row<MeetingRow>,
    endpoint: usize,
}

const MEETINGS: Query<'_> = Query {
    table: "meeting",
    key: &["uuid"],
    sql: "SELECT uuid, name, guest_endpoint_sip_uuid
        FROM meeting
        WHERE guest_endpoint_sip_uuid IS NOT NULL",
};

/// Databases before 21.13 have no meetings.
pub(super) const WITHOUT_MEETINGS: StandIn = StandIn::new(
    "meeting",
    "SELECT uuid, CAST(NULL AS TEXT) AS name, uuid AS guest_endpoint_sip_uuid FROM tenant WHERE 1 = 0",
);

#[derive(Deserialize)]
struct MeetingRow {
    uuid: Uuid,
    name: Option<OneLine>,
    guest_endpoint_sip_uuid: Uuid,
}

static DIRECTION: Kind = Kind::variable("WAZO_CHANNEL_DIRECTION=");
static UUID: Kind = Kind::variable("WAZO_MEETING_UUID=").of("uuid");
static NAME: Kind = Kind::variable("WAZO_MEETING_NAME=").of("name");

/// Returns the meetings that have an endpoint for guests, in the order of the file.
pub(super) fn items(session: &mut Session<'_>, endpoints: &Endpoints) -> Result<Vec<Meeting>, Error> {
    let mut rows: Vec<Row<MeetingRow>> = session.query(MEETINGS, &[])?;
    rows.sort_unstable_by_key(|row| row.uuid);
    let mut meetings: Vec<Meeting> = rows
        .into_iter()
        .filter_map(|row| {
            let uuid = row.guest_endpoint_sip_uuid;
            let endpoint = endpoints.of_row(session, &row, "guest_endpoint_sip_uuid", uuid)?;
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

    fn origin(&self) -> &Origin {
        self.row.origin()
    }

    fn defaults<'a>(&'a self, tenant: Option<&'a Row<Tenant>>, variant: Variant, options: &mut Options<'a>) {
        options.push(&DIRECTION, self.origin(), "from-wazo");
        options.push(&UUID, self.origin(), self.row.uuid.to_string());
        // NULL is the word that Python prints for it.
        options.push(&NAME, self.origin(), self.row.name.as_deref().unwrap_or("None"));
        if let Some(tenant) = tenant {
            tenant::add_announcements(tenant, variant, options);
        }
    }
}
