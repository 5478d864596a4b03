//! The users.

use driver_api::{Blanked, Error, Query, Row, Session, Text};
use serde::Deserialize;

/// A user with the main line.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct User {
    /// The id to which most tables refer.
    pub id: i64,
    /// The id by which other programs know the user.
    pub uuid: Text,
    /// The tenant.
    pub tenant_uuid: Text,
    /// The first name, which may be all of the name.
    pub firstname: Blanked,
    /// The last name, which may be empty.
    pub lastname: Blanked,
    /// 0 if the user is enabled.
    commented: i64,
    /// The id of the user's [mailbox](crate::Mailboxes::get).
    pub voicemailid: Option<i64>,
    /// The id of the main line, if the user has one. It may be disabled.
    pub line_id: Option<i64>,
    /// The context from which the main line calls.
    pub context: Option<Text>,
    /// The number of the main line, which is its main extension: `1001`.
    pub number: Option<Text>,
    /// The context in which the number is reached, mostly that of the line.
    pub number_context: Option<Text>,
    extension_id: Option<i64>,
}

/// All users, with a row for each main line and main extension.
const USERS: Query<'_> = Query {
    table: "userfeatures",
    key: &["id"],
    sql: "SELECT u.id, u.uuid, u.tenant_uuid, u.firstname, u.lastname, u.commented, u.voicemailid,
            l.id AS line_id, l.context, e.exten AS number, e.context AS number_context, e.id AS extension_id
        FROM userfeatures u
        LEFT JOIN user_line ul ON ul.user_id = u.id AND ul.main_line
        LEFT JOIN linefeatures l ON l.id = ul.line_id
        LEFT JOIN line_extension le ON le.line_id = l.id AND le.main_extension
        LEFT JOIN extensions e ON e.id = le.extension_id",
};

/// Reads all users, by id, in one query. Disabled users are there, too. Of several main lines or main extensions, which
/// no program should make, the first by id counts.
///
/// ```
/// let tables = [
///     ("userfeatures", r#"{"id": 7, "uuid": "u-7", "tenant_uuid": "t", "firstname": "Ann", "lastname": "Lee",
///         "func_key_private_template_id": 1, "description": ""}"#.replace('\n', "")),
///     ("user_line", r#"{"user_id": 7, "line_id": 3, "main_user": true, "main_line": true}"#.to_owned()),
///     ("linefeatures", r#"{"id": 3, "context": "default", "provisioningid": 1}"#.to_owned()),
///     ("line_extension", r#"{"line_id": 3, "extension_id": 5, "main_extension": true}"#.to_owned()),
///     ("extensions", r#"{"id": 5, "type": "user", "context": "default", "exten": "1001"}"#.to_owned()),
/// ];
/// let tables: Vec<(&str, &str)> = tables.iter().map(|(table, rows)| (*table, rows.as_str())).collect();
/// fixtures::Scratch::new(&tables).in_session(|session| {
///     let users = lookups::users(session)?;
///     assert_eq!(users[0].name(), "Ann Lee");
///     assert_eq!(users[0].context.as_deref(), Some("default"));
///     assert_eq!(users[0].number.as_deref(), Some("1001"));
///     Ok::<(), driver_api::Error>(())
/// })?;
/// # Ok::<(), driver_api::Error>(())
/// ```
pub fn users(session: &mut Session<'_>) -> Result<Vec<Row<User>>, Error> {
    let mut users: Vec<Row<User>> = session.query(USERS, &[])?;
    users.sort_unstable_by_key(|user| {
        (user.id, user.line_id.is_none(), user.line_id, user.extension_id.is_none(), user.extension_id)
    });
    users.dedup_by_key(|user| user.id);
    Ok(users)
}

impl User {
    /// Returns the whole name: `Ann Lee`, or `Ann` without a last name.
    pub fn name(&self) -> String {
        let parts = [&*self.firstname, &*self.lastname];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(" ")
    }

    /// Returns whether the user is enabled.
    pub fn is_enabled(&self) -> bool {
        self.commented == 0
    }
}

#[cfg(test)]
mod tests {
    use driver_api::Error;
    use fixtures::Scratch;

    use super::*;

    /// Returns each user's id, line, context and number, from these rows beside three users.
    fn found(tables: &[(&str, &str)]) -> Vec<(i64, Option<i64>, String, String)> {
        let user = |id: i64| {
            format!(
                r#"{{"id": {id}, "uuid": "u-{id}", "tenant_uuid": "t", "func_key_private_template_id": {id}, "description": "", "commented": {}}}"#,
                id - 1
            )
        };
        let rows = [3, 1, 2].map(user).join("\n");
        let mut all = vec![("userfeatures", rows.as_str())];
        all.extend(tables);
        let text = |text: &Option<Text>| text.as_deref().unwrap_or("-").to_owned();
        let found: Result<_, Error> = Scratch::new(&all).in_session(|session| {
            let users = users(session)?;
            assert_eq!(users.iter().filter(|user| user.is_enabled()).count(), 1);
            Ok(users
                .iter()
                .map(|user| (user.id, user.line_id, text(&user.context), text(&user.number)))
                .collect())
        });
        found.unwrap()
    }

    fn of(id: i64, line: Option<i64>, context: &str, number: &str) -> (i64, Option<i64>, String, String) {
        (id, line, context.to_owned(), number.to_owned())
    }

    #[test]
    fn a_user_without_line_or_number_is_there() {
        let of_users = r#"{"user_id": 1, "line_id": 3, "main_user": true, "main_line": true}
            {"user_id": 2, "line_id": 99, "main_user": true, "main_line": true}
            {"user_id": 3, "line_id": 3, "main_user": false, "main_line": false}"#;
        let lines = r#"{"id": 3, "context": "c", "provisioningid": 1}"#;
        assert_eq!(
            found(&[("user_line", of_users), ("linefeatures", lines)]),
            [of(1, Some(3), "c", "-"), of(2, None, "-", "-"), of(3, None, "-", "-")]
        );
    }

    #[test]
    fn the_first_of_several_main_lines_and_extensions_counts() {
        let of_users = [5, 4, 99].map(|line| {
            format!(r#"{{"user_id": 2, "line_id": {line}, "main_user": true, "main_line": true}}"#)
        });
        let lines = [5, 4].map(|id| format!(r#"{{"id": {id}, "context": "c{id}", "provisioningid": {id}}}"#));
        let extensions = [7, 6, 8]
            .map(|id| format!(r#"{{"id": {id}, "type": "user", "context": "c", "exten": "100{id}"}}"#));
        let of_lines =
            [(4, 7, true), (4, 6, false), (4, 8, true), (4, 98, true)].map(|(line, extension, main)| {
                format!(r#"{{"line_id": {line}, "extension_id": {extension}, "main_extension": {main}}}"#)
            });
        let users = found(&[
            ("user_line", &of_users.join("\n")),
            ("linefeatures", &lines.join("\n")),
            ("extensions", &extensions.join("\n")),
            ("line_extension", &of_lines.join("\n")),
        ]);
        assert_eq!(users[1], of(2, Some(4), "c4", "1007"));
    }
}
