//! Whether another snapshot would show the same.

use std::fs;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use database::{Database, Uri};
use fixtures::postgres::{Cluster, own};

use crate::{Site, Writer, client};

const THING: &str = "CREATE TABLE thing (id integer)";
const INSERT: &str = "INSERT INTO thing VALUES (1)";

/// A database on a server on which nobody else is at work, for as long as the guard is there.
fn lonely() -> Option<(MutexGuard<'static, ()>, Site)> {
    static ALONE: Mutex<()> = Mutex::new(());
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let uri = CLUSTER.get_or_init(own).as_ref()?.create_database("lonely").unwrap();
    let mut writer = client(&uri);
    for statement in ["ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()", THING] {
        writer.batch_execute(statement).unwrap();
    }
    let writer = Writer::Postgres(writer.into());
    Some((guard, Site { uri: Uri::Postgres(uri), writer, _folder: None }))
}

/// Runs the test on SQLite, with a log and without one, and on PostgreSQL.
fn on_each(test: impl Fn(&Site)) {
    test(&Site::sqlite(&format!("PRAGMA journal_mode = WAL; {THING}")));
    test(&Site::sqlite(THING));
    if let Some((_alone, site)) = lonely() {
        test(&site);
    }
}

fn look(database: &mut dyn Database) {
    drop(database.snapshot().unwrap());
}

#[track_caller]
fn assert_unchanged(database: &mut dyn Database, expected: bool) {
    // To ask changes nothing.
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
            look(database);
            assert_unchanged(database, true);
            // Others who read are no matter.
            look(&mut *site.open());
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
        // It begins before the snapshot.
        site.execute(&begin);
        look(database);
        assert_unchanged(database, true);
        site.execute("COMMIT");
        assert_unchanged(database, false);
        // During it, and ends after it.
        let snapshot = database.snapshot().unwrap();
        site.execute(&begin);
        drop(snapshot);
        assert_unchanged(database, true);
        site.execute("COMMIT");
        assert_unchanged(database, false);
        // After it.
        look(database);
        site.execute(&begin);
        assert_unchanged(database, true);
        site.execute("COMMIT");
        assert_unchanged(database, false);
    });
}

#[test]
fn what_is_rolled_back_counts_for_a_while_at_most() {
    let begin = format!("BEGIN; {INSERT}");
    on_each(|site| {
        let database = &mut *site.open();
        look(database);
        site.execute(&begin);
        site.execute("ROLLBACK");
        // PostgreSQL has counted a transaction.
        assert_unchanged(database, matches!(site.uri, Uri::Sqlite(_)));
        look(database);
        assert_unchanged(database, true);
    });
}

#[test]
fn a_commit_during_the_snapshot_is_noticed() {
    let with_log = Site::sqlite(&format!("PRAGMA journal_mode = WAL; {THING}"));
    let lonely = lonely();
    for site in [Some(&with_log), lonely.as_ref().map(|(_, site)| site)].into_iter().flatten() {
        let database = &mut *site.open();
        let snapshot = database.snapshot().unwrap();
        site.execute(INSERT);
        drop(snapshot);
        assert_unchanged(database, false);
    }
}

#[test]
fn the_oldest_of_several_transactions_is_noticed() {
    let Some((_alone, site)) = lonely() else { return };
    let Uri::Postgres(uri) = &site.uri else { unreachable!() };
    let database = &mut *site.open();
    let mut older = client(uri);
    let mut middle = client(uri);
    for begin in [format!("BEGIN; {INSERT}"), format!("BEGIN; SAVEPOINT s; {INSERT}; RELEASE s")] {
        older.batch_execute(&begin).unwrap();
        middle.batch_execute(&begin).unwrap();
        // A younger one is over already.
        site.execute(INSERT);
        for client in [&mut middle, &mut older] {
            look(database);
            assert_unchanged(database, true);
            client.batch_execute("COMMIT").unwrap();
            assert_unchanged(database, false);
        }
    }
}

#[test]
fn another_file_in_its_place_is_another_database() {
    let (site, other) = (Site::sqlite(THING), Site::sqlite(THING));
    let (Uri::Sqlite(path), Uri::Sqlite(new)) = (&site.uri, &other.uri) else { unreachable!() };
    let database = &mut *site.open();
    look(database);
    assert!(database.is_alive());
    assert_unchanged(database, true);
    fs::rename(new, path).unwrap();
    assert!(!database.is_alive());
    assert_unchanged(database, false);
    assert!(site.open().is_alive());
    fs::remove_file(path).unwrap();
    assert!(!database.is_alive());
}
