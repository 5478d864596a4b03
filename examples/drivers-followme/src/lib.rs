//! Drivers of our own.

mod followme;
mod rtp;

use driver_api::Entry;
use driver_api::settings::Settings as _;

/// Every driver of this family, sorted by namespace and name.
pub static DRIVERS: &[Entry] = &[
    Entry::new("asterisk.followme.conf", "followme", followme::build)
        .keys(followme::Followme::keys),
    Entry::new("asterisk.rtp.conf", "acme", rtp::build).keys(rtp::Rtp::keys),
];
