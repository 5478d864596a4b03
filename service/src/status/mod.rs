//! The status of the service and its files, for people: as a page, as JSON, and on a terminal.
//!
//! `ledger.rs` is what the service remembers of each file, `gather.rs` adds what the files on disk tell, `warnings.rs`
//! groups warnings. `html.rs` makes the page, `table.rs` its table of files, `chart.rs` its charts, and `text.rs` says
//! numbers and times in words.

mod chart;
mod gather;
mod html;
mod ledger;
mod table;
mod text;
mod warnings;

use driver_api::Namespace;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use self::html::{Assets, error_page, file_page, overview};
pub(crate) use self::ledger::Ledger;
pub use self::text::{ago, bytes, count, grouped};
pub use self::warnings::{Place, WarningKind, Warnings};
use crate::history::Cause;
use crate::pin::Pin;

/// The version of the JSON form. It grows when a key goes or means something else, and not when a key comes.
pub const VERSION: u32 = 1;

/// The status of the service and its files.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Status {
    /// The version of this form.
    pub version: u32,
    /// The version of the program.
    pub program: String,
    /// The time of this status.
    pub time: Timestamp,
    /// Whether no file is failed, stale or held back.
    pub fine: bool,
    /// The running service; none if only the files on disk were looked at.
    pub service: Option<ServiceStatus>,
    /// The files, sorted.
    pub files: Vec<FileStatus>,
    /// The last generations, the newest first.
    pub generations: Vec<GenerationStatus>,
    /// The errors that kept a part of this status away.
    pub problems: Vec<String>,
}

/// The status of the running service.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ServiceStatus {
    /// The time at which the service started.
    pub since: Timestamp,
    /// The origin of the data, without a password.
    pub data: String,
    /// The number of clients that are connected.
    pub connections: i64,
}

/// The status of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FileStatus {
    /// The file.
    pub file: Namespace,
    /// The state.
    pub state: State,
    /// Whether the cached copy is out of date: a client gets a new text, and the copy only in place of one.
    pub invalidated: bool,
    /// The time since the cached copy was generated or confirmed; none without a copy.
    pub age_seconds: Option<u64>,
    /// The size of the cached copy.
    pub bytes: Option<u64>,
    /// The number of objects in the last text of the history.
    pub objects: Option<usize>,
    /// The last generation since the service started.
    pub last_attempt: Option<Attempt>,
    /// The pin.
    pub pin: Option<Pin>,
    /// The time since the text that is held back was generated.
    pub held_seconds: Option<u64>,
    /// The warnings of the last generation.
    pub warnings: Warnings,
    /// The texts of the file in the history, the oldest first.
    pub history: Vec<Point>,
}

/// The last generation of a file since the service started.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attempt {
    /// The time at which it ended.
    pub time: Timestamp,
    /// The time that the driver took; none if it did not run.
    pub milliseconds: Option<f64>,
    /// The error, without passwords; none if there is a text.
    pub error: Option<String>,
}

/// A text of a file in the history.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Point {
    /// The number of the generation.
    pub generation: u64,
    /// The time at which the generation was recorded.
    pub time: Timestamp,
    /// The time that the driver took; none if it did not run.
    pub milliseconds: Option<u64>,
    /// The number of objects.
    pub objects: usize,
}

/// A generation of the history.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GenerationStatus {
    /// The number.
    pub number: u64,
    /// The time at which it was recorded.
    pub time: Timestamp,
    /// The reason why it was recorded.
    pub cause: Cause,
    /// The files that changed.
    pub changes: Vec<Change>,
}

/// The change of a file in a generation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Change {
    /// The file.
    pub file: Namespace,
    /// The difference by object, without secrets.
    pub summary: String,
    /// The number of warnings.
    pub warnings: usize,
}

/// The state of a file: where a client's text comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The text is new.
    Generated,
    /// The client asked for the cached copy, or nobody has asked since it was generated.
    Cached,
    /// The cached copy stands in for a text that could not be generated.
    Stale,
    /// The cached copy stands in for a text that is held back.
    Held,
    /// The file is pinned to an earlier generation.
    Pinned,
    /// There is no text.
    Failed,
    /// No client has asked for the file since the service started.
    NotAsked,
}

impl State {
    /// Returns the state in words.
    pub fn words(self) -> &'static str {
        match self {
            State::Generated => "generated",
            State::Cached => "cached",
            State::Stale => "stale",
            State::Held => "held",
            State::Pinned => "pinned",
            State::Failed => "failed",
            State::NotAsked => "not asked for yet",
        }
    }

    /// Returns what the state means, in a sentence.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            State::Generated => "Clients get what the database says now.",
            State::Cached => "Clients get the last good copy, as they asked.",
            State::Stale => "The file could not be generated: clients get the last good copy.",
            State::Held => "A new text is suspect: clients get the last good copy until somebody accepts it.",
            State::Pinned => "Clients get the text of an earlier generation, as somebody decided.",
            State::Failed => "The file could not be generated, and there is no copy: clients get nothing.",
            State::NotAsked => "No client has asked for the file since the service started.",
        }
    }

    /// Returns whether nobody has to look after the file.
    pub fn is_fine(self) -> bool {
        !matches!(self, State::Stale | State::Held | State::Failed)
    }
}

impl FileStatus {
    /// Returns the last error, of a generation that failed.
    pub fn error(&self) -> Option<&str> {
        self.last_attempt.as_ref()?.error.as_deref()
    }

    /// Returns whether the file is of no interest: nobody asked for it, and there is no copy.
    pub fn is_unused(&self) -> bool {
        self.state == State::NotAsked && self.bytes.is_none()
    }
}

impl Status {
    /// Returns the state of all files in a few words.
    pub fn headline(&self) -> String {
        let bad = self.files.iter().filter(|file| !file.state.is_fine()).count();
        match bad {
            0 => "all files are fine".to_owned(),
            1 => "1 file needs attention".to_owned(),
            bad => format!("{bad} files need attention"),
        }
    }
}
