//! Each `sslmode` against servers with and without TLS.

use std::fs;

use database::Uri;
use driver_api::ErrorKind;
use rcgen::{
    CertificateParams, CertificateRevocationListParams, DnType, KeyPair, RevokedCertParams, SerialNumber,
    date_time_ymd,
};

use crate::server::{Server, server};
use crate::values;

/// Returns whether the session is encrypted, or the error.
fn encrypted(uri: String) -> Result<bool, String> {
    let uri = Uri::Postgres(uri);
    let mut database = database::open(&uri).map_err(|error| {
        let text = error.chain();
        assert!(matches!(error.kind(), ErrorKind::Connection | ErrorKind::Config), "{text}");
        text.strip_prefix(&format!("database {uri}: ")).unwrap_or_else(|| panic!("{text}")).to_owned()
    })?;
    let sql = "SELECT ssl AS value FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    Ok(values(&mut *database.snapshot().unwrap(), sql, &[]).unwrap()[0])
}

/// The same for a database of the server, with the given host name or address.
fn to(server: &Server, host: &str, database: &str, parameters: &str) -> Result<bool, String> {
    let uri = server.uri(database).replace("127.0.0.1", host);
    encrypted(format!("{uri}?{parameters}"))
}

#[track_caller]
fn assert_fails(result: Result<bool, String>, reason: &str) {
    let error = result.unwrap_err();
    assert!(error.contains(reason), "{error}");
}

const UNKNOWN: &str =
    "can't connect: error performing TLS handshake: invalid peer certificate: UnknownIssuer";
const NOT_FOR_THE_ADDRESS: &str = "can't connect: error performing TLS handshake: invalid peer certificate: certificate not valid for name \"127.0.0.1\"";

#[test]
fn disable_means_no_tls() {
    let Some(server) = server() else { return };
    assert_eq!(to(server, "localhost", "plain_only", "sslmode=disable"), Ok(false));
    let refused = to(server, "localhost", "tls_only", "sslmode=disable");
    assert_fails(refused, "the server refuses the login: pg_hba.conf rejects connection");
}

#[test]
fn prefer_falls_back_to_no_tls() {
    let Some(server) = server() else { return };
    for parameters in ["", "sslmode=prefer"] {
        assert_eq!(to(server, "localhost", "tls_only", parameters), Ok(true));
        assert_eq!(to(server, "127.0.0.1", "tls_only", parameters), Ok(true));
        assert_eq!(to(server, "127.0.0.1", "plain_only", parameters), Ok(false));
    }
}

#[test]
fn require_checks_no_certificate() {
    let Some(server) = server() else { return };
    assert_eq!(to(server, "127.0.0.1", "tls_only", "sslmode=require"), Ok(true));
    assert_fails(to(server, "127.0.0.1", "plain_only", "sslmode=require"), "SSL encryption");
}

#[test]
fn channel_binding_works() {
    let Some(server) = server() else { return };
    assert_eq!(to(server, "localhost", "postgres", "sslmode=require&channel_binding=require"), Ok(true));
}

#[test]
fn a_given_root_certificate_is_always_checked() {
    let Some(server) = server() else { return };
    for mode in ["require", "verify-ca", "verify-full"] {
        let with =
            |root: &str| to(server, "localhost", "tls_only", &format!("sslmode={mode}&sslrootcert={root}"));
        assert_eq!(with(&server.pem("authority")), Ok(true), "{mode}");
        assert_fails(with(&server.pem("stranger")), UNKNOWN);
        assert_fails(with("system"), UNKNOWN);
    }
    // Without a root certificate, those of the system count.
    for mode in ["verify-ca", "verify-full"] {
        assert_fails(to(server, "localhost", "tls_only", &format!("sslmode={mode}")), UNKNOWN);
    }
}

#[test]
fn verify_full_checks_the_name_too() {
    let Some(server) = server() else { return };
    let root = server.pem("authority");
    let by_address =
        |mode: &str| to(server, "127.0.0.1", "tls_only", &format!("sslmode={mode}&sslrootcert={root}"));
    assert_eq!(by_address("verify-ca"), Ok(true));
    assert_fails(by_address("verify-full"), NOT_FOR_THE_ADDRESS);
}

#[test]
fn hostaddr_does_not_bypass_tls() {
    let Some(server) = server() else { return };
    let (port, root) = (server.port(), server.pem("authority"));
    let by = |parameters: &str| {
        let uri = format!("postgresql:///tls_only?user=confgend&port={port}");
        encrypted(format!("{uri}&sslrootcert={root}&{parameters}"))
    };
    assert_eq!(by("hostaddr=127.0.0.1"), Ok(true));
    assert_eq!(by("hostaddr=127.0.0.1&sslmode=verify-ca"), Ok(true));
    assert_eq!(by("hostaddr=127.0.0.1&host=localhost&sslmode=verify-full"), Ok(true));
    assert_fails(by("hostaddr=127.0.0.1&sslmode=verify-full"), NOT_FOR_THE_ADDRESS);
    assert_fails(by("hostaddr=127.0.0.1&host=/tmp&sslmode=verify-ca"), "no hostname provided");
}

#[test]
fn a_file_without_certificates_is_named() {
    let Some(server) = server() else { return };
    fs::write(server.pem("empty"), "").unwrap();
    fs::write(server.pem("broken"), "-----BEGIN CERTIFICATE-----\n?\n").unwrap();
    for (name, reason) in [
        ("missing", "No such file or directory (os error 2)"),
        ("empty", "the file holds none"),
        ("broken", "section end"),
    ] {
        let root = server.pem(name);
        let result = to(server, "localhost", "tls_only", &format!("sslmode=verify-ca&sslrootcert={root}"));
        let error = result.unwrap_err();
        let prefix = format!("sslrootcert {root}: no certificate can be read from it: ");
        assert!(error.starts_with(&prefix) && error.contains(reason), "{error}");
    }
}

#[test]
fn servers_with_other_tls_settings() {
    let Some(server) = &Server::start() else { return };
    let with = |host: &str, mode: &str, root: &str| {
        to(server, host, "tls_only", &format!("sslmode={mode}&sslrootcert={}", server.pem(root)))
    };

    // A server without TLS.
    for mode in ["disable", "prefer"] {
        assert_eq!(to(server, "localhost", "plain_only", &format!("sslmode={mode}")), Ok(false));
    }
    for mode in ["require", "verify-ca", "verify-full"] {
        let refused = to(server, "localhost", "plain_only", &format!("sslmode={mode}"));
        assert_fails(refused, "can't connect: error performing TLS handshake: server does not support TLS");
    }

    // A server with a self-signed certificate.
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    server.install("own", &own.cert.pem(), &own.signing_key.serialize_pem());
    assert_eq!(with("127.0.0.1", "verify-ca", "own"), Ok(true));
    assert_eq!(with("localhost", "verify-full", "own"), Ok(true));
    assert_fails(with("127.0.0.1", "verify-full", "own"), NOT_FOR_THE_ADDRESS);
    assert_fails(with("localhost", "verify-ca", "authority"), UNKNOWN);

    // A server with a certificate that rustls does not read.
    server.install("old", OLD_CERTIFICATE, OLD_KEY);
    for mode in ["prefer", "require"] {
        assert_eq!(to(server, "localhost", "tls_only", &format!("sslmode={mode}")), Ok(true));
    }
    assert_fails(with("localhost", "verify-ca", "old"), "UnsupportedCertVersion");

    // A server with outdated versions of TLS only.
    server.set(&["ssl_min_protocol_version = 'TLSv1'", "ssl_max_protocol_version = 'TLSv1.1'"]);
    assert_eq!(to(server, "localhost", "plain_only", "sslmode=prefer"), Ok(false));
    let refused = to(server, "localhost", "tls_only", "sslmode=require");
    assert_fails(refused, "can't connect: error performing TLS handshake: ");
}

#[test]
fn a_client_certificate_is_a_login() {
    let Some(server) = &Server::start() else { return };
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(["localhost".to_owned()]).unwrap();
    server.install("own", &own.signed_by(&key, server.authority()).unwrap().pem(), &key.serialize_pem());
    server.trust_clients_of("authority");
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "confgend");
    let certificate = params.signed_by(&key, server.authority()).unwrap();
    for (name, text) in [("client", certificate.pem()), ("client-key", key.serialize_pem())] {
        fs::write(server.pem(name), text).unwrap();
    }
    let identity = format!("sslcert={}&sslkey={}", server.pem("client"), server.pem("client-key"));
    assert_eq!(to(server, "localhost", "tls_only", &format!("sslmode=require&{identity}")), Ok(true));
    assert_fails(to(server, "localhost", "tls_only", "sslmode=require"), "certificate");
    let other = format!("sslcert={}&sslkey={}", server.pem("client"), server.pem("client"));
    let error = to(server, "localhost", "tls_only", &format!("sslmode=require&{other}")).unwrap_err();
    assert!(error.contains("no key can be read from it"), "{error}");
}

#[test]
fn a_revoked_certificate_is_refused() {
    let Some(server) = &Server::start() else { return };
    let key = KeyPair::generate().unwrap();
    let mut own = CertificateParams::new(["localhost".to_owned()]).unwrap();
    own.serial_number = Some(SerialNumber::from(7));
    server.install("own", &own.signed_by(&key, server.authority()).unwrap().pem(), &key.serialize_pem());
    let list = |name: &str, serial: u64| {
        let revoked = RevokedCertParams {
            serial_number: SerialNumber::from(serial),
            revocation_time: date_time_ymd(2026, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 1, 1),
            next_update: date_time_ymd(2126, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: vec![revoked],
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        fs::write(server.pem(name), params.signed_by(server.authority()).unwrap().pem().unwrap()).unwrap();
        let (root, list) = (server.pem("authority"), server.pem(name));
        to(server, "localhost", "tls_only", &format!("sslmode=verify-full&sslrootcert={root}&sslcrl={list}"))
    };
    assert_eq!(list("others", 8), Ok(true));
    assert_fails(list("ours", 7), "Revoked");
}

/// A certificate of version 1, as OpenSSL up to 3.0 makes it: `openssl x509 -req -signkey …`.
const OLD_CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBJDCBywIUKwFI58j+0ytF1kB2Wsy4vYDO5c0wCgYIKoZIzj0EAwIwFDESMBAG
A1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjEyMDA0MVoYDzIxMjYxMDI5MTIwMDQx
WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AASkLYMQxqY1BRNwWWYgnTY4De+4hr5/0ab36TbLPXR1JE9I40YtqDb1C7cAoqAN
ZCuLe9fUWv7h0WHZse9U9qBvMAoGCCqGSM49BAMCA0gAMEUCIQCLBc6YVspdG1qj
Il/aO4tKrhwEjhYi+wdn6E+dUsoxfQIgSJJ3YJX7Ko4nJegeYJfZC50L8UYNR6pu
uZLlxlocxPg=
-----END CERTIFICATE-----
";

const OLD_KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0YpLvhEzQ6+3u76G
3QeUwwHWlJApif3OsE8nj3SBKLChRANCAASkLYMQxqY1BRNwWWYgnTY4De+4hr5/
0ab36TbLPXR1JE9I40YtqDb1C7cAoqANZCuLe9fUWv7h0WHZse9U9qBv
-----END PRIVATE KEY-----
";
