//! The keys of the program, each declared where it is read.

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

/// All keys but those of the drivers.
pub fn keys() -> Vec<Key> {
    let plugins = Key {
        path: "plugins".to_owned(),
        help: "Which driver writes a file, where several can or another one is wanted.".to_owned(),
        default: Value::Mapping(Mapping::new()),
        accepts: "a mapping of files to names of drivers".to_owned(),
    };
    [Files::keys(), service::Settings::keys(), PoolSettings::keys(), vec![plugins]].concat()
}

/// The defaults of these keys.
pub fn defaults() -> Config {
    settings::defaults(&keys())
}

/// Reads the keys of the service and of its database.
pub(crate) fn read(config: &Config) -> Result<(service::Settings, PoolSettings), Error> {
    Ok((service::Settings::read(config)?, PoolSettings::read(config)?))
}

/// The bad values among these keys.
pub(super) fn problems(config: &Config) -> Vec<Error> {
    let mut problems = Vec::new();
    // The values are for later: only the problems count here.
    let _ = service::Settings::check(config, &mut problems);
    let _ = PoolSettings::check(config, &mut problems);
    problems
}

/// The database of the site.
pub fn database(config: &Config) -> Result<Uri, Error> {
    Ok(Location::read(config)?.db_uri)
}
