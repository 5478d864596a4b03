//! Problems in the data that do not stop a driver.

use std::borrow::Cow;
use std::fmt;

use crate::on_one_line;

/// A problem in the data that does not stop the driver: it left something out, or what it wrote will not work as
/// intended.
///
/// A warning is a value. The program that runs the driver decides where to log it.
///
/// ```
/// use driver_api::Warning;
///
/// let warning = Warning::new("moh", "there is none: the class is silent").row("name=jazz").column("application");
/// let text = "table moh, row name=jazz, column application: there is none: the class is silent";
/// assert_eq!(warning.to_string(), text);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Warning {
    /// The table. It is empty if the warning is about no table.
    pub table: String,
    /// The key of the row, such as `id=7`. It is empty if the warning is about the whole table.
    pub key: String,
    /// The column. It is empty if the warning is about the whole row.
    pub column: String,
    /// The problem and its consequence.
    pub message: String,
}

impl Warning {
    /// Creates a warning about a table, or about no table if `table` is empty.
    pub fn new(table: &str, message: impl Into<String>) -> Warning {
        Warning { table: table.to_owned(), message: message.into(), ..Warning::default() }
    }

    /// Sets the row, such as `id=7`.
    #[must_use]
    pub fn row(self, key: impl fmt::Display) -> Warning {
        Warning { key: key.to_string(), ..self }
    }

    /// Sets the column.
    #[must_use]
    pub fn column(self, column: &str) -> Warning {
        Warning { column: column.to_owned(), ..self }
    }

    /// Escapes control characters in its message, since a warning is one line of a log.
    pub(crate) fn on_one_line(mut self) -> Warning {
        if let Cow::Owned(escaped) = on_one_line(&self.message) {
            self.message = escaped;
        }
        self
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, name) in [("table ", &self.table), (", row ", &self.key), (", column ", &self.column)] {
            if !name.is_empty() {
                write!(f, "{what}{name}")?;
            }
        }
        let separator = if self.table.is_empty() { "" } else { ": " };
        write!(f, "{separator}{}", self.message)
    }
}

/// What takes the warnings of a driver: the [session](crate::Session), or a [writer](crate::asterisk::Writer), which hands
/// them to the session when the file is written.
///
/// A driver that writes rows on several threads has a writer for each, and one session.
pub trait Warnings {
    /// Adds a warning. For one about a row, [`Row::warn`](crate::Row::warn) is shorter.
    fn warn(&mut self, warning: Warning);
}
