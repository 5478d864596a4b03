//! YAML 1.1, as PyYAML reads and writes it.
//!
//! The configuration files, and the consumers of the generated YAML files, are Python's: `no` is a
//! boolean there and `1:30` a number. [`parse`] reads a document so, and [`to_string`] writes one
//! that they read back as what it was.
//!
//! What is read is a [`serde_yaml::Value`], of the release series 0.9, and what is written is anything that
//! serde can take apart. A driver's own configuration is read already: it asks its [`Config`](crate::Config).

mod emit;
mod read;
mod resolve;

pub use emit::to_string;
pub use read::parse;
