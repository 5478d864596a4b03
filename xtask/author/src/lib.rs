//! `cargo xtask new-driver` and `cargo xtask fixtures`: the commands that the author of a driver types first.
//!
//! They are a package of their own because the package with the other commands takes longer to compile than the author's
//! crate. Begin with [`NewDriver`]. The other commands use [`start`], [`command`] and [`metadata`].

#![warn(missing_docs)]
#![expect(clippy::print_stderr, reason = "for a program for people at a terminal")]

// Every module prints with it.
#[macro_use(say)]
extern crate xtask_generate;

pub mod command;
mod load;
pub mod metadata;
mod new_driver;
mod start;

pub use load::Fixtures;
pub use new_driver::NewDriver;
pub use start::start;
