//! The program `confgend`: the families that the cargo features choose, their namespaces, the configuration and the
//! command line. It wires the other crates together, and knows neither the protocol of the service nor SQL nor
//! Asterisk.
//!
//! Begin with [`run`], the command line; then read [`Registry`], which maps namespaces to drivers, and
//! [`generate`], which runs them. A program with its own drivers passes their families to [`run`], beside
//! [`FAMILIES`].
//!
//! With the feature `mimalloc`, the library sets the allocator of the program. A program that sets its own leaves
//! the feature out.

mod accept;
mod allocator;
mod ask;
mod cli;
pub mod config;
mod features;
pub mod file_set;
pub mod folder;
pub mod generate;
mod page;
mod proposal;
mod recovery;
mod registry;
mod report;
mod site;
mod watch;
mod writer;

pub use cli::run;
pub use features::{Brings, FAMILIES, Feature, features};
pub use registry::Registry;
pub use report::{NAMESPACE_WIDTH, Report};
