//! The lines of users.

use std::collections::HashMap;

use driver_api::{Error, OneLine, Query, Session};
use serde::Deserialize;
use uuid::Uuid;

use super::endpoint::Endpoints;
use super::options::Options;
use super::resolve::Item;
use super::tenant::Tenant;
use crate::pickup::{Groups, Pickups};

pub(super) struct Line {
    row: Row,
    endpoint: usize,
    /// The main user first.
    users: Vec<User>,
    /// The main one, if there is any.
    extension: Option<Extension>,
    /// `1000@default,1001@default`.
    mailboxes: Option<String>,
    /// The groups whose calls it may pick up: `1,5`.
    may_pick_up: Option<String>,
    /// The groups that may pick up its calls.
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
struct Row {
    id: i64,
    context: OneLine,
    application_uuid: Option<OneLine>,
    endpoint_sip_uuid: Uuid,
}

const USERS: Query<'_> = Query {
    table: "user_line",
    key: &["line_id", "user_id"],
    sql: "SELECT ul.line_id, ul.user_id, ul.main_user, ul.main_line, u.uuid, u.enableonlinerec,
            u.simultcalls, v.uniqueid AS voicemail, v.mailbox, v.context AS voicemail_context
        FROM user_line ul
        JOIN userfeatures u ON u.id = ul.user_id
        LEFT JOIN voicemail v ON v.uniqueid = u.voicemailid",
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
    voicemail: Option<i64>,
    mailbox: Option<String>,
    voicemail_context: Option<String>,
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

/// The lines that have a SIP endpoint, in the order of the file.
pub(super) fn items(session: &mut Session<'_>, endpoints: &Endpoints) -> Result<Vec<Line>, Error> {
    let mut lines = read(session, endpoints)?;
    let pickups = Pickups::read(session)?;
    let mut groups: HashMap<usize, Groups> = HashMap::new();
    for line in &lines {
        for user in &line.users {
            for membership in pickups.of(user.user_id, user.main_user && user.main_line) {
                groups.entry(line.endpoint).or_default().add(membership);
            }
        }
    }
    for line in &mut lines {
        // Lines with the same endpoint have the groups of all of them.
        if let Some(groups) = groups.get(&line.endpoint) {
            line.may_pick_up = groups.member();
            line.picked_up_by = groups.pickup();
        }
    }
    lines.sort_by_cached_key(|line| {
        // Lines without extension or user stand before those that have one.
        let extension = line.extension.as_ref().map(|extension| !extension.main_extension);
        let user = line.users.first().map(|user| !user.main_user);
        (endpoints.get(line.endpoint).rank(), extension, user, line.row.id)
    });
    Ok(lines)
}

/// The lines with their users and extensions, by id.
fn read(session: &mut Session<'_>, endpoints: &Endpoints) -> Result<Vec<Line>, Error> {
    let mut rows: Vec<Row> = session.query(LINES, &[])?;
    let mut users: Vec<User> = session.query(USERS, &[])?;
    let mut extensions: Vec<Extension> = session.query(EXTENSIONS, &[])?;
    rows.sort_unstable_by_key(|row| row.id);
    // By line, and backwards, so that the next ones are taken from the end.
    users.sort_unstable_by_key(|user| (user.line_id, !user.main_user, user.user_id));
    users.reverse();
    extensions.sort_unstable_by_key(|e| (e.line_id, !e.main_extension, e.extension_id));
    extensions.reverse();
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let users = take(&mut users, row.id, |user| user.line_id);
        let extension = take(&mut extensions, row.id, |extension| extension.line_id).into_iter().next();
        let key = format_args!("id={}", row.id);
        if let Some(endpoint) = endpoints.of_row(session, "linefeatures", key, row.endpoint_sip_uuid) {
            let mailboxes = mailboxes(session, &users);
            lines.push(Line {
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
    Ok(lines)
}

/// Takes the rows of a line from the end of rows that are sorted backwards by line.
fn take<T>(rows: &mut Vec<T>, line: i64, line_of: impl Fn(&T) -> i64) -> Vec<T> {
    let mut taken = Vec::new();
    while let Some(row) = rows.pop_if(|row| line_of(row) <= line) {
        // A smaller number is a line without SIP endpoint.
        if line_of(&row) == line {
            taken.push(row);
        }
    }
    taken
}

/// A mailbox that can't be written is left out, and its user stays.
fn mailboxes(session: &mut Session<'_>, users: &[User]) -> Option<String> {
    let mailbox = |user: &User| {
        let (mailbox, context) = (user.mailbox.as_deref()?, user.voicemail_context.as_deref()?);
        let columns = [("mailbox", mailbox), ("context", context)];
        let kept = session.keeps_line("voicemail", format_args!("uniqueid={}", user.voicemail?), &columns);
        kept.then(|| format!("{mailbox}@{context}"))
    };
    let mailboxes: Vec<String> = users.iter().filter_map(mailbox).collect();
    (!mailboxes.is_empty()).then(|| mailboxes.join(","))
}

impl Item for Line {
    fn endpoint(&self) -> usize {
        self.endpoint
    }

    fn row(&self) -> (&'static str, String) {
        ("linefeatures", format!("id={}", self.row.id))
    }

    fn defaults<'a>(&'a self, tenant: Option<&Tenant>, options: &mut Options<'a>) {
        options.push("set_var", "WAZO_CHANNEL_DIRECTION=from-wazo");
        options.set_var("WAZO_LINE_ID", &self.row.id.to_string());
        match self.row.application_uuid.as_deref() {
            Some(application) if !application.is_empty() => {
                options.push("context", format!("stasis-wazo-app-{application}"));
            }
            _ if self.row.context.is_empty() => {}
            _ => options.push("context", &*self.row.context),
        }
        if !self.row.context.is_empty() {
            options.set_var("TRANSFER_CONTEXT", &self.row.context);
        }
        for user in &self.users {
            user.variables(options);
        }
        if let Some(extension) = &self.extension {
            let mark = ["PICKUPMARK=", &extension.exten, "%", &extension.context].concat();
            options.push("set_var", mark);
        }
        if let Some(tenant) = tenant {
            tenant.announce(options);
        }
        let computed = [
            ("named_pickup_group", &self.may_pick_up),
            ("named_call_group", &self.picked_up_by),
            ("mailboxes", &self.mailboxes),
        ];
        for (key, value) in computed {
            if let Some(value) = value {
                options.push(key, value);
            }
        }
    }

    fn mailboxes(&self) -> Option<&str> {
        self.mailboxes.as_deref()
    }
}

impl User {
    fn variables(&self, options: &mut Options<'_>) {
        // The old names are for dialplans that were written before the product was renamed.
        let id = self.user_id.to_string();
        options.set_var("XIVO_USERID", &id);
        options.set_var("WAZO_USERID", &id);
        options.set_var("XIVO_USERUUID", &self.uuid);
        options.set_var("WAZO_USERUUID", &self.uuid);
        if self.enableonlinerec != 0 {
            options.push("set_var", "WAZO_USER_DTMF_RECORD_TOGGLE_ENABLED=1");
        }
        options.set_var("WAZO_CALLER_SIMULTCALLS", &self.simultcalls.to_string());
    }
}
