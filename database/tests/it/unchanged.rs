//! `unchanged`: whether a new snapshot would show the same.

use std::fs;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use database::{Database, Uri};
use fixtures::postgres::{Cluster, own};

use crate::{Site, Writer, client};

const THING: &str = "CREATE TABLE thing (id integer)";
const INSERT: &str = "INSERT INTO thing VALUES (1)";

/// A database on a server without other clients, as long as the guard lives.
fn exclusive() -> Option<(MutexGuard<'static, ()>, Site)> {
    static ALONE: Mutex<()> = Mutex::new(());
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let uri = CLUSTER.get_or_init(own).as_ref()?.create_database("exclusive").unwrap();
    let mut writer = client(&uri);
    for statement in ["ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()", THING] {
        writer.batch_execute(statement).unwrap();
    }
    let writer = Writer::Postgres(writer.into());
    Some((guard, Site { uri: Uri::Postgres(uri), writer, _folder: None }))
}

/// Runs the test on SQLite, with and without WAL, and on PostgreSQL.
fn on_each(test: impl Fn(&Site)) {
    test(&Site::sqlite(&format!("PRAGMA journal_mode = WAL; {THING}")));
    test(&Site::sqlite(THING));
    if let Some((_alone, site)) = exclusive() {
        test(&site);
    }
}

fn take_snapshot(database: &mut dyn Database) {
    drop(database.snapshot().unwrap());
}

#[track_caller]
fn assert_unchanged(database: &mut dyn Database, expected: bool) {
    // Asking changes nothing.
    for _ in 0..2 {
        assert_eq!(database.unchanged().unwrap(), expected);
    }
}

#[test]
fn a_commit_is_noticed_once() {
    on_each(|site| {
        let database = &mut *site.open();
        assert_unchanged(database, false);
        for _ in 0..2 {
            take_snapshot(database);
            assert_unchanged(database, true);
            // Other readers don't matter.
            take_snapshot(&mut *site.open());
            assert_unchanged(database, true);
            site.execute(INSERT);
            assert_unchanged(database, false);
        }
    });
}

#[test]
fn a_transaction_counts_when_it_is_committed() {
    let begin = format!("BEGIN; {INSERT}");
    on_each(|site| {
        let database = &mut *site.open();
        // The transaction begins before the snapshot.
        site.execute(&begin);
        take_snapshot(database);
        assert_unchanged(database, true);
        site.execute("COMMIT");
        assert_unchanged(database, false);
        // It begins during the snapshot, and ends after it.
        let snapshot = database.snapshot().unwrap();
        site.execute(&begin);
        drop(snapshot);
        assert_unchanged(database, true);
        site.execute("COMMIT");
        assert_unchanged(database, false);
        // It begins after the snapshot.
        take_snapshot(database);
        site.execute(&begin);
        assert_unchanged(database, true);
        site.execute("COMMIT");
        assert_unchanged(database, false);
    });
}

#[test]
fn a_rollback_counts_until_the_next_snapshot() {
    let begin = format!("BEGIN; {INSERT}");
    on_each(|site| {
        let database = &mut *site.open();
        take_snapshot(database);
        site.execute(&begin);
        site.execute("ROLLBACK");
        // PostgreSQL has used up a transaction number.
        assert_unchanged(database, matches!(site.uri, Uri::Sqlite(_)));
        take_snapshot(database);
        assert_unchanged(database, true);
    });
}

#[test]
fn a_commit_during_the_snapshot_is_noticed() {
    let with_wal = Site::sqlite(&format!("PRAGMA journal_mode = WAL; {THING}"));
    let exclusive = exclusive();
    for site in [Some(&with_wal), exclusive.as_ref().map(|(_, site)| site)].into_iter().flatten() {
        let database = &mut *site.open();
        let snapshot = database.snapshot().unwrap();
        site.execute(INSERT);
        drop(snapshot);
        assert_unchanged(database, false);
    }
}

#[test]
fn the_oldest_of_several_transactions_is_noticed() {
    let Some((_alone, site)) = exclusive() else { return };
    let Uri::Postgres(uri) = &site.uri else { unreachable!() };
    let database = &mut *site.open();
    let mut older = client(uri);
    let mut middle = client(uri);
    for begin in [format!("BEGIN; {INSERT}"), format!("BEGIN; SAVEPOINT s; {INSERT}; RELEASE s")] {
        older.batch_execute(&begin).unwrap();
        middle.batch_execute(&begin).unwrap();
        // A younger transaction has ended already.
        site.execute(INSERT);
        for client in [&mut middle, &mut older] {
            take_snapshot(database);
            assert_unchanged(database, true);
            client.batch_execute("COMMIT").unwrap();
            assert_unchanged(database, false);
        }
    }
}

#[test]
fn a_replaced_file_is_another_database() {
    let (site, other) = (Site::sqlite(THING), Site::sqlite(THING));
    let (Uri::Sqlite(path), Uri::Sqlite(new)) = (&site.uri, &other.uri) else { unreachable!() };
    let database = &mut *site.open();
    take_snapshot(database);
    assert!(database.is_alive());
    assert_unchanged(database, true);
    fs::rename(new, path).unwrap();
    assert!(!database.is_alive());
    assert_unchanged(database, false);
    assert!(site.open().is_alive());
    fs::remove_file(path).unwrap();
    assert!(!database.is_alive());
}
