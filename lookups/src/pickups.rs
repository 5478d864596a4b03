//! Pickup groups: their members may take a call that rings at another phone.
//!
//! ```
//! use lookups::pickups::{Groups, Pickups};
//!
//! let pickup = r#"{"id": 7, "tenant_uuid": "t", "name": "sales"}"#;
//! let member = r#"{"pickupid": 7, "category": "member", "membertype": "user", "memberid": 1}"#;
//! fixtures::Scratch::new(&[("pickup", pickup), ("pickupmember", member)]).in_session(|session| {
//!     let pickups = Pickups::read(session)?;
//!     let mut groups = Groups::default();
//!     // The line is the main line of user 1, and its main user.
//!     pickups.of(1, true).for_each(|membership| groups.add(membership));
//!     assert_eq!(groups.member().as_deref(), Some("7"));
//!     assert_eq!(groups.pickup(), None);
//!     Ok::<(), driver_api::Error>(())
//! })?;
//! # Ok::<(), driver_api::Error>(())
//! ```

use std::collections::{BTreeSet, HashMap};

use driver_api::{Error, Query, Row, Session};
use serde::Deserialize;

/// The memberships in pickup groups that are enabled, by user.
pub struct Pickups(HashMap<i64, Vec<Membership>>);

/// The members of a ring group or queue are found by its name alone.
const PICKUPS: Query<'_> = Query {
    table: "pickupmember",
    key: &["id", "category", "user_id"],
    sql: "SELECT p.id, pm.category, pm.membertype, pm.memberid AS user_id
        FROM pickupmember pm
        JOIN pickup p ON p.id = pm.pickupid AND p.commented = 0
        WHERE pm.membertype = 'user'
        UNION ALL
        SELECT p.id, pm.category, pm.membertype, qm.userid
        FROM pickupmember pm
        JOIN pickup p ON p.id = pm.pickupid AND p.commented = 0
        JOIN groupfeatures g ON g.id = pm.memberid
        JOIN queuemember qm ON qm.queue_name = g.name AND qm.usertype = 'user'
        WHERE pm.membertype = 'group'
        UNION ALL
        SELECT p.id, pm.category, pm.membertype, qm.userid
        FROM pickupmember pm
        JOIN pickup p ON p.id = pm.pickupid AND p.commented = 0
        JOIN queuefeatures q ON q.id = pm.memberid
        JOIN queuemember qm ON qm.queue_name = q.name AND qm.usertype = 'user'
        WHERE pm.membertype = 'queue'",
};

/// A user's membership in a pickup group.
#[derive(Deserialize)]
pub struct Membership {
    id: i64,
    category: Category,
    #[serde(rename = "membertype")]
    via: Via,
    user_id: i64,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Category {
    /// The user may pick up calls of the group.
    Member,
    /// The user's calls are calls of the group.
    Pickup,
}

#[derive(PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Via {
    /// The user is a member, with every line.
    User,
    /// A ring group is a member, and its users with their main lines.
    Group,
    /// A queue is a member, and its users with their main lines.
    Queue,
}

/// The pickup groups of one endpoint: the groups of all users of all its lines.
#[derive(Default)]
pub struct Groups {
    member: BTreeSet<i64>,
    pickup: BTreeSet<i64>,
}

impl Pickups {
    /// Reads all memberships, in one query.
    pub fn read(session: &mut Session<'_>) -> Result<Pickups, Error> {
        let mut by_user: HashMap<i64, Vec<Membership>> = HashMap::new();
        let memberships: Vec<Row<Membership>> = session.query(PICKUPS, &[])?;
        for membership in memberships {
            by_user.entry(membership.user_id).or_default().push(membership.into_inner());
        }
        Ok(Pickups(by_user))
    }

    /// Returns the memberships that a user brings to a line. `main` says whether it is the main line of its
    /// main user.
    pub fn of(&self, user: i64, main: bool) -> impl Iterator<Item = &Membership> {
        let memberships = self.0.get(&user).into_iter().flatten();
        memberships.filter(move |membership| main || membership.via == Via::User)
    }
}

impl Groups {
    /// Adds a membership of a user of the endpoint.
    pub fn add(&mut self, membership: &Membership) {
        match membership.category {
            Category::Member => self.member.insert(membership.id),
            Category::Pickup => self.pickup.insert(membership.id),
        };
    }

    /// Returns the groups whose calls an endpoint may pick up, by id: `1,5`.
    pub fn member(&self) -> Option<String> {
        join(&self.member)
    }

    /// Returns the groups that an endpoint's calls belong to, by id: `1,5`.
    pub fn pickup(&self) -> Option<String> {
        join(&self.pickup)
    }
}

fn join(ids: &BTreeSet<i64>) -> Option<String> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    (!ids.is_empty()).then(|| ids.join(","))
}
