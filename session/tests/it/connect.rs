//! The way to a PostgreSQL server, and what is said when there is none.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use driver_api::{Error, ErrorKind};
use session::{Database, Uri};

use crate::server::server;
use crate::{values, within};

fn open(uri: &str) -> Result<Box<dyn Database>, Error> {
    session::open(&uri.parse().unwrap())
}

/// Why the server can't be used, behind the name of the database.
fn error(uri: &str) -> String {
    let error = open(uri).map(|_| ()).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Connection, "{error}");
    let text = error.chain();
    assert!(!text.contains('\n'), "{text}");
    let place = format!("database {}: ", uri.parse::<Uri>().unwrap());
    text.strip_prefix(&place).unwrap_or_else(|| panic!("{text}")).to_owned()
}

/// What the server says about the session itself.
fn told(uri: &str, expression: &str) -> String {
    let mut database = open(uri).unwrap_or_else(|error| panic!("{}", error.chain()));
    let sql = format!("SELECT CAST({expression} AS text) AS value");
    values(&mut *database.snapshot().unwrap(), &sql, &[]).unwrap().remove(0)
}

/// A port on which nobody listens.
fn dead() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

#[test]
fn nobody_listens() {
    let port = dead();
    let error = error(&format!("postgresql://me:s3cret@127.0.0.1:{port}/site"));
    assert!(error.starts_with("can't connect: ") && error.contains("Connection refused"), "{error}");
    assert!(!error.contains("s3cret"), "{error}");
}

#[test]
fn a_socket_that_is_not_there() {
    let error = error("postgresql://me:s3cret@/site?host=/nonexistent");
    assert!(error.starts_with("can't connect: ") && error.contains("No such file"), "{error}");
}

#[test]
fn a_name_that_no_host_has() {
    let error = error("postgresql://me:s3cret@host.invalid/site?connect_timeout=1");
    assert!(error.starts_with("can't connect: "), "{error}");
}

#[test]
fn a_server_that_never_says_a_word() {
    // The system accepts the connection, and that is all.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let uri = format!("postgresql://me:s3cret@127.0.0.1:{port}/site?connect_timeout=1");
    let start = Instant::now();
    assert_eq!(within(5, move || error(&uri)), "can't connect: the server does not answer");
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[test]
fn a_login_that_is_refused() {
    let Some(server) = server() else { return };
    let (port, password) = (server.port(), server.password());
    let refusal = |login: &str, database: &str| {
        let refusal = error(&format!("postgresql://{login}@127.0.0.1:{port}/{database}"));
        assert!(!refusal.contains("s3cret") && !refusal.contains(&password), "{refusal}");
        refusal
    };
    assert_eq!(
        refusal("confgend:s3cret", "postgres"),
        "the server refuses the login: password authentication failed for user \"confgend\""
    );
    assert_eq!(
        refusal("me:s3cret", "postgres"),
        "the server refuses the login: password authentication failed for user \"me\""
    );
    assert_eq!(
        refusal(&format!("confgend:{password}"), "nowhere"),
        "the server refuses the login: database \"nowhere\" does not exist"
    );
    let silent = refusal("confgend", "postgres");
    assert_eq!(silent, "can't connect: invalid configuration: password missing");
}

#[test]
fn the_first_host_that_answers() {
    let Some(server) = server() else { return };
    let (port, password, dead) = (server.port(), server.password(), dead());
    let hosts = format!("127.0.0.1:{dead},127.0.0.1:{port}");
    let uri = format!("postgresql://confgend:{password}@{hosts}/postgres");
    assert_eq!(told(&uri, "current_database()"), "postgres");
    assert_eq!(
        told(&format!("{uri}?target_session_attrs=read-write"), "inet_server_port()"),
        port.to_string()
    );
    let other = error(&format!("{uri}?target_session_attrs=read-only"));
    assert!(other.starts_with("can't connect: ") && other.contains("database is not read only"), "{other}");
    let other = error(&format!("postgresql://me@127.0.0.1:{dead},127.0.0.1:{dead}/site"));
    assert!(other.contains("Connection refused"), "{other}");
}

#[test]
fn everything_may_stand_in_the_parameters() {
    let Some(server) = server() else { return };
    let (port, password) = (server.port(), server.password());
    for host in ["host=127.0.0.1", "hostaddr=127.0.0.1", "host=x.invalid&hostaddr=127.0.0.1"] {
        let login = format!("user=confgend&password={password}&dbname=postgres&application_name=me@home");
        let uri = format!("postgresql://?{login}&{host}&port={port}");
        assert_eq!(told(&uri, "current_setting('application_name')"), "me@home", "{host}");
    }
}

#[test]
fn a_local_socket_needs_no_tls() {
    let Some(server) = server() else { return };
    let uri = format!("{}&sslmode=verify-full&sslrootcert=/nonexistent", server.socket());
    assert_eq!(told(&uri, "inet_server_addr() IS NULL"), "true");
}
