//! The traits that a database engine implements for a [`Session`](crate::Session).

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use crate::{Error, Value};

/// A read-only snapshot of a database, as a [`Session`](crate::Session) uses it.
///
/// Drivers do not use it directly. The crate `database` implements it for SQLite and PostgreSQL. This one answers
/// every query with two rows:
///
/// ```
/// use driver_api::{EngineRow, Error, Query, Row, Rows, Session, Snapshot, Value};
/// use serde::Deserialize;
///
/// struct TwoMailboxes;
///
/// impl Snapshot for TwoMailboxes {
///     fn run(&mut self, _sql: &str, _params: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
///         rows.columns(&["mailbox", "maxmsg"])?;
///         rows.row(&Cells(&[Value::Text("1001"), Value::Integer(100)]))?;
///         rows.row(&Cells(&[Value::Text("1002"), Value::Null]))
///     }
/// }
///
/// struct Cells(&'static [Value<'static>]);
///
/// impl EngineRow for Cells {
///     fn value(&self, column: usize) -> Result<Value<'_>, Error> {
///         Ok(self.0[column].clone())
///     }
/// }
///
/// #[derive(Debug, PartialEq, Deserialize)]
/// struct Mailbox {
///     mailbox: String,
///     maxmsg: Option<u32>,
/// }
///
/// const MAILBOXES: Query<'_> = Query {
///     table: "voicemail",
///     key: &["mailbox"],
///     sql: "SELECT mailbox, maxmsg FROM voicemail ORDER BY mailbox",
/// };
///
/// let mailboxes: Vec<Row<Mailbox>> = Session::new(&mut TwoMailboxes).query(MAILBOXES, &[])?;
/// assert_eq!(*mailboxes[0], Mailbox { mailbox: "1001".to_owned(), maxmsg: Some(100) });
/// assert_eq!(mailboxes[1].maxmsg, None);
/// # Ok::<(), Error>(())
/// ```
pub trait Snapshot {
    /// Runs a query: passes the names of the columns to `rows` once, then each row. An error of `rows` ends the query
    /// and is returned unchanged.
    ///
    /// After a failed query, the snapshot must still run others. If a table or column does not exist, the error is of
    /// [`ErrorKind::MissingTable`](crate::ErrorKind::MissingTable) or
    /// [`MissingColumn`](crate::ErrorKind::MissingColumn).
    fn run(&mut self, sql: &str, params: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error>;

    /// Returns a second view of this snapshot, so that two threads can read at the same time. None means that there is no
    /// second view, or that one was returned before.
    fn second(&mut self) -> Option<Second> {
        None
    }

    /// Has the database show this snapshot to another program while it is open. See
    /// [`Session::export`](crate::Session::export).
    fn export(&mut self) -> Result<Option<Exported>, Error> {
        Ok(None)
    }

    /// Returns whether the database has a table with this column.
    fn has_column(&mut self, _table: &str, _column: &str) -> Result<bool, Error> {
        Ok(true)
    }

    /// Returns the unique keys of a table, also in a rehearsal. See
    /// [`Session::unique_keys`](crate::Session::unique_keys).
    fn unique_keys(&mut self, _table: &str) -> Result<Vec<Vec<String>>, Error> {
        Ok(Vec::new())
    }
}

/// The way in which another program reads the database that a [`Snapshot`] shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Exported {
    /// The URI of the database. It may have a password, so it has no `Debug`.
    pub uri: String,
    /// The name of the snapshot, for PostgreSQL's `SET TRANSACTION SNAPSHOT`. `None` on SQLite: the other program sees
    /// the database as it is when it reads.
    pub snapshot: Option<String>,
}

/// A second view of a [`Snapshot`], which is not open yet. [`Session::both`](crate::Session::both) uses it.
pub struct Second(Box<Open>);

type Open = dyn FnOnce() -> Result<Box<dyn Snapshot>, Error> + Send;

/// Work that is shorter ends before a second connection would be of use.
const PAYS: Duration = Duration::from_millis(20);

impl Second {
    /// Creates a view that this function opens. It is called on the thread that reads, while the first view still exists.
    pub fn new(open: impl FnOnce() -> Result<Box<dyn Snapshot>, Error> + Send + 'static) -> Second {
        Second(Box::new(open))
    }

    /// Changes the view once it is open.
    #[must_use]
    pub fn map(self, change: impl FnOnce(Box<dyn Snapshot>) -> Box<dyn Snapshot> + Send + 'static) -> Second {
        Second::new(move || self.0().map(change))
    }

    /// Waits until the second view is worth its connection, and opens it. Returns none if the work of the first view ends
    /// before, which drops the sender; or if the view can't be opened. Then the first view serves for all.
    pub fn open(self, work: &Receiver<()>) -> Option<Box<dyn Snapshot>> {
        (work.recv_timeout(PAYS) == Err(RecvTimeoutError::Timeout)).then(self.0)?.ok()
    }
}

/// Receives the rows of a query. [`Snapshot`] shows the order of the calls.
pub trait Rows {
    /// Receives the names of the columns, before the first row. It is called even if there is no row.
    fn columns(&mut self, names: &[&str]) -> Result<(), Error>;
    /// Receives one row.
    fn row(&mut self, row: &dyn EngineRow) -> Result<(), Error>;
}

/// One row of a query's result in the form of the engine. [`Snapshot`] has an example.
pub trait EngineRow {
    /// Returns the value of the column at this index, from 0 to the number of columns less 1. If [`Value`] can't
    /// represent it, the error is of [`ErrorKind::Row`](crate::ErrorKind::Row).
    fn value(&self, column: usize) -> Result<Value<'_>, Error>;
}
