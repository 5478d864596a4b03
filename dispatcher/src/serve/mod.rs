//! The TCP service: who asks for a file gets it, and never a part of it.

mod answer;
mod cache;
mod connection;
mod databases;
mod log;
mod metrics;
mod page;
mod request;
mod signals;
mod site;
mod systemd;
mod turns;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use driver_api::{Config, Error, ErrorKind, Namespace};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::answer::Outcome;
use self::connection::End;
use self::log::Log;
use self::metrics::Metrics;
use self::signals::Signals;
use self::site::Site;
use self::systemd::PidFile;
use self::turns::Turns;
use crate::Registry;
use crate::config::{self, Loaded, Settings};

/// How many connections may wait to be accepted; the system may have a lower limit of its own.
const BACKLOG: u32 = 4096;

/// How long connections are still accepted at a stop, as long as there is one after the other.
const LAST_CALL: Duration = Duration::from_millis(100);

/// How often somebody is told, at most, that there are too many connections.
const REMINDER: Duration = Duration::from_secs(60);

/// Files that are open beside the connections of clients.
const OTHER_FILES: u64 = 256;

/// Everything that lasts as long as the process.
struct Service {
    registry: Registry,
    /// One for each namespace.
    turns: BTreeMap<Namespace, Turns>,
    site: RwLock<Arc<Site>>,
    /// The settings with which the service started.
    started: Settings,
    metrics: Arc<Metrics>,
    /// Nobody who has not asked yet is served any more.
    stop: CancellationToken,
    /// Nobody at all is served any more.
    cut: CancellationToken,
}

/// Serves until a signal ends it. At each SIGHUP the configuration is read from this file again.
pub(crate) fn run(registry: Registry, file: Option<&Path>, start: (Settings, Loaded)) -> Result<(), Error> {
    let (settings, loaded) = start;
    let (log, opened) = Log::start(&settings.log);
    let log = Arc::new(log);
    for note in loaded.notes.iter().cloned().chain(opened.err().map(|error| error.chain())) {
        tracing::warn!("{note}");
    }
    // All connections are served by one thread, as most of what they need is the system's work. Whatever
    // takes long has threads of its own.
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::driver("threads can't be started").because(error))?;
    let result = runtime.block_on(async {
        let service = Arc::new(Service::new(registry, settings, loaded.config));
        service
            .run(log, file.map(Path::to_owned))
            .await
            .inspect_err(|error| tracing::error!("{}", error.chain()))
    });
    // Whoever still waits for a database has been waited for long enough.
    runtime.shutdown_background();
    result
}

/// Reads the configuration of the service.
pub(crate) fn read(file: Option<&Path>, registry: &Registry) -> Result<(Settings, Loaded), Error> {
    let loaded = config::load(file, registry)?;
    Ok((Settings::read(&loaded.config)?, loaded))
}

impl Service {
    fn new(registry: Registry, settings: Settings, config: Config) -> Service {
        let metrics = Arc::new(Metrics::new());
        let site = Site::new(settings.clone(), config, &registry, &metrics);
        Service {
            started: settings,
            turns: registry.namespaces().map(|namespace| (namespace.clone(), Turns::default())).collect(),
            site: RwLock::new(Arc::new(site)),
            stop: CancellationToken::new(),
            cut: CancellationToken::new(),
            registry,
            metrics,
        }
    }

    fn site(&self) -> Arc<Site> {
        Arc::clone(&self.site.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn run(self: Arc<Self>, log: Arc<Log>, file: Option<PathBuf>) -> Result<(), Error> {
        let site = self.site();
        let settings = &site.settings;
        let mut signals = Signals::new()?;
        let connections = settings.limits.max_connections.min(allowed_connections());
        if connections < settings.limits.max_connections {
            tracing::warn!("the limit of open files allows {connections} connections at a time");
        }
        let listener = listen(settings.listen)?;
        if let Some(port) = settings.metrics {
            tokio::spawn(page::serve(page::listen(port).await?, Arc::clone(&self)));
        }
        let pid_file = settings.pid_file.as_deref().map(PidFile::write).transpose();
        let pid_file = pid_file.inspect_err(|error| tracing::warn!("no PID file: {}", error.chain()));
        for namespace in self.registry.namespaces() {
            site.cache.clean(namespace.resource());
        }
        tokio::spawn(systemd::keep_watchdog_quiet());
        let address = listener.local_addr().unwrap_or(settings.listen);
        let files = self.registry.namespaces().count();
        let cache = settings.cache.display();
        tracing::info!(
            "confgend {}: {files} files on {address}, cache {cache}, database {}",
            env!("CARGO_PKG_VERSION"),
            settings.database.uri
        );
        systemd::ready();
        let tracker = TaskTracker::new();
        let mut accepting = tokio::spawn(Arc::clone(&self).accept(listener, connections, tracker.clone()));
        let signal = self.reload_until_stop(&mut signals, &log, file).await;
        tracing::info!("{signal}: stopping");
        systemd::stopping();
        self.stop.cancel();
        if timeout(LAST_CALL, &mut accepting).await.is_err() {
            accepting.abort();
        }
        tracker.close();
        self.finish(&tracker, &mut signals).await;
        drop(pid_file);
        tracing::info!("stopped");
        Ok(())
    }

    async fn reload_until_stop(
        self: &Arc<Self>,
        signals: &mut Signals,
        log: &Arc<Log>,
        file: Option<PathBuf>,
    ) -> &'static str {
        loop {
            if let Some(signal) = signals.stop_or_reload().await {
                return signal;
            }
            let (service, log, file) = (Arc::clone(self), Arc::clone(log), file.clone());
            // It reads files and may run commands, for which nobody else waits.
            let reload = spawn_blocking(move || service.reload(&log, file.as_deref()));
            tokio::select! {
                _ = reload => {}
                signal = signals.stop() => return signal,
            }
        }
    }

    /// Waits for the connections that are being served, but not for ever.
    async fn finish(&self, tracker: &TaskTracker, signals: &mut Signals) {
        let limit = self.site().settings.limits.stop;
        let why = tokio::select! {
            done = timeout(limit, tracker.wait()) => match done {
                Ok(()) => return,
                Err(_) => format!("after {limit:?} (service.stop_seconds)"),
            },
            signal = signals.stop() => format!("by {signal}"),
        };
        tracing::warn!("{} connections cut off {why}", tracker.len());
        self.cut.cancel();
        tracker.wait().await;
    }

    async fn accept(self: Arc<Self>, listener: TcpListener, connections: usize, tracker: TaskTracker) {
        let places = Arc::new(Semaphore::new(connections));
        let mut told: Option<Instant> = None;
        loop {
            if places.available_permits() == 0 && told.is_none_or(|told| told.elapsed() > REMINDER) {
                told = Some(Instant::now());
                tracing::warn!(
                    "{connections} connections are open (service.max_connections); further ones wait"
                );
            }
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let accepted = tokio::select! {
                // Who connected before the service is to stop is served.
                biased;
                accepted = listener.accept() => accepted,
                () = self.stop.cancelled() => return,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::error!("a connection can't be accepted: {error}");
                    sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let service = Arc::clone(&self);
            tracker.spawn(async move {
                service.metrics.connections.inc();
                tracing::debug!("{peer}: connected");
                connection::serve(stream, peer, &service).await;
                tracing::debug!("{peer}: closed");
                service.metrics.connections.dec();
                drop(place);
            });
        }
    }

    /// Reads the configuration again. A bad one is refused, and the old one stays.
    fn reload(&self, log: &Log, file: Option<&Path>) {
        systemd::reloading();
        // That the main file is not there means the defaults at a start. Now it is more likely a mistake.
        let main = file.map(Path::to_owned).or_else(|| self.site().main_file());
        match read(main.as_deref(), &self.registry) {
            Ok((settings, loaded)) => self.replace_site(settings, loaded, log),
            Err(error) => tracing::error!("the configuration stays as it was: {}", error.chain()),
        }
        systemd::ready();
    }

    fn replace_site(&self, settings: Settings, loaded: Loaded, log: &Log) {
        if let Err(error) = log.apply(&settings.log) {
            tracing::warn!("{}", error.chain());
        }
        for note in &loaded.notes {
            tracing::warn!("{note}");
        }
        for key in needing_a_restart(&self.started, &settings) {
            tracing::warn!("configuration key {key}: the new value counts after a restart");
        }
        let site = Arc::new(Site::new(settings, loaded.config, &self.registry, &self.metrics));
        *self.site.write().unwrap_or_else(PoisonError::into_inner) = site;
        self.turns.values().for_each(Turns::outdate);
        tracing::info!("the configuration was read again");
    }

    /// How old the cached copies are.
    fn ages(&self) -> Vec<(&Namespace, Duration)> {
        let site = self.site();
        self.registry.namespaces().filter_map(|name| Some((name, site.cache.age(name)?))).collect()
    }

    /// A connection ended without a request.
    fn note_end(&self, peer: SocketAddr, end: &End) {
        match end {
            End::Silent => tracing::debug!("{peer}: closed by the client, without a request"),
            End::Lost(error) => tracing::debug!("{peer}: lost before the request: {error}"),
            End::Idle(limit) => {
                tracing::warn!("{peer}: closed, no request within {limit:?} (service.idle_seconds)");
            }
            End::TooLong(limit) => {
                tracing::warn!(
                    "{peer}: closed, the request is longer than {limit} bytes (service.max_request_bytes)"
                );
                self.metrics.request(None, Outcome::Refused.word());
            }
        }
    }

    /// Somebody asked for what there is not.
    fn refuse(&self, peer: SocketAddr, bytes: &[u8], why: &str) {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(100)]);
        tracing::error!("{peer}: no reply to {shown:?}: {why}");
        self.metrics.request(None, Outcome::Refused.word());
    }
}

/// The keys whose new values can't count while the service runs.
fn needing_a_restart(old: &Settings, new: &Settings) -> impl Iterator<Item = &'static str> {
    let keys = [
        ("listen_address", old.listen.ip() != new.listen.ip()),
        ("listen_port", old.listen.port() != new.listen.port()),
        ("metrics.listen_port", old.metrics != new.metrics),
        ("pid_file", old.pid_file != new.pid_file),
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

/// Raises the limit of open files as far as the system allows, and returns how many connections fit in.
fn allowed_connections() -> usize {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // If it can't be raised, the present one counts.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(files.saturating_sub(OTHER_FILES).max(1)).unwrap_or(usize::MAX)
}
