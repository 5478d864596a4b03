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

/// Every driver of this family, sorted by namespace.
pub static DRIVERS: &[Entry] = &[
    Entry {
        namespace: "dird.services.yml",
        name: "wazo",
        defaults: services::DEFAULTS,
        schema: Schema::Before("2019-09"),
        new: |config| Ok(Box::new(services::Services::new(config)?)),
    },
    Entry {
        namespace: "dird.sources.yml",
        name: "wazo",
        defaults: "",
        schema: Schema::Before("2019-09"),
        new: |_| Ok(Box::new(sources::Sources)),
    },
    Entry {
        namespace: "dird.views.yml",
        name: "wazo",
        defaults: "",
        schema: Schema::Before("2019-09"),
        new: |_| Ok(Box::new(views::Views)),
    },
];
