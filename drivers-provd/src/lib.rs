//! The driver of the file that wazo-provd, the server that provisions phones, reads when it starts.
//!
//! The crate turns rows into YAML. It opens no database and writes no file: `database` and the program do that.
//! Begin reading in `network.rs`, which has the whole driver; [`DRIVERS`] registers it.

mod network;

use driver_api::{Entry, Release};

/// Every driver of this family, sorted by namespace.
pub static DRIVERS: &[Entry] =
    &[Entry::new("provd.network.yml", "wazo", |_| Ok(Box::new(network::Network)))
        .since(Release::new(23, 17))];
