//! The driver of the file that wazo-phoned, the phone directory service, reads when it starts.

mod config;

use driver_api::{Entry, Schema};

/// Every driver of this family, sorted by namespace.
pub static DRIVERS: &[Entry] = &[Entry {
    namespace: "phoned.config.yml",
    name: "wazo",
    defaults: "",
    schema: Schema::Current,
    new: |_| Ok(Box::new(config::PhonedConfig)),
}];
