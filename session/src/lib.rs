//! Opens the database of a telephony system and shows it as read-only snapshots.
//!
//! [`open`], or [`open_with`] limits, takes a URI and gives a [`Database`]; each [`snapshot`](Database::snapshot) of it is one
//! transaction that never writes, so all queries of a file, or of all files generated together, see
//! the same instant.
//!
//! ```no_run
//! # fn main() -> Result<(), driver_api::Error> {
//! let mut database = session::open(&"sqlite:site.db".parse()?)?;
//! let mut snapshot = database.snapshot()?;
//! let mut session = driver_api::Session::new(&mut *snapshot);
//! # Ok(())
//! # }
//! ```

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("confgend needs a database engine: enable the feature `sqlite`, `postgres` or both");

#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
mod uri;

use std::time::Duration;

use driver_api::{Error, Snapshot};

pub use uri::Uri;

/// A connection to a database.
pub trait Database: Send {
    /// Begins a transaction that shows the database as it is now. It ends, without a trace, when the
    /// snapshot is dropped.
    fn snapshot(&mut self) -> Result<Box<dyn Snapshot + '_>, Error>;

    /// The same, but no query is run: each is prepared, which finds tables and columns that are not there, and
    /// has no rows.
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

/// How long a database may take.
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
pub fn open(uri: &Uri) -> Result<Box<dyn Database>, Error> {
    open_with(uri, Limits::default())
}

/// Connects to the database. The limits hold for the connection and what is done with it.
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
