//! The drivers of the files that wazo-dird, the directory service, read until it took over its own
//! configuration. Their tables are gone from today's databases.
//!
//! A *profile* is what a user's context makes of the directories: which *sources* are searched, and in which
//! *display*, a set of columns, the results are shown.

mod services;
mod shared;
mod sources;
mod views;

use driver_api::{Entry, Schema};

/// Releases from September 2019 on have none of these tables.
const SCHEMA: Schema = Schema::Before("2019-09");

/// Every driver of this family, sorted by namespace.
pub static DRIVERS: &[Entry] = &[
    Entry::new("dird.services.yml", "wazo", services::build).defaults(services::DEFAULTS).schema(SCHEMA),
    Entry::new("dird.sources.yml", "wazo", |_| Ok(Box::new(sources::Sources))).schema(SCHEMA),
    Entry::new("dird.views.yml", "wazo", |_| Ok(Box::new(views::Views))).schema(SCHEMA),
];
