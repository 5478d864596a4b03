//! Pickup groups: who may take a call that rings at somebody else's phone.

use std::collections::{BTreeSet, HashMap};

use driver_api::{Error, Query, Session};
use serde::Deserialize;
use uuid::Uuid;

/// The groups of each endpoint.
pub(super) struct Pickups(HashMap<Uuid, Groups>);

#[derive(Default)]
struct Groups {
    member: BTreeSet<i64>,
    pickup: BTreeSet<i64>,
}

/// A user belongs to a group directly, with all lines; or through a ring group or a queue, with the
/// main line. The members of a ring group or queue are found by its name alone.
const PICKUPS: Query<'_> = Query {
    table: "pickupmember",
    key: &["id"],
    sql: "SELECT p.id, pm.category, l.endpoint_sip_uuid
        FROM pickupmember pm
        JOIN pickup p ON p.id = pm.pickupid AND p.commented = 0
        JOIN user_line ul ON ul.user_id = pm.memberid
        JOIN linefeatures l ON l.id = ul.line_id AND l.endpoint_sip_uuid IS NOT NULL
        WHERE pm.membertype = 'user'
        UNION
        SELECT p.id, pm.category, l.endpoint_sip_uuid
        FROM pickupmember pm
        JOIN pickup p ON p.id = pm.pickupid AND p.commented = 0
        JOIN groupfeatures g ON g.id = pm.memberid
        JOIN queuemember qm ON qm.queue_name = g.name AND qm.usertype = 'user'
        JOIN user_line ul ON ul.user_id = qm.userid AND ul.main_user AND ul.main_line
        JOIN linefeatures l ON l.id = ul.line_id AND l.endpoint_sip_uuid IS NOT NULL
        WHERE pm.membertype = 'group'
        UNION
        SELECT p.id, pm.category, l.endpoint_sip_uuid
        FROM pickupmember pm
        JOIN pickup p ON p.id = pm.pickupid AND p.commented = 0
        JOIN queuefeatures q ON q.id = pm.memberid
        JOIN queuemember qm ON qm.queue_name = q.name AND qm.usertype = 'user'
        JOIN user_line ul ON ul.user_id = qm.userid AND ul.main_user AND ul.main_line
        JOIN linefeatures l ON l.id = ul.line_id AND l.endpoint_sip_uuid IS NOT NULL
        WHERE pm.membertype = 'queue'",
};

#[derive(Deserialize)]
struct Membership {
    id: i64,
    category: Category,
    endpoint_sip_uuid: Uuid,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Category {
    /// The endpoint may pick up calls of the group.
    Member,
    /// Its calls are calls of the group.
    Pickup,
}

impl Pickups {
    pub(super) fn read(session: &mut Session<'_>) -> Result<Pickups, Error> {
        let mut groups: HashMap<Uuid, Groups> = HashMap::new();
        let memberships: Vec<Membership> = session.query(PICKUPS, &[])?;
        for Membership { id, category, endpoint_sip_uuid } in memberships {
            let groups = groups.entry(endpoint_sip_uuid).or_default();
            match category {
                Category::Member => groups.member.insert(id),
                Category::Pickup => groups.pickup.insert(id),
            };
        }
        Ok(Pickups(groups))
    }

    /// The groups whose calls an endpoint may pick up: `1,5`.
    pub(super) fn member(&self, endpoint: Uuid) -> Option<String> {
        join(&self.0.get(&endpoint)?.member)
    }

    /// The groups that an endpoint's calls belong to.
    pub(super) fn picked_up(&self, endpoint: Uuid) -> Option<String> {
        join(&self.0.get(&endpoint)?.pickup)
    }
}

fn join(ids: &BTreeSet<i64>) -> Option<String> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    (!ids.is_empty()).then(|| ids.join(","))
}
