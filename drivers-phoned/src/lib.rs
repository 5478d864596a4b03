//! The driver of the file that wazo-phoned, the phone directory service, reads when it starts.
//!
//! The crate turns rows into YAML. It opens no database and writes no file: `database` and the program do that.
//! Begin reading in `config.rs`, which has the whole driver; [`DRIVERS`] registers it.

mod config;

use driver_api::Entry;

/// Every driver of this family, sorted by namespace.
pub static DRIVERS: &[Entry] =
    &[Entry::new("phoned.config.yml", "wazo", |_| Ok(Box::new(config::PhonedConfig)))];
