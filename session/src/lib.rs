//! Opens the database of a telephony system and shows it as read-only snapshots.
//!
//! [`open`] takes a URI and gives a [`Database`]; each [`snapshot`](Database::snapshot) of it is one
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

use driver_api::{Error, Snapshot};

pub use uri::Uri;

/// A connection to a database.
pub trait Database: Send {
    /// Begins a transaction that shows the database as it is now. It ends, without a trace, when the
    /// snapshot is dropped.
    fn snapshot(&mut self) -> Result<Box<dyn Snapshot + '_>, Error>;
}

/// Connects to the database.
pub fn open(uri: &Uri) -> Result<Box<dyn Database>, Error> {
    match uri {
        #[cfg(feature = "sqlite")]
        Uri::Sqlite(path) => sqlite::open(path),
        #[cfg(feature = "postgres")]
        Uri::Postgres(uri) => postgres::open(uri),
        #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
        other => Err(Error::new(
            driver_api::ErrorKind::Config,
            format!("{other}: this build of confgend leaves this database engine out"),
        )),
    }
}
