//! A failed query leaves its snapshot usable.

use driver_api::{Error, ErrorKind, Snapshot};

use crate::{Site, values};

const SQLITE: &str = "PRAGMA journal_mode = WAL; CREATE TABLE thing (id INTEGER, name TEXT)";
const POSTGRES: &str = "CREATE TABLE thing (id integer, name text)";

fn query(snapshot: &mut dyn Snapshot, sql: &str) -> Result<Vec<i64>, Error> {
    values(snapshot, sql, &[])
}

#[test]
fn a_query_after_a_failed_one_sees_the_same_snapshot() {
    for site in Site::each("recovery", SQLITE, POSTGRES) {
        let mut database = site.open();
        let mut snapshot = database.snapshot().unwrap();
        for sql in [
            "SELECT id AS value FROM nothing",
            "SELECT nothing AS value FROM thing",
            "SELECT id AS other FROM thing",
            "SELEKT",
            "SELECT (SELECT 1 UNION ALL SELECT",
            "INSERT INTO thing VALUES (1, 'x') RETURNING id AS value",
        ] {
            site.execute("INSERT INTO thing VALUES (1, 'x')");
            query(&mut *snapshot, sql).unwrap_err();
            assert_eq!(query(&mut *snapshot, "SELECT count(*) AS value FROM thing").unwrap(), [0], "{sql}");
        }
    }
}

#[test]
fn an_unreadable_row_ends_the_query() {
    const NUMBERS: &str = "
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
        SELECT CASE WHEN i <> 500 THEN i END AS value FROM n";
    for site in Site::each("half", SQLITE, POSTGRES) {
        let mut database = site.open();
        let mut snapshot = database.snapshot().unwrap();
        let error = query(&mut *snapshot, NUMBERS).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Row);
        assert!(error.chain().ends_with("column value: expected an integer, found NULL"), "{error}");
        site.execute("INSERT INTO thing VALUES (1, 'x')");
        assert_eq!(query(&mut *snapshot, "SELECT count(*) AS value FROM thing").unwrap(), [0]);
        assert_eq!(query(&mut *snapshot, "SELECT 7 AS value").unwrap(), [7]);
    }
}

#[test]
fn a_missing_table_or_column_is_named() {
    let table = |name: &str| ErrorKind::MissingTable(name.to_owned());
    let column = |name: &str| ErrorKind::MissingColumn(name.to_owned());
    for site in Site::each("missing", SQLITE, POSTGRES) {
        let mut database = site.open();
        let mut snapshot = database.snapshot().unwrap();
        for (sql, expected) in [
            ("SELECT id AS value FROM moh", table("moh")),
            ("SELECT t.id AS value FROM thing AS t JOIN moh ON moh.id = t.id", table("moh")),
            ("SELECT label AS value FROM thing", column("label")),
            ("SELECT t.label AS value FROM thing AS t", column("thing.label")),
            ("SELECT \"t\".\"label\" AS value FROM thing AS t", column("thing.label")),
            ("SELECT id AS value FROM thing ORDER BY label", column("label")),
            // By default, SQLite takes an unknown quoted name for a text.
            ("SELECT \"label\" AS value FROM thing", column("label")),
            ("SELECT id AS value FROM thing WHERE \"label\" = 'x'", column("label")),
        ] {
            let error = query(&mut *snapshot, sql).unwrap_err();
            assert_eq!(*error.kind(), expected, "{}: {}", site.uri, error.chain());
            let (ErrorKind::MissingTable(name) | ErrorKind::MissingColumn(name)) = error.kind() else {
                unreachable!()
            };
            assert!(error.chain().contains(&format!(" {name}")), "{error}");
        }
    }
}

#[test]
fn the_error_of_a_query_is_one_line() {
    for site in Site::each("mistakes", SQLITE, POSTGRES) {
        let mut database = site.open();
        let mut snapshot = database.snapshot().unwrap();
        for (sql, word) in
            [("SELECT 1 AS value\nFROM\nWHERE", "WHERE"), ("SELECT nofunction(1) AS value", "nofunction")]
        {
            let error = query(&mut *snapshot, sql).unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::Query);
            let text = error.chain();
            assert!(
                text.starts_with("table thing: ") && text.contains(word) && !text.contains('\n'),
                "{text}"
            );
        }
    }
}
