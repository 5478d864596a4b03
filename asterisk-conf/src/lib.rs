//! The syntax of Asterisk's configuration files: a writer that escapes or refuses values, and a reader that behaves as
//! Asterisk's own parser does. A [`catalogue`] lists the options of Asterisk's modules.
//!
//! The crate opens no file and no database, and never runs an `#exec`. A caller that wants `#include` followed passes
//! the [`Files`].
//!
//! To read, begin with [`read`] and [`Document`]; to write, with [`syntax`] and [`Writer`]; to change a
//! text, with [`edit::Editor`].
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
//! A value that is written reads back as it was, or is refused with the reason:
//!
//! ```
//! use asterisk_conf::{Refusal, Writer, read};
//!
//! let mut writer = Writer::new();
//! writer.section(None, "ann", None)?;
//! writer.option("callerid", " => ", &["Ann; Bob"])?;
//! assert_eq!(writer.option("callerid", " => ", &["Ann\n#exec x"]), Err(Refusal::LineBreak));
//!
//! let text = writer.into_text();
//! assert_eq!(text, "[ann]\ncallerid => Ann\\; Bob\n");
//! assert_eq!(read(&text).section("ann").unwrap().value("callerid").unwrap(), "Ann; Bob");
//! # Ok::<(), Refusal>(())
//! ```
//!
//! `cargo +nightly fuzz run read`, in the folder of the crate, fuzzes the reader.

#![warn(missing_docs)]

mod assignment;
pub mod catalogue;
mod diagnostic;
mod document;
pub mod edit;
mod end_mark;
pub mod files;
mod reader;
pub mod syntax;
mod writer;

pub use diagnostic::{Diagnostic, DiagnosticKind, Effect, Level};
pub use document::{Command, ConfigOption, Document, FileId, Location, Place, Section, Status};
pub use end_mark::end_mark;
pub use files::{Content, Files, MemoryFiles, NoFiles};
pub use reader::{Limits, Reader, read, stripped};
pub use syntax::Refusal;
pub use writer::{OptionLine, Writer};
