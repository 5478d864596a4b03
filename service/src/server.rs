//! The server: starts, accepts connections, reloads and stops.

use std::sync::Arc;
use std::time::Duration;

use driver_api::Error;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::TaskTracker;

use crate::listener::{Connection, Listeners};
use crate::log::Log;
use crate::settings::Settings;
use crate::signals::Signals;
use crate::source::{Configuration, Source};
use crate::state::Service;
use crate::systemd::{self, PidFile};
use crate::{connection, http};

/// The time limit for accepting the connections that have arrived when the server stops.
const LAST_ACCEPTS: Duration = Duration::from_millis(100);

/// The minimum time between two warnings of too many connections.
const WARNING_INTERVAL: Duration = Duration::from_secs(60);

/// The number of files that may be open beside the connections of clients.
const OTHER_FILES: u64 = 256;

/// Serves the files of a source until SIGTERM or SIGINT. At each SIGHUP the source reads its configuration again.
///
/// # Errors
///
/// The errors are those of the system, such as an address that is in use. [`Source::configure`] has checked the
/// configuration before.
pub fn run(source: Box<dyn Source>, configuration: Configuration) -> Result<(), Error> {
    let (log, opened) = Log::start(&configuration.settings.log)?;
    let log = Arc::new(log);
    if let Err(error) = opened {
        let error = error.chain();
        tracing::warn!(event = "start", key = "log_filename", error, "{error}");
    }
    // One thread serves all connections, since the system does most of their work. Generations may block, and run
    // on other threads.
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::driver("threads can't be started").because(error))?;
    let result = runtime.block_on(async {
        let service = Arc::new(Service::new(source, configuration));
        let server = Server { service, log: Arc::clone(&log) };
        server.run().await.inspect_err(|error| {
            let error = error.chain();
            tracing::error!(event = "start", error, "{error}");
        })
    });
    // This does not wait for generations that still wait for a database.
    runtime.shutdown_background();
    log.flush();
    result
}

#[derive(Clone)]
struct Server {
    service: Arc<Service>,
    log: Arc<Log>,
}

impl Server {
    async fn run(&self) -> Result<(), Error> {
        let service = &self.service;
        let site = service.site();
        let settings = &site.settings;
        let mut signals = Signals::new()?;
        let wanted = settings.limits.max_connections.0;
        let connections = wanted.min(allowed_connections());
        if connections < wanted {
            tracing::warn!(
                event = "start",
                connections,
                "the limit of open files allows {connections} connections at a time"
            );
        }
        let listeners = Listeners::new(&settings.listen)?;
        if let Some(listener) = http::listen(settings).await? {
            tokio::spawn(http::serve(listener, Arc::clone(service)));
        }
        let pid_path = settings.storage.pid_file.clone();
        let pid_file = pid_path.as_deref().map(PidFile::write).transpose();
        let pid_file = pid_file.inspect_err(|error| {
            let error = error.chain();
            tracing::warn!(event = "start", key = "pid_file", error, "no PID file: {error}");
        });
        let files = service.files();
        for file in &files {
            site.cache.clean(file.resource());
            site.cache.adjust_mode(file);
        }
        tokio::spawn(systemd::notify_watchdog());
        let (version, count, database) = (env!("CARGO_PKG_VERSION"), files.len(), site.generator.database());
        tracing::info!(
            event = "start",
            version,
            files = count,
            database,
            "confgend {version}: {count} files on {listeners}, cache {}, database {database}",
            settings.storage.cache.display()
        );
        // A reload replaces it. What it holds, such as connections to the database, ends with its last request.
        drop(site);
        systemd::ready();
        let tracker = TaskTracker::new();
        let mut accepting = tokio::spawn(self.clone().accept(listeners, connections, tracker.clone()));
        let signal = self.reload_until_stop(&mut signals).await;
        tracing::info!(event = "stop", signal, "{signal}: stopping");
        systemd::stopping();
        service.stop.cancel();
        if timeout(LAST_ACCEPTS, &mut accepting).await.is_err() {
            accepting.abort();
        }
        tracker.close();
        self.finish(&tracker, &mut signals).await;
        drop(pid_file);
        tracing::info!(event = "stop", "stopped");
        Ok(())
    }

    async fn reload_until_stop(&self, signals: &mut Signals) -> &'static str {
        loop {
            if let Some(signal) = signals.stop_or_reload().await {
                return signal;
            }
            // A reload reads files and may run commands, so it must not block the clients.
            let server = self.clone();
            let reload = spawn_blocking(move || server.reload());
            tokio::select! {
                _ = reload => {}
                signal = signals.stop() => return signal,
            }
        }
    }

    /// Waits for the open connections, up to the time limit.
    async fn finish(&self, tracker: &TaskTracker, signals: &mut Signals) {
        let limit = self.service.site().settings.limits.stop_seconds.0;
        let why = tokio::select! {
            done = timeout(limit, tracker.wait()) => match done {
                Ok(()) => return,
                Err(_) => format!("after {limit:?} (service.stop_seconds)"),
            },
            signal = signals.stop() => format!("by {signal}"),
        };
        let connections = tracker.len();
        tracing::warn!(event = "stop", connections, "{connections} connections cut off {why}");
        self.service.cut.cancel();
        tracker.wait().await;
    }

    async fn accept(self, listeners: Listeners, connections: usize, tracker: TaskTracker) {
        let permits = Arc::new(Semaphore::new(connections));
        let mut warned: Option<Instant> = None;
        loop {
            if permits.available_permits() == 0
                && warned.is_none_or(|warned| warned.elapsed() > WARNING_INTERVAL)
            {
                warned = Some(Instant::now());
                tracing::warn!(
                    event = "client",
                    connections,
                    key = "service.max_connections",
                    "{connections} connections are open (service.max_connections); further ones wait"
                );
            }
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            let accepted = tokio::select! {
                // A client that connected before the stop is still served.
                biased;
                accepted = listeners.accept() => accepted,
                () = self.service.stop.cancelled() => return,
            };
            let connection = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::error!(event = "client", %error, "a connection can't be accepted: {error}");
                    sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let service = Arc::clone(&self.service);
            tracker.spawn(async move {
                service.metrics.connections.inc();
                let client = connection.peer();
                tracing::debug!(event = "client", %client, "{client}: connected");
                match connection {
                    Connection::Tcp(stream, peer) => connection::serve(stream, peer, &service).await,
                    Connection::Unix(stream, peer) => connection::serve(stream, peer, &service).await,
                }
                tracing::debug!(event = "client", %client, "{client}: closed");
                service.metrics.connections.dec();
                drop(permit);
            });
        }
    }

    /// Reads the configuration again. If it is bad, the old one stays.
    fn reload(&self) {
        systemd::reloading();
        match self.service.source.configure() {
            Ok(configuration) => {
                let settings = &configuration.settings;
                if let Err(error) = self.log.apply(&settings.log) {
                    let error = error.chain();
                    tracing::warn!(event = "reload", key = "log_filename", error, "{error}");
                }
                for key in needing_a_restart(&self.service.started, settings) {
                    tracing::warn!(
                        event = "reload",
                        key,
                        "configuration key {key}: the new value counts after a restart"
                    );
                }
                self.service.replace_site(configuration);
                tracing::info!(event = "reload", outcome = "done", "the configuration was read again");
            }
            Err(error) => {
                let error = error.chain();
                tracing::error!(
                    event = "reload",
                    outcome = "failed",
                    error,
                    "the configuration stays as it was: {error}"
                );
            }
        }
        systemd::ready();
    }
}

/// The keys whose new values count only after a restart.
fn needing_a_restart(old: &Settings, new: &Settings) -> impl Iterator<Item = &'static str> {
    let keys = [
        ("listen_address", old.listen.listen_address != new.listen.listen_address),
        ("listen_port", old.listen.listen_port != new.listen.listen_port),
        ("listen_socket", old.listen.listen_socket != new.listen.listen_socket),
        ("listen_socket_group", old.listen.listen_socket_group != new.listen.listen_socket_group),
        ("listen_socket_mode", old.listen.listen_socket_mode != new.listen.listen_socket_mode),
        ("http.listen", old.http.listen != new.http.listen),
        ("metrics.listen_port", old.metrics.listen_port != new.metrics.listen_port),
        ("pid_file", old.storage.pid_file != new.storage.pid_file),
        ("service.max_connections", old.limits.max_connections != new.limits.max_connections),
    ];
    keys.into_iter().filter_map(|(key, differs)| differs.then_some(key))
}

/// Raises the limit of open files as far as the system allows. Returns the number of connections that it allows.
fn allowed_connections() -> usize {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // If the limit can't be raised, the current one counts.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(files.saturating_sub(OTHER_FILES).max(1)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use driver_api::Config;
    use driver_api::settings::Settings as _;

    use super::*;

    #[test]
    fn the_keys_that_need_a_restart_are_declared_as_such() {
        let changed = "{listen_address: none, listen_port: 1, listen_socket: /s, listen_socket_group: g, \
            listen_socket_mode: 0600, http: {listen: 1}, metrics: {listen_port: 1}, pid_file: /p, cache: /c, \
            service: {max_connections: 1, idle_seconds: 1}}";
        let [old, new] =
            ["{}", changed].map(|yaml| Settings::read(&Config::from_yaml(yaml).unwrap()).unwrap());
        let mut found: Vec<&str> = needing_a_restart(&old, &new).collect();
        let declared = Settings::keys().into_iter().filter(|key| key.needs_restart).map(|key| key.path);
        let mut declared: Vec<String> = declared.collect();
        found.sort_unstable();
        declared.sort_unstable();
        assert_eq!(found, declared);
    }
}
