//! From a URI to a connection.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use driver_api::{Error, ErrorKind};
use percent_encoding::percent_decode_str;
use postgres::config::{LoadBalanceHosts, SslMode};
use postgres::error::SqlState;
use postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::place::{Place, places, shuffle, without_places};
use super::tls::{self, Roots, Verify};
use crate::Limits;
use crate::uri::{Uri, split_parameters};

/// How long a host may take to answer where nobody says it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connects to the first host of a `postgresql://` URI that answers.
///
/// The parameters are libpq's, among them `connect_timeout` in seconds, `target_session_attrs`,
/// `load_balance_hosts`, `sslmode` (`disable`, `prefer`, `require`, `verify-ca`, `verify-full`) and
/// `sslrootcert` (a file of certificates, or `system`).
///
/// This is the client of the crate `postgres`, for who writes, too; what only reads is better served by
/// [`open`](crate::open()).
///
/// ```no_run
/// let mut client = database::postgres::connect("postgresql://asterisk:proformatique@localhost/asterisk")?;
/// client.batch_execute("CREATE TABLE followme_number (id integer PRIMARY KEY, number text)")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn connect(uri: &str) -> Result<Client, Error> {
    connect_within(uri, Limits::default())
}

pub(super) fn connect_within(uri: &str, limits: Limits) -> Result<Client, Error> {
    let client = parse(uri, limits).and_then(|target| target.connect());
    client.map_err(|error| error.context(format!("database {}", Uri::Postgres(uri.to_owned()))))
}

#[derive(Debug)]
struct Target {
    /// Everything but where the server is.
    config: Config,
    places: Vec<Place>,
    verify: Verify,
    /// How long each address of a host may take.
    patience: Duration,
}

impl Target {
    /// Like libpq, goes on to the next host when one can't be reached, and not when one refuses the login.
    fn connect(&self) -> Result<Client, Error> {
        let tls = tls::connector(&self.verify)?;
        let mut failures = Vec::new();
        for place in self.places.iter().flat_map(|place| self.resolve(place)) {
            let failure = match place.and_then(|place| self.attempt(&place, tls.clone())) {
                Ok(client) => return Ok(client),
                Err(failure) => failure,
            };
            let is_final = failure.is_final;
            failures.push(failure);
            if is_final {
                break;
            }
        }
        Err(self.summary(failures))
    }

    /// A place for each address of a host, or why there is none.
    fn resolve(&self, place: &Place) -> Vec<Result<Place, Failure>> {
        let host = place.clone();
        match within(self.patience, move || host.resolve()).flatten() {
            Ok(mut places) => {
                order(&mut places, &self.config);
                places.into_iter().map(Ok).collect()
            }
            Err(error) => {
                let error = cant_connect("can't connect: the name of the host can't be resolved", error);
                vec![Err(Failure::at(place, error, false))]
            }
        }
    }

    fn attempt(&self, place: &Place, tls: MakeRustlsConnect) -> Result<Client, Failure> {
        let config = place.complete(self.config.clone());
        let attempt = Unfinished::at(place)
            .and_then(|unfinished| within(self.patience, move || (attempt(config, tls), unfinished).0));
        let (error, is_final) = match attempt {
            Ok(Ok(client)) => return Ok(client),
            Ok(Err(error)) => {
                let is_final = is_final(&error);
                (refused(error), is_final)
            }
            Err(error) => (cant_connect("can't connect", error), false),
        };
        Err(Failure::at(place, error, is_final))
    }

    /// Why no host can be used: each with its cause, where there are several.
    fn summary(&self, mut failures: Vec<Failure>) -> Error {
        let alone = self.places.len() == 1;
        match failures.pop() {
            // Where the only host answers, its other addresses don't matter.
            Some(last) if alone && (last.is_final || failures.is_empty()) => *last.error,
            last => {
                let causes = failures.into_iter().chain(last).map(|it| it.error.context(it.place).chain());
                let causes = causes.collect::<Vec<_>>().join("; ");
                Error::new(ErrorKind::Connection, format!("no host can be used: {causes}"))
            }
        }
    }
}

fn order(places: &mut [Place], config: &Config) {
    if config.get_load_balance_hosts() == LoadBalanceHosts::Random {
        shuffle(places);
    }
}

/// Why there is no connection to one address.
struct Failure {
    place: String,
    error: Box<Error>,
    /// Whether the next host is not tried.
    is_final: bool,
}

impl Failure {
    fn at(place: &Place, error: Error, is_final: bool) -> Failure {
        Failure { place: place.to_string(), error: Box::new(error), is_final }
    }
}

/// The result of work that may never come to an end: `postgres` would wait for ever for a server that
/// accepts the connection and then says nothing. The thread does, until such a server is gone.
fn within<T: Send + 'static>(patience: Duration, work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new().spawn(move || sender.send(work()))?;
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {patience:?}"));
    receiver.recv_timeout(patience).map_err(late)
}

/// An attempt that is not at its end. Who tries for days must not run out of threads, so there are only so
/// many at one place.
struct Unfinished(String);

impl Unfinished {
    const MAX: usize = 20;

    fn at(place: &Place) -> io::Result<Unfinished> {
        let mut numbers = unfinished();
        let number = numbers.entry(place.to_string()).or_default();
        if *number == Unfinished::MAX {
            let message = format!("no answer to the last {number} attempts, which still wait for one");
            return Err(io::Error::new(io::ErrorKind::TimedOut, message));
        }
        *number += 1;
        Ok(Unfinished(place.to_string()))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let mut numbers = unfinished();
        if let Some(number) = numbers.get_mut(&self.0) {
            *number -= 1;
        }
    }
}

fn unfinished() -> MutexGuard<'static, BTreeMap<String, usize>> {
    static NUMBERS: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());
    NUMBERS.lock().unwrap_or_else(PoisonError::into_inner)
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
    is_handshake(error) || error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

fn is_handshake(error: &postgres::Error) -> bool {
    let cause = io_cause(error).and_then(|cause| cause.get_ref()?.downcast_ref::<rustls::Error>());
    cause.is_some()
}

fn io_cause(error: &postgres::Error) -> Option<&io::Error> {
    error.source().and_then(|cause| cause.downcast_ref())
}

/// Whether a server is there and does not want us, or is not wanted, so that asking the next one would
/// hide a mistake. One that is just starting or stopping is as good as none.
fn is_final(error: &postgres::Error) -> bool {
    match error.code() {
        Some(code) => *code != SqlState::CANNOT_CONNECT_NOW,
        None => is_handshake(error) || !(error.is_closed() || io_cause(error).is_some()),
    }
}

fn refused(error: postgres::Error) -> Error {
    match error.as_db_error() {
        Some(answer) => {
            Error::new(ErrorKind::Connection, format!("the server refuses the login: {}", answer.message()))
        }
        None => cant_connect("can't connect", error),
    }
}

fn cant_connect(message: &str, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Connection, message).because(cause)
}

fn parse(uri: &str, limits: Limits) -> Result<Target, Error> {
    let (uri, ssl) = take_ssl(uri)?;
    let mut places = places(&read(&uri)?)?;
    let mut config = read(&without_places(&uri))?;
    order(&mut places, &config);
    let (mode, mut verify) = ssl.resolve()?;
    config.ssl_mode(mode);
    // TLS is for what leaves the machine: like libpq, no demand of it on a local socket.
    if places.iter().all(Place::is_local) {
        verify = Verify::Nothing;
    }
    let patience = config.get_connect_timeout().copied().or(limits.connect).unwrap_or(PATIENCE);
    config.connect_timeout(patience);
    if let Some(limit) = limits.statement {
        limit_statements(&mut config, limit);
    }
    notice_lost_hosts(&mut config);
    Ok(Target { config, places, verify, patience })
}

fn read(uri: &str) -> Result<Config, Error> {
    let unreadable =
        |error: postgres::Error| Error::new(ErrorKind::Config, "the URI can't be read").because(error);
    uri.parse().map_err(unreadable)
}

/// What the URI says about it comes behind, and the server takes the last.
fn limit_statements(config: &mut Config, limit: Duration) {
    // 0 would be no limit.
    let milliseconds = limit.as_millis().clamp(1, i32::MAX as u128);
    let others = config.get_options().unwrap_or_default();
    let options = format!("-c statement_timeout={milliseconds} {others}");
    config.options(&options);
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
    // What was sent and is not acknowledged keeps those silent.
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(90));
    }
}

#[derive(Default)]
struct Ssl {
    mode: Option<String>,
    root: Option<String>,
}

/// Takes out of the URI the parameters that `postgres` does not know, and writes the others as it reads them.
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
                // `postgres` takes what stands before an `@` for the login, wherever it is, and several hosts
                // in one parameter for one.
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
    use postgres::config::Host;

    use super::*;

    fn target(uri: &str) -> Target {
        parse(uri, Limits::default()).unwrap()
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
        let error = parse("postgresql://u:s3cret@h/d?sslmode=verify", Limits::default()).unwrap_err().chain();
        assert_eq!(
            error,
            "sslmode \"verify\" is not known: use disable, prefer, require, verify-ca or verify-full"
        );
    }

    #[test]
    fn parameters_with_strange_characters() {
        let config = target("postgresql:///d?password=p@ss&application_name=x@y?z").config;
        assert_eq!(config.get_password(), Some(b"p@ss".as_slice()));
        assert_eq!(config.get_application_name(), Some("x@y?z"));
        assert_eq!(target("postgresql://u:p?p@h1/d").config.get_password(), Some(b"p?p".as_slice()));
        let config = target("postgresql://u@h1:1,h2:2/d?application_name=x%20y&client_encoding=utf8").config;
        assert_eq!(config.get_application_name(), Some("x y"));
    }

    #[test]
    fn several_hosts_in_either_form() {
        for uri in ["postgresql://u@h1:1,h2:2/d", "postgresql:///d?user=u&host=h1,h2&port=1,2"] {
            let Target { config, places, .. } = target(uri);
            assert_eq!(places.iter().map(Place::to_string).collect::<Vec<_>>(), ["h1:1", "h2:2"]);
            let config = places[1].complete(config);
            assert_eq!(
                (config.get_hosts(), config.get_ports()),
                ([Host::Tcp("h2".into())].as_slice(), [2].as_slice())
            );
            assert_eq!((config.get_user(), config.get_dbname()), (Some("u"), Some("d")));
        }
    }

    #[test]
    fn patience_is_that_of_the_uri_or_of_the_limits_or_ours() {
        let limits = |seconds| Limits { connect: Some(Duration::from_secs(seconds)), ..Limits::default() };
        for (parameters, limits, seconds) in
            [("", Limits::default(), 10), ("", limits(5), 5), ("?connect_timeout=3", limits(5), 3)]
        {
            let target = parse(&format!("postgresql://u@h/d{parameters}"), limits).unwrap();
            assert_eq!(target.patience, Duration::from_secs(seconds));
            assert_eq!(target.config.get_connect_timeout(), Some(&target.patience));
        }
    }

    #[test]
    fn a_host_that_vanishes_is_noticed() {
        let config = target("postgresql://u@h/d").config;
        assert_eq!(config.get_keepalives_idle(), Duration::from_secs(60));
        assert_eq!(config.get_tcp_user_timeout(), Some(&Duration::from_secs(90)));
        let patient =
            target("postgresql://u@h/d?keepalives_idle=300&keepalives_retries=9&tcp_user_timeout=7").config;
        let keepalives = (patient.get_keepalives_idle().as_secs(), patient.get_keepalives_retries());
        assert_eq!(keepalives, (300, Some(9)));
        assert_eq!(patient.get_tcp_user_timeout(), Some(&Duration::from_secs(7)));
    }

    #[test]
    fn a_local_socket_has_no_tls() {
        let Target { config, places, verify, .. } = target("postgresql:///d?sslmode=verify-full");
        assert_eq!(verify, Verify::Nothing);
        assert_eq!(places[0].complete(config).get_ssl_mode(), SslMode::Disable);
        let Target { config, places, verify, .. } = target("postgresql:///d?host=/s,h2&sslmode=verify-full");
        assert_eq!(verify, Verify::ChainAndName(Roots::System));
        assert_eq!(places[0].complete(config.clone()).get_ssl_mode(), SslMode::Disable);
        assert_eq!(places[1].complete(config).get_ssl_mode(), SslMode::Require);
    }

    #[test]
    fn the_limit_of_statements_stands_before_the_options_of_the_uri() {
        let options = |limit, parameters: &str| {
            let limits = Limits { statement: Some(limit), ..Limits::default() };
            let target = parse(&format!("postgresql://u@h/d{parameters}"), limits).unwrap();
            target.config.get_options().unwrap().trim_end().to_owned()
        };
        let half = Duration::from_millis(500);
        assert_eq!(options(half, ""), "-c statement_timeout=500");
        assert_eq!(options(half, "?options=-c%20x%3D1"), "-c statement_timeout=500 -c x=1");
        assert_eq!(options(Duration::from_nanos(1), ""), "-c statement_timeout=1");
        assert_eq!(options(Duration::MAX, ""), "-c statement_timeout=2147483647");
        assert_eq!(target("postgresql://u@h/d").config.get_options(), None);
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
