use std::error::Error as StdError;
use std::fmt;

/// What went wrong while a driver was built or ran, and where.
///
/// Each layer adds with [`context`](Error::context) the one thing that only it knows, so the text reads from
/// the outside in: `asterisk/pjsip.conf: table endpoint_sip: row uuid=e0…: column template: expected
/// a boolean, found the text "x"`. The cause, if there is one, is in [`source`](StdError::source) and
/// not in the text; [`chain`](Error::chain) is both.
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
    /// Innermost first.
    places: Vec<String>,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What a caller may want to tell apart.
///
/// A driver whose query needs a column of newer releases, say, may go on without it:
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
    /// A value of the configuration, or a file that it names.
    Config,
    /// The database can't be reached, refuses the login, or went away.
    Connection,
    /// The database does not have this table.
    MissingTable(String),
    /// A table of the database does not have this column.
    MissingColumn(String),
    /// A query failed for another reason, or is not what its row type says.
    Query,
    /// A value in a row is not what the driver expects.
    Row,
    /// A template can't be parsed or rendered.
    Template,
    /// Anything else: what the driver itself found.
    Driver,
}

impl Error {
    /// An error of this kind; the message is a lower-case fragment without a full stop.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error { kind, places: Vec::new(), message: message.into(), source: None }
    }

    /// What a driver found by itself, such as a table without the row that it needs; of
    /// [`ErrorKind::Driver`].
    pub fn driver(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Driver, message)
    }

    /// Adds where it happened, around what is known already: `table moh`, without a colon.
    #[must_use]
    pub fn context(mut self, place: impl Into<String>) -> Error {
        self.places.push(place.into());
        self
    }

    /// Adds the cause, in place of an earlier one.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
        self.source = Some(source.into());
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The error and its chain of causes, separated by colons, on one line.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        // Servers and parsers answer in several lines; one failure is one line in a log.
        text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in self.places.iter().rev() {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_read_from_the_outside_in() {
        let error = Error::new(ErrorKind::Row, "unexpected NULL")
            .context("column name")
            .context("table moh")
            .because(std::io::Error::other("first\nsecond"));
        assert_eq!(error.to_string(), "table moh: column name: unexpected NULL");
        assert_eq!(error.chain(), "table moh: column name: unexpected NULL: first second");
    }
}
