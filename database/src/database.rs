//! The interface of a database: a connection that is kept, and its time limits.

use std::collections::BTreeMap;
use std::time::Duration;

use driver_api::{Error, Snapshot};

/// A connection to an SQLite or PostgreSQL database. [`open`](crate::open()) returns one; it can be sent to another
/// thread.
///
/// A service keeps the connection, and asks it whether the database changed:
///
/// ```
/// # let site = fixtures::Scratch::new(&[]);
/// # let uri = database::Uri::Sqlite(site.path().to_owned());
/// let mut database = database::open(&uri)?;
/// let snapshot = database.snapshot()?;
/// // Queries run here.
/// drop(snapshot);
/// assert!(database.is_alive() && database.unchanged()?);
///
/// // Another connection commits a change.
/// site.execute("INSERT INTO extensions (context, exten, type) VALUES ('internal', '1001', 'user')");
/// assert!(!database.unchanged()?);
/// # Ok::<(), driver_api::Error>(())
/// ```
pub trait Database: Send {
    /// Begins a read-only transaction that shows the database as it is now. The transaction ends when the
    /// snapshot is dropped.
    fn snapshot(&mut self) -> Result<Box<dyn Snapshot + '_>, Error>;

    /// Begins a transaction that prepares each query without running it: a missing table or column is an error, and
    /// the result has no rows.
    ///
    /// ```
    /// use driver_api::{Error, ErrorKind, Query, Row, Session};
    ///
    /// # #[derive(serde::Deserialize)]
    /// # struct Mailbox { mailbox: String }
    /// # let site = fixtures::Scratch::new(&[("voicemail", r#"{"context": "internal", "mailbox": "1001"}"#)]);
    /// # let uri = database::Uri::Sqlite(site.path().to_owned());
    /// const MAILBOXES: Query<'_> = Query { table: "voicemail", key: &[], sql: "SELECT mailbox FROM voicemail" };
    ///
    /// let mut database = database::open(&uri)?;
    /// let mut rehearsal = database.rehearsal()?;
    /// let mailboxes: Vec<Row<Mailbox>> = Session::new(&mut *rehearsal).query(MAILBOXES, &[])?;
    /// assert!(mailboxes.is_empty());
    /// drop(rehearsal);
    ///
    /// site.execute("DROP TABLE voicemail");
    /// let mut rehearsal = database.rehearsal()?;
    /// let error = Session::new(&mut *rehearsal).query::<Mailbox>(MAILBOXES, &[]).err().unwrap();
    /// assert_eq!(*error.kind(), ErrorKind::MissingTable("voicemail".to_owned()));
    /// # Ok::<(), Error>(())
    /// ```
    fn rehearsal(&mut self) -> Result<Box<dyn Snapshot + '_>, Error>;

    /// Returns whether the connection can still be used. The call takes a round trip, or two seconds where the
    /// server is silent. A dead connection stays dead. A connection to a file is dead when its path leads to
    /// another file, or to none.
    fn is_alive(&mut self) -> bool;

    /// Returns whether nothing was committed to the database since the last snapshot of this connection, so that
    /// a new snapshot would show the same. In doubt the answer is no: before the first snapshot, for instance,
    /// and on a PostgreSQL server that is a standby.
    fn unchanged(&mut self) -> Result<bool, Error>;

    /// Returns a text that stands for the state of the database at this moment: as long as it is the same, also on other
    /// connections, nothing was committed. `None` means that this can't be told: for an SQLite file, and for a PostgreSQL
    /// server that is a standby.
    fn state(&mut self) -> Result<Option<String>, Error>;

    /// Returns how many rows were inserted, changed or deleted in each table of a PostgreSQL database since its statistics
    /// began. They come up to a minute late, and leave out what is truncated. `None` for an SQLite file, and for a server
    /// that is a standby, which counts nothing.
    fn write_counts(&mut self) -> Result<Option<BTreeMap<String, u64>>, Error>;

    /// Returns the [`state`](Database::state) that the last snapshot of this connection shows.
    fn snapshot_state(&self) -> Option<&str>;
}

/// Time limits of a database. [`open_with`](crate::open_with) shows the error of a query that takes too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// The limit for each address of a PostgreSQL server to accept the login; `None` is 10 seconds. The
    /// `connect_timeout` of a URI overrides it.
    pub connect: Option<Duration>,
    /// The limit for each query. A query that takes longer is cancelled, and its snapshot can still be used. `None`
    /// leaves the setting of the server, which by default has no limit. PostgreSQL counts milliseconds, and a
    /// `statement_timeout` in the `options` of a URI overrides the limit.
    pub statement: Option<Duration>,
    /// The limit for each lock that a query waits for, on PostgreSQL. A migration that changes a table locks it. `None`
    /// leaves the setting of the server, which by default has no limit. A `lock_timeout` in the `options` of a URI
    /// overrides the limit.
    pub lock: Option<Duration>,
}
