//! The target of a `postgresql://` URI: its hosts, its parameters and its TLS mode.

use std::time::Duration;

use driver_api::Error;
use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, SslNegotiation};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::host::{HostAddress, hosts, shuffle};
use super::parameters::{Environment, Parameters, process_environment, refuse};
use super::passfile::PassFile;
use super::tls::{Tls, Verify};
use crate::database::Limits;

/// The time limit for each address, where neither the URI nor the [`Limits`] have one.
const TIMEOUT: Duration = Duration::from_secs(10);

/// All that a URI, the environment and the limits say about a connection.
pub(super) struct Target {
    /// The URI, which may have a password.
    pub(super) uri: String,
    /// Everything but the hosts.
    config: Config,
    pub(super) hosts: Vec<HostAddress>,
    pub(super) tls: MakeRustlsConnect,
    /// The time limit for each address of a host.
    pub(super) timeout: Duration,
    pub(super) limits: Limits,
    pub(super) role: Role,
    is_random: bool,
    passwords: PassFile,
}

/// The servers that `target_session_attrs` accepts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Role {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

const ROLES: [(&str, Role); 6] = [
    ("any", Role::Any),
    ("read-write", Role::ReadWrite),
    ("read-only", Role::ReadOnly),
    ("primary", Role::Primary),
    ("standby", Role::Standby),
    ("prefer-standby", Role::PreferStandby),
];

/// Parameters with only one value that works here, which is also libpq's default or means the same.
const FIXED: [(&str, &[&str], &str); 6] = [
    ("gssencmode", &["disable", "prefer"], "GSSAPI is not supported; use disable or prefer"),
    ("replication", &["false", "off", "no", "0"], "a replication connection runs no queries"),
    ("requirepeer", &[], "the user that runs the server is not checked"),
    ("require_auth", &[], "the method of the login can't be chosen"),
    ("sslpassword", &[], "an encrypted key is not supported; name a key without a password"),
    ("sslcrldir", &[], "give one file as sslcrl"),
];

impl Target {
    pub(super) fn parse(uri: &str, limits: Limits) -> Result<Target, Error> {
        Target::read(uri, limits, &process_environment)
    }

    fn read(uri: &str, limits: Limits, environment: Environment<'_>) -> Result<Target, Error> {
        let parameters = Parameters::read(uri, environment)?;
        for (keyword, accepted, why) in FIXED {
            if let Some(value) = parameters.text(keyword).filter(|value| !accepted.contains(value)) {
                let value = if keyword == "sslpassword" { "***" } else { value };
                return Err(refuse(keyword, value, why));
            }
        }
        let mut hosts = hosts(&parameters)?;
        let is_random = parameters
            .choice("load_balance_hosts", &[("disable", false), ("random", true)])?
            .unwrap_or(false);
        if is_random {
            shuffle(&mut hosts);
        }
        let mut tls = Tls::read(&parameters, environment)?;
        // Like libpq: a local socket needs no TLS, whatever `sslmode` demands.
        if hosts.iter().all(HostAddress::is_local) {
            tls.verify = Verify::Nothing;
        }
        let timeout = parameters.number::<i64>("connect_timeout")?;
        // 0 is no limit for libpq, and the default here.
        let timeout = timeout.and_then(|seconds| u64::try_from(seconds).ok()).filter(|seconds| *seconds > 0);
        let mut config = config(&parameters)?;
        config.ssl_mode(tls.mode);
        Ok(Target {
            uri: uri.to_owned(),
            config,
            hosts,
            tls: tls.connector()?,
            timeout: timeout.map(Duration::from_secs).or(limits.connect).unwrap_or(TIMEOUT),
            limits: Limits {
                // Options of the URI override the limits.
                statement: limits.statement.filter(|_| !sets(&parameters, "statement_timeout")),
                lock: limits.lock.filter(|_| !sets(&parameters, "lock_timeout")),
                ..limits
            },
            role: parameters.choice("target_session_attrs", &ROLES)?.unwrap_or(Role::Any),
            is_random,
            passwords: PassFile::read(&parameters, environment),
        })
    }

    /// Shuffles the addresses of a host where the URI says `load_balance_hosts=random`.
    pub(super) fn order(&self, addresses: &mut [HostAddress]) {
        if self.is_random {
            shuffle(addresses);
        }
    }

    /// Returns the configuration for one address, with the password for it.
    pub(super) fn config_for(&self, address: &HostAddress) -> Config {
        let mut config = address.complete(self.config.clone());
        if config.get_password().is_none() {
            let user = config.get_user().unwrap_or_default();
            let database = config.get_dbname().unwrap_or(user);
            let host = address.name_in_passfile();
            if let Some(password) = self.passwords.password(&host, address.port, database, user) {
                config.password(password);
            }
        }
        config
    }
}

/// Returns whether the options of the URI set a parameter of the server.
fn sets(parameters: &Parameters, setting: &str) -> bool {
    parameters.text("options").is_some_and(|options| options.contains(setting))
}

/// Returns the configuration without hosts and TLS.
fn config(parameters: &Parameters) -> Result<Config, Error> {
    let mut config = Config::new();
    // Like libpq, the user of the process is the default.
    let user = parameters.text("user").map(str::to_owned).or_else(|| whoami::username().ok());
    user.map(|user| config.user(user));
    parameters.text("password").map(|password| config.password(password));
    parameters.text("dbname").map(|name| config.dbname(name));
    parameters.text("options").map(|options| config.options(options));
    let name = parameters.text("application_name").or(parameters.text("fallback_application_name"));
    name.map(|name| config.application_name(name));
    if let Some(encoding) = parameters.text("client_encoding") {
        check_encoding(encoding)?;
    }
    let bindings = [
        ("disable", ChannelBinding::Disable),
        ("prefer", ChannelBinding::Prefer),
        ("require", ChannelBinding::Require),
    ];
    parameters.choice("channel_binding", &bindings)?.map(|binding| config.channel_binding(binding));
    let negotiations = [("postgres", SslNegotiation::Postgres), ("direct", SslNegotiation::Direct)];
    parameters.choice("sslnegotiation", &negotiations)?.map(|it| config.ssl_negotiation(it));
    keep_alive(&mut config, parameters)?;
    Ok(config)
}

fn check_encoding(encoding: &str) -> Result<(), Error> {
    let plain: String = encoding.chars().filter(char::is_ascii_alphanumeric).collect();
    if ["utf8", "auto", "unicode"].contains(&plain.to_ascii_lowercase().as_str()) {
        return Ok(());
    }
    Err(refuse("client_encoding", encoding, "the connection always uses UTF8, and the server converts"))
}

/// Sets the timeouts of TCP. Those that the parameters leave open make a query notice a vanished host after a minute
/// and a half; the default of the system is two hours.
fn keep_alive(config: &mut Config, parameters: &Parameters) -> Result<(), Error> {
    let seconds = |keyword: &str, default| {
        let given = parameters.number::<u64>(keyword)?.filter(|seconds| *seconds > 0);
        Ok::<_, Error>(Duration::from_secs(given.unwrap_or(default)))
    };
    config.keepalives(parameters.choice("keepalives", &[("0", false), ("1", true)])?.unwrap_or(true));
    config.keepalives_idle(seconds("keepalives_idle", 60)?);
    config.keepalives_interval(seconds("keepalives_interval", 10)?);
    let count = match parameters.number("keepalives_count")? {
        None => parameters.number("keepalives_retries")?,
        count => count,
    };
    config.keepalives_retries(count.filter(|count| *count > 0).unwrap_or(3));
    // TCP sends no keepalives while sent data is not acknowledged. libpq counts milliseconds.
    let timeout = parameters.number::<u64>("tcp_user_timeout")?.filter(|limit| *limit > 0).unwrap_or(90_000);
    config.tcp_user_timeout(Duration::from_millis(timeout));
    Ok(())
}

/// Checks a URI without connecting: its parameters, and the files that they name.
pub(super) fn check(uri: &str) -> Result<(), Error> {
    Target::parse(uri, Limits::default()).map(drop)
}

#[cfg(test)]
mod tests {
    use driver_api::ErrorKind;
    use tokio_postgres::config::{Host, SslMode};

    use super::*;

    fn read(uri: &str) -> Result<Target, Error> {
        Target::read(uri, Limits::default(), &|_| None)
    }

    fn target(uri: &str) -> Target {
        read(uri).unwrap()
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
            let target = target(uri);
            let shown: Vec<String> = target.hosts.iter().map(HostAddress::to_string).collect();
            assert_eq!(shown, ["h1:1", "h2:2"]);
            let config = target.config_for(&target.hosts[1]);
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
        for (parameters, limits, seconds) in [
            ("", Limits::default(), 10),
            ("", limits(5), 5),
            ("?connect_timeout=0", limits(5), 5),
            ("?connect_timeout=3", limits(5), 3),
        ] {
            let target = Target::parse(&format!("postgresql://u@h/d{parameters}"), limits).unwrap();
            assert_eq!(target.timeout, Duration::from_secs(seconds));
        }
    }

    #[test]
    fn a_host_that_vanishes_is_noticed() {
        let config = target("postgresql://u@h/d").config;
        assert_eq!(config.get_keepalives_idle(), Duration::from_secs(60));
        assert_eq!(config.get_tcp_user_timeout(), Some(&Duration::from_secs(90)));
        for count in ["keepalives_retries", "keepalives_count"] {
            let uri = format!("postgresql://u@h/d?keepalives_idle=300&{count}=9&tcp_user_timeout=7000");
            let from_uri = target(&uri).config;
            let keepalives = (from_uri.get_keepalives_idle().as_secs(), from_uri.get_keepalives_retries());
            assert_eq!(keepalives, (300, Some(9)));
            assert_eq!(from_uri.get_tcp_user_timeout(), Some(&Duration::from_secs(7)));
        }
    }

    #[test]
    fn a_local_socket_has_no_tls() {
        let local = target("postgresql:///d?sslmode=verify-full&sslrootcert=/nonexistent");
        assert_eq!(local.config_for(&local.hosts[0]).get_ssl_mode(), SslMode::Disable);
        let both = target("postgresql:///d?host=/s,h2&sslmode=verify-full");
        assert_eq!(both.config_for(&both.hosts[0]).get_ssl_mode(), SslMode::Disable);
        assert_eq!(both.config_for(&both.hosts[1]).get_ssl_mode(), SslMode::Require);
    }

    #[test]
    fn a_passfile_gives_the_password_of_each_host() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passwords");
        std::fs::write(&path, "h1:*:d:u:one\nh2:7:*:u:two\nlocalhost:*:*:*:local\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let passfile = format!("passfile={}", path.display());
        let target = target(&format!("postgresql://u@h1,h2:7,h3,/d?{passfile}"));
        let password = |host: &HostAddress| {
            let config = target.config_for(host);
            config.get_password().map(|password| String::from_utf8_lossy(password).into_owned())
        };
        let found: Vec<Option<String>> = target.hosts.iter().map(password).collect();
        assert_eq!(found, [Some("one"), Some("two"), None, Some("local")].map(|it| it.map(str::to_owned)));
    }

    #[test]
    fn a_parameter_that_cannot_work_is_refused() {
        for (parameter, reason) in [
            ("gssencmode=require", "GSSAPI is not supported"),
            ("client_encoding=latin1", "always uses UTF8"),
            ("sslpassword=s3cret", "an encrypted key is not supported"),
            ("target_session_attrs=master", "expected any, read-write, read-only, primary, standby"),
            ("keepalives_idle=x", "expected a number"),
            ("sslmode=verify", "use disable, prefer, require, verify-ca or verify-full"),
            ("sslcert=/c.pem&sslmode=require", "sslkey names no key"),
            ("sslcert=/c.pem&sslkey=/k.pem", "sslcert /c.pem: no certificate can be read from it"),
            ("sslmode=verify-ca&sslrootcert=/r.pem", "sslrootcert /r.pem: no certificate"),
            ("ssl_max_protocol_version=TLSv1.1", "leave neither TLSv1.2 nor TLSv1.3"),
        ] {
            let error = read(&format!("postgresql://u:s3cret@h/d?{parameter}")).map(|_| ()).unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::Config);
            let text = error.chain();
            assert!(text.contains(reason) && !text.contains("s3cret"), "{parameter}: {text}");
        }
        for parameter in
            ["gssencmode=disable", "gssencmode=prefer", "sslcompression=0", "krbsrvname=postgres"]
        {
            target(&format!("postgresql://u@h/d?{parameter}"));
        }
    }

    #[test]
    fn options_of_the_uri_override_the_limits() {
        let limits = Limits {
            statement: Some(Duration::from_secs(1)),
            lock: Some(Duration::from_secs(2)),
            ..Limits::default()
        };
        let read =
            |parameters: &str| Target::parse(&format!("postgresql://u@h/d{parameters}"), limits).unwrap();
        assert_eq!(read("").limits, limits);
        let own = read("?options=-c%20statement_timeout%3D9");
        assert_eq!((own.limits.statement, own.limits.lock), (None, limits.lock));
        assert_eq!(own.config.get_options(), Some("-c statement_timeout=9"));
    }
}
