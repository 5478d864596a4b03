//! The keys of the program: those of the service, of the database and of the configuration files.

use std::path::PathBuf;

use database::{Location, PoolSettings, Uri};
use driver_api::settings::{self, Key, Settings as _};
use driver_api::{Config, Error};
use serde_yaml::{Mapping, Value};

driver_api::settings! {
    /// The files of the configuration.
    pub struct Files in "" {
        /// The main file.
        config_file: PathBuf = "/etc/wazo-confgend/config.yml",
        /// The folder whose `*.yml` stand over the main file.
        extra_config_files: Option<PathBuf> = "/etc/wazo-confgend/conf.d",
    }
}

/// Returns all keys except those of the drivers.
pub fn keys() -> Vec<Key> {
    let plugins = Key {
        path: "plugins".to_owned(),
        help: "Which driver writes a file, where several can or another one is wanted.".to_owned(),
        default: Value::Mapping(Mapping::new()),
        accepts: "a mapping of files to names of drivers".to_owned(),
    };
    [Files::keys(), service::Settings::keys(), PoolSettings::keys(), vec![plugins]].concat()
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
    problems.extend(database_problem(config));
    problems
}

/// Checks the parameters in the address of the database, without connecting. An address that is none is not a problem
/// here, but one of the key.
pub(super) fn database_problem(config: &Config) -> Option<Error> {
    let problem = database::check(&database(config).ok()?).err()?;
    Some(config.error("db_uri", problem.chain()))
}

/// Reads the address of the database.
pub fn database(config: &Config) -> Result<Uri, Error> {
    Ok(Location::read(config)?.db_uri)
}
