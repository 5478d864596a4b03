//! The server: it starts, accepts connections, reloads and stops.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use driver_api::{Error, ErrorKind};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::TaskTracker;

use crate::log::Log;
use crate::signals::Signals;
use crate::state::Service;
use crate::systemd::{self, PidFile};
use crate::{Configuration, Settings, Source, connection, page};

/// How many connections may wait to be accepted; the system may have a lower limit of its own.
const BACKLOG: u32 = 4096;

/// How long a server that stops goes on to accept connections, as long as there is one after the other.
const LAST_ACCEPTS: Duration = Duration::from_millis(100);

/// The shortest time between two warnings of too many connections.
const WARNING_INTERVAL: Duration = Duration::from_secs(60);

/// Files that are open beside the connections of clients.
const OTHER_FILES: u64 = 256;

/// Serves the files of a source until SIGTERM or SIGINT. At each SIGHUP the source reads its configuration again.
///
/// # Errors
///
/// The configuration is not checked here: [`Source::configure`] gave it. The errors are those of the system, such as an
/// address that is in use.
pub fn run(source: Box<dyn Source>, configuration: Configuration) -> Result<(), Error> {
    let (log, opened) = Log::start(&configuration.settings.log);
    if let Err(error) = opened {
        tracing::warn!("{}", error.chain());
    }
    // One thread serves all connections, as most of their work is the system's. Generations, which may block, have
    // threads of their own.
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::driver("threads can't be started").because(error))?;
    let result = runtime.block_on(async {
        let server = Server { service: Arc::new(Service::new(source, configuration)), log: Arc::new(log) };
        server.run().await.inspect_err(|error| tracing::error!("{}", error.chain()))
    });
    // Generations that still wait for a database are left behind.
    runtime.shutdown_background();
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
            tracing::warn!("the limit of open files allows {connections} connections at a time");
        }
        let listener = listen(settings.listen.address())?;
        if let Some(port) = settings.metrics.listen_port {
            tokio::spawn(page::serve(page::listen(port).await?, Arc::clone(service)));
        }
        let pid_file = settings.storage.pid_file.as_deref().map(PidFile::write).transpose();
        let pid_file = pid_file.inspect_err(|error| tracing::warn!("no PID file: {}", error.chain()));
        for file in service.files() {
            site.cache.clean(file.resource());
        }
        tokio::spawn(systemd::notify_watchdog());
        let address = listener.local_addr().unwrap_or(settings.listen.address());
        tracing::info!(
            "confgend {}: {} files on {address}, cache {}, {}",
            env!("CARGO_PKG_VERSION"),
            service.files().count(),
            settings.storage.cache.display(),
            site.generator.description()
        );
        systemd::ready();
        let tracker = TaskTracker::new();
        let mut accepting = tokio::spawn(self.clone().accept(listener, connections, tracker.clone()));
        let signal = self.reload_until_stop(&mut signals).await;
        tracing::info!("{signal}: stopping");
        systemd::stopping();
        service.stop.cancel();
        if timeout(LAST_ACCEPTS, &mut accepting).await.is_err() {
            accepting.abort();
        }
        tracker.close();
        self.finish(&tracker, &mut signals).await;
        drop(pid_file);
        tracing::info!("stopped");
        Ok(())
    }

    async fn reload_until_stop(&self, signals: &mut Signals) -> &'static str {
        loop {
            if let Some(signal) = signals.stop_or_reload().await {
                return signal;
            }
            // A reload reads files and may run commands; clients don't wait for it.
            let server = self.clone();
            let reload = spawn_blocking(move || server.reload());
            tokio::select! {
                _ = reload => {}
                signal = signals.stop() => return signal,
            }
        }
    }

    /// Waits for the connections that are being served, up to the limit.
    async fn finish(&self, tracker: &TaskTracker, signals: &mut Signals) {
        let limit = self.service.site().settings.limits.stop_seconds.0;
        let why = tokio::select! {
            done = timeout(limit, tracker.wait()) => match done {
                Ok(()) => return,
                Err(_) => format!("after {limit:?} (service.stop_seconds)"),
            },
            signal = signals.stop() => format!("by {signal}"),
        };
        tracing::warn!("{} connections cut off {why}", tracker.len());
        self.service.cut.cancel();
        tracker.wait().await;
    }

    async fn accept(self, listener: TcpListener, connections: usize, tracker: TaskTracker) {
        let permits = Arc::new(Semaphore::new(connections));
        let mut warned: Option<Instant> = None;
        loop {
            if permits.available_permits() == 0
                && warned.is_none_or(|warned| warned.elapsed() > WARNING_INTERVAL)
            {
                warned = Some(Instant::now());
                tracing::warn!(
                    "{connections} connections are open (service.max_connections); further ones wait"
                );
            }
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            let accepted = tokio::select! {
                // A client that connected before the stop is served.
                biased;
                accepted = listener.accept() => accepted,
                () = self.service.stop.cancelled() => return,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::error!("a connection can't be accepted: {error}");
                    sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let service = Arc::clone(&self.service);
            tracker.spawn(async move {
                service.metrics.connections.inc();
                tracing::debug!("{peer}: connected");
                connection::serve(stream, peer, &service).await;
                tracing::debug!("{peer}: closed");
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
                    tracing::warn!("{}", error.chain());
                }
                for key in needing_a_restart(&self.service.started, settings) {
                    tracing::warn!("configuration key {key}: the new value counts after a restart");
                }
                self.service.replace_site(configuration);
                tracing::info!("the configuration was read again");
            }
            Err(error) => tracing::error!("the configuration stays as it was: {}", error.chain()),
        }
        systemd::ready();
    }
}

/// The keys whose new values count only after a restart.
fn needing_a_restart(old: &Settings, new: &Settings) -> impl Iterator<Item = &'static str> {
    let keys = [
        ("listen_address", old.listen.listen_address != new.listen.listen_address),
        ("listen_port", old.listen.listen_port != new.listen.listen_port),
        ("metrics.listen_port", old.metrics.listen_port != new.metrics.listen_port),
        ("pid_file", old.storage.pid_file != new.storage.pid_file),
        ("service.max_connections", old.limits.max_connections != new.limits.max_connections),
    ];
    keys.into_iter().filter_map(|(key, differs)| differs.then_some(key))
}

fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    let open = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    open().map_err(|error| {
        let message = format!("can't listen on {address}");
        let place = "configuration keys listen_address, listen_port";
        Error::new(ErrorKind::Config, message).because(error).context(place)
    })
}

/// Raises the limit of open files as far as the system allows. Returns the number of connections that fit in.
fn allowed_connections() -> usize {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // If it can't be raised, the present one counts.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(files.saturating_sub(OTHER_FILES).max(1)).unwrap_or(usize::MAX)
}
