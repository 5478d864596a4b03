//! Connects to the first usable host of a URI.

use driver_api::{Error, ErrorKind};
use postgres::Client;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::attempt::{PendingAttempt, attempt, is_final, run_with_timeout};
use super::host::HostAddress;
use super::target::{Target, order};
use super::tls;
use crate::database::Limits;
use crate::uri::Uri;

/// Connects to the first usable host of a `postgresql://` URI.
///
/// The parameters are libpq's, among them `connect_timeout` in seconds, `target_session_attrs`,
/// `load_balance_hosts`, `sslmode` (`disable`, `prefer`, `require`, `verify-ca`, `verify-full`) and
/// `sslrootcert` (a file of certificates, or `system`).
///
/// Returns the client of the crate `postgres`, which can also write. Code that only reads uses
/// [`open`](crate::open()).
///
/// ```no_run
/// let mut client = database::postgres::connect("postgresql://asterisk:proformatique@localhost/asterisk")?;
/// client.batch_execute("CREATE TABLE followme_number (id integer PRIMARY KEY, number text)")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn connect(uri: &str) -> Result<Client, Error> {
    connect_with(uri, Limits::default())
}

pub(super) fn connect_with(uri: &str, limits: Limits) -> Result<Client, Error> {
    let client = Target::parse(uri, limits).and_then(|target| connect_to(&target));
    client.map_err(|error| error.context(format!("database {}", Uri::Postgres(uri.to_owned()))))
}

/// Tries the hosts in their order. Like libpq, it goes on to the next host when one can't be reached, but not when
/// one refuses the login.
fn connect_to(target: &Target) -> Result<Client, Error> {
    let tls = tls::connector(&target.verify)?;
    let mut failures = Vec::new();
    for address in target.hosts.iter().flat_map(|host| resolve(host, target)) {
        let failure = match address.and_then(|address| attempt_at(&address, target, tls.clone())) {
            Ok(client) => return Ok(client),
            Err(failure) => failure,
        };
        let is_final = failure.is_final;
        failures.push(failure);
        if is_final {
            break;
        }
    }
    Err(summary(failures, target.hosts.len()))
}

/// Returns the addresses of a host, or why its name can't be resolved.
fn resolve(host: &HostAddress, target: &Target) -> Vec<Result<HostAddress, Failure>> {
    let name = host.clone();
    match run_with_timeout(target.timeout, move || name.resolve()).flatten() {
        Ok(mut addresses) => {
            order(&mut addresses, &target.config);
            addresses.into_iter().map(Ok).collect()
        }
        Err(error) => {
            let error = cant_connect("can't connect: the name of the host can't be resolved", error);
            vec![Err(Failure::at(host, error, false))]
        }
    }
}

fn attempt_at(address: &HostAddress, target: &Target, tls: MakeRustlsConnect) -> Result<Client, Failure> {
    let config = address.complete(target.config.clone());
    let result = PendingAttempt::at(address)
        .and_then(|pending| run_with_timeout(target.timeout, move || (attempt(config, tls), pending).0));
    let (error, is_final) = match result {
        Ok(Ok(client)) => return Ok(client),
        Ok(Err(error)) => {
            let is_final = is_final(&error);
            (refused(error), is_final)
        }
        Err(error) => (cant_connect("can't connect", error), false),
    };
    Err(Failure::at(address, error, is_final))
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

#[cfg(test)]
mod tests {
    use super::*;

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
