//! One source of the file, made from a row of the database.

use std::collections::BTreeMap;

use driver_api::{Row, Warning};
use serde::Serialize;
use serde_json::Value;

use super::ldap::{Filter, Ldap};
use super::wazo::{Auth, Confd};
use super::{Directory, Fields};
use crate::shared;

/// One source, as the file has it.
#[derive(Clone, Serialize)]
pub(super) struct Source<'a> {
    pub(super) name: Option<String>,
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

/// The settings that only sources of one type have.
#[derive(Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Kind<'a> {
    Csv { file: &'a str, separator: Option<&'a str> },
    CsvWs { delimiter: Option<&'a str>, lookup_url: Option<&'a str> },
    DirdPhonebook { db_uri: Option<&'a str>, phonebook_name: Option<&'a str>, tenant: Option<&'a str> },
    Ldap(Ldap<'a>),
    Wazo { auth: Auth<'a>, confd: Confd<'a>, unique_column: &'static str },
}

impl<'a> Source<'a> {
    /// Makes the source, or the warning that says why it is left out.
    pub(super) fn new(
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

    /// Returns whether it finds the users of a Wazo.
    pub(super) fn has_users(&self) -> bool {
        matches!(self.kind, Kind::Wazo { .. })
    }

    /// Returns the copy that finds only the users of this profile's context.
    pub(super) fn copy(&self, profile: Option<&'a str>) -> Source<'a> {
        Source {
            name: Some(shared::name_of_copy(self.name.as_deref(), profile)),
            extra_search_params: Some(SearchParams { context: profile }),
            ..self.clone()
        }
    }
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
            let filter = filter.ok_or("its LDAP filter or LDAP server does not exist");
            Kind::Ldap(filter.and_then(Filter::ldap).map_err(|why| left_out(directory, "", why))?)
        }
        "wazo" => {
            let confd = directory.confd(directory.needed_uri()?);
            let bad_port = || directory.bad_uri("the port is not a number");
            Kind::Wazo { auth: directory.auth(), confd: confd.ok_or_else(bad_port)?, unique_column: "id" }
        }
        other => {
            let why = format!("wazo-dird has no sources of the type {other:?}");
            return Err(left_out(directory, "", &why));
        }
    })
}

/// Reads the names of columns. The file takes any JSON here.
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
        self.uri.as_deref().ok_or_else(|| self.bad_uri("the source needs a URI"))
    }

    /// Warns of the row in `directories`, where the administrator finds the URI, although the query's rows go by the
    /// key of `ctidirectories`.
    fn bad_uri(&self, why: &str) -> Warning {
        let warning = Warning::new("directories", format!("{why}; the source is left out"));
        warning.row(format_args!("id={}", self.directory_id)).column("uri")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{directory, one, source};
    use super::*;

    #[test]
    fn columns_are_json_of_any_kind() {
        let phonebook = directory("dird_phonebook", json!({}));
        for (json, columns) in [
            ("", json!([])),
            ("[]", json!([])),
            (r#"["b", "a"]"#, json!(["b", "a"])),
            (r#"{"a": 1}"#, json!({"a": 1})),
            ("null", Value::Null),
        ] {
            for (column, key) in
                [("match_direct", "searched_columns"), ("match_reverse", "first_matched_columns")]
            {
                let source = one(&source(json!({column: json})), &phonebook).unwrap();
                assert_eq!(source[key], columns);
            }
        }
        for column in ["match_direct", "match_reverse"] {
            let error = one(&source(json!({column: "[a]"})), &phonebook).unwrap_err();
            let place = format!("table ctidirectories, row id=5, column {column}");
            assert_eq!(error, format!("{place}: not JSON; the source is left out"));
        }
    }

    #[test]
    fn the_file_of_csv_comes_after_the_scheme() {
        for (uri, file) in [
            ("file:///data/x.csv", "/data/x.csv"),
            ("xfile://a file://b", "a file://b"),
            ("/data/x.csv", ""),
            ("", ""),
        ] {
            let source = one(&source(json!({})), &directory("csv", json!({"uri": uri}))).unwrap();
            assert_eq!(source["file"], file);
        }
    }

    #[test]
    fn csv_and_wazo_need_a_uri() {
        for dirtype in ["csv", "wazo"] {
            let error = one(&source(json!({})), &directory(dirtype, json!({}))).unwrap_err();
            assert_eq!(
                error,
                "table directories, row id=3, column uri: the source needs a URI; the source is left out"
            );
        }
        let expected = json!({
            "name": "s", "type": "csv_ws", "lookup_url": null, "delimiter": null, "format_columns": {},
            "searched_columns": [], "first_matched_columns": [],
        });
        assert_eq!(one(&source(json!({})), &directory("csv_ws", json!({}))), Ok(expected));
    }

    #[test]
    fn a_source_of_unknown_type_is_left_out() {
        for dirtype in ["xivo", "phonebook", "file", "WAZO", "ldap", ""] {
            let error = one(&source(json!({})), &directory(dirtype, json!({"uri": "file://x"}))).unwrap_err();
            let why = format!("wazo-dird has no sources of the type {dirtype:?}; the source is left out");
            assert_eq!(error, format!("table ctidirectories, row id=5: {why}"));
        }
    }
}
