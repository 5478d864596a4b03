//! The configuration: files over built-in defaults, and the keys of the program.

mod exec;
mod hierarchy;
mod paths;
mod relative;
mod schema;
#[cfg(test)]
mod secrecy;
mod settings;
mod show;

use std::path::Path;

use driver_api::yaml::Mapping;
use driver_api::{Config, Error};
use drivers::config::Program;
use drivers::{Patches, Plugins, Registry, Writer};
pub(crate) use hierarchy::Reloadable;
pub use hierarchy::{Loaded, Strictness, load, survey};
pub use schema::schema;
pub use settings::{Files, all_keys, database, defaults, keys};
pub(crate) use settings::{check_rules, history, read, watches};
pub use show::show;

/// The program's part of the configuration.
const PROGRAM: Program = Program { keys, resolve_paths: relative::resolve_paths, run: exec::run };

/// Reads one file, or none, over the defaults, for tools.
pub fn only(file: Option<&Path>, registry: &Registry) -> Result<Config, Error> {
    PROGRAM.only(file, registry)
}

/// Reads one file, as a layer of the configuration.
#[cfg(feature = "custom")]
pub(crate) fn layer(file: &Path) -> Result<Config, Error> {
    PROGRAM.read(file)
}

/// Returns a warning for each key that is probably misspelled.
pub fn unknown(config: &Config, registry: &Registry) -> Result<Vec<String>, Error> {
    Ok(drivers::config::unknown(config, &keys(), &registry.keys()?))
}

/// Sets the key `any_release` over all files, for a command that was told so.
pub(crate) fn with_any_release(config: Config) -> Config {
    let values = Mapping::from_iter([("any_release".into(), true.into())]);
    let Ok(mut over) = Config::from_value(values.into()) else { return config };
    over = over.named("--any-release");
    over.fill_from(&config);
    over
}

/// Makes all checks that the service makes at its start and at the first use of each driver: keys, paths, drivers, and
/// the files that drivers read. Returns all problems, beside those that [`survey`] has found. A problem
/// that only this user has, who may not be the service's, is a note.
pub fn problems(config: &Config, registry: &Registry, notes: &mut Vec<String>) -> Vec<Error> {
    let mut problems = settings::problems(config);
    paths::check(config, &mut problems, notes);
    // A bad key `plugins` or `patches` is one problem, and not one of each file.
    if Plugins::read(config).is_ok() && Patches::check(config).is_ok() {
        for namespace in registry.namespaces() {
            match Writer::new(registry, config, namespace) {
                Ok(writer) => {
                    let of_file = writer.check().into_iter();
                    problems.extend(of_file.map(|error| error.context(namespace.to_string())));
                }
                Err(error) => problems.push(error),
            }
        }
    }
    problems
}
