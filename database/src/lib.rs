//! Opens the database of a telephony system and shows it as read-only snapshots.
//!
//! [`open`], or [`open_with`] limits, takes a [`Uri`] and gives a [`Database`]; each
//! [`snapshot`](Database::snapshot) of it is one transaction that never writes, so all queries of a file, or of
//! all files generated together, see the same instant. What a driver gets is a [`Session`](driver_api::Session)
//! over a snapshot:
//!
//! ```
//! use driver_api::{Driver, Error, OneLine, Query, Row, Session};
//! # use serde::Deserialize;
//! #
//! # #[derive(Deserialize)]
//! # struct Class { name: OneLine }
//!
//! /// `moh-classes.txt`: the classes of music on hold.
//! struct Classes;
//!
//! impl Driver for Classes {
//!     fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
//!         let sql = "SELECT name FROM moh ORDER BY name";
//!         let classes: Vec<Row<Class>> = session.query(Query { table: "moh", key: &["name"], sql }, &[])?;
//!         Ok(classes.iter().map(|class| format!("{}\n", class.name)).collect())
//!     }
//! }
//!
//! # let row = r#"{"uuid": "m-1", "tenant_uuid": "t-1", "name": "jazz", "label": "Jazz", "mode": "files"}"#;
//! # let site = fixtures::Scratch::new(&[("moh", row)]);
//! # let path = site.path().display();
//! let mut database = database::open(&format!("sqlite:{path}").parse()?)?;
//! let mut snapshot = database.snapshot()?;
//! assert_eq!(Classes.generate(&mut Session::new(&mut *snapshot))?, "jazz\n");
//! # Ok::<(), Error>(())
//! ```
//!
//! Errors are [`driver_api::Error`], of which those of [`ErrorKind::Connection`](driver_api::ErrorKind::Connection)
//! say that the database can't be reached, or is gone; none of them, and no [`Uri`] that is printed, shows a
//! password. Databases are called from threads that may block.
//!
//! The cargo features `postgres` and `sqlite`, both on by default, are the engines. The URI of one that was left
//! out is an error. The crate has the version of `driver-api`, whose front page says what is promised between
//! versions; a method more in [`Database`] is no such change, since it is this crate alone that implements it.

#![warn(missing_docs)]

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("confgend needs a database engine: enable the feature `sqlite`, `postgres` or both");

mod pool;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
mod uri;

use std::time::Duration;

use driver_api::{Error, Snapshot};

pub use pool::{LazySnapshot, Location, Pool, PoolLimits, PoolSettings, PooledConnection};
pub use uri::Uri;

/// A connection to a database. [`open`] gives one, for SQLite or PostgreSQL; it can be sent to another thread.
///
/// It is meant to be kept, by a service for instance, which asks it whether there is anything new:
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
/// // Somebody, over another connection, commits a change.
/// site.execute("INSERT INTO extensions (context, exten, type) VALUES ('internal', '1001', 'user')");
/// assert!(!database.unchanged()?);
/// # Ok::<(), driver_api::Error>(())
/// ```
pub trait Database: Send {
    /// Begins a transaction that shows the database as it is now. It ends, without a trace, when the
    /// snapshot is dropped.
    fn snapshot(&mut self) -> Result<Box<dyn Snapshot + '_>, Error>;

    /// The same, but no query is run: each is prepared, which finds tables and columns that are not there, and
    /// has no rows.
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

    /// Whether the connection can still be used, for those who keep it. It takes a round trip, and two
    /// seconds where the server is silent. One that was found dead stays dead. A connection to a file is
    /// dead when another file, or none, is in its place.
    fn is_alive(&mut self) -> bool;

    /// Whether nothing was committed to the database since the last snapshot of this connection was
    /// taken, so that another one would show the same. In doubt it says no, as it does without a
    /// snapshot so far and on a PostgreSQL server that is a standby.
    fn unchanged(&mut self) -> Result<bool, Error>;
}

/// How long a database may take; [`open_with`] shows what becomes of a query that takes longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// For each address of a PostgreSQL server, until it has accepted the login; `None` is 10 seconds. The
    /// `connect_timeout` of a URI wins.
    pub connect: Option<Duration>,
    /// For each query, which is cancelled then; the snapshot can still be used. `None` is what the server
    /// says, which is no limit as a rule. PostgreSQL counts milliseconds, and a `statement_timeout` in the
    /// `options` of a URI wins.
    pub statement: Option<Duration>,
}

/// Connects to the database, as patiently as [`Limits::default`] is.
///
/// An SQLite file is there already, and is opened read-only; one that isn't is an error of
/// [`ErrorKind::Connection`](driver_api::ErrorKind::Connection), and so is a server that can't be reached. A URI
/// with a parameter that can't be understood is one of [`ErrorKind::Config`](driver_api::ErrorKind::Config).
///
/// ```
/// # let site = fixtures::Scratch::new(&[]);
/// # let path = site.path().display();
/// let database = database::open(&format!("sqlite:{path}").parse()?)?;
///
/// let error = database::open(&"sqlite:/srv/no-such-office.db".parse()?).err().unwrap();
/// assert_eq!(error.to_string(), "database file /srv/no-such-office.db: no such file");
/// # Ok::<(), driver_api::Error>(())
/// ```
pub fn open(uri: &Uri) -> Result<Box<dyn Database>, Error> {
    open_with(uri, Limits::default())
}

/// Connects to the database. The limits hold for the connection and what is done with it.
///
/// ```
/// use std::time::Duration;
///
/// use driver_api::{ErrorKind, Query, Session};
/// use database::Limits;
///
/// # #[derive(serde::Deserialize)]
/// # struct Count { n: i64 }
/// # let site = fixtures::Scratch::new(&[]);
/// # let uri = database::Uri::Sqlite(site.path().to_owned());
/// const ENDLESS: Query<'_> = Query {
///     table: "extensions",
///     key: &[],
///     sql: "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers)
///         SELECT count(*) AS n FROM numbers",
/// };
///
/// let limits = Limits { statement: Some(Duration::from_millis(20)), ..Limits::default() };
/// let mut database = database::open_with(&uri, limits)?;
/// let mut snapshot = database.snapshot()?;
/// let error = Session::new(&mut *snapshot).query::<Count>(ENDLESS, &[]).err().unwrap();
/// let text = "table extensions: SQLite cancelled the query: it took longer than 20ms";
/// assert_eq!(error.to_string(), text);
/// # Ok::<(), driver_api::Error>(())
/// ```
pub fn open_with(uri: &Uri, limits: Limits) -> Result<Box<dyn Database>, Error> {
    match uri {
        #[cfg(feature = "sqlite")]
        Uri::Sqlite(path) => sqlite::open(path, limits),
        #[cfg(feature = "postgres")]
        Uri::Postgres(uri) => postgres::open(uri, limits),
        #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
        other => Err(Error::new(
            driver_api::ErrorKind::Config,
            format!("{other}: this build of confgend leaves this database engine out"),
        )),
    }
}
