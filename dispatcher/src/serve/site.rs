//! What one configuration makes of the service: its drivers, its cache, its database. A reload makes
//! another one.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use driver_api::{Config, Error, ErrorKind, Namespace};

use super::cache::Cache;
use super::databases::{Connection, Databases, OnDemand};
use super::metrics::Metrics;
use crate::config::Settings;
use crate::generate::{Outcome, Writer};
use crate::{Registry, report};

/// Folders in the folder of templates, inside each other.
const MAX_DEPTH: usize = 4;

pub(super) struct Site {
    pub(super) settings: Settings,
    pub(super) cache: Cache,
    config: Config,
    writers: BTreeMap<Namespace, Mutex<Option<Arc<Writer>>>>,
    databases: Arc<Databases>,
    metrics: Arc<Metrics>,
}

/// A file, and what it was made from.
pub(super) struct Generated {
    pub(super) result: Result<Arc<String>, Arc<Error>>,
    /// None if its driver asked for nothing.
    connection: Option<Connection>,
    /// The operator's templates, as they were before.
    templates: Vec<FileState>,
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
            writers: registry.namespaces().map(|namespace| (namespace.clone(), Mutex::default())).collect(),
            databases: Arc::new(Databases::new(settings.database.clone())),
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

    /// The main file of the configuration, if there is one.
    pub(super) fn main_file(&self) -> Option<PathBuf> {
        let path = self.config.get::<PathBuf>("config_file").ok().flatten()?;
        self.config.layers().any(|(name, _)| name.is_some_and(|name| Path::new(name) == path)).then_some(path)
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
                return Generated { result: Err(Arc::new(error)), connection: None, templates: Vec::new() };
            }
        };
        let templates = self.templates();
        let has_copy = self.cache.age(namespace).is_some();
        let mut connection = None;
        let outcome = writer.write(&mut OnDemand::new(&self.databases, has_copy, &mut connection));
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
        Generated { result, connection, templates }
    }

    /// The files that drivers read beside the database: those that the configuration names below `templates`,
    /// and what is in the folders among them.
    fn templates(&self) -> Vec<FileState> {
        let paths = self.config.get::<BTreeMap<String, Option<PathBuf>>>("templates").ok().flatten();
        let mut states = Vec::new();
        for path in paths.into_iter().flatten().filter_map(|(_, path)| path) {
            note_files(path, 0, &mut states);
        }
        states
    }
}

/// A file, and what tells it from a changed one: its inode, when it was changed, and its length.
type FileState = (PathBuf, Option<(u64, Option<SystemTime>, u64)>);

fn note_files(path: PathBuf, depth: usize, states: &mut Vec<FileState>) {
    let metadata = fs::metadata(&path);
    if metadata.as_ref().is_ok_and(Metadata::is_dir) && depth < MAX_DEPTH {
        for entry in fs::read_dir(&path).into_iter().flatten().flatten() {
            note_files(entry.path(), depth + 1, states);
        }
    }
    states.push((path, metadata.ok().map(|it| (it.ino(), it.modified().ok(), it.len()))));
}

impl Generated {
    /// Whether it would be the same if it were made now.
    pub(super) fn is_up_to_date(&mut self, site: &Site) -> bool {
        self.result.is_ok()
            && self.templates == site.templates()
            && self.connection.as_mut().is_none_or(Connection::unchanged)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn states(path: &Path) -> Vec<FileState> {
        let mut states = Vec::new();
        note_files(path.to_owned(), 0, &mut states);
        states
    }

    #[test]
    fn a_template_that_changed_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("asterisk");
        assert_eq!(states(&path), [(path.clone(), None)]);
        fs::create_dir(&path).unwrap();
        fs::write(path.join("a.jinja"), "one").unwrap();
        let before = states(folder.path());
        assert_eq!(states(folder.path()), before);
        fs::write(path.join("a.jinja"), "three").unwrap();
        let after = states(folder.path());
        assert_ne!(after, before);
        fs::write(path.join("b.jinja"), "").unwrap();
        assert_ne!(states(folder.path()), after);
    }
}
