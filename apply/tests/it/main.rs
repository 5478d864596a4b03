//! Applies files over a stand-in for Asterisk.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod ami;
mod apply;
#[path = "../site/mod.rs"]
mod site;
