//! PostgreSQL servers whose settings a test may change.

use std::fs;
use std::process::Command;
use std::sync::OnceLock;
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant, SystemTime};

use fixtures::postgres::{Cluster, own};
use postgres::Client;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use tempfile::TempDir;

use crate::client;

/// A server with the databases `postgres`, `tls_only` and `plain_only`, and certificates for it.
pub(crate) struct Server {
    cluster: Cluster,
    folder: TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
}

/// Returns the shared server with TLS, whose certificate is for `localhost`.
pub(crate) fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    let start = || {
        let server = Server::start()?;
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = certificate.signed_by(&key, &server.authority).unwrap();
        server.install("signed", &certificate.pem(), &key.serialize_pem());
        Some(server)
    };
    SERVER.get_or_init(start).as_ref()
}

impl Server {
    /// Starts a server without TLS.
    pub(crate) fn start() -> Option<Server> {
        let folder = tempfile::tempdir().unwrap();
        let server = Server { cluster: own()?, folder, authority: authority("ours") };
        fs::write(server.pem("authority"), server.authority.pem()).unwrap();
        fs::write(server.pem("stranger"), authority("a stranger").pem()).unwrap();
        for database in ["tls_only", "plain_only"] {
            server.admin().batch_execute(&format!("CREATE DATABASE {database}")).unwrap();
        }
        server.write("pg_hba.conf", HBA);
        server.set(&[]);
        Some(server)
    }

    /// `postgresql://confgend:PASSWORD@127.0.0.1:PORT/database`.
    pub(crate) fn uri(&self, database: &str) -> String {
        self.cluster.uri(database)
    }

    pub(crate) fn password(&self) -> String {
        self.uri("").split([':', '@']).nth(2).unwrap().to_owned()
    }

    pub(crate) fn port(&self) -> u16 {
        self.uri("").rsplit([':', '/']).nth(1).unwrap().parse().unwrap()
    }

    /// The URI of the local socket.
    pub(crate) fn socket(&self) -> String {
        self.cluster.socket_uri("postgres").unwrap()
    }

    /// Returns the client's file of a certificate: `authority`, `stranger` or an installed one.
    pub(crate) fn pem(&self, name: &str) -> String {
        self.folder.path().join(format!("{name}.pem")).to_str().unwrap().to_owned()
    }

    /// Makes the server use this certificate.
    pub(crate) fn install(&self, name: &str, certificate: &str, key: &str) {
        fs::write(self.pem(name), certificate).unwrap();
        self.write(&format!("{name}.crt"), certificate);
        self.write(&format!("{name}.key"), key);
        let certificate = format!("ssl_cert_file = '{name}.crt'");
        let key = format!("ssl_key_file = '{name}.key'");
        self.set(&["ssl = on", &certificate, &key]);
    }

    pub(crate) fn authority(&self) -> &CertifiedIssuer<'static, KeyPair> {
        &self.authority
    }

    /// Makes the database `tls_only` demand a certificate of the client that this authority signed.
    pub(crate) fn trust_clients_of(&self, name: &str) {
        self.write(&format!("{name}.ca"), &fs::read_to_string(self.pem(name)).unwrap());
        self.write("pg_hba.conf", &format!("hostssl tls_only all all cert{HBA}"));
        self.set(&[&format!("ssl_ca_file = '{name}.ca'")]);
    }

    /// Changes settings, and makes the server reload its files.
    pub(crate) fn set(&self, settings: &[&str]) {
        let read = |client: &mut Client| -> SystemTime {
            client.query_one("SELECT pg_conf_load_time()", &[]).unwrap().get(0)
        };
        let mut admin = self.admin();
        let before = read(&mut admin);
        for setting in settings {
            admin.batch_execute(&format!("ALTER SYSTEM SET {setting}")).unwrap();
        }
        admin.batch_execute("SELECT pg_reload_conf()").unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while read(&mut self.admin()) == before {
            assert!(Instant::now() < deadline, "the server does not take its new settings");
            sleep(Duration::from_millis(10));
        }
    }

    /// Makes the server stop after its last client disconnects.
    pub(crate) fn stop(&self) {
        self.shell("kill -TERM $(head -n 1 postmaster.pid)");
    }

    /// Makes the server run a command in its data folder, as its own user.
    pub(crate) fn shell(&self, command: &str) {
        self.admin().batch_execute(&format!("COPY (SELECT WHERE false) TO PROGRAM '{command}'")).unwrap();
    }

    /// Stops all processes of the server after a time, and lets them go on three seconds later.
    pub(crate) fn freeze_after(&self, time: Duration) -> JoinHandle<()> {
        let mut admin = self.admin();
        let pids = "SELECT setting FROM pg_settings WHERE name = 'data_directory'";
        let folder: String = admin.query_one(pids, &[]).unwrap().get(0);
        let pid = fs::read_to_string(format!("{folder}/postmaster.pid")).unwrap();
        let leader = pid.lines().next().unwrap().to_owned();
        drop(admin);
        let children = format!("/proc/{leader}/task/{leader}/children");
        let run =
            |command: &str| assert!(Command::new("sh").args(["-c", command]).status().unwrap().success());
        // Each process has a group of its own. As long as the leader sleeps, no process of it comes or goes.
        spawn(move || {
            sleep(time);
            run(&format!("kill -STOP {leader} && kill -STOP $(cat {children})"));
            sleep(Duration::from_secs(3));
            run(&format!("kill -CONT $(cat {children}) && kill -CONT {leader}"));
        })
    }

    fn admin(&self) -> Client {
        client(&self.socket())
    }

    /// Makes the server write a file into its data folder, as its own user.
    fn write(&self, name: &str, text: &str) {
        let lines = format!("SELECT unnest(string_to_array('{text}', E'\\n'))");
        let sql = format!("COPY ({lines}) TO PROGRAM 'umask 077; cat >{name}'");
        self.admin().batch_execute(&sql).unwrap();
    }
}

/// Checking a password is slow, so the server asks for one only in the databases of tests about logins.
const HBA: &str = "
local all all trust
hostnossl tls_only all all reject
hostssl plain_only all all reject
host tls_only,plain_only all all trust
host all all all scram-sha-256
";

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}
