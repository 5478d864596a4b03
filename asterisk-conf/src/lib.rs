//! The syntax of Asterisk's configuration files: what can be written so that Asterisk reads it, and what it
//! reads.
//!
//! The crate knows no database, and opens no file. [`syntax`] says what may stand in which place of a line.

#![warn(missing_docs)]

pub mod catalogue;
pub mod syntax;
