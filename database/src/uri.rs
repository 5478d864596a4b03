//! The address of a database, which prints without its password.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use driver_api::settings::{Refused, Setting, Shape};
use driver_api::yaml::Value;
use driver_api::{Error, ErrorKind};

/// The address of a database.
///
/// * `sqlite:PATH`, or `sqlite:///PATH` in SQLAlchemy's spelling: a file. An absolute path keeps its
///   own slash: `sqlite:/var/x.db`, `sqlite:////var/x.db`.
/// * `postgresql://…` or `postgres://…`: libpq's URIs, with several hosts and parameters.
///   `postgresql+psycopg2://…`, SQLAlchemy's spelling, is the same.
///
/// It prints without its password and without its parameters. Parsing fails with an error of
/// [`ErrorKind::Config`], and doesn't check that the server or the file exists: [`open`](crate::open()) does.
///
/// ```
/// use std::path::Path;
///
/// use database::Uri;
///
/// let uri: Uri = "postgresql://asterisk:proformatique@localhost/asterisk?sslmode=disable".parse()?;
/// assert_eq!(uri.to_string(), "postgresql://asterisk@localhost/asterisk");
///
/// let uri: Uri = "sqlite:office.db".parse()?;
/// assert_eq!(uri.relative_to(Path::new("/srv")), Uri::Sqlite("/srv/office.db".into()));
///
/// assert!("localhost/asterisk".parse::<Uri>().is_err());
/// # Ok::<(), driver_api::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub enum Uri {
    /// The path of an SQLite file.
    Sqlite(PathBuf),
    /// A URI that begins with `postgresql://`.
    Postgres(String),
}

impl Uri {
    /// Makes the relative path of a file absolute, from the given folder.
    #[must_use]
    pub fn relative_to(self, folder: &Path) -> Uri {
        match self {
            Uri::Sqlite(path) => Uri::Sqlite(folder.join(path)),
            Uri::Postgres(_) => self,
        }
    }
}

impl FromStr for Uri {
    type Err = Error;

    fn from_str(text: &str) -> Result<Uri, Error> {
        let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
        // `postgresql+psycopg2`: the part behind the plus sign names a Python library.
        let engine = scheme.split('+').next().unwrap_or_default();
        match (engine, rest) {
            ("sqlite", rest) => {
                let path = rest.strip_prefix("///").unwrap_or(rest);
                if path.is_empty() || path.starts_with("//") {
                    return Err(refuse("a database file is written sqlite:PATH"));
                }
                Ok(Uri::Sqlite(path.into()))
            }
            ("postgresql" | "postgres", rest) if rest.starts_with("//") => {
                Ok(Uri::Postgres(format!("postgresql:{rest}")))
            }
            // The text itself is not shown: it may hold a password.
            _ => Err(refuse("a database is written postgresql://USER:PASSWORD@HOST/NAME or sqlite:PATH")),
        }
    }
}

/// Messages don't show a refused URI, which may hold a password.
impl Setting for Uri {
    fn shape() -> Shape {
        Shape::Custom {
            accepts: "postgresql://USER:PASSWORD@HOST/NAME or sqlite:PATH",
            schema: r#"{"type": "string", "pattern": "^(postgres(ql)?([+][^:]*)?://|sqlite([+][^:]*)?:.)"}"#,
        }
    }

    fn parse(value: &Value) -> Result<Uri, Refused> {
        let text = value.as_str().ok_or_else(|| Refused::Because("expected a text".to_owned()))?;
        text.parse().map_err(|error: Error| Refused::Because(error.to_string()))
    }
}

fn refuse(hint: &str) -> Error {
    Error::new(ErrorKind::Config, format!("not a database URI: {hint}"))
}

/// Returns what is before the first `?` that a parameter follows, whatever is behind that one: in doubt, less is shown.
fn before_parameters(uri: &str) -> &str {
    let is_parameter = |text: &str| text.split_once('=').is_some_and(|(key, _)| !key.contains('@'));
    let mut cuts = uri.match_indices('?').map(|(at, _)| at);
    cuts.find(|at| is_parameter(&uri[at + 1..])).map_or(uri, |at| &uri[..at])
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Uri::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Uri::Postgres(uri) => {
                // The parameters may have a `password`. The login ends at the last `@`, so that no part of a
                // password with an unescaped `@` is shown.
                let address = uri.strip_prefix("postgresql://").unwrap_or_default();
                let address = before_parameters(address);
                let (login, hosts) = address.rsplit_once('@').unwrap_or(("", address));
                let user = login.split([':', '?']).next().unwrap_or_default();
                // Without an `@`, or with one in the parameters, this may be a login with the first part of a
                // password: in YAML, ` #` cuts a text off. A port is a number.
                let are_ports = |hosts: &str| {
                    let hosts = hosts.split('/').next().unwrap_or_default();
                    hosts.split(',').filter_map(|host| host.rsplit_once(':')).all(|(host, port)| {
                        port.bytes().all(|byte| byte.is_ascii_digit())
                            && (!host.contains(':') || host.starts_with('['))
                    })
                };
                let is_whole = !login.is_empty() && are_ports(hosts);
                let ends: &[char] = if is_whole { &['?'] } else { &[':', '?'] };
                let hosts = hosts.split(ends).next().unwrap_or_default();
                f.write_str("postgresql://")?;
                if !user.is_empty() {
                    write!(f, "{user}@")?;
                }
                f.write_str(hosts)
            }
        }
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_of_a_uri_are_read() {
        let sqlite = |text: &str| match text.parse().unwrap() {
            Uri::Sqlite(path) => path,
            Uri::Postgres(_) => panic!("{text}"),
        };
        assert_eq!(sqlite("sqlite:a.db"), Path::new("a.db"));
        assert_eq!(sqlite("sqlite:/a.db"), Path::new("/a.db"));
        assert_eq!(sqlite("sqlite:///a.db"), Path::new("a.db"));
        assert_eq!(sqlite("sqlite:////a.db"), Path::new("/a.db"));
        for text in ["postgresql://h/d", "postgres://h/d", "postgresql+psycopg2://h/d"] {
            assert_eq!(text.parse::<Uri>().unwrap(), Uri::Postgres("postgresql://h/d".to_owned()));
        }
        for text in ["", "sqlite:", "sqlite://host/x", "mysql://h/d", "host/db", "postgresql:h", "/a.db"] {
            let error = text.parse::<Uri>().unwrap_err().to_string();
            assert!(error.starts_with("not a database URI"), "{text}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for text in [
            "postgresql://me:s3cret@h1:1,h2/d?sslmode=require",
            "postgresql://me:s3@cret@h1:1,h2/d",
            "postgresql://me@h1:1,h2/d?password=s3cret",
            "postgresql://me:?s3cret@h1:1,h2/d",
        ] {
            let uri: Uri = text.parse().unwrap();
            assert_eq!(uri.to_string(), "postgresql://me@h1:1,h2/d", "{text}");
            assert_eq!(format!("{uri:?}"), uri.to_string());
        }
        for (text, shown) in [
            ("postgresql:///d?host=h1&user=me&password=s3@cret", "postgresql:///d"),
            ("postgresql://me:x@h1/d?password=s3@cret", "postgresql://me@h1/d"),
            ("postgresql://me:x@h1/d?password=s3?c@ret&connect_timeout=1", "postgresql://me@h1/d"),
            ("postgresql://h1?password=s3@cret", "postgresql://h1"),
            ("postgresql:///d?user=me&password=s3@&X=cret", "postgresql:///d"),
            ("postgresql://me@h1/d?X=1&password=@s3cret", "postgresql://me@h1/d"),
            ("postgresql://me:s3?cret@h1/d?pass%77ord=@s3cret&Y", "postgresql://me@h1/d"),
            ("postgresql://me:s3?cret=1@h1/d", "postgresql://me"),
            // Cut off by ` #`.
            ("postgresql://me:s3c", "postgresql://me"),
            ("postgresql://me:1234", "postgresql://me"),
            ("postgresql://me@corp:s3c", "postgresql://me@corp"),
            ("postgresql://me@[::1]:5432,h2/d", "postgresql://me@[::1]:5432,h2/d"),
        ] {
            assert_eq!(text.parse::<Uri>().unwrap().to_string(), shown);
        }
        let error = "pg://me:s3cret@h/d".parse::<Uri>().unwrap_err().to_string();
        assert!(!error.contains("s3cret"), "{error}");
    }

    #[test]
    fn a_relative_path_starts_at_the_folder() {
        let uri: Uri = "sqlite:a.db".parse().unwrap();
        assert_eq!(uri.relative_to(Path::new("/etc")), Uri::Sqlite("/etc/a.db".into()));
    }
}
