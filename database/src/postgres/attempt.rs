//! One attempt to connect to one address, with a time limit.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use postgres::config::SslMode;
use postgres::error::SqlState;
use postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::host::HostAddress;

/// Runs the work in a thread, and returns its result unless the timeout passes before. The thread then goes on
/// until the work ends: `postgres` waits for ever for a server that accepts the connection and stays silent.
pub(super) fn run_with_timeout<T: Send + 'static>(
    timeout: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new().spawn(move || sender.send(work()))?;
    let timed_out = |_| io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {timeout:?}"));
    receiver.recv_timeout(timeout).map_err(timed_out)
}

/// An attempt whose thread has not ended. Their number is limited for each address, so that a process that
/// retries for days does not run out of threads.
pub(super) struct PendingAttempt(String);

impl PendingAttempt {
    const MAX: usize = 20;

    /// Counts one more attempt at the address until the value is dropped. Fails when there are too many.
    pub(super) fn at(address: &HostAddress) -> io::Result<PendingAttempt> {
        let mut counts = pending_attempts();
        let count = counts.entry(address.to_string()).or_default();
        if *count == PendingAttempt::MAX {
            let message = format!("no answer to the last {count} attempts, which still wait for one");
            return Err(io::Error::new(io::ErrorKind::TimedOut, message));
        }
        *count += 1;
        Ok(PendingAttempt(address.to_string()))
    }
}

impl Drop for PendingAttempt {
    fn drop(&mut self) {
        let mut counts = pending_attempts();
        if let Some(count) = counts.get_mut(&self.0) {
            *count -= 1;
        }
    }
}

fn pending_attempts() -> MutexGuard<'static, BTreeMap<String, usize>> {
    static COUNTS: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());
    COUNTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Connects with TLS, without it, or first with it and then without, as the configuration's `sslmode` says.
pub(super) fn attempt(mut config: Config, tls: MakeRustlsConnect) -> Result<Client, postgres::Error> {
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

/// Whether a connection without TLS may work: the TLS handshake failed, or `pg_hba.conf` refuses the login.
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

/// Whether the server is reachable, and either side refuses the other: the next host would only hide the mistake. A
/// server that is starting or stopping counts as unreachable.
pub(super) fn is_final(error: &postgres::Error) -> bool {
    match error.code() {
        Some(code) => *code != SqlState::CANNOT_CONNECT_NOW,
        None => is_handshake(error) || !(error.is_closed() || io_cause(error).is_some()),
    }
}
