//! Opens the database of a telephony system and reads it in read-only snapshots.
//!
//! [`open`], or [`open_with`] for other limits, takes a [`Uri`] and returns a [`Database`]. Each
//! [`snapshot`](Database::snapshot) is one transaction that never writes, so all queries of a file, or of all files
//! generated together, see the same instant. A driver gets a [`Session`](driver_api::Session) over a snapshot:
//!
//! ```
//! use driver_api::{Driver, Error, OneLine, Query, Row, Session};
//! # use serde::Deserialize;
//! #
//! # #[derive(Deserialize)]
//! # struct Class { name: OneLine }
//!
//! /// `moh-classes.txt`: the classes of music on hold.
//! struct Classes;
//!
//! impl Driver for Classes {
//!     fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
//!         let sql = "SELECT name FROM moh ORDER BY name";
//!         let classes: Vec<Row<Class>> = session.query(Query { table: "moh", key: &["name"], sql }, &[])?;
//!         Ok(classes.iter().map(|class| format!("{}\n", class.name)).collect())
//!     }
//! }
//!
//! # let row = r#"{"uuid": "m-1", "tenant_uuid": "t-1", "name": "jazz", "label": "Jazz", "mode": "files"}"#;
//! # let site = fixtures::Scratch::new(&[("moh", row)]);
//! # let path = site.path().display();
//! let mut database = database::open(&format!("sqlite:{path}").parse()?)?;
//! let mut snapshot = database.snapshot()?;
//! assert_eq!(Classes.generate(&mut Session::new(&mut *snapshot))?, "jazz\n");
//! # Ok::<(), Error>(())
//! ```
//!
//! Errors are [`driver_api::Error`]. The kind [`ErrorKind::Connection`](driver_api::ErrorKind::Connection) means
//! that the database can't be reached, or that the connection was lost. No error and no printed [`Uri`] shows a
//! password. Calls block their thread.
//!
//! The cargo features `postgres` and `sqlite`, both on by default, are the engines. The URI of an engine that was
//! left out is an error. The crate has the version of `driver-api`, whose front page says what is promised
//! between versions. A new method of [`Database`] does not break that promise, since only this crate implements
//! the trait.

#![warn(missing_docs)]

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("confgend needs a database engine: enable the feature `sqlite`, `postgres` or both");

mod database;
mod open;
mod pool;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
mod uri;

pub use database::{Database, Limits};
pub use open::{check, open, open_with};
pub use pool::{LazySnapshot, Location, Pool, PoolLimits, PoolSettings, PooledConnection};
pub use uri::Uri;
