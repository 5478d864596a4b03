//! The service: a client asks for a file and gets all of it, or nothing.
//!
//! The crate handles requests and replies, coalesces simultaneous requests, and has the cache of good copies, the
//! log, the metrics, systemd and signals. It knows neither drivers nor databases nor the content of files: a
//! [`Source`] returns a [`Generator`] for each configuration, and the generator generates files.
//!
//! Begin with [`run`] in `server.rs`; then follow a request: `connection.rs` reads it, `request.rs` parses it,
//! `reply.rs` finds the reply, `coalesce.rs` lets requests for the same file share a generation.

#![warn(missing_docs)]

mod cache;
mod coalesce;
mod connection;
pub mod destination;
pub mod file;
mod gate;
mod guard;
mod held;
mod history;
mod http;
mod listener;
mod log;
mod metrics;
mod pin;
mod reply;
mod request;
mod server;
mod settings;
mod signals;
mod sink;
mod source;
mod state;
pub mod status;
mod stream;
mod systemd;
mod version;

pub use gate::{Gate, GateAction, Rejection};
pub use guard::{Action, FileLimits, Guard};
pub use held::{Held, accept, held};
pub use history::{
    Cause, FileChange, Generation, History, HistorySettings, Journal, JournalFile, KeptText, NewText, Stage,
};
pub use log::{LOG_FIELDS, LogFormat};
pub use pin::{Pin, pin, pinned, unpin};
pub use server::run;
pub use settings::{
    FileMode, Http, HttpAddress, Limits, Listen, ListenAddress, Log, LogLevel, Metrics, Settings, Storage,
    http_address,
};
pub use source::{Configuration, Failure, Generated, Generator, Source};
pub use version::Version;
