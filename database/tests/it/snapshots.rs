//! A snapshot shows one instant, and never writes.

use std::sync::{Arc, mpsc};
use std::thread;

use database::{LazySnapshot, Pool, PoolSettings, Uri};
use driver_api::settings::{self, Settings as _};
use driver_api::{Config, ErrorKind, Snapshot};
use rusqlite::Connection;

use crate::{Site, reason, values};

const SQLITE: &str =
    "PRAGMA journal_mode = WAL; CREATE TABLE thing (id INTEGER); INSERT INTO thing VALUES (1)";
const POSTGRES: &str = "CREATE TABLE thing (id integer); INSERT INTO thing VALUES (1)";

fn count(snapshot: &mut dyn Snapshot) -> i64 {
    values(snapshot, "SELECT count(*) AS value FROM thing", &[]).unwrap()[0]
}

#[test]
fn a_snapshot_is_one_instant() {
    for site in Site::each("instant", SQLITE, POSTGRES) {
        let mut database = site.open();
        let mut snapshot = database.snapshot().unwrap();
        // The snapshot is older than this commit, although its first query comes later.
        site.execute("INSERT INTO thing VALUES (2)");
        assert_eq!(count(&mut *snapshot), 1);
        site.execute("INSERT INTO thing VALUES (3)");
        assert_eq!(count(&mut *snapshot), 1);
        drop(snapshot);
        assert_eq!(count(&mut *database.snapshot().unwrap()), 3);
        site.execute("DELETE FROM thing");
        assert_eq!(count(&mut *database.snapshot().unwrap()), 0);
    }
}

#[test]
fn a_second_view_shows_the_same_instant() {
    for site in Site::each("second", SQLITE, POSTGRES) {
        let mut database = site.open();
        let mut snapshot = database.snapshot().unwrap();
        let Some(second) = snapshot.second() else {
            assert!(matches!(site.uri, Uri::Sqlite(_)));
            continue;
        };
        assert!(snapshot.second().is_none());
        site.execute("INSERT INTO thing VALUES (2)");
        let (_is_running, running) = mpsc::channel();
        let other = thread::spawn(move || {
            let mut second = second.open(&running).unwrap();
            assert!(second.second().is_none());
            values::<i64>(&mut *second, "SELECT id FROM absent", &[]).unwrap_err();
            count(&mut *second)
        });
        assert_eq!((count(&mut *snapshot), other.join().unwrap()), (1, 1));
        // The first view survives a failed query, as without a second one.
        values::<i64>(&mut *snapshot, "SELECT id FROM absent", &[]).unwrap_err();
        assert_eq!(count(&mut *snapshot), 1);
        drop(snapshot);
        assert_eq!(count(&mut *database.snapshot().unwrap()), 2);
        assert!(database.rehearsal().unwrap().second().is_none());
    }
}

#[test]
fn short_work_opens_no_second_view() {
    let Some(site) = Site::postgres("short", POSTGRES) else { return };
    let mut database = site.open();
    let mut snapshot = database.snapshot().unwrap();
    let second = snapshot.second().unwrap();
    let (is_running, running) = mpsc::channel();
    drop(is_running);
    assert!(second.open(&running).is_none());
    assert_eq!(count(&mut *snapshot), 1);
}

#[test]
fn a_server_may_take_no_second_connection() {
    let Some(site) = Site::postgres("narrow", POSTGRES) else { return };
    site.execute("CREATE ROLE narrow LOGIN PASSWORD 'n' CONNECTION LIMIT 1; GRANT SELECT ON thing TO narrow");
    let Uri::Postgres(uri) = &site.uri else { unreachable!() };
    let (_, host) = uri.split_once('@').unwrap();
    let mut database = database::open(&Uri::Postgres(format!("postgresql://narrow:n@{host}"))).unwrap();
    let mut snapshot = database.snapshot().unwrap();
    let (_is_running, running) = mpsc::channel();
    assert!(snapshot.second().unwrap().open(&running).is_none());
    assert_eq!(count(&mut *snapshot), 1);
    drop(snapshot);
    drop(database);
    site.execute("DROP OWNED BY narrow; DROP ROLE narrow");
}

#[test]
fn a_second_view_needs_a_permit_of_the_pool() {
    let Some(site) = Site::postgres("permits", POSTGRES) else { return };
    for (connections, has_second) in [(1, false), (2, true)] {
        let Uri::Postgres(uri) = &site.uri else { unreachable!() };
        let config = format!("db_uri: {uri}\ndatabase: {{connections: {connections}, connect_seconds: 1}}");
        let mut config = Config::from_yaml(&config).unwrap();
        config.fill_from(&settings::defaults(&PoolSettings::keys()));
        let pool = Arc::new(Pool::new(PoolSettings::read(&config).unwrap()));
        let mut slot = None;
        let mut snapshot = LazySnapshot::new(&pool, true, &mut slot);
        assert!(snapshot.second().is_none(), "no query has shown that the file needs the database");
        assert_eq!(count(&mut snapshot), 1);
        let Some(second) = snapshot.second() else {
            assert!(!has_second);
            continue;
        };
        assert!(has_second);
        let (_is_running, running) = mpsc::channel();
        let mut second = second.open(&running).unwrap();
        assert_eq!(count(&mut *second), 1);
        // Both permits are taken, until the second view is dropped.
        let busy = pool.check().unwrap_err();
        assert!(busy.chain().contains("all 2 connections to the database are busy"), "{}", busy.chain());
        drop(second);
        // (With a fallback, a caller would fail fast now.)
        let mut other = None;
        let mut free = LazySnapshot::new(&pool, false, &mut other);
        assert_eq!(count(&mut free), 1);
    }
}

#[test]
fn a_rehearsal_runs_no_query() {
    for site in Site::each("rehearsal", SQLITE, POSTGRES) {
        let mut database = site.open();
        let mut rehearsal = database.rehearsal().unwrap();
        assert!(values::<i64>(&mut *rehearsal, "SELECT id AS value FROM thing", &[]).unwrap().is_empty());
        let missing = values::<i64>(&mut *rehearsal, "SELECT id AS value FROM absent", &[]).unwrap_err();
        assert_eq!(*missing.kind(), ErrorKind::MissingTable("absent".to_owned()), "{missing:?}");
        let missing = values::<i64>(&mut *rehearsal, "SELECT name AS value FROM thing", &[]).unwrap_err();
        assert!(matches!(missing.kind(), ErrorKind::MissingColumn(_)), "{missing:?}");
        // This query would fail if it ran.
        let sql = "SELECT 1 / (id - 1) AS value FROM thing";
        assert!(values::<i64>(&mut *rehearsal, sql, &[]).unwrap().is_empty());
        drop(rehearsal);
        assert_eq!(count(&mut *database.snapshot().unwrap()), 1);
    }
}

#[test]
fn a_rehearsal_sees_the_current_tables() {
    for site in Site::each("rehearsals", SQLITE, POSTGRES) {
        let mut database = site.open();
        let mut rehearse = |column: &str| {
            let mut rehearsal = database.rehearsal().unwrap();
            values::<i64>(&mut *rehearsal, &format!("SELECT {column} AS value FROM thing"), &[])
        };
        assert!(rehearse("id").unwrap().is_empty());
        site.execute("ALTER TABLE thing ADD COLUMN position integer");
        assert!(rehearse("position").unwrap().is_empty());
        site.execute("ALTER TABLE thing DROP COLUMN position");
        assert_eq!(
            *rehearse("position").unwrap_err().kind(),
            ErrorKind::MissingColumn("position".to_owned())
        );
        site.execute("DROP TABLE thing");
        assert_eq!(*rehearse("id").unwrap_err().kind(), ErrorKind::MissingTable("thing".to_owned()));
    }
}

#[test]
fn an_sqlite_file_without_wal_blocks_writers() {
    let site = Site::sqlite(POSTGRES);
    let Uri::Sqlite(path) = &site.uri else { unreachable!() };
    let writer = Connection::open(path).unwrap();
    writer.busy_timeout(std::time::Duration::ZERO).unwrap();
    let mut database = site.open();
    let snapshot = database.snapshot().unwrap();
    let locked = writer.execute("INSERT INTO thing VALUES (2)", []).unwrap_err();
    assert_eq!(locked.to_string(), "database is locked");
    drop(snapshot);
    writer.execute("INSERT INTO thing VALUES (2)", []).unwrap();
    assert_eq!(count(&mut *database.snapshot().unwrap()), 2);
}

#[test]
fn a_snapshot_never_writes() {
    for site in Site::each("readonly", SQLITE, POSTGRES) {
        let mut database = site.open();
        let mut snapshot = database.snapshot().unwrap();
        for sql in [
            "INSERT INTO thing VALUES (2) RETURNING id AS value",
            "UPDATE thing SET id = 2 RETURNING id AS value",
            "DELETE FROM thing RETURNING id AS value",
        ] {
            let error = reason(values::<i64>(&mut *snapshot, sql, &[]));
            assert!(
                error.contains("read-only transaction") || error.contains("readonly database"),
                "{error}"
            );
        }
        assert_eq!(count(&mut *snapshot), 1);
        drop(snapshot);
        assert_eq!(count(&mut *site.open().snapshot().unwrap()), 1);
    }
}

#[test]
fn threads_read_at_the_same_time() {
    for site in Site::each("threads", SQLITE, POSTGRES) {
        let uri = &site.uri;
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let mut database = database::open(uri).unwrap();
                    for _ in 0..3 {
                        assert_eq!(count(&mut *database.snapshot().unwrap()), 1);
                    }
                });
            }
        });
    }
}
