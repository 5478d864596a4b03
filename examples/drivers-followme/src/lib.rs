//! Drivers of our own.

mod followme;
mod rtp;

use driver_api::{Entry, Schema};

/// Every driver of this family, sorted by namespace and name.
pub static DRIVERS: &[Entry] = &[
    Entry {
        namespace: "asterisk.followme.conf",
        name: "followme",
        defaults: "followme: {ring_seconds: 20}",
        schema: Schema::Current,
        new: |config| Ok(Box::new(config.require::<followme::Followme>("followme")?)),
    },
    Entry {
        namespace: "asterisk.rtp.conf",
        name: "acme",
        defaults: "rtp_ports: {first: 20000, last: 20999}",
        schema: Schema::Current,
        new: |config| Ok(Box::new(rtp::Rtp::new(config)?)),
    },
];
