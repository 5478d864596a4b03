//! The program `confgend`: the configuration of a site and the command line. It wires the other crates together, and knows
//! neither the protocol of the service nor SQL nor Asterisk.
//!
//! Begin with [`run`], the command line; then read [`Registry`], which maps namespaces to drivers, and
//! [`generate`], which runs them; both are those of the crate `drivers`. A program with its own drivers passes their
//! families to [`run`], beside [`FAMILIES`].
//!
//! With the feature `mimalloc`, the library sets the allocator of the program. A program that sets its own leaves
//! the feature out.

mod accept;
#[cfg(feature = "mimalloc")]
mod allocator;
mod ask;
mod cli;
pub mod config;
mod features;
pub mod file_set;
pub mod folder;
mod page;
mod proposal;
mod recovery;
mod site;
mod told;
mod watch;

pub use cli::{Shell, command_line, run};
pub use drivers::{Brings, FAMILIES, Feature, NAMESPACE_WIDTH, Registry, Report, generate};
pub use features::features;
