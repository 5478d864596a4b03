//! The target of a `postgresql://` URI: its hosts, its parameters and its TLS mode.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use driver_api::{Error, ErrorKind};
use percent_encoding::percent_decode_str;
use postgres::Config;
use postgres::config::{LoadBalanceHosts, SslMode};

use super::host::{HostAddress, hosts, shuffle, without_hosts};
use super::tls::{Roots, Verify};
use crate::database::Limits;
use crate::uri::split_parameters;

/// The time limit for each address, where neither the URI nor the [`Limits`] have one.
const TIMEOUT: Duration = Duration::from_secs(10);

/// All that a URI and the limits say about a connection.
#[derive(Debug)]
pub(super) struct Target {
    /// Everything but the hosts.
    pub(super) config: Config,
    pub(super) hosts: Vec<HostAddress>,
    pub(super) verify: Verify,
    /// The time limit for each address of a host.
    pub(super) timeout: Duration,
}

impl Target {
    pub(super) fn parse(uri: &str, limits: Limits) -> Result<Target, Error> {
        let (uri, ssl) = take_ssl(uri)?;
        let mut hosts = hosts(&read(&uri)?)?;
        let mut config = read(&without_hosts(&uri))?;
        order(&mut hosts, &config);
        let (mode, mut verify) = ssl.resolve()?;
        config.ssl_mode(mode);
        // Like libpq: a local socket needs no TLS, whatever `sslmode` demands.
        if hosts.iter().all(HostAddress::is_local) {
            verify = Verify::Nothing;
        }
        let timeout = config.get_connect_timeout().copied().or(limits.connect).unwrap_or(TIMEOUT);
        config.connect_timeout(timeout);
        if let Some(limit) = limits.statement {
            limit_statements(&mut config, limit);
        }
        notice_lost_hosts(&mut config);
        Ok(Target { config, hosts, verify, timeout })
    }
}

/// Shuffles the addresses where the URI says `load_balance_hosts=random`.
pub(super) fn order(addresses: &mut [HostAddress], config: &Config) {
    if config.get_load_balance_hosts() == LoadBalanceHosts::Random {
        shuffle(addresses);
    }
}

fn read(uri: &str) -> Result<Config, Error> {
    let unreadable =
        |error: postgres::Error| Error::new(ErrorKind::Config, "the URI can't be read").because(error);
    uri.parse().map_err(unreadable)
}

/// Sets `statement_timeout`. The options of the URI come behind it, since the server takes the last value.
fn limit_statements(config: &mut Config, limit: Duration) {
    // 0 would be no limit.
    let milliseconds = limit.as_millis().clamp(1, i32::MAX as u128);
    let others = config.get_options().unwrap_or_default();
    let options = format!("-c statement_timeout={milliseconds} {others}");
    config.options(&options);
}

/// Sets timeouts of TCP that the URI leaves open, so that a query notices a vanished host after a minute and a
/// half. The default is two hours.
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
    // TCP sends no keepalives while sent data is not acknowledged.
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(90));
    }
}

/// The parameters `sslmode` and `sslrootcert`.
#[derive(Default)]
struct Ssl {
    mode: Option<String>,
    root: Option<String>,
}

/// Removes the parameters that the crate `postgres` does not know, and writes the others as that crate reads them.
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
            // The crate `postgres` always uses UTF-8.
            "client_encoding" => {}
            _ => {
                // The crate `postgres` takes everything before an `@` for the login, wherever it stands, and a
                // list of hosts in one parameter for one host.
                let parameter = parameter.replace('@', "%40");
                let separated = if key == "host" { parameter.replace(',', "&host=") } else { parameter };
                let _ = write!(rest, "{separator}{separated}");
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
            // Like libpq: a root certificate in the URI is always checked.
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
    use postgres::config::Host;

    use super::*;

    fn target(uri: &str) -> Target {
        Target::parse(uri, Limits::default()).unwrap()
    }

    #[test]
    fn each_sslmode_is_understood() {
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
        let error =
            Target::parse("postgresql://u:s3cret@h/d?sslmode=verify", Limits::default()).unwrap_err().chain();
        assert_eq!(
            error,
            "sslmode \"verify\" is not known: use disable, prefer, require, verify-ca or verify-full"
        );
    }

    #[test]
    fn parameters_may_hold_special_characters() {
        let config = target("postgresql:///d?password=p@ss&application_name=x@y?z").config;
        assert_eq!(config.get_password(), Some(b"p@ss".as_slice()));
        assert_eq!(config.get_application_name(), Some("x@y?z"));
        assert_eq!(target("postgresql://u:p?p@h1/d").config.get_password(), Some(b"p?p".as_slice()));
        let config = target("postgresql://u@h1:1,h2:2/d?application_name=x%20y&client_encoding=utf8").config;
        assert_eq!(config.get_application_name(), Some("x y"));
    }

    #[test]
    fn hosts_are_read_in_both_forms() {
        for uri in ["postgresql://u@h1:1,h2:2/d", "postgresql:///d?user=u&host=h1,h2&port=1,2"] {
            let Target { config, hosts, .. } = target(uri);
            assert_eq!(hosts.iter().map(HostAddress::to_string).collect::<Vec<_>>(), ["h1:1", "h2:2"]);
            let config = hosts[1].complete(config);
            assert_eq!(
                (config.get_hosts(), config.get_ports()),
                ([Host::Tcp("h2".into())].as_slice(), [2].as_slice())
            );
            assert_eq!((config.get_user(), config.get_dbname()), (Some("u"), Some("d")));
        }
    }

    #[test]
    fn the_uri_overrides_the_connect_limit_and_its_default() {
        let limits = |seconds| Limits { connect: Some(Duration::from_secs(seconds)), ..Limits::default() };
        for (parameters, limits, seconds) in
            [("", Limits::default(), 10), ("", limits(5), 5), ("?connect_timeout=3", limits(5), 3)]
        {
            let target = Target::parse(&format!("postgresql://u@h/d{parameters}"), limits).unwrap();
            assert_eq!(target.timeout, Duration::from_secs(seconds));
            assert_eq!(target.config.get_connect_timeout(), Some(&target.timeout));
        }
    }

    #[test]
    fn a_host_that_vanishes_is_noticed() {
        let config = target("postgresql://u@h/d").config;
        assert_eq!(config.get_keepalives_idle(), Duration::from_secs(60));
        assert_eq!(config.get_tcp_user_timeout(), Some(&Duration::from_secs(90)));
        let from_uri =
            target("postgresql://u@h/d?keepalives_idle=300&keepalives_retries=9&tcp_user_timeout=7").config;
        let keepalives = (from_uri.get_keepalives_idle().as_secs(), from_uri.get_keepalives_retries());
        assert_eq!(keepalives, (300, Some(9)));
        assert_eq!(from_uri.get_tcp_user_timeout(), Some(&Duration::from_secs(7)));
    }

    #[test]
    fn a_local_socket_has_no_tls() {
        let Target { config, hosts, verify, .. } = target("postgresql:///d?sslmode=verify-full");
        assert_eq!(verify, Verify::Nothing);
        assert_eq!(hosts[0].complete(config).get_ssl_mode(), SslMode::Disable);
        let Target { config, hosts, verify, .. } = target("postgresql:///d?host=/s,h2&sslmode=verify-full");
        assert_eq!(verify, Verify::ChainAndName(Roots::System));
        assert_eq!(hosts[0].complete(config.clone()).get_ssl_mode(), SslMode::Disable);
        assert_eq!(hosts[1].complete(config).get_ssl_mode(), SslMode::Require);
    }

    #[test]
    fn options_of_the_uri_override_the_statement_limit() {
        let options = |limit, parameters: &str| {
            let limits = Limits { statement: Some(limit), ..Limits::default() };
            let target = Target::parse(&format!("postgresql://u@h/d{parameters}"), limits).unwrap();
            target.config.get_options().unwrap().trim_end().to_owned()
        };
        let half = Duration::from_millis(500);
        assert_eq!(options(half, ""), "-c statement_timeout=500");
        assert_eq!(options(half, "?options=-c%20x%3D1"), "-c statement_timeout=500 -c x=1");
        assert_eq!(options(Duration::from_nanos(1), ""), "-c statement_timeout=1");
        assert_eq!(options(Duration::MAX, ""), "-c statement_timeout=2147483647");
        assert_eq!(target("postgresql://u@h/d").config.get_options(), None);
    }
}
