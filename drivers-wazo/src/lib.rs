//! The driver of the file that identifies the installation.
//!
//! The crate turns rows into YAML. It opens no database and writes no file: `database` and the program do that.
//! Begin reading in `uuid.rs`, which has the whole driver; [`DRIVERS`] registers it.

mod uuid;

use driver_api::Entry;

/// Every driver of this family, sorted by namespace.
pub static DRIVERS: &[Entry] = &[Entry::new("wazo.uuid.yml", "wazo", |_| Ok(Box::new(uuid::Uuid)))];
