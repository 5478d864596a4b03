//! `followme.conf`: where Asterisk's FollowMe() finds users who are not at their desks.

use driver_api::asterisk::{Writer, syntax};
use driver_api::settings::{Settings as _, Within};
use driver_api::{Config, Driver, Error, Query, Row, Session, Text, settings};
use serde::Deserialize;

settings! {
    /// The part `followme` of the configuration.
    pub(crate) struct Followme in "followme" {
        /// How long a telephone rings, in seconds.
        ring_seconds: Within<1, 600> = 20,
    }
}

pub(crate) fn build(config: &Config) -> Result<Box<dyn Driver>, Error> {
    Ok(Box::new(Followme::read(config)?))
}

impl Driver for Followme {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let mut users: Vec<Row<User>> = session.query(USERS, &[])?;
        // A comma would end the number, and a line break the line.
        users.retain(|user| user.keeps(session, syntax::argument, &user.mobilephonenumber));
        let mut writer = Writer::new(session);
        for user in &users {
            let mut lines = writer.at(user);
            lines.section(&user.uuid);
            lines.object_option("context", &user.context);
            let number = &user.mobilephonenumber;
            lines.object_option_of("number", &[number, &",", &self.ring_seconds.0]);
        }
        Ok(writer.finish(session))
    }
}

const USERS: Query<'_> = Query {
    table: "userfeatures",
    key: &["uuid"],
    sql: "SELECT u.uuid, u.mobilephonenumber, l.context
        FROM userfeatures u JOIN user_line ul ON ul.user_id = u.id AND ul.main_line
        JOIN linefeatures l ON l.id = ul.line_id
        WHERE u.mobilephonenumber <> '' AND u.commented = 0
        ORDER BY u.id, l.id",
};

#[derive(Deserialize)]
struct User {
    uuid: Text,
    mobilephonenumber: Text,
    context: Text,
}

#[cfg(test)]
mod tests {
    use fixtures::Scratch;

    use super::*;

    #[test]
    fn a_user_without_line_is_left_out() {
        let config = Config::from_yaml("followme: {ring_seconds: 30}").unwrap();
        let driver = build(&config).unwrap();
        let user = r#"{"uuid": "u-1", "mobilephonenumber": "0612345678", "tenant_uuid": "t-1",
            "description": "", "func_key_private_template_id": 1}"#;
        let mut database = Scratch::new(&[("userfeatures", &user.replace('\n', ""))]);
        assert_eq!(database.generate(&*driver).unwrap(), "");
        assert_eq!(database.warnings, [""; 0]);
    }
}
