//! What a database engine shows to a [`Session`](crate::Session).

use crate::{Error, Value};

/// One read-only snapshot of a database: the engine's side of a [`Session`](crate::Session).
///
/// Drivers have nothing to do with it. The crate `database` has those of SQLite and PostgreSQL; this one, for a
/// test without a database, has two rows, whatever it is asked:
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
    /// Runs a query: tells `rows` the names of the columns, once, then hands it each row. An error of `rows`
    /// ends the query and is returned as it is.
    ///
    /// After a failed query the snapshot must be good for the next one. A table or a column that is not there
    /// is an error of [`ErrorKind::MissingTable`](crate::ErrorKind::MissingTable) or
    /// [`MissingColumn`](crate::ErrorKind::MissingColumn).
    fn run(&mut self, sql: &str, params: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error>;
}

/// Takes the rows of a query; [`Snapshot`] shows the order of the calls.
pub trait Rows {
    /// The names of the columns, before the first row, also when there is none.
    fn columns(&mut self, names: &[&str]) -> Result<(), Error>;
    /// One row.
    fn row(&mut self, row: &dyn EngineRow) -> Result<(), Error>;
}

/// One row of a query's result, as the engine holds it; [`Snapshot`] has an example.
pub trait EngineRow {
    /// The value of the column at this index, which counts from 0 and is below the number of columns. It is an
    /// error of [`ErrorKind::Row`](crate::ErrorKind::Row) if the value has no form in [`Value`].
    fn value(&self, column: usize) -> Result<Value<'_>, Error>;
}
