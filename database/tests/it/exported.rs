//! What else a snapshot tells: how another program sees the same, and the unique keys of tables.

use driver_api::Snapshot;

use crate::{Site, values};

const SQLITE: &str = "CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT NOT NULL, mail TEXT UNIQUE);
    CREATE UNIQUE INDEX by_name ON thing (name);
    CREATE UNIQUE INDEX high ON thing (id, name) WHERE id > 5;
    CREATE TABLE pair (b INTEGER NOT NULL, a INTEGER NOT NULL, PRIMARY KEY (a, b));
    CREATE TABLE bag (id INTEGER);
    INSERT INTO bag VALUES (1)";
const POSTGRES: &str = "CREATE TABLE thing (id integer PRIMARY KEY, name text NOT NULL, mail text UNIQUE);
    CREATE UNIQUE INDEX by_name ON thing (name);
    CREATE UNIQUE INDEX high ON thing (id, name) WHERE id > 5;
    CREATE TABLE pair (b integer NOT NULL, a integer NOT NULL, PRIMARY KEY (a, b));
    CREATE TABLE bag (id integer);
    INSERT INTO bag VALUES (1)";

#[test]
fn a_unique_key_has_no_nulls_and_is_of_the_whole_table() {
    for site in Site::each("keys", SQLITE, POSTGRES) {
        let mut database = site.open();
        let check = |snapshot: &mut dyn Snapshot| {
            let mut keys = |table| {
                let keys = snapshot.unique_keys(table).unwrap();
                keys.into_iter()
                    .map(|mut key| {
                        key.sort();
                        key.join(" ")
                    })
                    .collect::<Vec<_>>()
            };
            assert_eq!(keys("thing"), ["id", "name"]);
            assert_eq!(keys("pair"), ["a b"]);
            let mut has = |table, column| snapshot.has_column(table, column).unwrap();
            assert!(has("thing", "mail") && has("bag", "id"));
            assert!(!has("thing", "x") && !has("absent", "id") && !has("o'thing", "i'd"));
            let mut keys = |table| snapshot.unique_keys(table).unwrap();
            for table in ["bag", "absent", "o'thing; DROP TABLE bag"] {
                assert!(keys(table).is_empty(), "{table}");
            }
        };
        check(&mut *database.snapshot().unwrap());
        check(&mut *database.rehearsal().unwrap());
    }
}

#[test]
fn another_program_sees_the_exported_snapshot() {
    for site in Site::each("exported", SQLITE, POSTGRES) {
        let mut database = site.open();
        let mut snapshot = database.snapshot().unwrap();
        let exported = snapshot.export().unwrap().unwrap();
        let uri: database::Uri = exported.uri.parse().unwrap();
        let mut other = database::open(&uri).unwrap();
        let mut other = other.snapshot().unwrap();
        assert_eq!(values::<i64>(&mut *other, "SELECT id AS value FROM bag", &[]).unwrap(), [1]);
        drop(other);
        let Some(name) = exported.snapshot else {
            assert!(exported.uri.starts_with("sqlite:////"), "{}", exported.uri);
            continue;
        };
        site.execute("INSERT INTO bag VALUES (2)");
        let sql = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '{name}';
             DO $$ BEGIN ASSERT (SELECT count(*) FROM bag) = 1; END $$; COMMIT"
        );
        site.execute(&sql);
        // Queries go on, and a second view is still there.
        assert_eq!(values::<i64>(&mut *snapshot, "SELECT id AS value FROM bag", &[]).unwrap(), [1]);
        assert!(snapshot.second().is_some());
    }
}
