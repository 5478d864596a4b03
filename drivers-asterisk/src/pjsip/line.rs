//! The lines of users.

use std::collections::HashMap;

use driver_api::asterisk::syntax;
use driver_api::{Error, OneLine, Origin, Query, Row, Session};
use lookups::Mailboxes;
use lookups::endpoints::{Endpoints, Kind, Options};
use lookups::pickups::{Groups, Pickups};
use serde::Deserialize;
use uuid::Uuid;

use super::resolve::{Item, MAILBOXES};
use super::tenant::{self, Tenant};
use super::variant::{RecordToggle, Variant};
use crate::line_parts;

pub(super) struct Line {
    row: Row<LineRow>,
    endpoint: usize,
    /// The main user first.
    users: Vec<Row<User>>,
    /// The main extension, or another one if there is no main one.
    extension: Option<Row<Extension>>,
    /// `1000@default,1001@default`.
    mailboxes: Option<String>,
    /// The groups whose calls the line may pick up: `1,5`.
    may_pick_up: Option<String>,
    /// The groups that may pick up calls to the line.
    picked_up_by: Option<String>,
}

const LINES: Query<'_> = Query {
    table: "linefeatures",
    key: &["id"],
    sql: "SELECT id, context, application_uuid, endpoint_sip_uuid
        FROM linefeatures
        WHERE endpoint_sip_uuid IS NOT NULL",
};

#[derive(Deserialize)]
struct LineRow {
    id: i64,
    context: OneLine,
    application_uuid: Option<OneLine>,
    endpoint_sip_uuid: Uuid,
}

const USERS: Query<'_> = Query {
    table: "user_line",
    key: &["line_id", "user_id"],
    sql: "SELECT ul.line_id, ul.user_id, ul.main_user, ul.main_line, u.uuid, u.enableonlinerec,
            u.simultcalls, u.voicemailid
        FROM user_line ul
        JOIN userfeatures u ON u.id = ul.user_id",
};

#[derive(Deserialize)]
struct User {
    line_id: i64,
    user_id: i64,
    main_user: bool,
    main_line: bool,
    uuid: OneLine,
    enableonlinerec: i64,
    simultcalls: i64,
    voicemailid: Option<i64>,
}

const EXTENSIONS: Query<'_> = Query {
    table: "line_extension",
    key: &["line_id", "extension_id"],
    sql: "SELECT le.line_id, le.extension_id, le.main_extension, e.exten, e.context
        FROM line_extension le
        JOIN extensions e ON e.id = le.extension_id",
};

#[derive(Deserialize)]
struct Extension {
    line_id: i64,
    extension_id: i64,
    main_extension: bool,
    exten: OneLine,
    context: OneLine,
}

const PICKUP_GROUPS: &str = "the pickup groups of its users";

static DIRECTION: Kind = Kind::variable("WAZO_CHANNEL_DIRECTION=");
static LINE_ID: Kind = Kind::variable("WAZO_LINE_ID=").of("id");
static APPLICATION: Kind = Kind::option("context").prefixed("stasis-wazo-app-").of("application_uuid");
static CONTEXT: Kind = Kind::option("context").of("context");
static TRANSFER_CONTEXT: Kind = Kind::variable("TRANSFER_CONTEXT=").of("context");
static PICKUP_MARK: Kind = Kind::variable("PICKUPMARK=").of("exten");
static MAY_PICK_UP: Kind = Kind::option("named_pickup_group").from(PICKUP_GROUPS);
static PICKED_UP_BY: Kind = Kind::option("named_call_group").from(PICKUP_GROUPS);

// The old names are for dialplans that were written before the product was renamed.
static USER_IDS: [Kind; 2] =
    [Kind::variable("XIVO_USERID=").of("user_id"), Kind::variable("WAZO_USERID=").of("user_id")];
static USER_UUIDS: [Kind; 2] =
    [Kind::variable("XIVO_USERUUID=").of("uuid"), Kind::variable("WAZO_USERUUID=").of("uuid")];
static RECORD_TOGGLE: Kind = Kind::variable("WAZO_USER_DTMF_RECORD_TOGGLE_ENABLED=").of("enableonlinerec");
static DYNAMIC_FEATURES: Kind = Kind::variable("DYNAMIC_FEATURES=").from("enableonlinerec");
static SIMULTANEOUS_CALLS: Kind = Kind::variable("WAZO_CALLER_SIMULTCALLS=").of("simultcalls");

/// The rows that lines are made from.
pub(super) struct Rows {
    /// By id.
    lines: Vec<Row<LineRow>>,
    /// By line, the main user first.
    users: Vec<Row<User>>,
    /// By line, the main one first.
    extensions: Vec<Row<Extension>>,
    mailboxes: Mailboxes,
    pickups: Pickups,
}

impl Rows {
    pub(super) fn read(session: &mut Session<'_>) -> Result<Rows, Error> {
        let mut lines: Vec<Row<LineRow>> = session.query(LINES, &[])?;
        lines.sort_unstable_by_key(|line| line.id);
        let mut users: Vec<Row<User>> = session.query(USERS, &[])?;
        users.sort_unstable_by_key(|user| (user.line_id, !user.main_user, user.user_id));
        let mut extensions: Vec<Row<Extension>> = session.query(EXTENSIONS, &[])?;
        extensions.sort_unstable_by_key(|e| (e.line_id, !e.main_extension, e.extension_id));
        extensions.retain(|extension| {
            // Both are written in one line. Most are short, and need no check.
            extension.exten.len() + extension.context.len() < syntax::NAME_LIMIT * 2
                || extension.keeps(session, line_parts::value, &extension.exten)
                    && extension.keeps(session, line_parts::value, &extension.context)
        });
        let mailboxes = read_mailboxes(session)?;
        let pickups = Pickups::read(session)?;
        Ok(Rows { lines, users, extensions, mailboxes, pickups })
    }

    /// Returns the lines that have a SIP endpoint, in the order of the file.
    pub(super) fn items(self, session: &mut Session<'_>, endpoints: &Endpoints) -> Vec<Line> {
        let Rows { lines, mut users, mut extensions, mailboxes, pickups } = self;
        // In descending order, so that `take` removes those of the next line from the end.
        users.reverse();
        extensions.reverse();
        let mut items = Vec::with_capacity(lines.len());
        for row in lines {
            let users = take(&mut users, row.id, |user| user.line_id);
            let extension = take(&mut extensions, row.id, |extension| extension.line_id).into_iter().next();
            let uuid = row.endpoint_sip_uuid;
            if let Some(endpoint) = endpoints.of_row(session, &row, "endpoint_sip_uuid", uuid) {
                let mailboxes = mailboxes_of(&users, &mailboxes);
                items.push(Line {
                    row,
                    endpoint,
                    users,
                    extension,
                    mailboxes,
                    may_pick_up: None,
                    picked_up_by: None,
                });
            }
        }
        add_pickup_groups(&mut items, &pickups);
        items.sort_by_cached_key(|line| {
            // Lines without extension or user come before those that have one.
            let extension = line.extension.as_ref().map(|extension| !extension.main_extension);
            let user = line.users.first().map(|user| !user.main_user);
            (endpoints.get(line.endpoint).rank(), extension, user, line.row.id)
        });
        items
    }
}

/// Adds the pickup groups of the users. All lines of an endpoint have the groups of all of them.
fn add_pickup_groups(lines: &mut [Line], pickups: &Pickups) {
    let mut groups: HashMap<usize, Groups> = HashMap::new();
    for line in &*lines {
        for user in &line.users {
            for membership in pickups.of(user.user_id, user.main_user && user.main_line) {
                groups.entry(line.endpoint).or_default().add(membership);
            }
        }
    }
    for line in lines {
        if let Some(groups) = groups.get(&line.endpoint) {
            line.may_pick_up = groups.member();
            line.picked_up_by = groups.pickup();
        }
    }
}

/// Takes the rows of a line from the end of rows that are sorted by line in descending order.
fn take<T>(rows: &mut Vec<T>, line: i64, line_of: impl Fn(&T) -> i64) -> Vec<T> {
    // A smaller number is that of a line without SIP endpoint.
    while rows.pop_if(|row| line_of(row) < line).is_some() {}
    let count = rows.iter().rev().take_while(|row| line_of(row) == line).count();
    // A vector that grows has room for four: with one user for most lines, that is a tenth of the memory.
    let mut taken = rows.split_off(rows.len() - count);
    taken.reverse();
    taken
}

/// Reads the mailboxes that can be written. A user whose mailbox can't be written stays.
fn read_mailboxes(session: &mut Session<'_>) -> Result<Mailboxes, Error> {
    let mut mailboxes = Mailboxes::read(session)?;
    // Behind a comma, Asterisk would read another mailbox.
    mailboxes.retain(|mailbox| {
        mailbox.keeps(session, line_parts::list_item, &mailbox.mailbox)
            && mailbox.keeps(session, line_parts::list_item, &mailbox.context)
    });
    Ok(mailboxes)
}

/// Returns the mailboxes of these users: `1000@default,1001@default`.
fn mailboxes_of(users: &[Row<User>], mailboxes: &Mailboxes) -> Option<String> {
    let of_users = users.iter().filter_map(|user| mailboxes.get(user.voicemailid?));
    let addresses: Vec<String> = of_users.map(|mailbox| mailbox.address()).collect();
    (!addresses.is_empty()).then(|| addresses.join(","))
}

impl Item for Line {
    fn endpoint(&self) -> usize {
        self.endpoint
    }

    fn origin(&self) -> &Origin {
        self.row.origin()
    }

    fn defaults<'a>(&'a self, tenant: Option<&'a Row<Tenant>>, variant: Variant, options: &mut Options<'a>) {
        let (row, origin) = (&self.row, self.row.origin());
        options.push(&DIRECTION, origin, "from-wazo");
        options.push(&LINE_ID, origin, row.id.to_string());
        match row.application_uuid.as_deref() {
            Some(application) if !application.is_empty() => options.push(&APPLICATION, origin, application),
            _ if row.context.is_empty() => {}
            _ => options.push(&CONTEXT, origin, &*row.context),
        }
        if !row.context.is_empty() {
            options.push(&TRANSFER_CONTEXT, origin, &*row.context);
        }
        for user in &self.users {
            add_variables(user, variant, options);
        }
        if let Some(extension) = &self.extension {
            let mark = [&*extension.exten, "%", &extension.context].concat();
            options.push(&PICKUP_MARK, extension.origin(), mark);
        }
        if let Some(tenant) = tenant {
            tenant::add_announcements(tenant, variant, options);
        }
        let computed = [
            (&MAY_PICK_UP, &self.may_pick_up),
            (&PICKED_UP_BY, &self.picked_up_by),
            (&MAILBOXES, &self.mailboxes),
        ];
        for (kind, value) in computed {
            if let Some(value) = value {
                options.push(kind, origin, value);
            }
        }
    }

    fn mailboxes(&self) -> Option<&str> {
        self.mailboxes.as_deref()
    }
}

fn add_variables<'a>(user: &'a Row<User>, variant: Variant, options: &mut Options<'a>) {
    let origin = user.origin();
    for kind in &USER_IDS {
        options.push(kind, origin, user.user_id.to_string());
    }
    for kind in &USER_UUIDS {
        options.push(kind, origin, &*user.uuid);
    }
    if user.enableonlinerec != 0 {
        match variant.record_toggle {
            RecordToggle::Variable => options.push(&RECORD_TOGGLE, origin, "1"),
            RecordToggle::Feature => options.push(&DYNAMIC_FEATURES, origin, "togglerecord"),
        }
    }
    if variant.has_simultaneous_calls {
        options.push(&SIMULTANEOUS_CALLS, origin, user.simultcalls.to_string());
    }
}
