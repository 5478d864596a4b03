//! The messages of a watch, as values: a terminal gets sentences of them, and the log of the service fields, too.

use std::fmt;

use apply::Recovered;
use driver_api::{Error, Namespace};

/// A message of a watch.
pub(crate) enum Told {
    /// Another apply runs, as this text says, and the watch waits for it.
    Waits(String),
    /// An apply that was interrupted has ended.
    Recovered(Recovered),
    /// The database can't be read. There is one message for each outage.
    DatabaseIsAway(Error),
    /// It can be read again.
    DatabaseIsBack,
    /// A file is pinned, as this text says, and stays as it is.
    Pinned(Namespace, String),
    /// A file is written, and Asterisk was told: the number of the generation, and the file.
    Applied(u64, AppliedFile),
    /// Asterisk refused a file, for the reason that this text says, and the old files are back.
    RolledBack(String),
    /// A file can't be generated, as this text says; nothing is written.
    NotGenerated(String),
    /// Nothing is written, for another reason.
    Failed(Error),
}

/// A file that was applied.
pub(crate) struct AppliedFile {
    pub(crate) file: Namespace,
    /// The change in a few words.
    pub(crate) change: String,
    /// The command to Asterisk, if the file has one.
    pub(crate) command: Option<String>,
    /// The outcome of the command.
    pub(crate) outcome: String,
}

/// The importance of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// The watch has done something.
    Info,
    /// It leaves something as it is.
    Warning,
    /// It could not do something, and goes on.
    Error,
}

impl Told {
    /// Returns the importance of the message.
    pub(crate) fn weight(&self) -> Weight {
        match self {
            Told::Waits(_) | Told::Recovered(_) | Told::DatabaseIsBack | Told::Applied(..) => Weight::Info,
            Told::Pinned(..) => Weight::Warning,
            Told::DatabaseIsAway(_) | Told::RolledBack(_) | Told::NotGenerated(_) | Told::Failed(_) => {
                Weight::Error
            }
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Told::Waits(text) | Told::NotGenerated(text) => f.write_str(text),
            Told::Recovered(recovered) => f.write_str(&recovered.text()),
            Told::DatabaseIsAway(error) => write!(f, "{}; the files stay as they are", error.chain()),
            Told::DatabaseIsBack => f.write_str("the database is back"),
            Told::Pinned(file, pin) => write!(f, "{file}: {pin}"),
            Told::Applied(generation, AppliedFile { file, change, command, outcome }) => {
                write!(f, "generation {generation}: {file}: {change}")?;
                if let Some(command) = command {
                    write!(f, "; {command}")?;
                }
                write!(f, ": {outcome}")
            }
            Told::RolledBack(reason) => write!(f, "rolled back: {reason}"),
            Told::Failed(error) => f.write_str(&error.chain()),
        }
    }
}
