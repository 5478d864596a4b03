//! The reader, from outside.

#![expect(clippy::unwrap_used, reason = "a test that fails")]

mod golden;
