//! The driver of the file that wazo-provd, the server that provisions phones, reads when it starts.

mod network;

use driver_api::{Entry, Schema};

/// Every driver of this family, sorted by namespace.
pub static DRIVERS: &[Entry] = &[Entry {
    namespace: "provd.network.yml",
    name: "wazo",
    defaults: "",
    schema: Schema::Current,
    new: |_| Ok(Box::new(network::Network)),
}];
