//! The program `confgend`: the families that the cargo features choose, their namespaces, the configuration and the
//! command line. It wires the other crates together, and knows neither the protocol of the service nor SQL nor
//! Asterisk.
//!
//! Begin with [`run`], the command line; then read [`Registry`], which maps namespaces to drivers, and [`generate`],
//! which runs them. A program with drivers of its own hands [`run`] its families beside [`FAMILIES`].
//!
//! With the feature `jemalloc`, that program has this allocator; one that sets its own leaves the feature out.

mod cli;
pub mod config;
mod features;
pub mod generate;
mod registry;
mod report;
mod site;

pub use cli::run;
pub use features::{Brings, FAMILIES, Feature, features};
pub use registry::Registry;
pub use report::{NAMESPACE_WIDTH, Report};

/// The service lives for months and needs a hundred megabytes now and then, for a moment. It stands here and
/// not in the program, so that a program of somebody else has it, too.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
