//! YAML 1.1, as PyYAML reads and writes it.
//!
//! Operators write the configuration files for Python programs, and Python programs read the generated YAML files. In
//! YAML 1.1, `no` is a boolean and `1:30` a number. [`parse`] reads a document by these rules, and [`to_string`] writes
//! one that Python reads back unchanged.
//!
//! [`parse`] returns a [`Value`]; [`to_string`] takes any type that implements serde's `Serialize`. A driver reads its
//! configuration from [`Config`](crate::Config) instead.
//!
//! [`Value`] and the types inside of it are those of the crate `yaml_serde`, release series 0.10, the successor of
//! `serde_yaml`. Drivers name them by this module, so a driver's crate depends on neither.

mod emit;
mod read;
mod resolve;

pub use serde_yaml::value::{Tag, TaggedValue};
pub use serde_yaml::{Mapping, Number, Sequence, Value};

pub use emit::to_string;
pub use read::parse;
