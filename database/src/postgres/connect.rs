//! Connects to the first usable host of a target.

use std::error::Error as _;
use std::future::Future;
use std::io;
use std::time::Duration;

use driver_api::{Error, ErrorKind};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::host::HostAddress;
use super::target::{Role, Target};

/// A connection: the client, and the task that moves its data.
pub(super) type Connected = (Client, JoinHandle<()>);

/// Tries the hosts in their order. Like libpq, it goes on to the next host when one can't be reached, but not when
/// one refuses the login.
pub(super) async fn connect(target: &Target) -> Result<Connected, Error> {
    match target.role {
        // Like libpq: first a standby, and if there is none, any server.
        Role::PreferStandby => match connect_to(target, Role::Standby).await {
            Ok(connected) => Ok(connected),
            Err(_) => connect_to(target, Role::Any).await,
        },
        role => connect_to(target, role).await,
    }
}

async fn connect_to(target: &Target, role: Role) -> Result<Connected, Error> {
    let mut failures = Vec::new();
    for host in &target.hosts {
        for address in resolve(host, target).await {
            let failure = match address {
                Ok(address) => match attempt_at(&address, target, role).await {
                    Ok(connected) => return Ok(connected),
                    Err(failure) => failure,
                },
                Err(failure) => failure,
            };
            let is_final = failure.is_final;
            failures.push(failure);
            if is_final {
                return Err(summary(failures, target.hosts.len()));
            }
        }
    }
    Err(summary(failures, target.hosts.len()))
}

/// Returns the addresses of a host, or why its name can't be resolved.
async fn resolve(host: &HostAddress, target: &Target) -> Vec<Result<HostAddress, Failure>> {
    match within(target.timeout, host.resolve()).await.flatten() {
        Ok(mut addresses) => {
            target.order(&mut addresses);
            addresses.into_iter().map(Ok).collect()
        }
        Err(error) => {
            let error = cant_connect("can't connect: the name of the host can't be resolved", error);
            vec![Err(Failure::at(host, error, false))]
        }
    }
}

async fn attempt_at(address: &HostAddress, target: &Target, role: Role) -> Result<Connected, Failure> {
    let attempt = async {
        let (client, task) = attempt(target.config_for(address), target.tls.clone()).await?;
        let refusal = refusal(&client, role).await?;
        Ok::<_, tokio_postgres::Error>(match refusal {
            None => Ok((client, task)),
            Some(why) => Err(why),
        })
    };
    let (error, is_final) = match within(target.timeout, attempt).await {
        Ok(Ok(Ok(connected))) => return Ok(connected),
        Ok(Ok(Err(why))) => (Error::new(ErrorKind::Connection, why), false),
        Ok(Err(error)) => {
            let is_final = is_final(&error);
            (refused(error), is_final)
        }
        Err(error) => (cant_connect("can't connect", error), false),
    };
    Err(Failure::at(address, error, is_final))
}

/// Waits for the work until the time limit. The work then ends, and its connection is closed.
pub(super) async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> io::Result<T> {
    let timed_out = |_| io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {limit:?}"));
    timeout(limit, work).await.map_err(timed_out)
}

/// Connects with TLS, without it, or first with it and then without, as the configuration's `sslmode` says.
async fn attempt(mut config: Config, tls: MakeRustlsConnect) -> Result<Connected, tokio_postgres::Error> {
    match config.get_ssl_mode() {
        SslMode::Disable => plain(&config).await,
        SslMode::Prefer => match encrypted(&config, tls).await {
            // Like libpq: TLS that is only preferred need not work.
            Err(error) if is_about_tls(&error) => {
                plain(config.ssl_mode(SslMode::Disable)).await.map_err(|_| error)
            }
            result => result,
        },
        _ => encrypted(&config, tls).await,
    }
}

async fn plain(config: &Config) -> Result<Connected, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    // An error of the connection is also the error of each query.
    Ok((client, tokio::spawn(async move { drop(connection.await) })))
}

async fn encrypted(config: &Config, tls: MakeRustlsConnect) -> Result<Connected, tokio_postgres::Error> {
    let (client, connection) = config.connect(tls).await?;
    Ok((client, tokio::spawn(async move { drop(connection.await) })))
}

/// Returns the reason why a server does not have the role; none if it has.
async fn refusal(client: &Client, role: Role) -> Result<Option<&'static str>, tokio_postgres::Error> {
    if role == Role::Any {
        return Ok(None);
    }
    let sql = "SELECT pg_is_in_recovery(), current_setting('transaction_read_only')";
    let answers = client.simple_query(sql).await?;
    let row = answers.iter().find_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => Some((row.get(0) == Some("t"), row.get(1) == Some("on"))),
        _ => None,
    });
    let (is_standby, is_read_only) = row.unwrap_or_default();
    Ok(match role {
        Role::ReadWrite if is_read_only => Some("the database is read only"),
        Role::ReadOnly if !is_read_only => Some("the database is not read only"),
        Role::Primary if is_standby => Some("the server is a standby"),
        Role::Standby if !is_standby => Some("the server is not a standby"),
        _ => None,
    })
}

/// Whether a connection without TLS may work: the TLS handshake failed, or `pg_hba.conf` refuses the login.
fn is_about_tls(error: &tokio_postgres::Error) -> bool {
    is_handshake(error) || error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

fn is_handshake(error: &tokio_postgres::Error) -> bool {
    let cause = io_cause(error).and_then(|cause| cause.get_ref()?.downcast_ref::<rustls::Error>());
    cause.is_some()
}

fn io_cause(error: &tokio_postgres::Error) -> Option<&io::Error> {
    error.source().and_then(|cause| cause.downcast_ref())
}

/// Whether the server is reachable, and either side refuses the other: the next host would only hide the mistake. A
/// server that is starting or stopping counts as unreachable.
fn is_final(error: &tokio_postgres::Error) -> bool {
    match error.code() {
        Some(code) => *code != SqlState::CANNOT_CONNECT_NOW,
        None => is_handshake(error) || !(error.is_closed() || io_cause(error).is_some()),
    }
}

/// The reason why one address gave no connection.
struct Failure {
    address: String,
    error: Box<Error>,
    /// Whether the next host is not tried.
    is_final: bool,
}

impl Failure {
    fn at(address: &HostAddress, error: Error, is_final: bool) -> Failure {
        Failure { address: address.to_string(), error: Box::new(error), is_final }
    }
}

/// Returns the error of the last failure, or one that lists all failures with their addresses.
fn summary(mut failures: Vec<Failure>, hosts: usize) -> Error {
    match failures.pop() {
        // Where the only host answers, the failures of its other addresses don't matter.
        Some(last) if hosts == 1 && (last.is_final || failures.is_empty()) => *last.error,
        last => {
            let causes = failures.into_iter().chain(last).map(|it| it.error.context(it.address).chain());
            let causes = causes.collect::<Vec<_>>().join("; ");
            Error::new(ErrorKind::Connection, format!("no host can be used: {causes}"))
        }
    }
}

fn refused(error: tokio_postgres::Error) -> Error {
    match error.as_db_error() {
        // PgBouncer refuses a startup parameter by this message.
        Some(answer) if answer.message().starts_with("unsupported startup parameter") => {
            let hint =
                "remove the parameter from the URI, or add it to ignore_startup_parameters of PgBouncer";
            let message = format!("the server refuses the login: {}; {hint}", answer.message());
            Error::new(ErrorKind::Connection, message)
        }
        Some(answer) => {
            Error::new(ErrorKind::Connection, format!("the server refuses the login: {}", answer.message()))
        }
        None => cant_connect("can't connect", error),
    }
}

fn cant_connect(message: &str, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Connection, message).because(cause)
}
