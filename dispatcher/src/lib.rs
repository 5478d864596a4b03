//! Finds the driver of a namespace, runs it in a session, and puts the file where it belongs.
//!
//! A program with drivers of its own is five lines: it hands [`run`] its families beside
//! [`FAMILIES`].

mod cli;
pub mod config;
pub mod generate;
pub mod output;
mod registry;
mod report;
mod serve;

use driver_api::Entry;

pub use cli::run;
pub use registry::Registry;
pub use report::{NAMESPACE_WIDTH, Report};

/// The families that the cargo features enable.
pub static FAMILIES: &[&[Entry]] = &[
    #[cfg(feature = "asterisk")]
    drivers_asterisk::DRIVERS,
    #[cfg(feature = "dird")]
    drivers_dird::DRIVERS,
    #[cfg(feature = "phoned")]
    drivers_phoned::DRIVERS,
    #[cfg(feature = "provd")]
    drivers_provd::DRIVERS,
    #[cfg(feature = "wazo")]
    drivers_wazo::DRIVERS,
];

/// The resources of this project's families, each named as its feature, and whether this build has it.
const RESOURCES: &[(&str, bool)] = &[
    ("asterisk", cfg!(feature = "asterisk")),
    ("dird", cfg!(feature = "dird")),
    ("phoned", cfg!(feature = "phoned")),
    ("provd", cfg!(feature = "provd")),
    ("wazo", cfg!(feature = "wazo")),
];
