//! Connecting to a PostgreSQL server, and the errors when that fails.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use database::{Database, Limits, Uri};
use driver_api::{Error, ErrorKind};

use crate::server::{Server, server};
use crate::{client, values, within};

fn open(uri: &str) -> Result<Box<dyn Database>, Error> {
    database::open(&uri.parse().unwrap())
}

/// Returns the error of a failed connection, without the name of the database.
fn error(uri: &str) -> String {
    let error = open(uri).map(|_| ()).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Connection, "{error}");
    let text = error.chain();
    assert!(!text.contains('\n'), "{text}");
    let prefix = format!("database {}: ", uri.parse::<Uri>().unwrap());
    text.strip_prefix(&prefix).unwrap_or_else(|| panic!("{text}")).to_owned()
}

/// Asks the server for the value of an expression.
fn evaluate(uri: &str, expression: &str) -> String {
    let mut database = open(uri).unwrap_or_else(|error| panic!("{}", error.chain()));
    let sql = format!("SELECT CAST({expression} AS text) AS value");
    values(&mut *database.snapshot().unwrap(), &sql, &[]).unwrap().remove(0)
}

/// Returns a port on which the system accepts connections, and no server answers.
fn silent_port() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Returns a port on which no server listens.
fn closed_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

#[test]
fn a_refused_connection_is_an_error() {
    let port = closed_port();
    let error = error(&format!("postgresql://me:s3cret@127.0.0.1:{port}/site"));
    assert!(error.starts_with("can't connect: ") && error.contains("Connection refused"), "{error}");
    assert!(!error.contains("s3cret"), "{error}");
}

#[test]
fn a_missing_socket_is_an_error() {
    let error = error("postgresql://me:s3cret@/site?host=/nonexistent");
    assert!(error.starts_with("can't connect: ") && error.contains("No such file"), "{error}");
}

#[test]
fn an_unknown_host_is_an_error() {
    let error = error("postgresql://me:s3cret@host.invalid/site?connect_timeout=1");
    assert!(error.starts_with("can't connect: "), "{error}");
}

#[test]
fn a_silent_server_times_out() {
    let (_listener, port) = silent_port();
    let uri = format!("postgresql://me:s3cret@127.0.0.1:{port}/site?connect_timeout=1");
    let start = Instant::now();
    assert_eq!(within(5, move || error(&uri)), "can't connect: no answer within 1s");
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[test]
fn an_attempt_that_timed_out_is_closed() {
    let (listener, port) = silent_port();
    let uri: Uri = format!("postgresql://me@127.0.0.1:{port}/site").parse().unwrap();
    let limits = Limits { connect: Some(Duration::from_millis(100)), ..Limits::default() };
    let answers: Vec<String> =
        (0..5).map(|_| database::open_with(&uri, limits).map(|_| ()).unwrap_err().chain()).collect();
    assert!(answers.iter().all(|answer| answer.ends_with("no answer within 100ms")), "{answers:?}");
    for _ in answers {
        let (mut accepted, _) = listener.accept().unwrap();
        accepted.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        // Nothing keeps the connection open.
        io::copy(&mut accepted, &mut io::sink()).unwrap();
    }
}

#[test]
fn a_refused_login_is_an_error() {
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
    let without_password = refusal("confgend", "postgres");
    assert_eq!(without_password, "can't connect: invalid configuration: password missing");
}

#[test]
fn the_first_usable_host_is_used() {
    let Some(server) = server() else { return };
    let (port, password, dead) = (server.port(), server.password(), closed_port());
    let hosts = format!("127.0.0.1:{dead},127.0.0.1:{port}");
    let uri = format!("postgresql://confgend:{password}@{hosts}/postgres");
    assert_eq!(evaluate(&uri, "current_database()"), "postgres");
    assert_eq!(
        evaluate(&format!("{uri}?target_session_attrs=read-write"), "inet_server_port()"),
        port.to_string()
    );
    let other = error(&format!("{uri}?target_session_attrs=read-only"));
    assert!(other.starts_with("no host can be used: 127.0.0.1:"), "{other}");
    assert!(other.ends_with("the database is not read only"), "{other}");
    // In any order, the usable host is found.
    assert_eq!(evaluate(&format!("{uri}?load_balance_hosts=random"), "inet_server_port()"), port.to_string());
}

#[test]
fn each_host_has_its_own_timeout() {
    let Some(server) = server() else { return };
    let (listener, silent) = silent_port();
    let (port, password) = (server.port(), server.password());
    let address = format!("postgresql://confgend:{password}@127.0.0.1:{silent},127.0.0.1:{silent}");
    let uri: Uri = format!("{address},127.0.0.1:{port}/postgres").parse().unwrap();
    let limits = Limits { connect: Some(Duration::from_secs(2)), ..Limits::default() };
    let start = Instant::now();
    within(20, move || database::open_with(&uri, limits).map(|_| ()).unwrap());
    assert!(start.elapsed() >= Duration::from_secs(4));
    // Both silent hosts were tried.
    for _ in 0..2 {
        listener.accept().unwrap();
    }
}

#[test]
fn the_timeout_of_a_uri_overrides_the_limits() {
    let (_listener, silent) = silent_port();
    let uri: Uri = format!("postgresql://me@127.0.0.1:{silent}/site?connect_timeout=1").parse().unwrap();
    let limits = Limits { connect: Some(Duration::from_millis(1)), ..Limits::default() };
    let error = within(5, move || database::open_with(&uri, limits).map(|_| ()).unwrap_err());
    assert!(error.chain().ends_with("can't connect: no answer within 1s"), "{}", error.chain());
}

#[test]
fn the_error_lists_the_failure_of_each_host() {
    let (_listener, silent) = silent_port();
    let dead = closed_port();
    let hosts = format!("127.0.0.1:{dead},host.invalid,127.0.0.1:{silent}");
    let error = within(10, move || error(&format!("postgresql://me:s3cret@{hosts}/d?connect_timeout=1")));
    let (first, others) = error.split_once("; ").unwrap();
    let (second, third) = others.split_once("; ").unwrap();
    let refused = format!("no host can be used: 127.0.0.1:{dead}: can't connect: ");
    assert!(first.starts_with(&refused) && first.contains("Connection refused"), "{first}");
    let unknown = "host.invalid:5432: can't connect: the name of the host can't be resolved: ";
    assert!(second.starts_with(unknown), "{second}");
    assert_eq!(third, format!("127.0.0.1:{silent}: can't connect: no answer within 1s"));
}

#[test]
fn a_refused_login_is_not_tried_on_other_hosts() {
    let Some(server) = server() else { return };
    let port = server.port();
    let (listener, silent) = silent_port();
    let hosts = format!("127.0.0.1:{port},127.0.0.1:{silent}");
    let error = error(&format!("postgresql://confgend:s3cret@{hosts}/postgres"));
    assert_eq!(
        error,
        format!(
            "no host can be used: 127.0.0.1:{port}: the server refuses the login: \
             password authentication failed for user \"confgend\""
        )
    );
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn a_stopping_server_is_skipped() {
    let (Some(server), Some(stopping)) = (server(), Server::start()) else { return };
    // The server waits for its last client.
    let mut last = client(&stopping.uri("plain_only"));
    stopping.stop();
    let refused = "the server refuses the login: the database system is shutting down";
    let uri = stopping.uri("plain_only");
    let deadline = Instant::now() + Duration::from_secs(10);
    while open(&uri).is_ok() {
        assert!(Instant::now() < deadline, "the server does not stop");
    }
    assert_eq!(error(&uri), refused);
    last.batch_execute("SELECT 1").unwrap();
    let both = uri.replace("/plain_only", &format!(",127.0.0.1:{}/plain_only", server.port()));
    assert_eq!(evaluate(&both, "inet_server_port()"), server.port().to_string());
}

#[test]
fn parameters_may_hold_login_host_and_database() {
    let Some(server) = server() else { return };
    let (port, password) = (server.port(), server.password());
    for host in ["host=127.0.0.1", "hostaddr=127.0.0.1", "host=x.invalid&hostaddr=127.0.0.1"] {
        let login = format!("user=confgend&password={password}&dbname=postgres&application_name=me@home");
        let uri = format!("postgresql://?{login}&{host}&port={port}");
        assert_eq!(evaluate(&uri, "current_setting('application_name')"), "me@home", "{host}");
    }
}

#[test]
fn a_local_socket_needs_no_tls() {
    let Some(server) = server() else { return };
    let uri = format!("{}&sslmode=verify-full&sslrootcert=/nonexistent", server.socket());
    assert_eq!(evaluate(&uri, "inet_server_addr() IS NULL"), "true");
}

#[test]
fn a_password_file_is_used() {
    let Some(server) = server() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("passwords");
    fs::write(&path, format!("127.0.0.1:*:postgres:confgend:{}\n", server.password())).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let uri =
        format!("postgresql://confgend@127.0.0.1:{}/postgres?passfile={}", server.port(), path.display());
    assert_eq!(evaluate(&uri, "current_user"), "confgend");
}

#[test]
fn a_role_selects_the_server() {
    let Some(server) = server() else { return };
    let uri = |role: &str| format!("{}?target_session_attrs={role}", server.uri("postgres"));
    for role in ["any", "read-write", "primary", "prefer-standby"] {
        assert_eq!(evaluate(&uri(role), "pg_is_in_recovery()"), "false");
    }
    assert_eq!(error(&uri("standby")), "the server is not a standby");
    assert_eq!(error(&uri("read-only")), "the database is not read only");
}
