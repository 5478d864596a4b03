//! The TCP service: a client asks for a file and gets all of it, or nothing.
//!
//! The crate knows requests and replies, when simultaneous requests share a generation, the cache of good copies,
//! the log, the metrics, systemd and signals. It knows neither drivers nor databases nor what a file means: a
//! [`Source`] gives it a [`Generator`] for each configuration, and that generates files.
//!
//! Begin with [`run`] in `server.rs`; then follow a request: `connection.rs` reads it, `request.rs` parses it,
//! `reply.rs` finds the reply, `coalesce.rs` has requests for the same file share a generation.

#![warn(missing_docs)]

mod cache;
mod coalesce;
mod connection;
pub mod file;
mod log;
mod metrics;
mod page;
mod reply;
mod request;
mod server;
mod settings;
mod signals;
mod source;
mod state;
mod systemd;

pub use server::run;
pub use settings::{Limits, Listen, ListenAddress, Log, LogLevel, Metrics, Settings, Storage};
pub use source::{Configuration, Failure, Generation, Generator, Source};
