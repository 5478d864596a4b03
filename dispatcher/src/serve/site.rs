//! What one configuration makes of the service: its drivers, its cache, its database. A reload makes
//! another one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use driver_api::{Config, Driver, Error, ErrorKind, Namespace};
use tokio::sync::Semaphore;

use super::cache::Cache;
use super::databases::{Connection, Databases, OnDemand};
use super::metrics::Metrics;
use crate::config::Settings;
use crate::generate::{self, Outcome};
use crate::{Registry, report};

pub(super) struct Site {
    pub(super) settings: Settings,
    pub(super) cache: Cache,
    /// Who may generate. There is one connection to the database for each.
    pub(super) generators: Semaphore,
    config: Config,
    drivers: BTreeMap<Namespace, Mutex<Option<Arc<dyn Driver>>>>,
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
            drivers: registry.namespaces().map(|namespace| (namespace.clone(), Mutex::default())).collect(),
            databases: Arc::new(Databases::new(settings.database.clone(), Arc::clone(metrics))),
            metrics: Arc::clone(metrics),
            settings,
            config,
        };
        for namespace in registry.namespaces() {
            if let Err(error) = site.driver(registry, namespace) {
                tracing::error!("{}", error.chain());
            }
        }
        site
    }

    fn driver(&self, registry: &Registry, namespace: &Namespace) -> Result<Arc<dyn Driver>, Error> {
        let unknown = || Error::driver("there is no driver");
        let mut place =
            self.drivers.get(namespace).ok_or_else(unknown)?.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(driver) = &*place {
            return Ok(Arc::clone(driver));
        }
        let driver: Arc<dyn Driver> = generate::build(registry, &self.config, namespace)?.into();
        tracing::debug!("{namespace}: driver built");
        Ok(Arc::clone(place.insert(driver)))
    }

    /// Generates a file, and logs what went wrong. Takes as long as the database does.
    pub(super) fn generate(&self, registry: &Registry, namespace: &Namespace) -> Generated {
        let driver = match self.driver(registry, namespace) {
            Ok(driver) => driver,
            Err(error) => {
                tracing::error!("{}", error.chain());
                return Generated { result: Err(Arc::new(error)), connection: None };
            }
        };
        let mut connection = None;
        let outcome =
            generate::run(&*driver, namespace, &mut OnDemand::new(&self.databases, &mut connection));
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
