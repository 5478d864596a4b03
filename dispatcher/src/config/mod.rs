//! The configuration: files over built-in defaults, and the keys of the program.

mod exec;
mod hierarchy;
mod paths;
#[cfg(test)]
mod secrecy;
mod settings;
mod show;

use driver_api::{Config, Error};

pub(crate) use hierarchy::Reloadable;
pub use hierarchy::{Loaded, Strictness, load, only, survey};
pub use settings::{Files, database, defaults, keys};
pub(crate) use settings::{check_rules, history, read, watches};
pub use show::show;

use crate::registry::{Plugins, Registry};
use crate::writer::Writer;

/// Makes all checks that the service makes at its start and at the first use of each driver: keys, paths, drivers, and
/// the files that drivers read. Returns all problems, beside those that [`survey`] has found. A problem
/// that only this user has, who may not be the service's, is a note.
pub fn problems(config: &Config, registry: &Registry, notes: &mut Vec<String>) -> Vec<Error> {
    let mut problems = settings::problems(config);
    paths::check(config, &mut problems, notes);
    // A bad key `plugins` is one problem, and not one of each file.
    if Plugins::read(config).is_ok() {
        for namespace in registry.namespaces() {
            match Writer::new(registry, config, namespace) {
                Ok(writer) => problems.extend(writer.check()),
                Err(error) => problems.push(error),
            }
        }
    }
    problems
}
