//! The configuration: files over built-in defaults, and the keys of the program.

mod exec;
mod hierarchy;
mod settings;
mod show;

use driver_api::{Config, Error};

pub use hierarchy::{Loaded, load, load_if_any, only};
pub(crate) use settings::read;
pub use settings::{Files, database, defaults, keys};
pub use show::show;

use crate::Registry;
use crate::generate::Writer;
use crate::registry::Plugins;

/// Checks all that the service checks when it starts and when it first needs a driver. Returns all problems.
pub fn problems(config: &Config, registry: &Registry) -> Vec<Error> {
    let mut problems = settings::problems(config);
    if let Err(error) = Plugins::read(config) {
        problems.push(error);
        return problems;
    }
    for namespace in registry.namespaces() {
        problems.extend(Writer::new(registry, config, namespace).err());
    }
    problems
}
