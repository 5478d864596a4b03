//! A generation: a state of the files, with what changed against the one before.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use driver_api::Namespace;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A numbered state of all files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// The number, from 1. A later generation has a larger one.
    pub number: u64,
    /// The time at which it was recorded.
    pub time: Timestamp,
    /// The reason why it was recorded.
    pub cause: Cause,
    /// The files that differ from the generation before, with their changes.
    pub changes: BTreeMap<Namespace, FileChange>,
    /// The texts of all files.
    pub files: BTreeMap<Namespace, KeptText>,
}

/// The reason why a generation was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// A client asked the service for a file.
    Request,
    /// An administrator accepted a text that the service held back.
    Accept,
    /// `confgend apply` wrote the files.
    Apply,
    /// The program noticed a commit, and wrote the files.
    Watch,
    /// `confgend rollback` wrote the files of an earlier generation.
    Rollback,
}

impl Cause {
    /// Returns whether files were written for Asterisk to include, and not served.
    pub fn is_applied(self) -> bool {
        matches!(self, Cause::Apply | Cause::Watch | Cause::Rollback)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Cause::Request => "request",
            Cause::Accept => "accept",
            Cause::Apply => "apply",
            Cause::Watch => "watch",
            Cause::Rollback => "rollback",
        })
    }
}

/// The change of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// The difference by object, such as `+3 endpoints, ~1 aor`. It shows no secret.
    pub summary: String,
    /// The first warnings of the driver, which name the rows that it left out.
    pub warnings: Vec<String>,
    /// The number of all warnings.
    pub warning_count: usize,
    /// The time that the driver took, in milliseconds; none if it did not run.
    pub milliseconds: Option<u64>,
}

impl FileChange {
    /// How many warnings of a file are kept.
    const MAX_WARNINGS: usize = 100;

    /// Creates a change, of which the first warnings are kept.
    pub fn new(summary: String, warnings: &[String], elapsed: Option<Duration>) -> FileChange {
        FileChange {
            summary,
            warnings: warnings.iter().take(FileChange::MAX_WARNINGS).cloned().collect(),
            warning_count: warnings.len(),
            milliseconds: elapsed.and_then(|elapsed| u64::try_from(elapsed.as_millis()).ok()),
        }
    }
}

/// A text that the history keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptText {
    /// The SHA-256 of the text, in hexadecimal digits.
    pub hash: String,
    /// The length of the text.
    pub bytes: u64,
    /// The number of objects, as the guard counts them.
    pub objects: usize,
}
