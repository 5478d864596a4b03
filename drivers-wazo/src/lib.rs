//! The driver of the file that tells which installation this is.

mod uuid;

use driver_api::{Entry, Schema};

/// Every driver of this family, sorted by namespace.
pub static DRIVERS: &[Entry] = &[Entry {
    namespace: "wazo.uuid.yml",
    name: "wazo",
    defaults: "",
    schema: Schema::Current,
    new: |_| Ok(Box::new(uuid::Uuid)),
}];
