//! The state that all connections share.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use driver_api::Namespace;
use tokio_util::sync::CancellationToken;

use crate::cache::Cache;
use crate::coalesce::Coalescer;
use crate::metrics::Metrics;
use crate::source::{Generator, Source};
use crate::{Configuration, Settings};

/// The state that lasts as long as the process.
pub(crate) struct Service {
    pub(crate) source: Box<dyn Source>,
    /// One for each file.
    pub(crate) coalescers: BTreeMap<Namespace, Coalescer>,
    site: RwLock<Arc<Site>>,
    /// The settings with which the service started.
    pub(crate) started: Settings,
    pub(crate) metrics: Arc<Metrics>,
    /// From here on, new requests are not read.
    pub(crate) stop: CancellationToken,
    /// From here on, replies are cut off.
    pub(crate) cut: CancellationToken,
}

/// The state that one configuration makes. A reload makes another one.
pub(crate) struct Site {
    pub(crate) settings: Settings,
    pub(crate) cache: Cache,
    pub(crate) generator: Box<dyn Generator>,
}

impl Site {
    fn new(configuration: Configuration) -> Site {
        let Configuration { settings, generator, notes } = configuration;
        for note in notes {
            tracing::warn!("{note}");
        }
        generator.prepare();
        Site { cache: Cache::new(&settings.storage.cache), settings, generator }
    }
}

impl Service {
    pub(crate) fn new(source: Box<dyn Source>, configuration: Configuration) -> Service {
        let started = configuration.settings.clone();
        Service {
            coalescers: source.files().into_iter().map(|file| (file, Coalescer::default())).collect(),
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

    /// Replaces the configuration. Generations that run already are out of date.
    pub(crate) fn replace_site(&self, configuration: Configuration) {
        let site = Arc::new(Site::new(configuration));
        *self.site.write().unwrap_or_else(PoisonError::into_inner) = site;
        self.coalescers.values().for_each(Coalescer::outdate);
    }

    /// The files, sorted.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Namespace> {
        self.coalescers.keys()
    }

    /// The ages of the cached copies.
    pub(crate) fn copy_ages(&self) -> Vec<(&Namespace, Duration)> {
        let site = self.site();
        self.files().filter_map(|file| Some((file, site.cache.age(file)?))).collect()
    }
}
