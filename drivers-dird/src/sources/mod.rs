//! `dird/sources.yml`: every directory that can be searched, how it is reached, and what its entries have.
//!
//! Where contexts are separated, a directory of users has a copy for each profile, which finds the users of
//! that context only.

mod ldap;
mod wazo;

use std::collections::BTreeMap;

use driver_api::{Driver, Error, Query, Session, Warning, yaml};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::ldap::{Filter, Ldap};
use self::wazo::{Auth, Confd};
use crate::shared;

pub(crate) struct Sources;

impl Driver for Sources {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let directories: Vec<Directory> = session.query(DIRECTORIES, &[])?;
        let mut fields = fields(session)?;
        let filters = ldap::filters(session)?;
        let profiles: Vec<Profile> = session.query(PROFILES, &[])?;

        let mut sources = BTreeMap::new();
        for directory in &directories {
            match directory.source(fields.remove(&directory.id).unwrap_or_default(), &filters) {
                Ok(source) => {
                    if sources.insert(source.name.clone(), source).is_some() {
                        session.warn(shared::namesake("ctidirectories", directory.id));
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

// Of two with one name the later counts, and it is one of LDAP, if there is such a one.
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

/// What an entry of a directory has, by the name of the field, and the template that makes it.
type Fields = BTreeMap<String, Option<String>>;

/// The fields of each directory, by its id.
fn fields(session: &mut Session<'_>) -> Result<BTreeMap<i64, Fields>, Error> {
    let mut fields: BTreeMap<i64, Fields> = BTreeMap::new();
    for row in session.query::<Field>(FIELDS, &[])? {
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
    #[expect(dead_code, reason = "names the row in messages")]
    id: i64,
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

/// What sources of one type have beside that.
#[derive(Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Kind<'a> {
    Csv { file: &'a str, separator: Option<&'a str> },
    CsvWs { delimiter: Option<&'a str>, lookup_url: Option<&'a str> },
    DirdPhonebook { db_uri: Option<&'a str>, phonebook_name: Option<&'a str>, tenant: Option<&'a str> },
    Ldap(Ldap<'a>),
    Wazo { auth: Auth<'a>, confd: Confd<'a>, unique_column: &'static str },
}

impl Directory {
    /// The source, or why there is none.
    fn source<'a>(
        &'a self,
        fields: Fields,
        filters: &'a BTreeMap<i64, Filter>,
    ) -> Result<Source<'a>, Warning> {
        if self.dirtype == "ldapfilter" && fields.is_empty() {
            return Err(self.left_out("an LDAP source needs fields"));
        }
        Ok(Source {
            kind: self.kind(filters)?,
            name: self.name.clone(),
            searched_columns: self.columns("match_direct", &self.match_direct)?,
            first_matched_columns: self.columns("match_reverse", &self.match_reverse)?,
            format_columns: fields,
            extra_search_params: None,
        })
    }

    fn kind<'a>(&'a self, filters: &'a BTreeMap<i64, Filter>) -> Result<Kind<'a>, Warning> {
        Ok(match self.dirtype.as_str() {
            "csv" => {
                let file = self.needed_uri()?.split_once("file://").map_or("", |(_, path)| path);
                Kind::Csv { file, separator: self.delimiter.as_deref() }
            }
            "csv_ws" => {
                Kind::CsvWs { delimiter: self.delimiter.as_deref(), lookup_url: self.uri.as_deref() }
            }
            "dird_phonebook" => Kind::DirdPhonebook {
                db_uri: self.uri.as_deref(),
                phonebook_name: self.dird_phonebook.as_deref(),
                tenant: self.dird_tenant.as_deref(),
            },
            "ldapfilter" => {
                let filter = self.ldapfilter_id.and_then(|id| filters.get(&id));
                let filter = filter.ok_or("its LDAP filter, or the server of that, does not exist");
                Kind::Ldap(filter.and_then(Filter::ldap).map_err(|why| self.left_out(why))?)
            }
            "wazo" => {
                let confd = self.confd(self.needed_uri()?);
                let confd = confd.ok_or_else(|| self.bad_uri("what stands for the port is not a number"))?;
                Kind::Wazo { auth: self.auth(), confd, unique_column: "id" }
            }
            other => return Err(self.left_out(&format!("wazo-dird has no sources of the type {other:?}"))),
        })
    }

    fn needed_uri(&self) -> Result<&str, Warning> {
        self.uri.as_deref().ok_or_else(|| self.bad_uri("there is none"))
    }

    /// Reads the names of columns, which may be any JSON.
    fn columns(&self, column: &str, json: &str) -> Result<Value, Warning> {
        if json.is_empty() {
            return Ok(Value::Array(Vec::new()));
        }
        serde_json::from_str(json).map_err(|_| self.left_out("not JSON").column(column))
    }

    fn left_out(&self, why: &str) -> Warning {
        shared::about("ctidirectories", self.id, format!("{why}; the source is left out"))
    }

    fn bad_uri(&self, why: &str) -> Warning {
        let message = format!("{why}; the source is left out");
        shared::about("directories", self.directory_id, message).column("uri")
    }
}

/// The sources, with copies for each profile in the place of directories of users.
fn separated<'a>(
    sources: BTreeMap<Option<String>, Source<'a>>,
    profiles: &'a [Profile],
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
