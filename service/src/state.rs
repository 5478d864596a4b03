//! The state that all connections share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use driver_api::Namespace;
use tokio_util::sync::CancellationToken;

use crate::cache::Cache;
use crate::coalesce::Coalescer;
use crate::gate::Reviews;
use crate::history::{History, Recorder};
use crate::metrics::Metrics;
use crate::settings::Settings;
use crate::source::{Configuration, Generator, Source};
use crate::status::Ledger;
use crate::version::Versions;

/// The state that lasts as long as the process.
pub(crate) struct Service {
    pub(crate) source: Box<dyn Source>,
    /// The coalescer of each file that the current configuration has.
    coalescers: RwLock<BTreeMap<Namespace, Arc<Coalescer>>>,
    site: RwLock<Arc<Site>>,
    /// The settings with which the service started.
    pub(crate) started: Settings,
    pub(crate) metrics: Arc<Metrics>,
    /// What happened to each file since the start.
    pub(crate) ledger: Ledger,
    /// Cancelled when the service stops reading new requests.
    pub(crate) stop: CancellationToken,
    /// Cancelled when the service cuts off replies.
    pub(crate) cut: CancellationToken,
}

/// The state of one configuration. A reload replaces it.
pub(crate) struct Site {
    pub(crate) settings: Settings,
    pub(crate) cache: Cache,
    pub(crate) generator: Box<dyn Generator>,
    pub(crate) reviews: Reviews,
    /// None if the configuration switches it off.
    pub(crate) history: Option<History>,
    pub(crate) recorder: Recorder,
    pub(crate) versions: Versions,
}

impl Site {
    fn new(configuration: Configuration) -> Site {
        let Configuration { settings, generator, notes } = configuration;
        for note in notes {
            tracing::warn!(event = "configuration", "{note}");
        }
        generator.prepare();
        Site {
            cache: Cache::new(&settings.storage),
            history: History::new(&settings.storage, &settings.history),
            settings,
            generator,
            reviews: Reviews::default(),
            recorder: Recorder::default(),
            versions: Versions::default(),
        }
    }
}

/// The state of a cached copy, for the metrics.
pub(crate) struct CopyState {
    pub(crate) file: Namespace,
    pub(crate) age: Duration,
    /// Whether a request has invalidated it.
    pub(crate) is_invalidated: bool,
    /// Whether the guard or the gate holds a newer text back.
    pub(crate) holds: bool,
    /// Whether it is pinned to an earlier generation.
    pub(crate) is_pinned: bool,
}

impl Service {
    pub(crate) fn new(source: Box<dyn Source>, configuration: Configuration) -> Service {
        let started = configuration.settings.clone();
        let files = source.files();
        warn_of_unknown_files(&started, &files);
        Service {
            ledger: Ledger::new(&files),
            coalescers: RwLock::new(files.into_iter().map(|file| (file, Arc::default())).collect()),
            site: RwLock::new(Arc::new(Site::new(configuration))),
            started,
            metrics: Arc::new(Metrics::new()),
            stop: CancellationToken::new(),
            cut: CancellationToken::new(),
            source,
        }
    }

    pub(crate) fn site(&self) -> Arc<Site> {
        Arc::clone(&self.site.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the configuration, and marks running generations as out of date.
    pub(crate) fn replace_site(&self, configuration: Configuration) {
        let files = self.source.files();
        warn_of_unknown_files(&configuration.settings, &files);
        let site = Arc::new(Site::new(configuration));
        *self.site.write().unwrap_or_else(PoisonError::into_inner) = site;
        self.ledger.keep(&files);
        let mut coalescers = self.coalescers.write().unwrap_or_else(PoisonError::into_inner);
        coalescers.retain(|file, coalescer| {
            coalescer.outdate();
            files.contains(file)
        });
        for file in files {
            coalescers.entry(file).or_default();
        }
    }

    /// Returns the coalescer of a file, if the configuration has the file.
    pub(crate) fn coalescer(&self, file: &Namespace) -> Option<Arc<Coalescer>> {
        self.coalescers.read().unwrap_or_else(PoisonError::into_inner).get(file).cloned()
    }

    /// Returns the files, sorted.
    pub(crate) fn files(&self) -> Vec<Namespace> {
        self.coalescers.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// Returns the states of the cached copies.
    pub(crate) fn copies(&self) -> Vec<CopyState> {
        let site = self.site();
        let state = |file: Namespace| {
            let age = site.cache.age(&file)?;
            let is_invalidated = site.cache.is_invalidated(&file) || !self.coalescer(&file)?.trusts_copy();
            Some(CopyState {
                age,
                is_invalidated,
                holds: site.cache.holds(&file),
                is_pinned: site.cache.is_pinned(&file),
                file,
            })
        };
        self.files().into_iter().filter_map(state).collect()
    }
}

/// Warns of limits for files that the source does not have: they are probably misspelt.
fn warn_of_unknown_files(settings: &Settings, files: &[Namespace]) {
    for file in settings.guard.files.0.keys().filter(|file| !files.contains(file)) {
        tracing::warn!(
            event = "configuration", key = "guard.files", namespace = %file,
            "configuration key guard.files: no driver writes {file}"
        );
    }
}

/// Locks what a panic can't leave half changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
