//! Connections through PgBouncer, as its package configures it.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use database::{Database, Limits, Uri};
use driver_api::Error;
use tempfile::TempDir;

use crate::server::server;
use crate::values;

/// A running PgBouncer in front of a server.
struct Bouncer {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl Bouncer {
    /// Starts PgBouncer where the tests have a server, if it is installed. `CONFGEND_REQUIRE_POSTGRES=1` requires both.
    fn start(mode: &str) -> Option<Bouncer> {
        let server = server()?;
        if Command::new("pgbouncer").arg("--version").stdout(Stdio::null()).status().is_err() {
            let required = std::env::var("CONFGEND_REQUIRE_POSTGRES").is_ok_and(|value| value == "1");
            assert!(!required, "PgBouncer is required and not installed");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let path = folder.path().join("pgbouncer.ini");
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        // The database takes no TLS, which newer versions of PgBouncer prefer: 1.24 does, 1.18 did not.
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=confgend\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nauth_type = any\npool_mode = {mode}\ndefault_pool_size = 1\nunix_socket_dir =\n\
             server_tls_sslmode = disable\n",
            server.port()
        );
        fs::write(&path, settings).unwrap();
        // It refuses to run as root.
        let mut command = Command::new("pgbouncer");
        if is_root() {
            command.args(["-u", "nobody"]);
        }
        let process = command.arg(&path).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(Instant::now() < deadline, "PgBouncer does not start");
            sleep(Duration::from_millis(10));
        }
        Some(Bouncer { process, port, _folder: folder })
    }

    fn open(&self) -> Result<Box<dyn Database>, Error> {
        let limits = Limits { statement: Some(Duration::from_secs(7)), ..Limits::default() };
        let uri = format!("postgresql://confgend@127.0.0.1:{}/plain_only?sslmode=disable", self.port);
        database::open_with(&Uri::Postgres(uri), limits)
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout == b"0\n"
}

fn text(database: &mut dyn Database, sql: &str) -> Result<String, Error> {
    values(&mut *database.snapshot()?, sql, &[]).map(|mut values| values.remove(0))
}

const LIMIT: &str = "SELECT current_setting('statement_timeout') AS value";

/// A column whose type the server has to describe.
const DOMAIN: &str = "SELECT table_name AS value FROM information_schema.tables LIMIT 1";

#[test]
fn pgbouncer_works_by_session() {
    let Some(bouncer) = Bouncer::start("session") else { return };
    for _ in 0..2 {
        let database = &mut *bouncer.open().unwrap();
        assert_eq!(text(database, LIMIT).unwrap(), "7s");
        text(database, DOMAIN).unwrap();
        assert!(database.unchanged().is_ok() && database.is_alive());
    }
}

#[test]
fn pgbouncer_by_transaction_says_what_to_set() {
    let Some(bouncer) = Bouncer::start("transaction") else { return };
    let (mut one, mut other) = (bouncer.open().unwrap(), bouncer.open().unwrap());
    assert_eq!(text(&mut *one, LIMIT).unwrap(), "7s");
    assert_eq!(text(&mut *other, LIMIT).unwrap(), "7s");
    text(&mut *one, DOMAIN).unwrap();
    // From version 1.21 on, PgBouncer can keep the statements of its clients apart.
    if let Err(error) = text(&mut *other, DOMAIN) {
        assert!(error.chain().contains("set max_prepared_statements=100"), "{}", error.chain());
    }
}
