//! The syntax of Asterisk's configuration files: how they are written so that Asterisk reads what is meant, and
//! what it reads in them.
//!
//! Which options Asterisk's modules know, [`catalogue`] says. The crate opens no file and no database: a caller that
//! wants `#include` followed passes the [`Files`]. It never runs an `#exec`.
//!
//! Begin with [`read`] and [`Document`] for reading, and with [`syntax`] and [`Writer`] for writing.
//!
//! ```
//! let document = asterisk_conf::read("[phone](!)\ncontext = internal\n[ann](phone)\ncallerid => Ann\\; Bob\n");
//!
//! let ann = document.section("ANN").unwrap();
//! assert_eq!(ann.value("callerid").unwrap(), "Ann; Bob");
//! assert!(ann.options()[0].is_inherited());
//! assert!(document.section("phone").is_none(), "modules don't see a template");
//! ```
//!
//! The reader is fuzzed by `cargo +nightly fuzz run read`, in the folder of the crate.

#![warn(missing_docs)]

pub mod catalogue;
mod diagnostic;
mod document;
pub mod files;
mod reader;
pub mod syntax;
mod writer;

pub use diagnostic::{Diagnostic, DiagnosticKind, Effect, Level};
pub use document::{Command, ConfigOption, Document, FileId, Location, Place, Section, Status};
pub use files::{Content, Files, MemoryFiles, NoFiles};
pub use reader::{Limits, Reader, read};
pub use syntax::Refusal;
pub use writer::Writer;
