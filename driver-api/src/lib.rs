//! What a driver of confgend sees, and nothing else.
//!
//! A [`Driver`] writes one configuration file. It is built once from the [`Config`], and each time
//! the file is asked for it runs inside a [`Session`] that somebody else opened: queries give typed
//! rows, rows become text.
//!
//! ```
//! use driver_api::{Config, Driver, Entry, Error, Query, Schema, Session};
//! use serde::Deserialize;
//!
//! /// `hosts.txt`: the addresses that may use the phone directory, one on a line.
//! struct Hosts;
//!
//! impl Driver for Hosts {
//!     fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
//!         let rows: Vec<Row> = session.query(HOSTS, &[])?;
//!         Ok(rows.iter().map(|row| format!("{}\n", row.host)).collect())
//!     }
//! }
//!
//! const HOSTS: Query<'_> = Query {
//!     table: "accessfeatures",
//!     key: &["id"],
//!     sql: "SELECT id, host FROM accessfeatures ORDER BY id",
//! };
//!
//! #[derive(Deserialize)]
//! struct Row {
//!     #[expect(dead_code, reason = "names the row in messages")]
//!     id: i64,
//!     host: String,
//! }
//!
//! /// What a family exports.
//! pub static DRIVERS: &[Entry] = &[Entry {
//!     namespace: "example.hosts.txt",
//!     name: "wazo",
//!     defaults: "",
//!     schema: Schema::Current,
//!     new: |_config: &Config| Ok(Box::new(Hosts)),
//! }];
//! ```
//!
//! No database crate is among the dependencies: the engines live behind [`Snapshot`].

pub mod asterisk;
mod config;
mod driver;
mod error;
mod namespace;
mod row;
mod session;
mod snapshot;
mod text;
mod value;
pub mod yaml;

pub use config::Config;
pub use driver::{Driver, Entry, Schema};
pub use error::{Error, ErrorKind};
pub use namespace::Namespace;
pub use session::{Query, Session, Warning};
pub use snapshot::{Row, Rows, Snapshot};
pub use text::{Blanked, OneLine, blanked, breaks_line};
pub use value::Value;
