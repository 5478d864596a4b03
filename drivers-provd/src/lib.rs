//! The driver of the file that wazo-provd, the server that provisions phones, reads when it starts.

mod network;

use driver_api::Entry;

/// Every driver of this family, sorted by namespace.
pub static DRIVERS: &[Entry] = &[Entry::new("provd.network.yml", "wazo", |_| Ok(Box::new(network::Network)))];
