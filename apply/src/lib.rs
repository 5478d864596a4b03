//! Applies a generation: writes the files that changed into a folder from which Asterisk includes them, and has Asterisk
//! read exactly those. If that fails, the old files come back.
//!
//! The crate is given texts. It knows neither drivers nor databases. Begin with [`Apply`], the one apply that runs at a
//! time; then read [`Reload`], which talks to Asterisk through a program or through AMI, and understands its answers.
//!
//! ```text
//! lock ─► journal ─► files ─► journal ─► commands to Asterisk ─► generation in the history ─► no journal
//!                      │                     │
//!                      └──── a failure ──────┴──► the old files, and the commands again
//! ```
//!
//! The journal says after a crash which files were to be replaced. The next start completes the generation if Asterisk
//! may have read some of it, and takes it back otherwise.

#![warn(missing_docs)]

mod ami;
mod answer;
mod asterisk;
mod log;
mod recovery;
mod reload;
mod run;
mod settings;

pub use asterisk::{Asterisk, Program};
pub use recovery::Recovered;
pub use reload::{Outcome, Reload, Step};
pub use run::{Applied, Apply, Moment};
pub use settings::{Ami, ApplySettings, Commands, ReloadSettings, Seconds, Words};
