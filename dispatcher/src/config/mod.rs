//! The configuration: files over built-in defaults, and what the service reads out of them.

mod exec;
mod hierarchy;
mod settings;
mod show;

use driver_api::{Config, Error};

pub use hierarchy::{Loaded, load, load_if_any, only};
pub use settings::{Database, Limits, Log, Settings, database};
pub use show::show;

use crate::Registry;
use crate::generate::Writer;
use crate::registry::Plugins;

/// Checks what is checked when the service starts and when it first needs a driver. Returns everything
/// that is wrong.
pub fn problems(config: &Config, registry: &Registry) -> Vec<Error> {
    let mut problems = Settings::check(config).err().unwrap_or_default();
    if let Err(error) = Plugins::read(config) {
        problems.push(error);
        return problems;
    }
    for namespace in registry.namespaces() {
        problems.extend(Writer::new(registry, config, namespace).err());
    }
    problems
}
