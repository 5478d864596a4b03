//! Finds the driver of a namespace, runs it in a session, and puts the file where it belongs.
//!
//! A program with drivers of its own is five lines: it hands [`run`] its families beside
//! [`FAMILIES`], which may be empty: the cargo features choose what is in there. With the feature `jemalloc`,
//! that program has this allocator; one that sets its own leaves the feature out.

mod cli;
pub mod config;
mod features;
pub mod generate;
pub mod output;
mod registry;
mod report;
mod serve;

pub use cli::run;
pub use features::{Brings, FAMILIES, Feature, features};
pub use registry::Registry;
pub use report::{NAMESPACE_WIDTH, Report};

/// The service lives for months and needs a hundred megabytes now and then, for a moment. It stands here and
/// not in the program, so that a program of somebody else has it, too.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
