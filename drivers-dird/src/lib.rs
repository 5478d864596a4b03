//! The drivers of the files that wazo-dird, the directory service, read until it took over its own
//! configuration. Their tables are gone from today's databases.
//!
//! A *profile* belongs to the context of a user. It says which *sources*, that is directories, are searched, and
//! in which *display*, a set of columns, the results are shown.
//!
//! The crate turns rows into YAML. It opens no database and writes no file: `database` and the program do that.
//! Each of `services.rs`, `sources/` and `views.rs` writes one file; begin reading with `views.rs`, the simplest.
//! [`DRIVERS`] registers the three.

mod services;
mod shared;
mod sources;
mod views;

use driver_api::settings::Settings as _;
use driver_api::{Entry, Schema};

/// September 2019 is the first release without these tables.
const SCHEMA: Schema = Schema::Before("2019-09");

/// Every driver of this family, sorted by namespace.
pub static DRIVERS: &[Entry] = &[
    Entry::new("dird.services.yml", "wazo", services::build).keys(services::Dird::keys).schema(SCHEMA),
    Entry::new("dird.sources.yml", "wazo", |_| Ok(Box::new(sources::Sources))).schema(SCHEMA),
    Entry::new("dird.views.yml", "wazo", |_| Ok(Box::new(views::Views))).schema(SCHEMA),
];
