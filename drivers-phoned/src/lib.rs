//! The driver of the file that wazo-phoned, the phone directory service, reads when it starts.

mod config;

use driver_api::Entry;

/// Every driver of this family, sorted by namespace.
pub static DRIVERS: &[Entry] =
    &[Entry::new("phoned.config.yml", "wazo", |_| Ok(Box::new(config::PhonedConfig)))];
