use std::error::Error as StdError;
use std::fmt;

use asterisk_conf::edit::EditError;

/// A failure while a driver is built or runs, with its context.
///
/// Each layer adds with [`context`](Error::context) what only it knows, so the message reads from the outside in:
/// `asterisk/pjsip.conf: table endpoint_sip: row uuid=e0…: column template: expected a boolean, found the text "x"`.
/// The message does not include the cause, which is the [`source`](StdError::source); [`chain`](Error::chain) returns
/// both.
///
/// ```
/// use driver_api::{Error, ErrorKind};
///
/// let seconds = "half a minute";
/// let error = seconds.parse::<u16>().unwrap_err();
/// let error = Error::new(ErrorKind::Row, "the ring time is no number of seconds")
///     .because(error)
///     .context("row uuid=u-1001")
///     .context("table userfeatures");
///
/// let text = "table userfeatures: row uuid=u-1001: the ring time is no number of seconds";
/// assert_eq!(error.to_string(), text);
/// assert_eq!(error.chain(), format!("{text}: invalid digit found in string"));
/// assert_eq!(*error.kind(), ErrorKind::Row);
/// ```
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    /// The innermost first.
    contexts: Vec<String>,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    excerpt: Option<Box<Excerpt>>,
}

/// Lines of a text with a mistake. In a box of its own, since few errors have it, and errors are moved often.
#[derive(Debug)]
struct Excerpt(String);

/// The kind of an [`Error`], for callers that handle one kind.
///
/// For example, a driver whose query needs a column of newer releases may do without it:
///
/// ```
/// use driver_api::{Error, ErrorKind};
///
/// fn or_without_labels(rows: Result<Vec<String>, Error>) -> Result<Vec<String>, Error> {
///     match rows {
///         Err(error) if matches!(error.kind(), ErrorKind::MissingColumn(column) if column == "label") => {
///             Ok(Vec::new())
///         }
///         rows => rows,
///     }
/// }
///
/// let missing = Error::new(ErrorKind::MissingColumn("label".to_owned()), "this database has no column label");
/// assert!(or_without_labels(Err(missing)).unwrap().is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// A value of the configuration is wrong, or a file that it names can't be read.
    Config,
    /// The database can't be reached, refuses the login, or closed the connection.
    Connection,
    /// The database does not have this table.
    MissingTable(String),
    /// A table of the database does not have this column.
    MissingColumn(String),
    /// A query failed for another reason, or its columns are not the fields of the row type.
    Query,
    /// A query waited too long for a lock, such as that of a migration.
    Locked,
    /// The text of a value is not UTF-8. A query leaves such a row out, with a warning.
    Encoding,
    /// A value in a row does not have the type that the driver expects.
    Row,
    /// A template can't be parsed or rendered.
    Template,
    /// The release of the database is older than the text of the driver.
    Release,
    /// The driver itself found a problem.
    Driver,
}

impl ErrorKind {
    /// Returns its name for programs, as logs and metrics have it. The first four and `row` are kinds of failures that the
    /// database is the cause of: `connection`, `schema`, `query`, `locked`; the others are `config`, `template` and
    /// `driver`.
    pub fn name(&self) -> &'static str {
        match self {
            ErrorKind::Connection => "connection",
            ErrorKind::MissingTable(_) | ErrorKind::MissingColumn(_) | ErrorKind::Release => "schema",
            ErrorKind::Query => "query",
            ErrorKind::Locked => "locked",
            ErrorKind::Row | ErrorKind::Encoding => "row",
            ErrorKind::Config => "config",
            ErrorKind::Template => "template",
            ErrorKind::Driver => "driver",
        }
    }
}

impl Error {
    /// Creates an error of this kind. The message is a lower-case fragment without a full stop.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error { kind, contexts: Vec::new(), message: message.into(), source: None, excerpt: None }
    }

    /// Creates an error of [`ErrorKind::Driver`], such as a missing row that the driver needs.
    pub fn driver(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Driver, message)
    }

    /// Adds context around the message, such as `table moh`, without a colon.
    #[must_use]
    pub fn context(mut self, context: impl Into<String>) -> Error {
        self.contexts.push(context.into());
        self
    }

    /// Sets the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
        self.source = Some(source.into());
        self
    }

    /// Sets several lines that show the place of a mistake in a text, such as the line of a template.
    #[must_use]
    pub fn with_excerpt(mut self, excerpt: impl Into<String>) -> Error {
        self.excerpt = Some(Box::new(Excerpt(excerpt.into())));
        self
    }

    /// Returns the lines that show the place of a mistake. A program prints them below the message at a terminal, and
    /// leaves them out of a log.
    pub fn excerpt(&self) -> Option<&str> {
        self.excerpt.as_deref().map(|excerpt| excerpt.0.as_str())
    }

    /// Returns the kind of the failure.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Returns the message and the messages of all causes, separated by colons, on one line.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        // Servers and parsers return messages of several lines, but a failure is one line in the log.
        text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for context in self.contexts.iter().rev() {
            write!(f, "{context}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<EditError> for Error {
    fn from(error: EditError) -> Error {
        Error::driver(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_read_from_the_outside_in() {
        let error = Error::new(ErrorKind::Row, "unexpected NULL")
            .context("column name")
            .context("table moh")
            .because(std::io::Error::other("first\nsecond"));
        assert_eq!(error.to_string(), "table moh: column name: unexpected NULL");
        assert_eq!(error.chain(), "table moh: column name: unexpected NULL: first second");
    }
}
