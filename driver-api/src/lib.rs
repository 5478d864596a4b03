//! What a driver of confgend sees, and nothing else.
//!
//! confgend turns the database of a telephone system into configuration files. A [`Driver`] writes one of
//! them. It is built once from the [`Config`], and each time the file is asked for it runs inside a
//! [`Session`] that somebody else opened: queries give typed rows, rows become text. A *family* is a crate
//! that exports its drivers as a list of [`Entry`].
//!
//! # A family of one driver
//!
//! It may stand in any repository, and needs `driver-api` and `serde`; this example runs it in the test kit,
//! the crate `fixtures`.
//!
//! ```
//! use driver_api::asterisk::Writer;
//! use driver_api::{Driver, Entry, Error, OneLine, Query, Session};
//! use serde::Deserialize;
//!
//! /// What the family exports.
//! pub static DRIVERS: &[Entry] =
//!     &[Entry::new("asterisk.followme.conf", "acme", |_config| Ok(Box::new(FollowMe)))];
//!
//! /// `followme.conf`: the mobile phone of each user, and for how many seconds it rings.
//! struct FollowMe;
//!
//! impl Driver for FollowMe {
//!     fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
//!         let users: Vec<User> = session.query(USERS, &[])?;
//!         let mut writer = Writer::new();
//!         for user in &users {
//!             writer.section(&user.uuid);
//!             writer.object_option("number", &format!("{},{}", user.mobilephonenumber, user.ringseconds));
//!         }
//!         Ok(writer.finish(session))
//!     }
//! }
//!
//! const USERS: Query<'_> = Query {
//!     table: "userfeatures",
//!     key: &["uuid"],
//!     sql: "SELECT uuid, mobilephonenumber, ringseconds
//!         FROM userfeatures
//!         WHERE mobilephonenumber <> ''
//!         ORDER BY id",
//! };
//!
//! #[derive(Deserialize)]
//! struct User {
//!     uuid: OneLine,
//!     mobilephonenumber: OneLine,
//!     ringseconds: i64,
//! }
//!
//! let user = serde_json::json!({
//!     "uuid": "u-1001", "mobilephonenumber": "0612345678", "ringseconds": 25,
//!     "tenant_uuid": "t-1", "func_key_private_template_id": 1, "description": "",
//! });
//! let mut database = fixtures::Scratch::new(&[("userfeatures", &user.to_string())]);
//! assert_eq!(database.generate(&FollowMe).unwrap(), "[u-1001]\nnumber => 0612345678,25\n");
//! ```
//!
//! A program with this family beside those of confgend has the line
//! `dispatcher::run(&[dispatcher::FAMILIES, &[DRIVERS]].concat())` in its `main`. Where a file has several
//! drivers, an operator selects one by `plugins: {asterisk.followme.conf: acme}`.
//!
//! # What a driver is held to
//!
//! - The same database and the same configuration give the same bytes: see [`Driver`].
//! - One SQL text serves SQLite and PostgreSQL: see [`Query`].
//! - No value from the database starts a line of its own: fields are [`OneLine`] or [`Blanked`], and
//!   [`asterisk::Writer`] refuses such lines. [`yaml::to_string`] puts quotes around such texts.
//! - Bad data costs a row and a [`Warning`]; what makes the whole file wrong is an [`Error`]. Nothing panics,
//!   though a panic costs no more than the file.
//!
//! Drivers are tested with `fixtures`, whose front page shows how. No database crate is among the dependencies
//! of this one: the engines live behind [`Snapshot`].
//!
//! # Between versions
//!
//! All crates of confgend have one version, which follows semantic versioning: before 1.0, a change that a
//! driver has to be adapted to comes with a new minor version, and afterwards with a new major version. Such
//! changes are: another parameter of [`Entry::new`]; a field more or less in [`Query`], which drivers write
//! out; a variant more or less in [`Schema`], [`Value`] or [`ErrorKind`]; a method without a default in
//! [`Driver`], [`Snapshot`], [`Rows`] or [`Row`]; another release series of `serde_yaml` (0.9), whose types
//! stand in [`Config`] and [`yaml`]; and other bytes from [`asterisk::Writer`] or [`yaml::to_string`], or
//! another form of the snapshots of `fixtures`, since these would change the snapshots of every family.
//!
//! No such change is a new property in [`Entry`], which has a default. The wording of errors and warnings, and
//! the tables and cases of `fixtures`, may change with any version; so may what confgend's own drivers write.

#![warn(missing_docs)]

pub mod asterisk;
mod columns;
mod config;
mod decode;
mod driver;
mod error;
mod namespace;
mod row;
mod session;
mod snapshot;
mod text;
mod value;
pub mod yaml;

pub use columns::{OptionColumn, OptionColumns};
pub use config::Config;
pub use driver::{Driver, Entry, Schema};
pub use error::{Error, ErrorKind};
pub use namespace::Namespace;
pub use row::{Origin, Row};
pub use session::{Query, Session, Warning};
pub use snapshot::{EngineRow, Rows, Snapshot};
pub use text::{Blanked, OneLine, Piece, Text, blanked, breaks_line};
pub use value::Value;
