//! The users with their lines and extensions: whose state the hints show.

use std::collections::HashMap;

use driver_api::{Error, OneLine, Query, Row, Session, Text};
use serde::Deserialize;

pub(super) struct Users {
    /// By id.
    all: Vec<Row<User>>,
    /// By user; the main line first.
    lines: Vec<Row<Line>>,
    /// By user, then by number.
    extensions: Vec<Row<Extension>>,
    /// The users by the template of the function keys that are theirs alone.
    by_template: HashMap<i64, usize>,
}

const USERS: Query<'_> = Query {
    table: "userfeatures",
    key: &["id"],
    sql: "SELECT id, uuid, enablehint, func_key_private_template_id FROM userfeatures",
};

#[derive(Deserialize)]
pub(super) struct User {
    pub(super) id: i64,
    pub(super) uuid: Text,
    enablehint: i64,
    func_key_private_template_id: i64,
}

/// A line has an endpoint of one kind, or none.
const LINES: Query<'_> = Query {
    table: "linefeatures",
    key: &["id"],
    sql: "SELECT ul.user_id, l.id, ul.main_user, ul.main_line, l.name, l.commented,
            CASE WHEN l.endpoint_custom_id IS NOT NULL THEN 'custom'
                WHEN l.endpoint_sip_uuid IS NOT NULL THEN 'sip'
                WHEN l.endpoint_sccp_id IS NOT NULL THEN 'sccp'
                ELSE 'none' END AS kind,
            COALESCE(x.interface, s.name, c.name) AS endpoint
        FROM user_line ul
        JOIN linefeatures l ON l.id = ul.line_id
        LEFT JOIN usercustom x ON x.id = l.endpoint_custom_id
        LEFT JOIN endpoint_sip s ON s.uuid = l.endpoint_sip_uuid
        LEFT JOIN sccpline c ON c.id = l.endpoint_sccp_id",
};

#[derive(Deserialize)]
pub(super) struct Line {
    user_id: i64,
    id: i64,
    main_user: bool,
    pub(super) main_line: bool,
    /// The line's own name for its endpoint.
    pub(super) name: Option<Text>,
    commented: i64,
    pub(super) kind: Kind,
    /// The endpoint's name for itself.
    pub(super) endpoint: Option<Text>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Custom,
    Sip,
    Sccp,
    None,
}

/// The main extensions of the lines of which a user is the main user, disabled ones too.
const EXTENSIONS: Query<'_> = Query {
    table: "extensions",
    key: &["id"],
    sql: "SELECT ul.user_id, ul.main_line, e.id, e.exten, e.context, e.commented
        FROM user_line ul
        JOIN line_extension le ON le.line_id = ul.line_id AND le.main_extension
        JOIN extensions e ON e.id = le.extension_id
        WHERE ul.main_user",
};

#[derive(Deserialize)]
pub(super) struct Extension {
    user_id: i64,
    pub(super) main_line: bool,
    id: i64,
    pub(super) exten: OneLine,
    pub(super) context: String,
    commented: i64,
}

impl Users {
    pub(super) fn read(session: &mut Session<'_>) -> Result<Users, Error> {
        let mut all: Vec<Row<User>> = session.query(USERS, &[])?;
        let mut lines: Vec<Row<Line>> = session.query(LINES, &[])?;
        let mut extensions: Vec<Row<Extension>> = session.query(EXTENSIONS, &[])?;
        all.sort_unstable_by_key(|user| user.id);
        lines.sort_unstable_by_key(|line| (line.user_id, !line.main_line, line.id));
        extensions.sort_unstable_by(|a, b| (a.user_id, &a.exten, a.id).cmp(&(b.user_id, &b.exten, b.id)));
        let templates = all.iter().enumerate().map(|(at, user)| (user.func_key_private_template_id, at));
        let by_template = templates.collect();
        Ok(Users { all, lines, extensions, by_template })
    }

    /// Returns all users, by id.
    pub(super) fn all(&self) -> &[Row<User>] {
        &self.all
    }

    pub(super) fn with_id(&self, id: i64) -> Option<&Row<User>> {
        self.all.binary_search_by_key(&id, |user| user.id).ok().map(|at| &self.all[at])
    }

    /// Returns the user whose private template of function keys this is.
    pub(super) fn with_template(&self, id: i64) -> Option<&Row<User>> {
        self.by_template.get(&id).map(|&at| &self.all[at])
    }

    /// Returns all lines of a user, the main line first.
    pub(super) fn lines(&self, user: &User) -> &[Row<Line>] {
        of_user(&self.lines, user, |line| line.user_id)
    }

    /// Returns the main extensions of the lines of a main user, by number.
    pub(super) fn extensions(&self, user: &User) -> &[Row<Extension>] {
        of_user(&self.extensions, user, |extension| extension.user_id)
    }
}

/// Returns the rows of a user among rows that are sorted by user.
fn of_user<'r, T>(rows: &'r [Row<T>], user: &User, user_of: impl Fn(&T) -> i64) -> &'r [Row<T>] {
    let rows = &rows[rows.partition_point(|row| user_of(row) < user.id)..];
    // There are few: a search among all rows would look far away.
    &rows[..rows.iter().take_while(|row| user_of(row) == user.id).count()]
}

impl Kind {
    /// Returns the prefix of the name of such an endpoint in a hint.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Kind::Custom => "",
            Kind::Sip => "PJSIP/",
            Kind::Sccp => "SCCP/",
            Kind::None => "CUSTOM/",
        }
    }
}

impl User {
    pub(super) fn has_hint(&self) -> bool {
        self.enablehint == 1
    }
}

impl Line {
    /// Tells whether the line is enabled, and the user is its main user.
    pub(super) fn rings(&self) -> bool {
        self.main_user && self.commented == 0
    }
}

impl Extension {
    pub(super) fn is_enabled(&self) -> bool {
        self.commented == 0
    }
}
