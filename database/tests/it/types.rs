//! The types of columns on both engines, and their values in a row.

use database::Uri;
use driver_api::Snapshot;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{Site, assert_left_out, client, reason, rows, values};

#[derive(Debug, PartialEq, Deserialize)]
struct Thing {
    id: i32,
    small: Option<i16>,
    big: Option<i64>,
    half: Option<f32>,
    tenth: Option<f64>,
    enabled: Option<bool>,
    name: Option<String>,
    code: Option<String>,
    letters: Option<String>,
    identifier: Option<String>,
    uuid: Option<Uuid>,
    uuid_text: Option<String>,
    kind: Option<Kind>,
    kind_text: Option<String>,
    kinds: Option<Vec<Kind>>,
    tags: Option<Vec<Option<String>>>,
    none: Option<Vec<String>>,
    options: Option<Vec<(String, Option<String>)>>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Files,
    Custom,
}

const THINGS: &str = "
    SELECT id, small, big, half, tenth, enabled, name, code, letters, identifier, uuid, uuid AS uuid_text,
        kind, kind AS kind_text, kinds, tags, none, options
    FROM thing ORDER BY id";

const SQLITE: &str = r#"
    CREATE TABLE thing (
        id INTEGER, small INTEGER, big INTEGER, half REAL, tenth REAL, enabled INTEGER, name TEXT,
        code TEXT, letters TEXT, identifier TEXT, uuid TEXT, kind TEXT, kinds TEXT, tags TEXT, none TEXT,
        options TEXT
    );
    INSERT INTO thing (id) VALUES (2);
    INSERT INTO thing VALUES (
        1, -32768, 9223372036854775807, 0.5, 0.1, 1, 'Zoë', 'x1', 'abc', 'moh',
        '0a000000-0000-4000-8000-00000000000f', 'custom', '["files","custom"]',
        '["a,b", null, "say \"yes\"", "", "null", "{back\\slash}"]', '[]',
        '[["callerid", "\"Zoë\" <1000>"], ["context", null]]'
    )"#;

const POSTGRES: &str = r#"
    CREATE TYPE kind AS ENUM ('files', 'custom');
    CREATE DOMAIN code AS varchar(10);
    CREATE TABLE thing (
        id integer, small smallint, big bigint, half real, tenth double precision, enabled boolean,
        name text, code code, letters char(3), identifier name, uuid uuid, kind kind, kinds kind[],
        tags text[], none varchar[], options varchar[]
    );
    INSERT INTO thing (id) VALUES (2);
    INSERT INTO thing VALUES (
        1, -32768, 9223372036854775807, 0.5, 0.1, true, 'Zoë', 'x1', 'abc', 'moh',
        '0a000000-0000-4000-8000-00000000000f', 'custom', '{files,custom}',
        '{"a,b", NULL, "say \"yes\"", "", "null", "{back\\slash}"}', '{}',
        '{{callerid, "\"Zoë\" <1000>"}, {context, NULL}}'
    )"#;

#[test]
fn each_type_and_its_null_are_read() {
    let text = |text: &str| Some(text.to_owned());
    let uuid = "0a000000-0000-4000-8000-00000000000f";
    let full = Thing {
        id: 1,
        small: Some(i16::MIN),
        big: Some(i64::MAX),
        half: Some(0.5),
        tenth: Some(0.1),
        enabled: Some(true),
        name: text("Zoë"),
        code: text("x1"),
        letters: text("abc"),
        identifier: text("moh"),
        uuid: Some(uuid.parse().unwrap()),
        uuid_text: text(uuid),
        kind: Some(Kind::Custom),
        kind_text: text("custom"),
        kinds: Some(vec![Kind::Files, Kind::Custom]),
        tags: Some(vec![
            text("a,b"),
            None,
            text("say \"yes\""),
            text(""),
            text("null"),
            text("{back\\slash}"),
        ]),
        none: Some(vec![]),
        options: Some(vec![("callerid".to_owned(), text("\"Zoë\" <1000>")), ("context".to_owned(), None)]),
    };
    let null = Thing {
        id: 2,
        small: None,
        big: None,
        half: None,
        tenth: None,
        enabled: None,
        name: None,
        code: None,
        letters: None,
        identifier: None,
        uuid: None,
        uuid_text: None,
        kind: None,
        kind_text: None,
        kinds: None,
        tags: None,
        none: None,
        options: None,
    };
    let expected = [full, null];
    for site in Site::each("types", SQLITE, POSTGRES) {
        let mut database = site.open();
        let things: Vec<Thing> = rows(&mut *database.snapshot().unwrap(), THINGS, &[]).unwrap();
        assert_eq!(things, expected, "{}", site.uri);
    }
}

#[test]
fn integers_of_each_width_are_read() {
    fn value<T: DeserializeOwned>(snapshot: &mut dyn Snapshot, sql: &str) -> Result<T, String> {
        let values = values(snapshot, &format!("SELECT {sql} AS value"), &[]);
        values.map(|mut values| values.remove(0)).map_err(|error| error.chain())
    }
    for site in Site::each("integers", "", "") {
        let mut database = site.open();
        let snapshot = &mut *database.snapshot().unwrap();
        for ty in ["smallint", "integer", "bigint"] {
            let least = format!("CAST(-128 AS {ty})");
            assert_eq!(value(snapshot, &least), Ok(-128_i8));
            assert_eq!(value(snapshot, &least), Ok(-128_i16));
            assert_eq!(value(snapshot, &least), Ok(-128_i32));
            assert_eq!(value(snapshot, &least), Ok(-128_i64));
            let most = format!("CAST(255 AS {ty})");
            assert_eq!(value(snapshot, &most), Ok(255_u8));
            assert_eq!(value(snapshot, &most), Ok(255_u16));
            assert_eq!(value(snapshot, &most), Ok(255_u32));
            assert_eq!(value(snapshot, &most), Ok(255_u64));
            let narrow = value::<i8>(snapshot, &most).unwrap_err();
            assert!(narrow.ends_with("column value: invalid value: integer `255`, expected i8"), "{narrow}");
            let negative = value::<u64>(snapshot, &least).unwrap_err();
            assert!(negative.ends_with("integer `-128`, expected u64"), "{negative}");
        }
        assert_eq!(value(snapshot, "2147483647"), Ok(i32::MAX));
        assert_eq!(value(snapshot, "9223372036854775807"), Ok(i64::MAX));
        assert_eq!(value(snapshot, "CAST('-9223372036854775808' AS bigint)"), Ok(i64::MIN));
    }
}

#[derive(Deserialize)]
struct Row<T> {
    id: i32,
    value: T,
}

#[test]
fn an_unsupported_type_is_named() {
    let Some(site) = Site::postgres(
        "unreadable",
        "CREATE TABLE thing (id integer, since timestamptz, price numeric, prices numeric[], address inet);
        INSERT INTO thing (id) VALUES (1);
        INSERT INTO thing VALUES (7, now(), 1.5, '{1.5}', '10.0.0.1')",
    ) else {
        return;
    };
    let mut database = site.open();
    let mut snapshot = database.snapshot().unwrap();
    for (column, ty) in
        [("since", "timestamptz"), ("price", "numeric"), ("prices", "numeric"), ("address", "inet")]
    {
        let sql = format!("SELECT id, {column} AS value FROM thing ORDER BY id");
        let error = reason(rows::<Row<Option<String>>>(&mut *snapshot, &sql, &[]));
        let context = "table thing: row id=7: column value: the value can't be read: ";
        let advice = format!("the type {ty} is not supported: CAST the column AS TEXT in the query");
        assert!(error.starts_with(context) && error.ends_with(&advice), "{error}");
    }
}

#[test]
fn a_value_of_the_wrong_type_names_row_and_column() {
    fn error<T: DeserializeOwned>(snapshot: &mut dyn Snapshot) -> String {
        reason(rows::<Row<T>>(snapshot, "SELECT id, name AS value FROM thing ORDER BY id", &[]))
    }
    let sql = "CREATE TABLE thing (id integer, name varchar(20));
        INSERT INTO thing VALUES (7, 'jazz'), (8, NULL)";
    for site in Site::each("mistaken", sql, sql) {
        let mut database = site.open();
        let snapshot = &mut *database.snapshot().unwrap();
        let context = |row| format!("table thing: row id={row}: column value: ");
        assert_eq!(error::<i64>(snapshot), context(7) + "expected an integer, found the text jazz");
        assert_eq!(error::<bool>(snapshot), context(7) + "expected a boolean, found the text jazz");
        assert_eq!(error::<Vec<String>>(snapshot), context(7) + "expected an array, found the text jazz");
        assert_eq!(error::<String>(snapshot), context(8) + "expected a text, found NULL");
        let kind = error::<Kind>(snapshot);
        assert_eq!(kind, context(7) + "unknown variant `jazz`, expected `files` or `custom`");
    }
}

#[test]
fn a_blob_is_an_error() {
    let site = Site::sqlite("");
    let mut database = site.open();
    let mut snapshot = database.snapshot().unwrap();
    let error = reason(values::<String>(&mut *snapshot, "SELECT x'ff' AS value", &[]));
    assert!(error.ends_with("expected a plain value, found a blob"));
}

#[test]
fn ctid_is_the_physical_order_of_rows() {
    let sqlite = "CREATE TABLE thing (ctid INTEGER PRIMARY KEY, id INTEGER, name TEXT)";
    // The rows are wide, so that they fill several pages.
    let postgres = "CREATE TABLE thing (id integer, name char(1000))";
    for site in Site::each("ctid", sqlite, postgres) {
        for id in (1..=30).rev() {
            site.execute(&format!("INSERT INTO thing (id, name) VALUES ({id}, 'x')"));
        }
        let mut database = site.open();
        let sql = "SELECT id, ctid AS value FROM thing ORDER BY ctid";
        let rows: Vec<Row<i64>> = rows(&mut *database.snapshot().unwrap(), sql, &[]).unwrap();
        let ids: Vec<i32> = rows.iter().map(|row| row.id).collect();
        assert_eq!(ids, (1..=30).rev().collect::<Vec<_>>());
        assert!(rows.is_sorted_by(|a, b| a.value < b.value));
    }
}

#[test]
fn collation_c_is_the_order_of_code_points() {
    // Above U+FFFF the order of UTF-16 differs.
    let sql = "CREATE TABLE thing (name varchar(20));
        INSERT INTO thing VALUES ('é'), ('z'), ('Z'), ('a'), ('_'), ('🎵'), ('ｚ'), ('B'), ('10'), ('9'), (' a')";
    for site in Site::each("order", sql, sql) {
        let mut database = site.open();
        let sql = "SELECT name AS value FROM thing ORDER BY name COLLATE \"C\"";
        let names: Vec<String> = values(&mut *database.snapshot().unwrap(), sql, &[]).unwrap();
        assert_eq!(names, [" a", "10", "9", "B", "Z", "_", "a", "z", "é", "ｚ", "🎵"]);
    }
}

#[test]
fn a_row_that_is_not_utf8_is_left_out() {
    let Some(site) =
        Site::postgres("encoding", "CREATE DATABASE bytes ENCODING SQL_ASCII LOCALE 'C' TEMPLATE template0")
    else {
        return;
    };
    let Uri::Postgres(uri) = &site.uri else { unreachable!() };
    let uri = format!("{}/bytes", uri.rsplit_once('/').unwrap().0);
    client(&uri)
        .batch_execute(
            "CREATE TABLE thing (id integer, name text);
            SET client_encoding = 'SQL_ASCII';
            INSERT INTO thing VALUES (1, 'one'), (2, E'g\\xe4ste'), (3, 'three')",
        )
        .unwrap();
    assert_left_out(&mut *database::open(&Uri::Postgres(uri)).unwrap());
}
