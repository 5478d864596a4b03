use fixtures::Scratch;
use serde_json::json;

use super::*;

const NOT_SEPARATED: (&str, &str) = ("ctimain", r#"{"id": 1}"#);

/// A row of `directories`; its id is 3.
fn directory(dirtype: &str, more: Value) -> String {
    with(json!({"id": 3, "dirtype": dirtype, "description": ""}), more)
}

/// A row of `ctidirectories`; its id is 5, its name `s`.
fn source(more: Value) -> String {
    let row = json!({"id": 5, "name": "s", "match_direct": "", "match_reverse": "", "directory_id": 3});
    with(row, more)
}

fn with(mut row: Value, more: Value) -> String {
    let Value::Object(more) = more else { panic!("not a row: {more}") };
    row.as_object_mut().unwrap().extend(more);
    row.to_string()
}

/// The sources as JSON, and the warnings.
fn sources(tables: &[(&str, &str)]) -> (Value, Vec<String>) {
    let mut database = Scratch::older(tables);
    let file = yaml::parse(&database.generate(&Sources).unwrap()).unwrap();
    (serde_json::to_value(&file["sources"]).unwrap(), database.warnings)
}

/// The source of one row each of `ctidirectories` and `directories`, or why there is none.
fn one(source: &str, directory: &str) -> Result<Value, String> {
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
fn without_rows_there_is_nothing() {
    let mut database = Scratch::older(&[]);
    assert_eq!(database.generate(&Sources), Ok("sources: {}\n".to_owned()));
    assert_eq!(database.warnings, ["table ctimain: there is no row, so contexts are not separated"]);
}

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
fn the_path_of_csv_follows_the_scheme() {
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
        assert_eq!(error, "table directories, row id=3, column uri: the source needs one, so it is left out");
    }
    let expected = json!({
        "name": "s", "type": "csv_ws", "lookup_url": null, "delimiter": null, "format_columns": {},
        "searched_columns": [], "first_matched_columns": [],
    });
    assert_eq!(one(&source(json!({})), &directory("csv_ws", json!({}))), Ok(expected));
}

#[test]
fn other_types_are_left_out() {
    for dirtype in ["xivo", "phonebook", "file", "WAZO", "ldap", ""] {
        let error = one(&source(json!({})), &directory(dirtype, json!({"uri": "file://x"}))).unwrap_err();
        let why = format!("wazo-dird has no sources of the type {dirtype:?}; the source is left out");
        assert_eq!(error, format!("table ctidirectories, row id=5: {why}"));
    }
}

#[test]
fn the_uri_of_confd_is_split() {
    for (uri, confd) in [
        ("https://h:9486", json!({"https": true, "host": "h", "port": 9486})),
        ("http://10.0.0.1", json!({"https": false, "host": "10.0.0.1"})),
        ("https://h:", json!({"https": true, "host": "h"})),
        ("noscheme", json!({"https": false, "host": ""})),
        ("https", json!({"https": true, "host": ""})),
        ("HTTPS://h: 12 ", json!({"https": false, "host": "h", "port": 12})),
        ("https://h:-1", json!({"https": true, "host": "h", "port": -1})),
    ] {
        let source = one(&source(json!({})), &directory("wazo", json!({"uri": uri}))).unwrap();
        let always = json!({"timeout": 4, "verify_certificate": false, "version": "1.1"});
        assert_eq!(source["confd"].to_string(), with(confd, always), "{uri}");
    }
    for uri in ["https://h:9486/", "https://[::1]:9486", "https://h: ", "https://h:1:2", "a://b://c"] {
        let error = one(&source(json!({})), &directory("wazo", json!({"uri": uri}))).unwrap_err();
        let why = "its port is not a number; the source is left out";
        assert_eq!(error, format!("table directories, row id=3, column uri: {why}"));
    }
}

#[test]
fn certificates_are_verified_by_file_or_system() {
    for (wanted, file, expected) in [
        (false, json!("/ca.crt"), json!(false)),
        (false, Value::Null, json!(false)),
        (true, json!("/ca.crt"), json!("/ca.crt")),
        (true, json!(""), json!(true)),
        (true, Value::Null, json!(true)),
    ] {
        for (part, flag, path) in [
            ("auth", "auth_verify_certificate", "auth_custom_ca_path"),
            ("confd", "xivo_verify_certificate", "xivo_custom_ca_path"),
        ] {
            let directory = directory("wazo", json!({"uri": "https://h", flag: wanted, path: file}));
            let source = one(&source(json!({})), &directory).unwrap();
            assert_eq!(source[part]["verify_certificate"], expected);
        }
    }
}

#[test]
fn ldap_needs_filter_and_server() {
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
    let missing = "LDAP filter, or the server of that, does not exist";
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

#[test]
fn of_two_with_one_name_ldap_counts_then_the_later() {
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
fn separated_contexts_have_a_copy_for_each_profile() {
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
