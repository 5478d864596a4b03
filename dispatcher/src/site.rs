//! The source of files for the service: the drivers, built with the configuration, and the database.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::SystemTime;

use apply::Recovered;
use database::{LazySnapshot, Pool, PoolSettings, PooledConnection};
use driver_api::{Config, Error, ErrorKind, Namespace, Release, Schema};
use drivers::{Outcome, Registry, Writer};
use review::{Finding, Rules};
use service::{Configuration, Failure, Generated, Generator, Rejection, Source, Version};

use crate::config::Reloadable;
use crate::told::{AppliedFile, Told};
use crate::watch::Watch;
use crate::{config, recovery};

/// The maximum depth of nested template folders.
const MAX_DEPTH: usize = 4;

/// The registry and the configuration files of a site.
pub(crate) struct Site {
    /// The drivers that are compiled in.
    compiled: Registry,
    /// Those and the drivers that the current configuration defines.
    registry: Mutex<Arc<Registry>>,
    files: Mutex<Reloadable>,
    /// The old names by which clients asked for files.
    old_names: Mutex<BTreeSet<String>>,
}

impl Site {
    pub(crate) fn new(registry: Registry, files: Reloadable) -> Site {
        Site {
            registry: Mutex::new(Arc::new(registry.clone())),
            compiled: registry,
            files: Mutex::new(files),
            old_names: Mutex::default(),
        }
    }

    /// Logs the old name by which a client asks for a file, once for each name.
    fn report_old_name(&self, name: &str, file: &Namespace) {
        let mut reported = self.old_names.lock().unwrap_or_else(PoisonError::into_inner);
        if reported.insert(name.to_owned()) {
            tracing::warn!(
                event = "client", namespace = %file, request = name,
                "a client asks for {name}, the old name of {file}; have it ask for {file}"
            );
        }
    }

    fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Source for Site {
    fn files(&self) -> Vec<Namespace> {
        self.registry().namespaces().cloned().collect()
    }

    fn find(&self, text: &str) -> Result<Namespace, Error> {
        let file = self.registry().find(text)?;
        if Namespace::is_old_name(text) {
            self.report_old_name(text, &file);
        }
        Ok(file)
    }

    fn configure(&self) -> Result<Configuration, Error> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = files.load(&self.compiled)?;
        let (settings, database) = config::read(&loaded.config)?;
        let rules = config::check_rules(&loaded.config)?;
        let registry = Arc::new(loaded.registry);
        *self.registry.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&registry);
        let generator = Drivers::new(registry, loaded.config, database, rules);
        Ok(Configuration { settings, generator: Box::new(generator), notes: loaded.notes })
    }
}

/// The drivers and the database of one configuration.
struct Drivers {
    registry: Arc<Registry>,
    config: Arc<Config>,
    writers: BTreeMap<Namespace, Mutex<Option<Arc<Writer>>>>,
    /// The files and folders whose change may change a text: requests look at them.
    templates: Arc<[PathBuf]>,
    pool: Arc<Pool>,
    /// The release that the database was of when a file was last generated.
    release: Mutex<Option<Release>>,
    /// The severities of the rules that texts are checked by.
    rules: Rules,
    /// Dropped with the configuration, which ends its watch.
    alive: Arc<()>,
}

impl Drivers {
    fn new(registry: Arc<Registry>, config: Config, database: PoolSettings, rules: Rules) -> Drivers {
        Drivers {
            writers: registry.namespaces().map(|file| (file.clone(), Mutex::default())).collect(),
            registry,
            templates: template_paths(&config).into(),
            config: Arc::new(config),
            pool: Arc::new(Pool::new(database)),
            release: Mutex::default(),
            rules,
            alive: Arc::new(()),
        }
    }

    /// Returns the driver of a file, built at the first call. If it can't be built, the next request tries again: a
    /// missing template may exist by then.
    fn writer(&self, file: &Namespace) -> Result<Arc<Writer>, Error> {
        let unknown = || Error::driver("there is no driver");
        let mut slot =
            self.writers.get(file).ok_or_else(unknown)?.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(writer) = &*slot {
            return Ok(Arc::clone(writer));
        }
        let writer = Arc::new(Writer::new(&self.registry, &self.config, file)?);
        tracing::debug!(namespace = %file, "{file}: driver built");
        Ok(Arc::clone(slot.insert(writer)))
    }

    fn failure(&self, file: &Namespace, error: Error) -> Failure {
        // If only drivers for an older schema write the file, and the database has another one, a cached copy is
        // wrong, too.
        let voids_copy = matches!(error.kind(), ErrorKind::MissingTable(_))
            && self.registry.drivers(file).iter().all(|entry| entry.schema != Schema::Current);
        Failure { error, voids_copy }
    }
}

impl Generator for Drivers {
    fn database(&self) -> String {
        let release = *self.release.lock().unwrap_or_else(PoisonError::into_inner);
        let release = release.filter(|release| *release != Release::TODAY);
        let release = release.map_or_else(String::new, |release| format!(" of release {release}"));
        format!("{}{release}", self.pool.uri())
    }

    fn reach(&self) -> Result<(), Error> {
        self.pool.check()
    }

    fn prepare(&self) {
        for file in self.registry.namespaces() {
            if let Err(error) = self.writer(file) {
                log_error(file, &error);
            }
        }
        let (registry, config) = (Arc::clone(&self.registry), Arc::clone(&self.config));
        let is_over = Arc::downgrade(&self.alive);
        // It may have to wait for Asterisk, and the service need not wait for it.
        thread::spawn(move || apply_in_background(&registry, &config, &|| is_over.strong_count() == 0));
    }

    fn generate(&self, file: &Namespace, has_fallback: bool) -> Generated {
        let writer = match self.writer(file) {
            Ok(writer) => writer,
            Err(error) => {
                log_error(file, &error);
                let result = Err(self.failure(file, error));
                return Generated {
                    result,
                    elapsed: None,
                    warnings: Vec::new(),
                    version: None,
                    is_current: Box::new(|| false),
                };
            }
        };
        let templates = template_states(&self.templates);
        let mut connection: Option<PooledConnection> = None;
        let outcome = writer.write(&mut LazySnapshot::new(&self.pool, has_fallback, &mut connection));
        log(file, &outcome);
        let Outcome { result, elapsed, warnings, release, .. } = outcome;
        if release.is_some() {
            *self.release.lock().unwrap_or_else(PoisonError::into_inner) = release;
        }
        let result = result.map_err(|error| {
            if *error.kind() == ErrorKind::Connection
                && let Some(broken) = connection.take()
            {
                broken.discard();
            }
            self.failure(file, error)
        });
        let version = version(connection.as_ref(), &templates);
        let paths = Arc::clone(&self.templates);
        let is_current = move || {
            templates == template_states(&paths)
                && connection.as_mut().is_none_or(PooledConnection::unchanged)
        };
        Generated { result, elapsed: Some(elapsed), warnings, version, is_current: Box::new(is_current) }
    }

    fn is_current(&self, version: &Version) -> bool {
        let templates = template_states(&self.templates);
        let now = if version.0.starts_with(NO_DATABASE) {
            Some(with_templates(NO_DATABASE, &templates))
        } else {
            self.pool.state().map(|state| with_templates(&state, &templates))
        };
        now.as_ref() == Some(version)
    }

    fn objects(&self, file: &Namespace, text: &str) -> usize {
        review::count_objects(file, text)
    }

    fn summary(&self, file: &Namespace, old: Option<&str>, new: &str) -> String {
        review::summary(file, old, new)
    }

    fn rejections(&self, file: &Namespace, text: &str) -> Vec<Rejection> {
        review::rejections(file, text, &self.rules).iter().map(rejection).collect()
    }

    fn new_rejections(
        &self,
        file: &Namespace,
        text: &str,
        good: &mut dyn FnMut() -> Option<String>,
    ) -> Vec<Rejection> {
        review::new_rejections(file, text, good, &self.rules).iter().map(rejection).collect()
    }
}

/// Ends an apply that was interrupted, and then applies what changes in the database, if the configuration says so.
fn apply_in_background(registry: &Registry, config: &Config, is_over: &dyn Fn() -> bool) {
    match recovery::recover(config) {
        Ok(None) => {}
        Ok(Some(recovered)) => {
            let (event, generation, error) = facts(&recovered);
            tracing::warn!(event, generation, error, "{}", recovered.text());
        }
        Err(error) => {
            let error = error.chain();
            tracing::error!(event = "apply", error, "an apply that was interrupted can't be ended: {error}");
        }
    }
    if !config::watches(config) {
        return;
    }
    let files = registry.namespaces().cloned().collect();
    let result = config::database(config).and_then(|uri| {
        Watch { registry, config, uri, files, skips: true, is_over }.run(&mut |told| log_told(&told))
    });
    if let Err(error) = result {
        let error = error.chain();
        tracing::error!(event = "apply", error, "the watch ends: {error}");
    }
}

/// Returns the event, the generation and the error for the end of an apply that was interrupted.
fn facts(recovered: &Recovered) -> (&'static str, Option<u64>, Option<&str>) {
    match recovered {
        Recovered::TakenBack(_) => ("rollback", None, None),
        Recovered::Completed(generation) => ("apply", Some(*generation), None),
        Recovered::RolledBack(reason) => ("rollback", None, Some(reason)),
    }
}

/// Logs a message of the watch.
fn log_told(told: &Told) {
    match told {
        Told::Waits(_) => tracing::info!(event = "apply", "{told}"),
        Told::Recovered(recovered) => {
            let (event, generation, error) = facts(recovered);
            tracing::info!(event, generation, error, "{told}");
        }
        Told::DatabaseIsAway(error) => {
            let (error_kind, error) = (error.kind().name(), error.chain());
            tracing::error!(event = "database", error, error_kind, "watch: {told}");
        }
        Told::DatabaseIsBack => tracing::info!(event = "database", "{told}"),
        Told::Pinned(file, _) => tracing::warn!(event = "pin", namespace = %file, "watch: {told}"),
        Told::Applied(generation, AppliedFile { file, change, command, outcome }) => tracing::info!(
            event = "apply", namespace = %file, generation, change, command, outcome,
            "{told}"
        ),
        Told::RolledBack(reason) => tracing::error!(event = "rollback", error = reason, "watch: {told}"),
        Told::NotGenerated(reason) => tracing::error!(event = "generation", error = reason, "watch: {told}"),
        Told::Failed(error) => {
            let (error_kind, error) = (error.kind().name(), error.chain());
            tracing::error!(event = "apply", error, error_kind, "watch: {told}");
        }
    }
}

/// The beginning of the version of a text for which no database was read.
const NO_DATABASE: &str = "no database";

/// Returns the version of a text: the state of the database, if it was read, and the states of all templates. None if the
/// state can't be told.
fn version(connection: Option<&PooledConnection>, templates: &[FileState]) -> Option<Version> {
    let state = connection.map_or(Some(NO_DATABASE), PooledConnection::snapshot_state)?;
    Some(with_templates(state, templates))
}

fn with_templates(state: &str, templates: &[FileState]) -> Version {
    Version(format!("{state} {templates:?}"))
}

/// Returns the templates that drivers read: the files and folders that the configuration names below `templates`, and the
/// files of its definitions.
fn template_paths(config: &Config) -> Vec<PathBuf> {
    let paths = config.get::<BTreeMap<String, Option<PathBuf>>>("templates").ok().flatten();
    let paths = paths.into_iter().flatten().filter_map(|(_, path)| path);
    paths.chain(drivers::files_of_definitions(config)).collect()
}

/// Returns the states of these files, and of those in the folders among them.
fn template_states(paths: &[PathBuf]) -> Vec<FileState> {
    let mut states = Vec::new();
    for path in paths {
        add_states(path.clone(), 0, &mut states);
    }
    states
}

/// A file and the properties that show a change: its inode, its modification time and its length.
type FileState = (PathBuf, Option<(u64, Option<SystemTime>, u64)>);

fn add_states(path: PathBuf, depth: usize, states: &mut Vec<FileState>) {
    let metadata = fs::metadata(&path);
    if metadata.as_ref().is_ok_and(Metadata::is_dir) && depth < MAX_DEPTH {
        for entry in fs::read_dir(&path).into_iter().flatten().flatten() {
            add_states(entry.path(), depth + 1, states);
        }
    }
    states.push((path, metadata.ok().map(|it| (it.ino(), it.modified().ok(), it.len()))));
}

fn rejection(finding: &Finding) -> Rejection {
    Rejection { identity: finding.identity(), message: finding.first_line() }
}

/// Logs the warnings of a generation, the effect of patches, and the error.
fn log(file: &Namespace, outcome: &Outcome) {
    let (warnings, more) = drivers::split_shown(&outcome.warnings);
    for warning in warnings {
        let [table, row, column] = [&warning.table, &warning.key, &warning.column]
            .map(|name| Some(name.as_str()).filter(|name| !name.is_empty()));
        tracing::warn!(
            event = "warning", namespace = %file, table, row, column,
            "{file}: {warning}"
        );
    }
    if let Some(more) = more {
        tracing::warn!(event = "warning", namespace = %file, "{file}: {more}");
    }
    if let Some(patched) = outcome.patched {
        tracing::info!(event = "generation", namespace = %file, "{file}: {patched}");
    }
    match &outcome.result {
        Ok(text) => {
            let (bytes, milliseconds) = (text.len(), outcome.elapsed.as_secs_f64() * 1e3);
            tracing::debug!(
                event = "generation", namespace = %file, bytes, milliseconds,
                "{file}: {bytes} bytes generated in {milliseconds:.1} ms"
            );
        }
        Err(error) => log_error(file, error),
    }
}

/// Logs why a file was not generated. The error names the file.
fn log_error(file: &Namespace, error: &Error) {
    let (error_kind, error) = (error.kind().name(), error.chain());
    tracing::error!(event = "generation", namespace = %file, error, error_kind, "{error}");
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn states(path: &Path) -> Vec<FileState> {
        let mut states = Vec::new();
        add_states(path.to_owned(), 0, &mut states);
        states
    }

    #[test]
    fn a_changed_template_has_a_new_state() {
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
