//! What a driver of confgend sees, and nothing else.
//!
//! confgend turns the database of a telephone system into configuration files. A [`Driver`] writes one of
//! them. It is built once from the [`Config`], and each time the file is asked for it runs inside a
//! [`Session`] that somebody else opened: queries give typed [rows](Row), rows become text. A row knows the
//! table and the key that it comes from, so a [`Warning`] about it names them. A *family* is a crate that exports
//! its drivers as a list of [`Entry`].
//!
//! # A family of one driver
//!
//! It may stand in any repository, and needs `driver-api` and `serde`; this example runs it in the test kit,
//! the crate `fixtures`.
//!
//! ```
//! use driver_api::asterisk::{Writer, syntax};
//! use driver_api::{Driver, Entry, Error, Query, Row, Session, Text};
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
//!         let mut users: Vec<Row<User>> = session.query(USERS, &[])?;
//!         // A comma would end the number, and a line break the line.
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
//! A program with this family beside those of confgend has the line
//! `dispatcher::run(&[dispatcher::FAMILIES, &[DRIVERS]].concat())` in its `main`. Where a file has several
//! drivers, an operator selects one by `plugins: {asterisk.followme.conf: acme}`.
//!
//! # What a driver is held to
//!
//! - The same database and the same configuration give the same bytes: see [`Driver`].
//! - One SQL text serves SQLite and PostgreSQL: see [`Query`].
//! - Asterisk reads from the text what the row meant; or the row or the option is left out, with a [`Warning`]
//!   that names table, row and column. [`asterisk::Writer`] escapes what it can and leaves out what a line can't
//!   hold. Where a value is one of several, the driver asks [`Row::keeps`], with a place of
//!   [`asterisk::syntax`]. [`yaml::to_string`] puts quotes around a text that needs them. A driver that puts lines
//!   together by itself reads texts as [`OneLine`] or [`Blanked`].
//! - Rows know their place: a driver warns by [`Row::warn`], which adds table and key, and by [`Warning::new`]
//!   about a table as a whole.
//! - Bad data costs an option or a row, and a warning; what makes the whole file wrong is an [`Error`]. Nothing
//!   panics, though a panic costs no more than the file.
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
//! [`Driver`], [`Snapshot`], [`Rows`], [`EngineRow`] or [`Piece`]; another release series of `serde_yaml` (0.9),
//! whose types stand in [`Config`] and [`yaml`]; and other bytes from [`asterisk::Writer`] or
//! [`yaml::to_string`], another answer of a place in [`asterisk::syntax`], or another form of the snapshots of
//! `fixtures`, since these would change the snapshots of every family.
//!
//! No such change is a new property in [`Entry`], which has a default, nor a place more in
//! [`asterisk::syntax`]. The wording of errors and warnings, the form of the [key](Origin::key) in them, and
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
pub mod settings;
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
