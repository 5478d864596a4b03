//! The driver of the file that tells which installation this is.

mod uuid;

use driver_api::Entry;

/// Every driver of this family, sorted by namespace.
pub static DRIVERS: &[Entry] = &[Entry::new("wazo.uuid.yml", "wazo", |_| Ok(Box::new(uuid::Uuid)))];
