//! Drivers that the configuration defines: queries and a template, or a command in any language.
//!
//! ```yaml
//! drivers:
//!   asterisk.followme.conf:
//!     name: acme
//!     queries:
//!       users:
//!         table: userfeatures
//!         key: [uuid]
//!         sql: SELECT uuid, mobilephonenumber FROM userfeatures WHERE mobilephonenumber <> '' ORDER BY uuid
//!     text: |
//!       {% for user in users %}
//!       [{{ user.uuid }}]
//!       number => {{ user.mobilephonenumber|argument }},30
//!       {% endfor %}
//! ```
//!
//! Begin with [`entries`], which finds the definitions of a configuration. `definition.rs` reads them; `template.rs` and
//! `command.rs` are the two kinds of drivers. A template prints its values to a page (`page.rs`), from which `places`
//! writes them, escaped by the syntax of the file. `rows.rs` is what a template sees of the database, and `order.rs` tells
//! whether a query has a complete order.

#![warn(missing_docs)]

mod command;
mod definition;
mod mistakes;
mod order;
mod page;
mod places;
mod position;
mod report;
mod rows;
mod template;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use driver_api::settings::{Key, Shape};
use driver_api::yaml::{Mapping, Value};
use driver_api::{Config, Driver, Entry, Error, Namespace};

use self::command::CommandDriver;
use self::definition::{Definition, Title, Work};
use self::template::TemplateDriver;

/// Returns the entries of the drivers that a configuration defines, and its mistakes that hide a driver. What is wrong
/// within a definition is an error when its driver is built.
///
/// ```
/// use driver_api::Config;
///
/// let config = Config::from_yaml("drivers: {asterisk.motd.conf: {name: acme, text: '; hello'}}")?;
/// let (entries, problems) = drivers_custom::entries(&config);
/// assert!(problems.is_empty());
/// assert_eq!((entries[0].namespace, entries[0].name), ("asterisk.motd.conf", "acme"));
/// let driver = entries[0].build(&config)?;
/// assert_eq!(fixtures::Scratch::new(&[]).generate(&*driver).unwrap(), "; hello");
/// # Ok::<(), driver_api::Error>(())
/// ```
pub fn entries(config: &Config) -> (Vec<&'static Entry>, Vec<Error>) {
    let (titles, problems) = definition::titles(config);
    let entries = titles.iter().map(|title| entry(&title.namespace, &title.name)).collect();
    (entries, problems)
}

/// Returns the paths of the files that all drivers of a configuration read: the templates, those that these include, the
/// programs, and what definitions say of them.
pub fn files(config: &Config) -> Vec<PathBuf> {
    let (titles, _) = definition::titles(config);
    let work = |title: &Title<'_>| definition::read(config, &title.namespace, &title.name).ok();
    let files = |definition: Definition| match definition.work {
        Work::Template(work) => template::files(&work.template),
        Work::Command(work) => command::files(&work),
    };
    titles.iter().filter_map(work).flat_map(files).collect()
}

/// Returns the key of the definitions, as people read about it.
pub fn key() -> Key {
    let accepts = "a mapping of files to definitions".to_owned();
    let definitions = Shape::Nullable(Box::new(definition::shape()));
    let help = "Drivers that are defined here: queries and a template, or a command.";
    let shape = Shape::Map { accepts, values: Box::new(definitions) };
    Key::new(definition::KEY, Value::Mapping(Mapping::new()), shape, help)
}

/// Returns the entry of a driver. Entries live as long as the program, like those that are compiled in: a configuration
/// that is read again has the same.
fn entry(namespace: &Namespace, name: &str) -> &'static Entry {
    static KNOWN: Mutex<Vec<&'static Entry>> = Mutex::new(Vec::new());
    let namespace = namespace.dotted();
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(entry) = known.iter().find(|entry| entry.namespace == namespace && entry.name == name) {
        return entry;
    }
    let (namespace, name) = (namespace.leak(), name.to_owned().leak());
    let entry: &'static Entry = Box::leak(Box::new(Entry::defined(namespace, name, build)));
    known.push(entry);
    entry
}

fn build(entry: &Entry, config: &Config) -> Result<Box<dyn Driver>, Error> {
    let definition = definition::read(config, &entry.namespace.parse()?, entry.name)?;
    Ok(match definition.work {
        Work::Template(work) => Box::new(TemplateDriver::new(definition.place, work, config)?),
        Work::Command(work) => Box::new(CommandDriver::new(definition.place, work, entry.namespace, config)?),
    })
}
