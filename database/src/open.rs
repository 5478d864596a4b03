//! Opens a database with the engine that its URI names.

use driver_api::Error;

use crate::database::{Database, Limits};
#[cfg(feature = "postgres")]
use crate::postgres;
#[cfg(feature = "sqlite")]
use crate::sqlite;
use crate::uri::Uri;

/// Connects to the database with the default [`Limits`].
///
/// An SQLite file must exist, and is opened read-only. A missing file or an unreachable server is an error of
/// [`ErrorKind::Connection`](driver_api::ErrorKind::Connection). A URI with an invalid parameter is one of
/// [`ErrorKind::Config`](driver_api::ErrorKind::Config).
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

/// Connects to the database. The limits hold for the login and for all queries of the connection.
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

/// Checks a URI without connecting: its parameters, and the files that they name, such as certificates.
///
/// ```
/// assert!(database::check(&"postgresql://u@h/d?sslmode=verify-full".parse()?).is_ok());
///
/// let error = database::check(&"postgresql://u:p@ss@h/d".parse()?).unwrap_err();
/// assert!(error.chain().ends_with(r#"there is more than one "@": write the "@" of a password as %40"#));
/// # Ok::<(), driver_api::Error>(())
/// ```
pub fn check(uri: &Uri) -> Result<(), Error> {
    match uri {
        #[cfg(feature = "postgres")]
        Uri::Postgres(uri) => postgres::check(uri),
        _ => Ok(()),
    }
}
