//! The options of the channel driver, and its credentials for realms.

use driver_api::asterisk::{Lines, Writer, is_white_space, yes_no};
use driver_api::{Error, OneLine, Piece, Query, Row, Session};
use serde::Deserialize;

use super::section;
use crate::static_table::{GeneralOption, VALUE, general_options};

pub(super) fn write(writer: &mut Writer, session: &mut Session<'_>) -> Result<(), Error> {
    let rows = general_options(session, "staticsip")?;
    section(writer, "general");
    for row in &rows {
        write_general_option(&mut writer.at(row), row);
    }
    writer.blank();
    Ok(())
}

fn write_general_option(lines: &mut Lines<'_>, row: &GeneralOption) {
    let (name, value) = (&row.var_name, &row.var_val);
    match &**name {
        "register" | "mwi" => lines.verbatim_object_option(name, value),
        // Asterisk inverted the meaning of this option. The database has the old one.
        "prematuremedia" => lines.verbatim_option(name, (VALUE, yes_no(*value == "no"))),
        "allow" => {
            lines.verbatim_option("disallow", "all");
            lines.verbatim_option(name, value);
        }
        // Written with `allow`.
        "disallow" => {}
        _ => lines.verbatim_line(name, equals_sign_behind(name), &[value]),
    }
}

/// Returns the equals sign behind a name. White space at the end of the name replaces the blank before the sign,
/// unless it is a blank itself.
fn equals_sign_behind(name: &str) -> &'static str {
    if name.ends_with(|c| c != ' ' && is_white_space(c)) { "= " } else { " = " }
}

const CREDENTIALS: Query<'_> = Query {
    table: "sipauthentication",
    key: &["id"],
    sql: r#"SELECT id, "user", secretmode, secret, realm FROM sipauthentication ORDER BY id"#,
};

#[derive(Deserialize)]
struct Credential {
    user: OneLine,
    secretmode: SecretMode,
    secret: OneLine,
    realm: OneLine,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SecretMode {
    /// The secret is the hash of user, realm and password.
    Md5,
    /// The secret is the password.
    Clear,
}

impl SecretMode {
    /// Returns the separator between user and secret.
    fn separator(self) -> &'static str {
        match self {
            SecretMode::Md5 => "#",
            SecretMode::Clear => ":",
        }
    }
}

/// Writes the section of credentials, if there are any.
pub(super) fn write_authentication(writer: &mut Writer, session: &mut Session<'_>) -> Result<(), Error> {
    let mut credentials: Vec<Row<Credential>> = session.query(CREDENTIALS, &[])?;
    if !credentials.is_empty() {
        writer.blank();
        section(writer, "authentication");
    }
    credentials.retain(|credential| splits_as_written(session, credential));
    for credential in &credentials {
        let Credential { user, secret, realm, secretmode } = &**credential;
        let value: [&dyn Piece; 5] = [user, &secretmode.separator(), secret, &"@", realm];
        writer.at(credential).verbatim_line("auth", " = ", &value);
    }
    writer.blank();
    Ok(())
}

/// Tells whether Asterisk splits a credential into the same user, secret and realm; if not, warns that the row is
/// left out. Asterisk splits at the last `@`, and before that at the first `:` or, without one, the first `#`.
fn splits_as_written(session: &mut Session<'_>, credential: &Row<Credential>) -> bool {
    let (user, secret, is_hash) =
        (&credential.user, &credential.secret, credential.secretmode == SecretMode::Md5);
    let misread = if credential.realm.contains('@') {
        Some(("realm", '@'))
    } else if user.contains(':') {
        Some(("user", ':'))
    } else if is_hash && user.contains('#') {
        Some(("user", '#'))
    } else if is_hash && secret.contains(':') {
        Some(("secret", ':'))
    } else {
        None
    };
    if let Some((column, sign)) = misread {
        let message =
            format!("there is a {sign:?}, which separates user, secret and realm; the row is left out");
        credential.warn(session, column, message);
    }
    misread.is_none()
}
