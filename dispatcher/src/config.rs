//! The configuration: built-in defaults under the operator's file.

use std::fs;
use std::path::Path;

use driver_api::{Config, Error, ErrorKind};
use session::Uri;

use crate::Registry;

/// What is configured where the operator says nothing, apart from the drivers' own keys.
const DEFAULTS: &str = include_str!("defaults.yml");

const DB_URI: &str = "db_uri";

/// Reads the operator's file, if there is one, over the defaults. Relative paths in the file are
/// relative to its folder.
pub fn load(file: Option<&Path>, registry: &Registry) -> Result<Config, Error> {
    let mut config = match file {
        Some(path) => read(path).map_err(|error| error.in_(path.display().to_string()))?,
        None => Config::default(),
    };
    config.fill_from(&Config::from_yaml(DEFAULTS)?);
    config.fill_from(&registry.defaults()?);
    Ok(config)
}

fn read(path: &Path) -> Result<Config, Error> {
    let text = fs::read_to_string(path).map_err(|error| {
        Error::new(ErrorKind::Config, "the configuration file can't be read").because(error)
    })?;
    let mut config = Config::from_yaml(&text)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    config.resolve_paths(folder);
    if let Some(uri) = config.get::<String>(DB_URI)? {
        // A URI that can't be read is an error when it is used, unless the command line replaces it.
        if let Ok(uri @ Uri::Sqlite(_)) = uri.parse() {
            config.set(DB_URI, uri.relative_to(folder).to_string());
        }
    }
    Ok(config)
}

/// The database of the site.
pub fn database(config: &Config) -> Result<Uri, Error> {
    let uri: String = config.get(DB_URI)?.unwrap_or_default();
    uri.parse().map_err(|error: Error| error.in_(format!("configuration key {DB_URI}")))
}
