//! `dird/sources.yml`: every directory that can be searched, its address, and the fields of its entries.
//!
//! ```yaml
//! sources:
//!   book:
//!     file: /srv/book.csv
//!     first_matched_columns: []
//!     format_columns: {}
//!     name: book
//!     searched_columns:
//!     - x
//!     separator: null
//!     type: csv
//! ```
//!
//! If contexts are separated, a directory of users has a copy for each profile, which finds only the users of that
//! context.

mod ldap;
mod wazo;

use std::collections::BTreeMap;

use driver_api::{Driver, Error, Query, Row, Session, Warning, yaml};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::ldap::{Filter, Ldap};
use self::wazo::{Auth, Confd};
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
            match source(directory, fields.remove(&directory.id).unwrap_or_default(), &filters) {
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

// Of two rows with one name the later counts: that of LDAP, if there is one.
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

/// The fields of a directory's entries, with their templates.
type Fields = BTreeMap<String, Option<String>>;

/// The fields of each directory, by its id.
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

#[derive(Clone, Serialize)]
struct Source<'a> {
    name: Option<String>,
    searched_columns: Value,
    first_matched_columns: Value,
    format_columns: Fields,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_search_params: Option<SearchParams<'a>>,
    #[serde(flatten)]
    kind: Kind<'a>,
}

#[derive(Clone, Serialize)]
struct SearchParams<'a> {
    context: Option<&'a str>,
}

/// The options of one type of source.
#[derive(Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Kind<'a> {
    Csv { file: &'a str, separator: Option<&'a str> },
    CsvWs { delimiter: Option<&'a str>, lookup_url: Option<&'a str> },
    DirdPhonebook { db_uri: Option<&'a str>, phonebook_name: Option<&'a str>, tenant: Option<&'a str> },
    Ldap(Ldap<'a>),
    Wazo { auth: Auth<'a>, confd: Confd<'a>, unique_column: &'static str },
}

/// The source, or why there is none.
fn source<'a>(
    directory: &'a Row<Directory>,
    fields: Fields,
    filters: &'a BTreeMap<i64, Filter>,
) -> Result<Source<'a>, Warning> {
    if directory.dirtype == "ldapfilter" && fields.is_empty() {
        return Err(left_out(directory, "", "an LDAP source needs fields"));
    }
    Ok(Source {
        kind: kind(directory, filters)?,
        name: directory.name.clone(),
        searched_columns: columns(directory, "match_direct", &directory.match_direct)?,
        first_matched_columns: columns(directory, "match_reverse", &directory.match_reverse)?,
        format_columns: fields,
        extra_search_params: None,
    })
}

fn kind<'a>(directory: &'a Row<Directory>, filters: &'a BTreeMap<i64, Filter>) -> Result<Kind<'a>, Warning> {
    let (uri, delimiter) = (directory.uri.as_deref(), directory.delimiter.as_deref());
    Ok(match directory.dirtype.as_str() {
        "csv" => {
            let file = directory.needed_uri()?.split_once("file://").map_or("", |(_, path)| path);
            Kind::Csv { file, separator: delimiter }
        }
        "csv_ws" => Kind::CsvWs { delimiter, lookup_url: uri },
        "dird_phonebook" => Kind::DirdPhonebook {
            db_uri: uri,
            phonebook_name: directory.dird_phonebook.as_deref(),
            tenant: directory.dird_tenant.as_deref(),
        },
        "ldapfilter" => {
            let filter = directory.ldapfilter_id.and_then(|id| filters.get(&id));
            let filter = filter.ok_or("its LDAP filter, or the server of that, does not exist");
            Kind::Ldap(filter.and_then(Filter::ldap).map_err(|why| left_out(directory, "", why))?)
        }
        "wazo" => {
            let confd = directory.confd(directory.needed_uri()?);
            let bad_port = || directory.bad_uri("its port is not a number; the source is left out");
            Kind::Wazo { auth: directory.auth(), confd: confd.ok_or_else(bad_port)?, unique_column: "id" }
        }
        other => {
            let why = format!("wazo-dird has no sources of the type {other:?}");
            return Err(left_out(directory, "", &why));
        }
    })
}

/// Reads the names of columns, in any form of JSON.
fn columns(directory: &Row<Directory>, column: &str, json: &str) -> Result<Value, Warning> {
    if json.is_empty() {
        return Ok(Value::Array(Vec::new()));
    }
    serde_json::from_str(json).map_err(|_| left_out(directory, column, "not JSON"))
}

fn left_out(directory: &Row<Directory>, column: &str, why: &str) -> Warning {
    directory.origin().warning(column, format!("{why}; the source is left out"))
}

impl Directory {
    fn needed_uri(&self) -> Result<&str, Warning> {
        self.uri.as_deref().ok_or_else(|| self.bad_uri("the source needs one, so it is left out"))
    }

    /// A warning about the row of `directories`, where an administrator finds the URI.
    fn bad_uri(&self, why: &str) -> Warning {
        Warning::new("directories", why).row(format_args!("id={}", self.directory_id)).column("uri")
    }
}

/// The sources, with a copy for each profile instead of each directory of users.
fn separated<'a>(
    sources: BTreeMap<Option<String>, Source<'a>>,
    profiles: &'a [Row<Profile>],
) -> BTreeMap<Option<String>, Source<'a>> {
    let copies = |source: Source<'a>| match source.kind {
        Kind::Wazo { .. } => profiles.iter().map(|profile| source.copy(profile.name.as_deref())).collect(),
        _ => vec![source],
    };
    sources.into_values().flat_map(copies).map(|source| (source.name.clone(), source)).collect()
}

impl<'a> Source<'a> {
    fn copy(&self, profile: Option<&'a str>) -> Source<'a> {
        Source {
            name: Some(shared::name_of_copy(self.name.as_deref(), profile)),
            extra_search_params: Some(SearchParams { context: profile }),
            ..self.clone()
        }
    }
}

fn content(sources: BTreeMap<Option<String>, Source<'_>>) -> Result<String, Error> {
    #[derive(Serialize)]
    struct File<'a> {
        sources: BTreeMap<Option<String>, Source<'a>>,
    }
    yaml::to_string(&File { sources })
}

#[cfg(test)]
mod tests;
