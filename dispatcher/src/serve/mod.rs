//! The TCP service: who asks for a file gets it, and never a part of it.

mod cache;
mod connection;
mod databases;
mod log;
mod metrics;
mod request;
mod site;
mod systemd;
mod turns;

use std::collections::BTreeMap;
use std::future::pending;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use driver_api::{Config, Error, ErrorKind, Namespace};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{self, Handle};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::cache::Copy;
use self::connection::End;
use self::log::Log;
use self::metrics::Metrics;
use self::request::Request;
use self::site::Site;
use self::systemd::PidFile;
use self::turns::Turns;
use crate::Registry;
use crate::config::{self, Loaded, Settings};

/// How many connections may wait to be accepted; the system may have a lower limit of its own.
const BACKLOG: u32 = 4096;

/// Files that are open beside the connections of clients.
const OTHER_FILES: u64 = 256;

/// What the reply to a request was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// A new text.
    Generated,
    /// The cached copy, as the client asked for it.
    Cached,
    /// The cached copy, because there is no new text.
    Stale,
    /// Nothing, because there is neither a new text nor a cached copy.
    Failed,
    /// Nothing; the cached copy is deleted.
    Invalidated,
    /// Nothing, because it was not a request for a file that there is.
    Refused,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Outcome::Generated => "generated",
            Outcome::Cached => "cached",
            Outcome::Stale => "stale",
            Outcome::Failed => "failed",
            Outcome::Invalidated => "invalidated",
            Outcome::Refused => "refused",
        }
    }
}

struct Reply {
    outcome: Outcome,
    /// In bytes.
    length: u64,
    body: Body,
}

enum Body {
    Nothing,
    Text(Arc<String>),
    Copy(Copy),
}

impl Reply {
    fn nothing(outcome: Outcome) -> Reply {
        Reply { outcome, length: 0, body: Body::Nothing }
    }

    fn text(text: Arc<String>) -> Reply {
        Reply { outcome: Outcome::Generated, length: text.len() as u64, body: Body::Text(text) }
    }

    fn copy(outcome: Outcome, copy: Copy) -> Reply {
        Reply { outcome, length: copy.length, body: Body::Copy(copy) }
    }
}

/// Everything that lasts as long as the process.
struct Service {
    registry: Registry,
    /// One for each namespace.
    turns: BTreeMap<Namespace, Turns>,
    site: RwLock<Arc<Site>>,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
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
        let site = Site::new(settings, config, &registry, &metrics);
        Service {
            turns: registry.namespaces().map(|namespace| (namespace.clone(), Turns::default())).collect(),
            site: RwLock::new(Arc::new(site)),
            stop: CancellationToken::new(),
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
            tokio::spawn(metrics::serve(metrics::listen(port).await?, Arc::clone(&self)));
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
        let accepting = tokio::spawn(Arc::clone(&self).accept(listener, connections, tracker.clone()));
        signals.reload_until_stop(&self, &log, file).await;
        systemd::stopping();
        self.stop.cancel();
        accepting.abort();
        tracker.close();
        self.finish(&tracker, &mut signals).await;
        drop(pid_file);
        tracing::info!("stopped");
        Ok(())
    }

    /// Waits for the connections that are being served.
    async fn finish(&self, tracker: &TaskTracker, signals: &mut Signals) {
        let limit = self.site().settings.limits.stop;
        tokio::select! {
            done = timeout(limit, tracker.wait()) => if done.is_err() {
                let left = tracker.len();
                tracing::warn!("{left} connections cut off after {limit:?} (service.stop_seconds)");
            },
            () = signals.stop() => tracing::warn!("{} connections cut off by a second signal", tracker.len()),
        }
    }

    async fn accept(self: Arc<Self>, listener: TcpListener, connections: usize, tracker: TaskTracker) {
        let places = Arc::new(Semaphore::new(connections));
        loop {
            if places.available_permits() == 0 {
                tracing::warn!(
                    "{connections} connections are open (service.max_connections); further ones wait"
                );
            }
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let (stream, peer) = match listener.accept().await {
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
        match read(file, &self.registry) {
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
        for key in needing_a_restart(&self.site().settings, &settings) {
            tracing::warn!("configuration key {key}: the new value counts after a restart");
        }
        let site = Arc::new(Site::new(settings, loaded.config, &self.registry, &self.metrics));
        *self.site.write().unwrap_or_else(PoisonError::into_inner) = site;
        self.turns.values().for_each(Turns::outdate);
        tracing::info!("the configuration was read again");
    }

    /// Finds the reply to a request.
    async fn answer(self: &Arc<Self>, site: &Arc<Site>, request: &Request) -> Reply {
        let namespace = &request.namespace;
        let Some(turns) = self.turns.get(namespace) else { return Reply::nothing(Outcome::Failed) };
        if request.invalidate {
            return self.invalidate(site, namespace).await;
        }
        if request.cached
            && let Some(copy) = cached(site, namespace).filter(|copy| !copy.is_empty())
        {
            return Reply::copy(Outcome::Cached, copy);
        }
        let (mut made, start) = turns.wait(request.cached);
        if start {
            let (service, namespace) = (Arc::clone(self), namespace.clone());
            spawn_blocking(move || service.work(&namespace));
        }
        let limit = site.settings.limits.patience;
        let result = match timeout(limit, &mut made).await {
            Ok(result) => result,
            Err(_) => {
                tracing::error!("{namespace}: not generated within {limit:?} (service.patience_seconds)");
                match stale(site, namespace) {
                    Some(reply) => return reply,
                    None => made.await,
                }
            }
        };
        match result {
            Ok(Ok(text)) => Reply::text(text),
            _ => stale(site, namespace).unwrap_or_else(|| {
                tracing::error!("{namespace}: nothing is sent, since there is no cached copy either");
                Reply::nothing(Outcome::Failed)
            }),
        }
    }

    async fn invalidate(self: &Arc<Self>, site: &Arc<Site>, namespace: &Namespace) -> Reply {
        let (service, site, namespace) = (Arc::clone(self), Arc::clone(site), namespace.clone());
        let delete = move || {
            let turns = service.turns.get(&namespace)?;
            turns.invalidate(|| site.cache.delete(&namespace)).err()
        };
        if let Ok(Some(error)) = spawn_blocking(delete).await {
            tracing::error!("{}", error.chain());
        }
        Reply::nothing(Outcome::Invalidated)
    }

    /// Generates a file as long as somebody waits for it. It blocks.
    fn work(&self, namespace: &Namespace) {
        let Some(turns) = self.turns.get(namespace) else { return };
        while let Some(mut turn) = turns.next() {
            let site = self.site();
            let _place = Handle::current().block_on(site.generators.acquire());
            let mut generated = site.generate(&self.registry, namespace);
            let text = generated.result.clone().ok();
            let has_text = text.as_ref().is_some_and(|text| !text.is_empty());
            turn.take_in_late_comers(has_text, || generated.is_up_to_date());
            if let Some(text) = text {
                turn.store(|| {
                    if let Err(error) = site.cache.store(namespace, &text) {
                        tracing::error!("{namespace}: {}", error.chain());
                    }
                });
            }
            turn.answer(&generated.result);
        }
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
                self.metrics.request(None, Outcome::Refused);
            }
        }
    }

    /// Somebody asked for what there is not.
    fn refuse(&self, peer: SocketAddr, bytes: &[u8], why: &str) {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(100)]);
        tracing::error!("{peer}: no reply to {shown:?}: {why}");
        self.metrics.request(None, Outcome::Refused);
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

/// The cached copy. One that can't be read is as good as none.
fn cached(site: &Site, namespace: &Namespace) -> Option<Copy> {
    site.cache.open(namespace).unwrap_or_else(|error| {
        tracing::error!("{namespace}: {}", error.chain());
        None
    })
}

/// The cached copy in place of a text that could not be made.
fn stale(site: &Site, namespace: &Namespace) -> Option<Reply> {
    let copy = cached(site, namespace)?;
    let age = jiff::SignedDuration::try_from(Duration::from_secs(copy.age().as_secs())).unwrap_or_default();
    tracing::warn!("{namespace}: the cached copy is sent instead, made {age:#} ago");
    Some(Reply::copy(Outcome::Stale, copy))
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
        Error::new(ErrorKind::Config, message).because(error).in_(place)
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

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> Result<Signals, Error> {
        let on =
            |kind| signal(kind).map_err(|error| Error::driver("signals can't be received").because(error));
        Ok(Signals {
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
            hang_up: on(SignalKind::hangup())?,
        })
    }

    async fn stop(&mut self) {
        tokio::select! {
            Some(()) = self.terminate.recv() => {}
            Some(()) = self.interrupt.recv() => {}
            else => pending().await,
        }
    }

    async fn reload_until_stop(&mut self, service: &Arc<Service>, log: &Arc<Log>, file: Option<PathBuf>) {
        loop {
            tokio::select! {
                Some(()) = self.terminate.recv() => return tracing::info!("SIGTERM: stopping"),
                Some(()) = self.interrupt.recv() => return tracing::info!("SIGINT: stopping"),
                Some(()) = self.hang_up.recv() => {
                    let (service, log, file) = (Arc::clone(service), Arc::clone(log), file.clone());
                    // It reads files and may run commands, for which nobody else waits.
                    let reload = spawn_blocking(move || service.reload(&log, file.as_deref()));
                    let _ = reload.await;
                }
            }
        }
    }
}
