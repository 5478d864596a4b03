//! From a URI to a connection.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use driver_api::{Error, ErrorKind};
use percent_encoding::percent_decode_str;
use postgres::config::{Host, SslMode};
use postgres::error::SqlState;
use postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::tls::{self, Roots, Verify};
use crate::uri::{Uri, split_parameters};

/// How long a host may take to answer where the URI does not say it with `connect_timeout`.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where Debian's server listens, for a URI that names no host.
const LOCAL_SOCKET: &str = "/var/run/postgresql";

/// Connects to the first host of a `postgresql://` URI that answers.
///
/// The parameters are libpq's, among them `connect_timeout` in seconds, `target_session_attrs`,
/// `sslmode` (`disable`, `prefer`, `require`, `verify-ca`, `verify-full`) and `sslrootcert` (a file
/// of certificates, or `system`).
pub fn connect(uri: &str) -> Result<Client, Error> {
    let client = parse(uri).and_then(Target::connect);
    client.map_err(|error| error.in_(format!("database {}", Uri::Postgres(uri.to_owned()))))
}

#[derive(Debug)]
struct Target {
    config: Config,
    verify: Verify,
}

impl Target {
    fn connect(self) -> Result<Client, Error> {
        let tls = tls::connector(&self.verify)?;
        let patience = *self.config.get_connect_timeout().unwrap_or(&PATIENCE);
        // Once more, because a name may have two addresses.
        let attempts = u32::try_from(self.config.get_hosts().len() + 1).unwrap_or(u32::MAX);
        let (sender, receiver) = mpsc::channel();
        // To `postgres` the timeout ends with the TCP connection: it would wait for ever for a server that
        // accepts it and then says nothing. This thread does, until such a server is gone.
        thread::Builder::new()
            .spawn(move || {
                let _ = sender.send(attempt(self.config, tls));
            })
            .map_err(|error| Error::new(ErrorKind::Connection, "can't connect").because(error))?;
        match receiver.recv_timeout(patience.saturating_mul(attempts)) {
            Ok(client) => client.map_err(refused),
            Err(_) => Err(Error::new(ErrorKind::Connection, "can't connect: the server does not answer")),
        }
    }
}

fn attempt(mut config: Config, tls: MakeRustlsConnect) -> Result<Client, postgres::Error> {
    match config.get_ssl_mode() {
        SslMode::Disable => config.connect(NoTls),
        SslMode::Prefer => match config.connect(tls) {
            // Like libpq: TLS that is only preferred need not work.
            Err(error) if is_about_tls(&error) => {
                config.ssl_mode(SslMode::Disable).connect(NoTls).map_err(|_| error)
            }
            result => result,
        },
        _ => config.connect(tls),
    }
}

/// Whether it may work without TLS: the two sides find no common ground, or `pg_hba.conf` says no.
fn is_about_tls(error: &postgres::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    let handshake = cause.and_then(|cause| cause.get_ref()?.downcast_ref::<rustls::Error>());
    handshake.is_some() || error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

fn refused(error: postgres::Error) -> Error {
    match error.as_db_error() {
        Some(answer) => {
            Error::new(ErrorKind::Connection, format!("the server refuses the login: {}", answer.message()))
        }
        None => Error::new(ErrorKind::Connection, "can't connect").because(error),
    }
}

fn parse(uri: &str) -> Result<Target, Error> {
    let (rest, ssl) = take_ssl(uri)?;
    let mut config: Config = rest.parse().map_err(|error: postgres::Error| {
        Error::new(ErrorKind::Config, "the URI can't be read").because(error)
    })?;
    let (mut mode, mut verify) = ssl.resolve()?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(PATIENCE);
    }
    notice_lost_hosts(&mut config);
    let addresses = config.get_hostaddrs().to_vec();
    if config.get_hosts().is_empty() {
        // TLS wants a name: without another one, that is the address.
        for address in &addresses {
            config.host(&address.to_string());
        }
        if addresses.is_empty() {
            config.host_path(LOCAL_SOCKET);
        }
    }
    // TLS is for what leaves the machine: like libpq, no demand of it on a local socket.
    if addresses.is_empty() && config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_))) {
        (mode, verify) = (SslMode::Disable, Verify::Nothing);
    }
    config.ssl_mode(mode);
    Ok(Target { config, verify })
}

/// A host that vanishes during a query is noticed after a minute and a half, and not after the two hours
/// that are the default, unless the URI says otherwise.
fn notice_lost_hosts(config: &mut Config) {
    if config.get_keepalives_idle() == Config::new().get_keepalives_idle() {
        config.keepalives_idle(Duration::from_secs(60));
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(Duration::from_secs(10));
    }
    if config.get_keepalives_retries().is_none() {
        config.keepalives_retries(3);
    }
}

#[derive(Default)]
struct Ssl {
    mode: Option<String>,
    root: Option<String>,
}

/// Takes out of the URI the parameters that `postgres` does not know.
fn take_ssl(uri: &str) -> Result<(String, Ssl), Error> {
    let mut ssl = Ssl::default();
    let (address, parameters) = split_parameters(uri);
    let mut rest = address.to_owned();
    let mut separator = '?';
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = || {
            let text = percent_decode_str(value).decode_utf8();
            text.map(String::from)
                .map_err(|_| Error::new(ErrorKind::Config, format!("the parameter {key} is not UTF-8")))
        };
        match key {
            "sslmode" => ssl.mode = Some(value()?),
            "sslrootcert" => ssl.root = Some(value()?),
            // It is UTF-8 anyway.
            "client_encoding" => {}
            _ => {
                // `postgres` takes what stands before an `@` for the login, wherever it is.
                let _ = write!(rest, "{separator}{}", parameter.replace('@', "%40"));
                separator = '&';
            }
        }
    }
    Ok((rest, ssl))
}

impl Ssl {
    fn resolve(self) -> Result<(SslMode, Verify), Error> {
        let roots = match self.root.as_deref() {
            None | Some("") => None,
            Some("system") => Some(Roots::System),
            Some(path) => Some(Roots::File(PathBuf::from(path))),
        };
        let chain = |roots: Option<Roots>| roots.unwrap_or(Roots::System);
        Ok(match self.mode.as_deref() {
            Some("disable") => (SslMode::Disable, Verify::Nothing),
            None | Some("" | "prefer" | "allow") => (SslMode::Prefer, Verify::Nothing),
            // Like libpq: who names a root certificate wants it to be looked at.
            Some("require") => (SslMode::Require, roots.map_or(Verify::Nothing, Verify::Chain)),
            Some("verify-ca") => (SslMode::Require, Verify::Chain(chain(roots))),
            Some("verify-full") => (SslMode::Require, Verify::ChainAndName(chain(roots))),
            Some(other) => {
                let message = format!(
                    "sslmode {other:?} is not known: use disable, prefer, require, verify-ca or verify-full"
                );
                return Err(Error::new(ErrorKind::Config, message));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(uri: &str) -> Target {
        parse(uri).unwrap()
    }

    #[test]
    fn every_sslmode() {
        let file = || Roots::File("/r.pem".into());
        let cases = [
            ("", SslMode::Prefer, Verify::Nothing),
            ("?sslmode=disable", SslMode::Disable, Verify::Nothing),
            ("?sslmode=prefer", SslMode::Prefer, Verify::Nothing),
            ("?sslmode=require", SslMode::Require, Verify::Nothing),
            ("?sslmode=require&sslrootcert=%2Fr.pem", SslMode::Require, Verify::Chain(file())),
            ("?sslrootcert=/r.pem&sslmode=verify-ca", SslMode::Require, Verify::Chain(file())),
            ("?sslmode=verify-ca", SslMode::Require, Verify::Chain(Roots::System)),
            (
                "?sslmode=verify-full&sslrootcert=system",
                SslMode::Require,
                Verify::ChainAndName(Roots::System),
            ),
        ];
        for (query, mode, verify) in cases {
            let target = target(&format!("postgresql://u@h/d{query}"));
            assert_eq!((target.config.get_ssl_mode(), &target.verify), (mode, &verify), "{query}");
        }
        let error = parse("postgresql://u:s3cret@h/d?sslmode=verify").unwrap_err().chain();
        assert_eq!(
            error,
            "sslmode \"verify\" is not known: use disable, prefer, require, verify-ca or verify-full"
        );
    }

    #[test]
    fn hosts_and_patience() {
        let config = target("postgresql://u@h1:1,h2:2/d?connect_timeout=3&application_name=x%20y").config;
        assert_eq!(config.get_hosts().len(), 2);
        assert_eq!(config.get_ports(), [1, 2]);
        assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(3)));
        assert_eq!(config.get_application_name(), Some("x y"));
        let config = target("postgresql:///d?password=p@ss&application_name=x@y?z").config;
        assert_eq!(config.get_password(), Some(b"p@ss".as_slice()));
        assert_eq!(config.get_application_name(), Some("x@y?z"));
        assert_eq!(target("postgresql://u:p?p@h1/d").config.get_password(), Some(b"p?p".as_slice()));
        assert_eq!(config.get_keepalives_idle(), Duration::from_secs(60));
        let patient = target("postgresql://u@h/d?keepalives_idle=300&keepalives_retries=9").config;
        let keepalives = (patient.get_keepalives_idle().as_secs(), patient.get_keepalives_retries());
        assert_eq!(keepalives, (300, Some(9)));
        let config = target("postgresql:///d?sslmode=require&client_encoding=utf8").config;
        assert_eq!(config.get_hosts(), [Host::Unix(LOCAL_SOCKET.into())]);
        assert_eq!(config.get_connect_timeout(), Some(&PATIENCE));
    }

    #[test]
    fn a_bad_uri_is_refused_without_its_password() {
        for uri in [
            "postgresql://u:s3cret@h:port/d",
            "postgresql://u:s3cret@h/d?nonsense=1",
            "postgresql://u:s3cret@[h/d",
        ] {
            let error = connect(uri).map(|_| ()).unwrap_err().chain();
            assert!(error.starts_with("database postgresql://u@"), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
