//! The options of the channel driver, and the credentials that it has for realms.

use driver_api::asterisk::{Writer, is_white_space, yes_no};
use driver_api::{Error, OneLine, Query, Session};
use serde::Deserialize;

use super::section;
use crate::static_table::general_options;

pub(super) fn write(writer: &mut Writer, session: &mut Session<'_>) -> Result<(), Error> {
    let rows = general_options(session, "staticsip")?;
    section(writer, "general");
    for row in &rows {
        write_general_option(writer, &row.var_name, &row.var_val);
    }
    writer.blank();
    Ok(())
}

fn write_general_option(writer: &mut Writer, name: &str, value: &str) {
    match name {
        "register" | "mwi" => writer.verbatim_object_option(name, value),
        // Asterisk turned the meaning of this option round; the database has the one of before.
        "prematuremedia" => writer.verbatim_option(name, yes_no(value == "no")),
        "allow" => {
            writer.verbatim_option("disallow", "all");
            writer.verbatim_option(name, value);
        }
        // Implied by `allow`.
        "disallow" => {}
        _ => writer.verbatim_line(name, sign_behind(name), &[value]),
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
    #[expect(dead_code, reason = "names the row in messages")]
    id: i64,
    user: OneLine,
    secretmode: SecretMode,
    secret: OneLine,
    realm: OneLine,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SecretMode {
    /// The secret is the hash of user, realm and password.
    Md5,
    /// It is the password.
    Clear,
}

/// The section of credentials, if there are any.
pub(super) fn write_authentication(writer: &mut Writer, session: &mut Session<'_>) -> Result<(), Error> {
    let credentials: Vec<Credential> = session.query(CREDENTIALS, &[])?;
    if !credentials.is_empty() {
        writer.blank();
        section(writer, "authentication");
    }
    for Credential { user, secretmode, secret, realm, .. } in &credentials {
        let sign = match secretmode {
            SecretMode::Md5 => "#",
            SecretMode::Clear => ":",
        };
        writer.verbatim_line("auth", " = ", &[user, sign, secret, "@", realm]);
    }
    writer.blank();
    Ok(())
}
