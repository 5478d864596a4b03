//! A driver to compare one in the configuration with: `followme.yml` writes the same file.
//!
//! ```text
//! [f33335b6-106b-4a04-b612-5e0c0a62f486]
//! context = internal
//! number => 0655510002,30
//! ```

use driver_api::asterisk::{Writer, syntax};
use driver_api::{Driver, Entry, Error, OneLine, Query, Row, Session, Text};
use serde::Deserialize;

pub(crate) static DRIVERS: &[Entry] =
    &[Entry::new("asterisk.followme.conf", "compiled", |_| Ok(Box::new(FollowMe)))];

struct FollowMe;

impl Driver for FollowMe {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let mut users: Vec<Row<User>> = session.query(USERS, &[])?;
        users.retain(|user| user.keeps(session, syntax::argument, &user.number));
        let mut writer = Writer::new(session);
        for user in &users {
            let mut lines = writer.at(user);
            lines.section(&user.uuid);
            lines.option("context", &user.context);
            lines.object_option_of("number", &[&user.number, &",", &user.ringseconds]);
        }
        Ok(writer.finish(session))
    }
}

/// Every user has a number, so that there are as many sections as users.
const USERS: Query<'_> = Query {
    table: "userfeatures",
    key: &["uuid"],
    sql: "SELECT u.uuid, CAST(u.id AS TEXT) AS number, u.ringseconds, l.context
        FROM userfeatures AS u
        JOIN user_line AS ul ON ul.user_id = u.id AND ul.main_user AND ul.main_line
        JOIN linefeatures AS l ON l.id = ul.line_id
        ORDER BY u.id, l.id",
};

#[derive(Deserialize)]
struct User {
    uuid: Text,
    number: Text,
    ringseconds: i64,
    context: OneLine,
}
