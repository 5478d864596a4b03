//! YAML 1.1, as PyYAML reads and writes it.
//!
//! The configuration files, and the consumers of the generated YAML files, are Python's: `no` is a
//! boolean there and `1:30` a number. [`parse`] reads a document so, and [`to_string`] writes one
//! that they read back as what it was.

mod emit;
mod read;
mod resolve;

pub use emit::to_string;
pub use read::parse;
