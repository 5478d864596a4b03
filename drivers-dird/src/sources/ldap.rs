//! Directories of LDAP: a filter and its server.

use std::collections::BTreeMap;

use driver_api::{Error, Query, Row, Session};
use serde::{Deserialize, Serialize};

/// The filters that have a server, by id.
pub(super) fn filters(session: &mut Session<'_>) -> Result<BTreeMap<i64, Filter>, Error> {
    let filters: Vec<Row<Filter>> = session.query(FILTERS, &[])?;
    Ok(filters.into_iter().map(|filter| (filter.id, filter.into_inner())).collect())
}

const FILTERS: Query<'_> = Query {
    table: "ldapfilter",
    key: &["id"],
    sql: r#"SELECT ldap.id, ldap.commented, ldap."user", ldap.passwd, ldap.basedn, ldap.filter,
            server.host, server.port, server.securitylayer, server.disable
        FROM ldapfilter ldap
        JOIN ldapserver server ON server.id = ldap.ldapserverid"#,
};

#[derive(Deserialize)]
pub(super) struct Filter {
    id: i64,
    commented: i64,
    user: Option<String>,
    passwd: Option<String>,
    basedn: String,
    filter: String,
    host: String,
    port: i64,
    securitylayer: Option<String>,
    disable: i64,
}

impl Filter {
    /// The options of the source, or why there is none.
    pub(super) fn ldap(&self) -> Result<Ldap<'_>, &'static str> {
        if self.commented != 0 {
            return Err("its LDAP filter is disabled");
        }
        if self.disable != 0 {
            return Err("its LDAP server is disabled");
        }
        Ok(Ldap {
            ldap_base_dn: Some(self.basedn.as_str()).filter(|name| !name.is_empty()),
            ldap_custom_filter: match self.filter.as_str() {
                "" => String::new(),
                filter => format!("({filter})"),
            },
            ldap_password: self.passwd.as_deref().unwrap_or_default(),
            ldap_uri: self.uri(),
            ldap_username: self.user.as_deref().unwrap_or_default().replace('\\', r"\\"),
        })
    }

    /// The URI does not tell STARTTLS, which uses the port without TLS.
    fn uri(&self) -> String {
        let (scheme, usual_port) = match self.securitylayer.as_deref() {
            Some("ssl") => ("ldaps", 636),
            _ => ("ldap", 389),
        };
        let host = if self.host.is_empty() { "localhost" } else { &self.host };
        let port = if self.port == 0 { usual_port } else { self.port };
        format!("{scheme}://{host}:{port}")
    }
}

#[derive(Clone, Serialize)]
pub(super) struct Ldap<'a> {
    ldap_base_dn: Option<&'a str>,
    /// In parentheses, even if it has some already.
    ldap_custom_filter: String,
    ldap_password: &'a str,
    ldap_uri: String,
    /// With each backslash doubled.
    ldap_username: String,
}
