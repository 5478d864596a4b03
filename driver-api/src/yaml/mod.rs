//! YAML 1.1, as PyYAML reads and writes it.
//!
//! Operators write the configuration files for Python programs, and Python programs read the generated YAML files. In
//! YAML 1.1, `no` is a boolean and `1:30` a number. [`parse`] reads a document by these rules, and [`to_string`] writes
//! one that Python reads back unchanged.
//!
//! [`parse`] returns a [`serde_yaml::Value`] of the release series 0.9; [`to_string`] takes any type that implements
//! serde's `Serialize`. A driver reads its configuration from [`Config`](crate::Config) instead.

mod emit;
mod read;
mod resolve;

pub use emit::to_string;
pub use read::parse;
