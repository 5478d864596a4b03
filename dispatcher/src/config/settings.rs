//! The keys of the program: those of the service, of the database and of the configuration files.

use std::path::PathBuf;

use apply::{ApplySettings, ReloadSettings};
use database::{Location, PoolSettings, Uri};
use driver_api::settings::{self, Key, Refused, Setting, Settings as _, Shape};
use driver_api::yaml::{Mapping, Value};
use driver_api::{Config, Error};
use drivers::{AnyRelease, Patches, Plugins, Registry};
use review::{Rules, Severity};
use service::{History, HistorySettings, Storage};

driver_api::settings! {
    /// The files of the configuration.
    pub struct Files in "" {
        /// The main file, for display only: the option --config sets it.
        config_file: PathBuf = "/etc/wazo-confgend/config.yml",
        /// The folder whose *.yml override the main file. Only the main file can set it.
        extra_config_files: Option<PathBuf> = "/etc/wazo-confgend/conf.d",
    }
}

driver_api::settings! {
    /// The watch of the service.
    pub(crate) struct WatchKey in "" {
        /// Whether the service applies what changes in the database, as confgend apply --watch does.
        watch: bool = false,
    }
}

driver_api::settings! {
    /// The check of generated files.
    pub(crate) struct Check in "check" {
        /// The severities of rules that differ from what confgend check --rules lists, such as pjsip-auth-none: off.
        rules: RuleSeverities = Value::Mapping(Mapping::new()),
    }
}

/// The severities of rules at this site.
#[derive(Debug, Clone, Default)]
pub(crate) struct RuleSeverities(pub(crate) Rules);

impl Setting for RuleSeverities {
    fn shape() -> Shape {
        Shape::map("rules", Shape::Words(vec!["off", "note", "warning", "error"]))
    }

    fn parse(value: &Value) -> Result<RuleSeverities, Refused> {
        let mut rules = Rules::default();
        for (rule, severity) in value.as_mapping().ok_or(Refused::NotAccepted)? {
            let id = rule.as_str().ok_or(Refused::NotAccepted)?;
            // In YAML 1.1, `off` is a boolean.
            let severity = match (severity.as_str(), severity.as_bool()) {
                (_, Some(false)) | (Some("off"), _) => None,
                (Some("note"), _) => Some(Severity::Note),
                (Some("warning"), _) => Some(Severity::Warning),
                (Some("error"), _) => Some(Severity::Error),
                _ => return Err(Refused::Because(format!("{id}: expected off, note, warning or error"))),
            };
            rules.set(id, severity).map_err(|error| Refused::Because(error.to_string()))?;
        }
        Ok(RuleSeverities(rules))
    }
}

/// Returns all keys except those of the drivers.
pub fn keys() -> Vec<Key> {
    let apply = [WatchKey::keys(), ApplySettings::keys(), ReloadSettings::keys()].concat();
    [
        Files::keys(),
        service::Settings::keys(),
        PoolSettings::keys(),
        Check::keys(),
        apply,
        vec![Plugins::key(), Patches::key()],
        AnyRelease::keys(),
        drivers::definition_keys(),
    ]
    .concat()
}

/// Returns all keys: those of the program in the order in which people read about them, then those of the drivers.
pub fn all_keys(registry: &Registry) -> Result<Vec<Key>, Error> {
    Ok([keys(), registry.keys()?].concat())
}

/// Returns the defaults of these keys.
pub fn defaults() -> Config {
    settings::defaults(&keys())
}

/// Reads the keys of the service and of its database.
pub(crate) fn read(config: &Config) -> Result<(service::Settings, PoolSettings), Error> {
    Ok((service::Settings::read(config)?, PoolSettings::read(config)?))
}

/// Returns the problems of these keys.
pub(super) fn problems(config: &Config) -> Vec<Error> {
    let mut problems = Vec::new();
    // Only the problems count here, not the values.
    let _ = service::Settings::check(config, &mut problems);
    let _ = PoolSettings::check(config, &mut problems);
    let _ = Check::check(config, &mut problems);
    let _ = WatchKey::check(config, &mut problems);
    let _ = ApplySettings::check(config, &mut problems);
    let _ = ReloadSettings::check(config, &mut problems);
    problems.extend(database_problem(config));
    problems
}

/// Checks the parameters in the address of the database, without connecting. An address that is none is not a problem
/// here, but one of the key.
pub(super) fn database_problem(config: &Config) -> Option<Error> {
    let problem = database::check(&database(config).ok()?).err()?;
    Some(config.error("db_uri", problem.chain()))
}

/// Opens the history. The error says that it is switched off.
pub(crate) fn history(config: &Config) -> Result<History, Error> {
    let (storage, settings) = (Storage::read(config)?, HistorySettings::read(config)?);
    History::new(&storage, &settings)
        .ok_or_else(|| config.error("history.keep", "null switches the history off"))
}

/// Returns whether the service applies what changes in the database.
pub(crate) fn watches(config: &Config) -> bool {
    WatchKey::read(config).is_ok_and(|key| key.watch)
}

/// Reads the severities of the rules of `confgend check`.
pub(crate) fn check_rules(config: &Config) -> Result<Rules, Error> {
    Ok(Check::read(config)?.rules.0)
}

/// Reads the address of the database.
pub fn database(config: &Config) -> Result<Uri, Error> {
    Ok(Location::read(config)?.db_uri)
}
