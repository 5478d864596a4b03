//! Tests of the reader through its public interface.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod edit;
mod golden;
mod hostile;
mod properties;
mod rules;
