//! From a URI to a connection.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use driver_api::{Error, ErrorKind};
use percent_encoding::percent_decode_str;
use postgres::config::{Host, SslMode};
use postgres::{Client, Config};

use super::tls::{self, Roots, Verify};
use crate::Uri;

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
    let place = || format!("database {}", Uri::Postgres(uri.to_owned()));
    let Target { config, verify } = parse(uri).map_err(|error| error.in_(place()))?;
    let client = match config.get_ssl_mode() {
        SslMode::Disable => config.connect(postgres::NoTls),
        _ => config.connect(tls::connector(&verify).map_err(|error| error.in_(place()))?),
    };
    client.map_err(|error| refused(error).in_(place()))
}

fn refused(error: postgres::Error) -> Error {
    match error.as_db_error() {
        Some(answer) => {
            Error::new(ErrorKind::Connection, format!("the server refuses the login: {}", answer.message()))
        }
        None => Error::new(ErrorKind::Connection, "can't connect").because(error),
    }
}

#[derive(Debug)]
struct Target {
    config: Config,
    verify: Verify,
}

fn parse(uri: &str) -> Result<Target, Error> {
    let (rest, ssl) = take_ssl(uri)?;
    let mut config: Config = rest.parse().map_err(|error: postgres::Error| {
        Error::new(ErrorKind::Config, "the URI can't be read").because(error)
    })?;
    let (mode, verify) = ssl.resolve()?;
    config.ssl_mode(mode);
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(PATIENCE);
    }
    if config.get_hosts().is_empty() {
        config.host_path(LOCAL_SOCKET);
    }
    // TLS is for what leaves the machine: like libpq, no demand of it on a local socket.
    if config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_))) {
        config.ssl_mode(SslMode::Disable);
    }
    Ok(Target { config, verify })
}

#[derive(Default)]
struct Ssl {
    mode: Option<String>,
    root: Option<String>,
}

/// Takes out of the URI the parameters that `postgres` does not know.
fn take_ssl(uri: &str) -> Result<(String, Ssl), Error> {
    let mut ssl = Ssl::default();
    let Some((address, query)) = uri.rsplit_once('?') else { return Ok((uri.to_owned(), ssl)) };
    let mut rest = address.to_owned();
    let mut separator = '?';
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
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
                let _ = write!(rest, "{separator}{parameter}");
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
