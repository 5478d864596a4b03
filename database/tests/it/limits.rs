//! Queries that take too long.

use std::time::Duration;

use database::{Database, Limits, Uri};
use driver_api::{Error, ErrorKind, Snapshot};

use crate::{Site, values, within};

/// A query without an end on either engine.
const ENDLESS: &str = "
    WITH RECURSIVE number(i) AS (SELECT 1 UNION ALL SELECT (i + 1) % 10 FROM number)
    SELECT count(*) AS value FROM number";

fn open(uri: &Uri, limit: Duration) -> Box<dyn Database> {
    database::open_with(uri, Limits { statement: Some(limit), ..Limits::default() }).unwrap()
}

fn query(snapshot: &mut dyn Snapshot, sql: &str) -> Result<Vec<i64>, Error> {
    values(snapshot, sql, &[])
}

/// Returns the error of a query that took too long.
fn cancelled(snapshot: &mut dyn Snapshot, sql: &str) -> String {
    let error = query(snapshot, sql).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Query, "{}", error.chain());
    error.chain()
}

fn with_options(uri: &Uri, options: &str) -> Uri {
    let Uri::Postgres(uri) = uri else { unreachable!() };
    Uri::Postgres(format!("{uri}?options=-c%20statement_timeout%3D{options}"))
}

#[test]
fn a_cancelled_query_leaves_the_snapshot_usable() {
    const THING: &str = "CREATE TABLE thing (id integer)";
    for site in Site::each("slow", &format!("PRAGMA journal_mode = WAL; {THING}"), THING) {
        let mut database = open(&site.uri, Duration::from_millis(200));
        within(10, move || {
            let mut snapshot = database.snapshot().unwrap();
            site.execute("INSERT INTO thing VALUES (1)");
            for _ in 0..2 {
                let text = cancelled(&mut *snapshot, ENDLESS);
                assert!(text.starts_with("table thing: "), "{text}");
                assert!(text.contains("cancelled the query") && text.contains("200ms"), "{text}");
                // The snapshot is the same.
                assert_eq!(query(&mut *snapshot, "SELECT count(*) AS value FROM thing").unwrap(), [0]);
            }
            drop(snapshot);
            let mut snapshot = database.snapshot().unwrap();
            assert_eq!(query(&mut *snapshot, "SELECT count(*) AS value FROM thing").unwrap(), [1]);
        });
    }
}

#[test]
fn time_between_queries_does_not_count() {
    for site in Site::each("pause", "", "") {
        let mut database = open(&site.uri, Duration::from_millis(200));
        let mut snapshot = database.snapshot().unwrap();
        for _ in 0..3 {
            std::thread::sleep(Duration::from_millis(150));
            let many = "
                WITH RECURSIVE number(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < 5000)
                SELECT count(*) AS value FROM number";
            assert_eq!(query(&mut *snapshot, many).unwrap(), [5000]);
        }
    }
}

#[test]
fn the_error_has_the_message_of_postgresql() {
    let Some(site) = Site::postgres("sleep", "") else { return };
    let mut database = open(&site.uri, Duration::from_millis(100));
    let mut snapshot = database.snapshot().unwrap();
    assert_eq!(
        cancelled(&mut *snapshot, "SELECT 1 AS value FROM pg_sleep(60)"),
        "table thing: PostgreSQL cancelled the query (statement_timeout is 100ms): \
         canceling statement due to statement timeout"
    );
    assert_eq!(query(&mut *snapshot, "SELECT 7 AS value").unwrap(), [7]);
}

#[test]
fn the_uri_overrides_the_statement_limit() {
    let Some(site) = Site::postgres("options", "") else { return };
    let limit = |uri: &Uri, ours| -> String {
        let mut database = open(uri, ours);
        let sql = "SELECT current_setting('statement_timeout') AS value";
        values(&mut *database.snapshot().unwrap(), sql, &[]).unwrap().remove(0)
    };
    let minute = Duration::from_secs(60);
    assert_eq!(limit(&site.uri, minute), "1min");
    assert_eq!(limit(&with_options(&site.uri, "2h"), minute), "2h");
    assert_eq!(limit(&with_options(&site.uri, "0"), minute), "0");
    let mut database = open(&with_options(&site.uri, "50"), minute);
    let text = cancelled(&mut *database.snapshot().unwrap(), "SELECT 1 AS value FROM pg_sleep(60)");
    assert!(text.contains("(statement_timeout is 50ms)"), "{text}");
}

#[test]
fn a_locked_table_costs_the_lock_limit() {
    let Some(site) =
        Site::postgres("locked", "CREATE TABLE thing (id integer); CREATE TABLE other (id integer)")
    else {
        return;
    };
    let limits = Limits { lock: Some(Duration::from_millis(100)), ..Limits::default() };
    let mut database = database::open_with(&site.uri, limits).unwrap();
    // A migration does this.
    site.execute("BEGIN; LOCK TABLE thing IN ACCESS EXCLUSIVE MODE");
    let mut snapshot = database.snapshot().unwrap();
    let error = query(&mut *snapshot, "SELECT count(*) AS value FROM thing").unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Locked);
    let text = "table thing: PostgreSQL cancelled the query (lock_timeout is 100ms): \
        canceling statement due to lock timeout";
    assert_eq!(error.chain(), text);
    assert_eq!(query(&mut *snapshot, "SELECT count(*) AS value FROM other").unwrap(), [0]);
    site.execute("COMMIT");
    assert_eq!(query(&mut *snapshot, "SELECT count(*) AS value FROM thing").unwrap(), [0]);
}
