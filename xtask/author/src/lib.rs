//! `cargo xtask new-driver` and `cargo xtask fixtures`: the commands that the author of a driver types first.
//!
//! They are a package of their own because the package with the other commands takes longer to compile than the author's
//! crate. Begin with [`NewDriver`].

#![warn(missing_docs)]
#![expect(clippy::print_stderr, reason = "for a program for people at a terminal")]

// Every module prints with it.
#[macro_use(say)]
extern crate xtask_generate;

mod load;
mod new_driver;

pub use load::Fixtures;
pub use new_driver::NewDriver;
