//! Look-ups that several drivers need, for families in this repository and for crates of other authors.
//!
//! | look-up | result | queries |
//! |---|---|---|
//! | [`users`] | all users with names, main line, context and number | 1 |
//! | [`Mailboxes`] | the mailboxes, which a [`User`] names by id | 1 |
//! | [`pickups`] | the pickup groups of the users of a line | 1 |
//! | [`endpoints`] | the SIP endpoints with the options that they have and inherit | 3 |
//!
//! A look-up reads its tables once for a file, whatever their size. Its rows know their origin, so warnings and lines of a
//! driver name the row. The drivers of `drivers-asterisk` use the same look-ups.
//!
//! A driver that needs other columns of these tables has a query of its own, and joins the two by id.

#![warn(missing_docs)]

pub mod endpoints;
mod mailboxes;
pub mod pickups;
mod users;

pub use mailboxes::{Mailbox, Mailboxes};
pub use users::{User, users};
