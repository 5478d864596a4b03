//! The drivers of the files of wazo-dird, the directory service, for databases of releases before September 2019.
//! Later ones have none of their tables.
//!
//! A *profile* belongs to a context of users. It names the *sources* that a search asks, and the *display*, a set of
//! columns, that shows the results.
//!
//! Begin with `services.rs`; `shared.rs` has the rules that hold for more than one file.

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
