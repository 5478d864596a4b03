//! `dird/sources.yml`: the directories that wazo-dird searches, how it reaches them, and the fields of their entries.
//!
//! ```text
//! sources:
//!   csv1:
//!     file: /data/x.csv
//!     first_matched_columns: []
//!     format_columns:
//!       z: '{1}'
//!     name: csv1
//!     searched_columns:
//!     - b
//!     - a
//!     separator: ;
//!     type: csv
//! ```
//!
//! Where contexts are separated, a directory of users has a copy for each profile, which finds only the users of
//! that context. `source.rs` makes a source from a row; `ldap.rs` and `wazo.rs` have the settings of these types.

mod ldap;
mod source;
mod wazo;

use std::collections::BTreeMap;

use driver_api::{Driver, Error, Query, Row, Session, yaml};
use serde::{Deserialize, Serialize};

use self::source::Source;
use crate::shared;

pub(crate) struct Sources;

impl Driver for Sources {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let directories: Vec<Row<Directory>> = session.query(DIRECTORIES, &[])?;
        let mut fields = fields(session)?;
        let filters = ldap::filters(session)?;
        let profiles: Vec<Row<Profile>> = session.query(PROFILES, &[])?;

        let mut sources = BTreeMap::new();
        for directory in &directories {
            match Source::new(directory, fields.remove(&directory.id).unwrap_or_default(), &filters) {
                Ok(source) => {
                    if sources.insert(source.name.clone(), source).is_some() {
                        shared::warn_of_namesake(session, directory);
                    }
                }
                Err(warning) => session.warn(warning),
            }
        }
        if shared::contexts_are_separated(session)? {
            sources = separated(sources, &profiles);
        }
        content(sources)
    }
}

// Of two rows with the same name, the driver uses the later one. LDAP directories come last, so they win.
const DIRECTORIES: Query<'_> = Query {
    table: "ctidirectories",
    key: &["id"],
    sql: "SELECT source.id, source.name, source.delimiter, source.match_direct, source.match_reverse,
            directory.id AS directory_id, directory.dirtype, directory.uri, directory.xivo_username,
            directory.xivo_password, directory.auth_key_file, directory.xivo_verify_certificate,
            directory.xivo_custom_ca_path, directory.dird_tenant, directory.dird_phonebook,
            directory.auth_host, directory.auth_port, directory.auth_verify_certificate,
            directory.auth_custom_ca_path, directory.ldapfilter_id
        FROM ctidirectories source
        JOIN directories directory ON directory.id = source.directory_id
        ORDER BY CASE directory.dirtype WHEN 'ldapfilter' THEN 1 ELSE 0 END, source.id",
};

#[derive(Deserialize)]
struct Directory {
    id: i64,
    name: Option<String>,
    delimiter: Option<String>,
    match_direct: String,
    match_reverse: String,
    directory_id: i64,
    dirtype: String,
    uri: Option<String>,
    xivo_username: Option<String>,
    xivo_password: Option<String>,
    auth_key_file: Option<String>,
    xivo_verify_certificate: bool,
    xivo_custom_ca_path: Option<String>,
    dird_tenant: Option<String>,
    dird_phonebook: Option<String>,
    auth_host: Option<String>,
    auth_port: Option<i64>,
    auth_verify_certificate: bool,
    auth_custom_ca_path: Option<String>,
    ldapfilter_id: Option<i64>,
}

/// The fields of the entries of a directory: the name of each, and the template of its value.
type Fields = BTreeMap<String, Option<String>>;

/// Reads the fields of each directory, by its id.
fn fields(session: &mut Session<'_>) -> Result<BTreeMap<i64, Fields>, Error> {
    let mut fields: BTreeMap<i64, Fields> = BTreeMap::new();
    for row in session.query::<Field>(FIELDS, &[])?.into_iter().map(Row::into_inner) {
        fields.entry(row.dir_id).or_default().insert(row.fieldname, row.value);
    }
    Ok(fields)
}

const FIELDS: Query<'_> = Query {
    table: "ctidirectoryfields",
    key: &["dir_id", "fieldname"],
    sql: "SELECT dir_id, fieldname, value FROM ctidirectoryfields",
};

#[derive(Deserialize)]
struct Field {
    dir_id: i64,
    fieldname: String,
    value: Option<String>,
}

const PROFILES: Query<'_> =
    Query { table: "cticontexts", key: &["id"], sql: "SELECT id, name FROM cticontexts ORDER BY id" };

#[derive(Deserialize)]
struct Profile {
    name: Option<String>,
}

/// Replaces each directory of users by its copies, one for each profile.
fn separated<'a>(
    sources: BTreeMap<Option<String>, Source<'a>>,
    profiles: &'a [Row<Profile>],
) -> BTreeMap<Option<String>, Source<'a>> {
    let copies = |source: Source<'a>| {
        if source.has_users() {
            profiles.iter().map(|profile| source.copy(profile.name.as_deref())).collect()
        } else {
            vec![source]
        }
    };
    sources.into_values().flat_map(copies).map(|source| (source.name.clone(), source)).collect()
}

fn content(sources: BTreeMap<Option<String>, Source<'_>>) -> Result<String, Error> {
    #[derive(Serialize)]
    struct File<'a> {
        sources: BTreeMap<Option<String>, Source<'a>>,
    }
    yaml::to_string(&File { sources })
}

#[cfg(test)]
mod tests {
    use fixtures::Scratch;
    use serde_json::{Value, json};

    use super::*;

    pub(super) const NOT_SEPARATED: (&str, &str) = ("ctimain", r#"{"id": 1}"#);

    /// A row of `directories`; its id is 3.
    pub(super) fn directory(dirtype: &str, more: Value) -> String {
        with(json!({"id": 3, "dirtype": dirtype, "description": ""}), more)
    }

    /// A row of `ctidirectories`; its id is 5, its name `s`.
    pub(super) fn source(more: Value) -> String {
        let row = json!({"id": 5, "name": "s", "match_direct": "", "match_reverse": "", "directory_id": 3});
        with(row, more)
    }

    pub(super) fn with(mut row: Value, more: Value) -> String {
        let Value::Object(more) = more else { panic!("not a row: {more}") };
        row.as_object_mut().unwrap().extend(more);
        row.to_string()
    }

    /// Returns the sources as JSON, and the warnings.
    pub(super) fn sources(tables: &[(&str, &str)]) -> (Value, Vec<String>) {
        let mut database = Scratch::older(tables);
        let file = yaml::parse(&database.generate(&Sources).unwrap()).unwrap();
        (serde_json::to_value(&file["sources"]).unwrap(), database.warnings)
    }

    /// Returns the source of one row each in `ctidirectories` and `directories`, or the warning.
    pub(super) fn one(source: &str, directory: &str) -> Result<Value, String> {
        let (sources, warnings) =
            sources(&[NOT_SEPARATED, ("ctidirectories", source), ("directories", directory)]);
        match warnings.first() {
            Some(warning) => {
                assert_eq!(sources, json!({}));
                Err(warning.clone())
            }
            None => Ok(sources["s"].clone()),
        }
    }

    #[test]
    fn without_rows_the_file_is_empty() {
        let mut database = Scratch::older(&[]);
        assert_eq!(database.generate(&Sources), Ok("sources: {}\n".to_owned()));
        assert_eq!(database.warnings, ["table ctimain: there is no row, so contexts are not separated"]);
    }

    #[test]
    fn of_two_with_one_name_ldap_wins_then_the_later() {
        let directories = [
            directory("csv", json!({"id": 1, "uri": "file://a"})),
            directory("csv", json!({"id": 2, "uri": "file://b"})),
            directory("ldapfilter", json!({"ldapfilter_id": 1})),
        ];
        let rows = [
            source(json!({"id": 1, "directory_id": 3})),
            source(json!({"id": 3, "directory_id": 2})),
            source(json!({"id": 2, "directory_id": 1})),
        ];
        let (directories, csv) = (directories.join("\n"), rows[1..].join("\n"));
        let all = rows.join("\n");
        let mut tables = vec![
            NOT_SEPARATED,
            ("directories", directories.as_str()),
            ("ctidirectories", csv.as_str()),
            ("ldapfilter", r#"{"id": 1, "ldapserverid": 1, "name": "f", "description": ""}"#),
            ("ldapserver", r#"{"id": 1, "name": "s", "port": 0, "description": ""}"#),
        ];
        let namesake = |id: i64| {
            format!(
                "table ctidirectories, row id={id}, column name: another row has the same name; this one counts"
            )
        };
        let (written, warnings) = sources(&tables);
        assert_eq!((&written["s"]["file"], warnings), (&json!("b"), vec![namesake(3)]));

        tables[2] = ("ctidirectories", &all);
        tables.push(("ctidirectoryfields", r#"{"dir_id": 1, "fieldname": "a", "value": ""}"#));
        let (written, warnings) = sources(&tables);
        assert_eq!((&written["s"]["type"], warnings), (&json!("ldap"), vec![namesake(3), namesake(1)]));
    }

    #[test]
    fn with_separated_contexts_each_profile_has_a_copy() {
        let directories =
            [directory("wazo", json!({"uri": "https://h"})), directory("dird_phonebook", json!({"id": 4}))];
        let rows = [
            source(json!({})),
            source(json!({"id": 6, "name": null})),
            source(json!({"id": 7, "name": "b", "directory_id": 4})),
        ];
        let (directories, rows) = (directories.join("\n"), rows.join("\n"));
        let profiles = r#"{"id": 1, "name": "é", "directories": "", "display": ""}
            {"id": 2, "name": null, "directories": "", "display": ""}
            {"id": 3, "name": null, "directories": "", "display": ""}"#;
        let mut tables = vec![
            ("ctimain", r#"{"id": 1, "context_separation": -1}"#),
            ("directories", directories.as_str()),
            ("ctidirectories", rows.as_str()),
        ];
        let names = |sources: &Value| sources.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&sources(&tables).0), ["b"]);

        tables.push(("cticontexts", profiles));
        let (written, warnings) = sources(&tables);
        assert_eq!(names(&written), ["None_None", "None_é", "b", "s_None", "s_é"]);
        assert_eq!(warnings, [""; 0]);
        for (name, source) in written.as_object().unwrap() {
            assert_eq!(source["name"], *name);
        }
        assert_eq!(written["s_é"]["extra_search_params"], json!({"context": "é"}));
        assert_eq!(written["s_None"]["extra_search_params"], json!({"context": null}));
        assert_eq!(written["b"].get("extra_search_params"), None);
    }
}
