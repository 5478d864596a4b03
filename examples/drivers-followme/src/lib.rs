//! Drivers of our own.

mod followme;
mod rtp;

use driver_api::Entry;

/// Every driver of this family, sorted by namespace and name.
pub static DRIVERS: &[Entry] = &[
    Entry::new("asterisk.followme.conf", "followme", followme::build)
        .defaults("followme: {ring_seconds: 20}"),
    Entry::new("asterisk.rtp.conf", "acme", rtp::build)
        .defaults("rtp: {open_ports: {first: 20000, last: 20999}}"),
];
