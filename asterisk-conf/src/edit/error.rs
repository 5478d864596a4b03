//! Why a change is refused.

use std::fmt;

use crate::Refusal;

/// The reason why a text is not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EditError {
    /// The sections of the text can't be told.
    Unreadable {
        /// The number of the line; the first is 1.
        line: usize,
        /// The problem with it.
        problem: &'static str,
    },
    /// The syntax refuses a name, a key or a value.
    Refused {
        /// The section.
        section: String,
        /// The key of the option; none if the name of the section is refused.
        key: Option<String>,
        /// The reason.
        refusal: Refusal,
    },
    /// A section can't be removed, since another one inherits from it.
    Inherited {
        /// The section.
        section: String,
        /// A section that inherits from it.
        by: String,
    },
    /// A pattern of names is none.
    Pattern {
        /// The pattern.
        pattern: String,
        /// The reason.
        reason: String,
    },
}

impl EditError {
    pub(super) fn refused(section: &str, key: Option<&str>, refusal: Refusal) -> EditError {
        EditError::Refused { section: section.to_owned(), key: key.map(str::to_owned), refusal }
    }
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EditError::Unreadable { line, problem } => write!(f, "line {line} of the text: {problem}"),
            EditError::Refused { section, key: Some(key), refusal } => {
                write!(f, "in section {section:?}, the option {key:?} can't be written: {refusal}")
            }
            EditError::Refused { section, key: None, refusal } => {
                write!(f, "the section {section:?} can't be written: {refusal}")
            }
            EditError::Inherited { section, by } => {
                write!(f, "the section {section:?} can't be removed: {by:?} inherits from it")
            }
            EditError::Pattern { pattern, reason } => write!(f, "{pattern:?} is no pattern: {reason}"),
        }
    }
}

impl std::error::Error for EditError {}
