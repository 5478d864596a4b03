//! The interface between confgend and its drivers. confgend generates configuration files from the database of a
//! telephone system; a [`Driver`] writes one of these files.
//!
//! This crate opens no database, finds no configuration files and runs no driver: see the crates `database` and
//! `dispatcher`. It depends on no database engine; an engine implements [`Snapshot`].
//!
//! Begin with [`Driver`] and the example below. Then read [`Session::query`] for the rows, [`asterisk::Writer`] or
//! [`yaml::to_string`] for the text, and [`Entry`] for the registration.
//!
//! # A family of one driver
//!
//! A *family* is a crate that exports its drivers as a list of [`Entry`]. It can live in any repository, and depends on
//! `driver-api` and `serde`. This example runs its driver with the test kit, the crate `fixtures`. On crates.io, the
//! packages are `confgend-driver-api` and `confgend-fixtures`.
//!
//! ```
//! use driver_api::asterisk::{Writer, syntax};
//! use driver_api::{Driver, Entry, Error, Query, Row, Session, Text};
//! use serde::Deserialize;
//!
//! /// The drivers of the family.
//! pub static DRIVERS: &[Entry] =
//!     &[Entry::new("asterisk.followme.conf", "acme", |_config| Ok(Box::new(FollowMe)))];
//!
//! /// `followme.conf`: the mobile phone of each user, and how many seconds it rings.
//! struct FollowMe;
//!
//! impl Driver for FollowMe {
//!     fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
//!         let mut users: Vec<Row<User>> = session.query(USERS, &[])?;
//!         // A comma would end the number, and a line break the line: such a row is left out.
//!         users.retain(|user| user.keeps(session, syntax::argument, &user.mobilephonenumber));
//!         let mut writer = Writer::new(session);
//!         for user in &users {
//!             let mut lines = writer.at(user);
//!             lines.section(&user.uuid);
//!             lines.object_option_of("number", &[&user.mobilephonenumber, &",", &user.ringseconds]);
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
//!     uuid: Text,
//!     mobilephonenumber: Text,
//!     ringseconds: i64,
//! }
//!
//! fn user(id: u32, number: &str) -> String {
//!     let row = serde_json::json!({
//!         "id": id, "uuid": format!("u-{id}"), "mobilephonenumber": number, "ringseconds": 25,
//!         "tenant_uuid": "t-1", "func_key_private_template_id": id, "description": "",
//!     });
//!     format!("{row}\n")
//! }
//!
//! let rows = user(1, "0612345678") + &user(2, "0612345679\n#exec reboot");
//! let mut database = fixtures::Scratch::new(&[("userfeatures", &rows)]);
//! assert_eq!(database.generate(&FollowMe).unwrap(), "[u-1]\nnumber => 0612345678,25\n");
//! let row = "table userfeatures, row uuid=u-2, column mobilephonenumber";
//! let message = "the value has a line break; the row is left out";
//! assert_eq!(database.warnings, [format!("{row}: {message}")]);
//! ```
//!
//! To build confgend with this family, write a program whose `main` calls
//! `dispatcher::run(&[dispatcher::FAMILIES, &[DRIVERS]].concat())`. If a file has several drivers, an operator selects
//! one with `plugins: {asterisk.followme.conf: acme}`.
//!
//! # Rules for a driver
//!
//! - The same database and configuration give the same bytes: see [`Driver`].
//! - One SQL text runs on SQLite and PostgreSQL: see [`Query`].
//! - Asterisk reads from a line exactly the values of the row. If that is impossible, the driver leaves out the option
//!   or the row, with a [`Warning`]. [`asterisk::Writer`] does so for a line, and [`Row::keeps`] for a row;
//!   [`yaml::to_string`] quotes texts. A driver that formats lines itself reads texts as [`OneLine`] or [`Blanked`].
//! - A warning names table, row and column: [`Row::warn`] adds table and key. [`Warning::new`] is for a whole table.
//! - Bad data drops an option or a row, with a warning. Only a problem that makes the whole file wrong is an [`Error`].
//! - A driver does not panic. If it does, only its file fails.
//!
//! The front page of `fixtures` shows how to test drivers.
//!
//! # Features
//!
//! `templates` adds the module `templates`: Jinja2 templates that an operator may replace. It is off by default, since a
//! family without templates needs no engine for them.
//!
//! # Stability
//!
//! All crates of confgend share one version, by semantic versioning. A breaking change needs a new minor version before
//! 1.0, and a new major version afterwards. Breaking changes are:
//!
//! - other parameters of [`Entry::new`], other fields of [`Query`], other variants of [`Schema`], [`Value`] or
//!   [`ErrorKind`];
//! - a new method without a default in [`Driver`], [`Snapshot`], [`Rows`], [`EngineRow`] or [`Piece`];
//! - another release series of `yaml_serde` (0.10), whose types are in [`Config`] and [`yaml`], or of `minijinja` (3.0),
//!   whose types are in the module `templates`;
//! - other bytes from [`asterisk::Writer`] or [`yaml::to_string`], another result of a place in [`asterisk::syntax`], or
//!   another format of the snapshots of `fixtures`: each changes the snapshots of every family.
//!
//! Not breaking are a new property of [`Entry`], which has a default, and a new place in [`asterisk::syntax`]. Any
//! version may change the wording of errors and warnings, the form of the [key](Origin::key) in them, the tables and
//! cases of `fixtures`, and the files that confgend's own drivers write.
//!
//! The folder `docs/api` of the repository has the public interface, item by item: each change of it is reviewed.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(missing_docs)]

pub mod asterisk;
mod columns;
mod config;
mod decode;
mod driver;
mod error;
pub mod explanation;
mod namespace;
mod release;
mod row;
pub mod secrets;
mod session;
pub mod settings;
mod snapshot;
mod table;
#[cfg(feature = "templates")]
pub mod templates;
mod text;
mod value;
mod warning;
pub mod yaml;

pub use columns::{OptionColumn, OptionColumns};
pub use config::Config;
pub use driver::{Driver, Entry, Schema};
pub use error::{Error, ErrorKind};
pub use namespace::Namespace;
pub use release::{Dated, Release, StandIn};
pub use row::{Origin, Row};
pub use session::{Query, Session};
pub use snapshot::{EngineRow, Exported, Rows, Second, Snapshot};
pub use table::{Cell, Cells, Table};
pub use text::{Blanked, OneLine, Piece, Text, blanked, breaks_line, on_one_line};
pub use value::Value;
pub use warning::{Warning, Warnings};
