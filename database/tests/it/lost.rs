//! Connections that a PostgreSQL server or the network ends.

use std::io::{self, Read as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use database::{Database, Limits, Uri};
use driver_api::{Error, ErrorKind, Snapshot};
use postgres::Client;
use postgres::types::ToSql;

use crate::server::{Server, server};
use crate::{Site, client, values, within};

fn query(snapshot: &mut dyn Snapshot, sql: &str) -> Result<Vec<i64>, Error> {
    values(snapshot, sql, &[])
}

/// Repeats a query until it has a row.
fn wait_for(client: &mut Client, question: &str, params: &[&(dyn ToSql + Sync)]) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while client.query(question, params).unwrap().is_empty() {
        assert!(Instant::now() < deadline, "{question}");
        sleep(Duration::from_millis(10));
    }
}

/// Ends the connection to the database that has been running a query for a moment.
const END_ACTIVE: &str = "
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()
        AND state_change < clock_timestamp() - interval '50 ms'";

/// Ends the connection with this name.
const END: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";

/// Has a row if there is no connection with this name.
const GONE: &str = "SELECT WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = $1)";

fn assert_lost<T>(result: Result<T, Error>) -> String {
    let error = result.map(|_| ()).unwrap_err();
    let text = error.chain();
    assert_eq!(*error.kind(), ErrorKind::Connection, "{text}");
    assert!(text.contains("the connection to the database was lost"), "{text}");
    text
}

#[test]
fn the_server_ends_the_connection_during_a_query() {
    for (name, sql) in [
        ("sleep", "SELECT 1 AS value FROM pg_sleep(60)"),
        ("series", "SELECT generate_series(1, 1000000000000) AS value"),
    ] {
        let Some(Site { uri, .. }) = Site::postgres(name, "") else { return };
        let Uri::Postgres(address) = uri.clone() else { unreachable!() };
        let killer = thread::spawn(move || wait_for(&mut client(&address), END_ACTIVE, &[]));
        within(20, move || {
            let mut database = database::open(&uri).unwrap();
            let mut snapshot = database.snapshot().unwrap();
            assert_lost(query(&mut *snapshot, sql));
            assert_lost(query(&mut *snapshot, "SELECT 1 AS value"));
            drop(snapshot);
            assert_lost(database.snapshot());
            let mut database = database::open(&uri).unwrap();
            assert_eq!(query(&mut *database.snapshot().unwrap(), "SELECT 1 AS value").unwrap(), [1]);
        });
        killer.join().unwrap();
    }
}

#[test]
fn the_server_ends_the_connection_between_two_queries() {
    let Some(server) = server() else { return };
    let uri = server.uri("plain_only");
    let mut database = database::open(&Uri::Postgres(format!("{uri}?application_name=ended"))).unwrap();
    let mut snapshot = database.snapshot().unwrap();
    let mut other = client(&uri);
    wait_for(&mut other, END, &[&"ended"]);
    wait_for(&mut other, GONE, &[&"ended"]);
    let error = assert_lost(query(&mut *snapshot, "SELECT 1 AS value"));
    assert!(error.ends_with("terminating connection due to administrator command"), "{error}");
}

#[test]
fn an_idle_transaction_times_out() {
    let Some(server) = server() else { return };
    let uri = server.uri("plain_only");
    let limit = "options=-c%20idle_in_transaction_session_timeout%3D50&application_name=idle";
    let mut database = database::open(&Uri::Postgres(format!("{uri}?{limit}"))).unwrap();
    let mut snapshot = database.snapshot().unwrap();
    wait_for(&mut client(&uri), GONE, &[&"idle"]);
    let error = assert_lost(query(&mut *snapshot, "SELECT 1 AS value"));
    assert!(error.ends_with("terminating connection due to idle-in-transaction timeout"), "{error}");
}

#[test]
fn the_network_connection_is_cut() {
    let Some(server) = server() else { return };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let far = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port())).unwrap();
    let proxy = thread::spawn(move || {
        let (near, _) = listener.accept().unwrap();
        thread::scope(|scope| {
            scope.spawn(|| io::copy(&mut &near, &mut &far));
            // The login and the first rows pass.
            io::copy(&mut (&far).take(100_000), &mut &near).unwrap();
            near.shutdown(Shutdown::Both).unwrap();
            far.shutdown(Shutdown::Both).unwrap();
        });
    });
    let uri = format!("postgresql://confgend@127.0.0.1:{port}/plain_only?sslmode=disable");
    within(20, move || {
        let mut database = database::open(&Uri::Postgres(uri)).unwrap();
        let mut snapshot = database.snapshot().unwrap();
        assert_lost(query(&mut *snapshot, "SELECT generate_series(1, 1000000000000) AS value"));
        assert_lost(query(&mut *snapshot, "SELECT 1 AS value"));
    });
    proxy.join().unwrap();
}

#[test]
fn a_connection_that_was_ended_is_not_alive() {
    let Some(server) = server() else { return };
    let uri = server.uri("plain_only");
    let mut database = database::open(&Uri::Postgres(format!("{uri}?application_name=alive"))).unwrap();
    assert!(database.is_alive());
    assert_eq!(query(&mut *database.snapshot().unwrap(), "SELECT 1 AS value").unwrap(), [1]);
    assert!(database.is_alive());
    let mut other = client(&uri);
    wait_for(&mut other, END, &[&"alive"]);
    wait_for(&mut other, GONE, &[&"alive"]);
    within(1, move || assert_dead(&mut *database));
}

#[test]
fn a_connection_to_a_server_that_stopped_is_not_alive() {
    let Some(server) = Server::start() else { return };
    let mut database = database::open(&Uri::Postgres(server.uri("plain_only"))).unwrap();
    assert!(database.is_alive());
    drop(database.snapshot().unwrap());
    drop(server);
    assert_lost(database.unchanged());
    within(1, move || assert_dead(&mut *database));
}

#[test]
fn a_connection_to_a_silent_server_is_not_alive() {
    let Some(server) = server() else { return };
    let mut database = database::open(&Uri::Postgres(server.uri("plain_only"))).unwrap();
    let pid = query(&mut *database.snapshot().unwrap(), "SELECT pg_backend_pid() AS value").unwrap()[0];
    server.shell(&format!("kill -STOP {pid}"));
    // Dropping the connection doesn't wait for an answer either.
    within(4, move || assert_dead(&mut *database));
    server.shell(&format!("kill -CONT {pid}"));
}

fn assert_dead(database: &mut dyn Database) {
    assert!(!database.is_alive());
    assert!(!database.is_alive());
    assert_lost(database.snapshot());
}

#[test]
fn a_server_that_hangs_in_a_query_is_given_up() {
    let Some(server) = Server::start() else { return };
    let uri = Uri::Postgres(server.uri("plain_only"));
    let limits = Limits {
        connect: Some(Duration::from_millis(300)),
        statement: Some(Duration::from_secs(60)),
        ..Limits::default()
    };
    let mut database = database::open_with(&uri, limits).unwrap();
    let mut snapshot = database.snapshot().unwrap();
    // A slow query is not given up while the server takes other connections.
    assert_eq!(query(&mut *snapshot, "SELECT 1 AS value FROM pg_sleep(1)").unwrap(), [1]);
    let resume = server.freeze_after(Duration::from_millis(200));
    let error = query(&mut *snapshot, "SELECT 1 AS value FROM pg_sleep(5)").unwrap_err();
    resume.join().unwrap();
    assert_eq!(*error.kind(), ErrorKind::Connection);
    let text = error.chain();
    assert!(text.contains("the server was silent for 300ms, and takes no other connection"), "{text}");
}
