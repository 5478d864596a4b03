//! What a database engine shows to a [`Session`](crate::Session).

use crate::{Error, Value};

/// One read-only snapshot of a database: the engine's side of a [`Session`](crate::Session).
///
/// After a failed query the snapshot must be good for the next one.
pub trait Snapshot {
    /// Runs a query: tells `rows` the names of the columns, once, then hands it each row.
    fn run(&mut self, sql: &str, params: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error>;
}

/// Who takes the rows of a query.
pub trait Rows {
    /// The names of the columns, before the first row, also when there is none.
    fn columns(&mut self, names: &[&str]) -> Result<(), Error>;
    /// One row.
    fn row(&mut self, row: &dyn Row) -> Result<(), Error>;
}

/// One row of a query's result, as the engine holds it.
pub trait Row {
    /// The value of the column at this index.
    fn value(&self, column: usize) -> Result<Value<'_>, Error>;
}
