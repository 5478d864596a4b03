//! Directories of LDAP: a filter and its server.

use std::collections::BTreeMap;

use driver_api::{Error, Query, Row, Session};
use serde::{Deserialize, Serialize};

/// Reads the filters that have a server, by id.
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
    /// Returns the settings of a source, or the reason to leave it out.
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

    /// Returns the URI of the server. STARTTLS uses the plain scheme and port, so the URI does not show it.
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
    /// In parentheses, even if the filter has its own.
    ldap_custom_filter: String,
    ldap_password: &'a str,
    ldap_uri: String,
    /// With each backslash doubled.
    ldap_username: String,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{NOT_SEPARATED, directory, source, sources, with};

    #[test]
    fn an_ldap_source_has_its_filter_and_server() {
        let source = source(json!({}));
        let directory = directory("ldapfilter", json!({"ldapfilter_id": 1}));
        let written = |filter: Value, server: Value| {
            let filter = with(json!({"id": 1, "ldapserverid": 2, "name": "f", "description": ""}), filter);
            let server = with(json!({"id": 2, "name": "s", "port": 0, "description": ""}), server);
            let tables = [
                NOT_SEPARATED,
                ("ctidirectories", source.as_str()),
                ("ctidirectoryfields", r#"{"dir_id": 5, "fieldname": "a", "value": null}"#),
                ("directories", directory.as_str()),
                ("ldapfilter", filter.as_str()),
                ("ldapserver", server.as_str()),
            ];
            let (mut sources, warnings) = sources(&tables);
            (sources["s"].take(), warnings)
        };
        let expected = json!({
            "name": "s", "type": "ldap", "format_columns": {"a": null}, "searched_columns": [],
            "first_matched_columns": [], "ldap_base_dn": null, "ldap_custom_filter": "", "ldap_password": "",
            "ldap_uri": "ldap://localhost:389", "ldap_username": "",
        });
        assert_eq!(written(json!({}), json!({})), (expected, vec![]));
        let filter = json!({"user": r"a\b\\c", "passwd": r"p\p", "basedn": "dc=x", "filter": "(a=b)"});
        let (source, _) = written(filter, json!({}));
        assert_eq!(source["ldap_username"], r"a\\b\\\\c");
        assert_eq!(source["ldap_password"], r"p\p");
        assert_eq!(source["ldap_base_dn"], "dc=x");
        assert_eq!(source["ldap_custom_filter"], "((a=b))");
        for (layer, port, uri) in [
            (json!("ssl"), 0, "ldaps://h:636"),
            (json!("ssl"), 1, "ldaps://h:1"),
            (json!("tls"), 0, "ldap://h:389"),
            (Value::Null, 1389, "ldap://h:1389"),
        ] {
            let (source, _) = written(json!({}), json!({"host": "h", "securitylayer": layer, "port": port}));
            assert_eq!(source["ldap_uri"], uri);
        }
        let missing = "LDAP filter or LDAP server does not exist";
        for (filter, server, why) in [
            (json!({"commented": 1}), json!({}), "LDAP filter is disabled"),
            (json!({}), json!({"disable": 1}), "LDAP server is disabled"),
            (json!({"ldapserverid": 7}), json!({}), missing),
            (json!({"id": 7}), json!({}), missing),
        ] {
            let (source, warnings) = written(filter, server);
            assert_eq!(source, Value::Null);
            let warning = format!("table ctidirectories, row id=5: its {why}; the source is left out");
            assert_eq!(warnings, [warning]);
        }
    }
}
