//! The drivers that a build has, and all that is needed to generate files with them over a snapshot of a database.
//!
//! Begin with [`FAMILIES`], the families that the cargo features choose; then read [`Registry`], which maps namespaces
//! to drivers, and [`generate`], which runs them. [`config`] reads the configuration that they are built with. A program
//! adds the database, and a place for the files.

#![warn(missing_docs)]

pub mod config;
mod features;
pub mod generate;
mod patches;
mod registry;
mod report;
mod writer;

pub use features::{Brings, FAMILIES, Feature, features};
pub use patches::{Patched, Patches};
#[cfg(feature = "custom")]
pub use registry::definitions;
pub use registry::{Plugins, Registry, definition_keys, files_of_definitions};
pub use report::{NAMESPACE_WIDTH, Report, split_shown};
pub use writer::{AnyRelease, Outcome, Writer};
