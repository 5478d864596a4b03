//! What one configuration makes of the service: its drivers, its cache, its database. A reload makes
//! another one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use driver_api::{Config, Error, ErrorKind, Namespace};
use tokio::sync::Semaphore;

use super::cache::Cache;
use super::databases::{Connection, Databases, OnDemand};
use super::metrics::Metrics;
use crate::config::Settings;
use crate::generate::{Outcome, Writer};
use crate::{Registry, report};

pub(super) struct Site {
    pub(super) settings: Settings,
    pub(super) cache: Cache,
    /// Who may generate. There is one connection to the database for each.
    pub(super) generators: Semaphore,
    config: Config,
    writers: BTreeMap<Namespace, Mutex<Option<Arc<Writer>>>>,
    databases: Arc<Databases>,
    metrics: Arc<Metrics>,
}

/// A file, and the connection over which it was made; none if its driver asked for nothing.
pub(super) struct Generated {
    pub(super) result: Result<Arc<String>, Arc<Error>>,
    connection: Option<Connection>,
}

impl Site {
    /// Builds all drivers. One that can't be built says so now, and is tried again when its file is asked
    /// for: it may be about a template that comes later.
    pub(super) fn new(
        settings: Settings,
        config: Config,
        registry: &Registry,
        metrics: &Arc<Metrics>,
    ) -> Site {
        let site = Site {
            cache: Cache::new(&settings.cache),
            generators: Semaphore::new(settings.database.connections),
            writers: registry.namespaces().map(|namespace| (namespace.clone(), Mutex::default())).collect(),
            databases: Arc::new(Databases::new(settings.database.clone(), Arc::clone(metrics))),
            metrics: Arc::clone(metrics),
            settings,
            config,
        };
        for namespace in registry.namespaces() {
            if let Err(error) = site.writer(registry, namespace) {
                tracing::error!("{}", error.chain());
            }
        }
        site
    }

    fn writer(&self, registry: &Registry, namespace: &Namespace) -> Result<Arc<Writer>, Error> {
        let unknown = || Error::driver("there is no driver");
        let mut place =
            self.writers.get(namespace).ok_or_else(unknown)?.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(writer) = &*place {
            return Ok(Arc::clone(writer));
        }
        let writer = Arc::new(Writer::new(registry, &self.config, namespace)?);
        tracing::debug!("{namespace}: driver built");
        Ok(Arc::clone(place.insert(writer)))
    }

    /// Generates a file, and logs what went wrong. Takes as long as the database does.
    pub(super) fn generate(&self, registry: &Registry, namespace: &Namespace) -> Generated {
        let writer = match self.writer(registry, namespace) {
            Ok(writer) => writer,
            Err(error) => {
                tracing::error!("{}", error.chain());
                return Generated { result: Err(Arc::new(error)), connection: None };
            }
        };
        let mut connection = None;
        let outcome = writer.write(&mut OnDemand::new(&self.databases, &mut connection));
        self.metrics.generation(namespace, outcome.elapsed);
        tell(namespace, &outcome);
        let result = outcome.result.map(Arc::new).map_err(|error| {
            self.metrics.database_error(error.kind());
            if *error.kind() == ErrorKind::Connection
                && let Some(broken) = connection.take()
            {
                broken.discard();
            }
            Arc::new(error)
        });
        Generated { result, connection }
    }
}

impl Generated {
    /// Whether it would be the same if it were made now.
    pub(super) fn is_up_to_date(&mut self) -> bool {
        self.result.is_ok() && self.connection.as_mut().is_none_or(Connection::unchanged)
    }
}

fn tell(namespace: &Namespace, outcome: &Outcome) {
    for warning in report::shown(&outcome.warnings) {
        tracing::warn!("{namespace}: {warning}");
    }
    match &outcome.result {
        Ok(text) => {
            let milliseconds = outcome.elapsed.as_secs_f64() * 1e3;
            tracing::debug!("{namespace}: {} bytes generated in {milliseconds:.1} ms", text.len());
        }
        Err(error) => tracing::error!("{}", error.chain()),
    }
}
