//! The options of the channel driver, and the credentials that it has for realms.

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
        // Asterisk turned the meaning of this option round; the database has the one of before.
        "prematuremedia" => lines.verbatim_option(name, (VALUE, yes_no(*value == "no"))),
        "allow" => {
            lines.verbatim_option("disallow", "all");
            lines.verbatim_option(name, value);
        }
        // Implied by `allow`.
        "disallow" => {}
        _ => lines.verbatim_line(name, sign_behind(name), &[value]),
    }
}

/// White space at the end of a name counts for the blank before the sign, unless it is a blank itself.
fn sign_behind(name: &str) -> &'static str {
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
    /// It is the password.
    Clear,
}

impl SecretMode {
    /// What stands between user and secret.
    fn sign(self) -> &'static str {
        match self {
            SecretMode::Md5 => "#",
            SecretMode::Clear => ":",
        }
    }
}

/// The section of credentials, if there are any.
pub(super) fn write_authentication(writer: &mut Writer, session: &mut Session<'_>) -> Result<(), Error> {
    let mut credentials: Vec<Row<Credential>> = session.query(CREDENTIALS, &[])?;
    if !credentials.is_empty() {
        writer.blank();
        section(writer, "authentication");
    }
    credentials.retain(|credential| is_one_credential(session, credential));
    for credential in &credentials {
        let Credential { user, secret, realm, secretmode } = &**credential;
        let value: [&dyn Piece; 5] = [user, &secretmode.sign(), secret, &"@", realm];
        writer.at(credential).verbatim_line("auth", " = ", &value);
    }
    writer.blank();
    Ok(())
}

/// Whether Asterisk finds user, secret and realm where they are: it looks for the last `@`, and before that for the
/// first `:` or, without one, the first `#`. If not, this notes that the row is left out.
fn is_one_credential(session: &mut Session<'_>, credential: &Row<Credential>) -> bool {
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
