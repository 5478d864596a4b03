//! PostgreSQL: one `REPEATABLE READ, READ ONLY` transaction a snapshot.

mod connect;
mod tls;
mod value;

use driver_api::{Error, ErrorKind, Row, Rows, Snapshot, Value};
use fallible_iterator::FallibleIterator;
use postgres::error::{Severity, SqlState};
use postgres::{Client, IsolationLevel, Transaction};

use crate::Database;
use value::{Cell, Param};

pub use connect::connect;

struct Postgres(Client);

pub(crate) fn open(uri: &str) -> Result<Box<dyn Database>, Error> {
    Ok(Box::new(Postgres(connect(uri)?)))
}

/// The savepoint keeps the snapshot usable after a failed query: without it, PostgreSQL would refuse
/// every further query of the transaction. The queries are many small joins over whole tables, which
/// just-in-time compilation slows down by seconds on tables without statistics.
const PREPARE: &str = "SELECT set_config('jit', 'off', true) FROM pg_settings WHERE name = 'jit';
    SAVEPOINT query";
const RECOVER: &str = "ROLLBACK TO SAVEPOINT query";

impl Database for Postgres {
    fn snapshot(&mut self) -> Result<Box<dyn Snapshot + '_>, Error> {
        let begin =
            self.0.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        let mut transaction = begin.start().map_err(failed)?;
        transaction.batch_execute(PREPARE).map_err(failed)?;
        Ok(Box::new(PostgresSnapshot(transaction)))
    }
}

struct PostgresSnapshot<'a>(Transaction<'a>);

impl Snapshot for PostgresSnapshot<'_> {
    fn run(&mut self, sql: &str, params: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
        let result = query(&mut self.0, sql, params, rows);
        if let Err(error) = &result
            && *error.kind() != ErrorKind::Connection
        {
            self.0.batch_execute(RECOVER).map_err(failed)?;
        }
        result
    }
}

fn query(
    transaction: &mut Transaction<'_>,
    sql: &str,
    params: &[Value<'_>],
    rows: &mut dyn Rows,
) -> Result<(), Error> {
    let statement = transaction.prepare(sql).map_err(failed)?;
    let names: Vec<&str> = statement.columns().iter().map(postgres::Column::name).collect();
    rows.columns(&names)?;
    let mut result = transaction.query_raw(&statement, params.iter().map(Param)).map_err(failed)?;
    while let Some(row) = result.next().map_err(failed)? {
        rows.row(&PostgresRow(&row))?;
    }
    Ok(())
}

struct PostgresRow<'a>(&'a postgres::Row);

impl Row for PostgresRow<'_> {
    fn value(&self, column: usize) -> Result<Value<'_>, Error> {
        match self.0.try_get::<_, Cell<'_>>(column) {
            Ok(Cell(value)) => Ok(value),
            Err(error) => Err(Error::new(ErrorKind::Row, "the value can't be read").because(error)),
        }
    }
}

/// What a failure of PostgreSQL means to a driver.
fn failed(error: postgres::Error) -> Error {
    let Some(answer) = error.as_db_error() else {
        if error.is_closed()
            || std::error::Error::source(&error).is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
        {
            return Error::new(ErrorKind::Connection, "the connection to the database was lost")
                .because(error);
        }
        return Error::new(ErrorKind::Query, "the query can't be run").because(error);
    };
    let message = answer.message().to_owned();
    match *answer.code() {
        SqlState::UNDEFINED_TABLE => {
            let table = quoted(&message).to_owned();
            let message = format!("this database has no table {table}");
            Error::new(ErrorKind::MissingTable(table), message)
        }
        SqlState::UNDEFINED_COLUMN => {
            let column =
                message.strip_prefix("column ").and_then(|rest| rest.strip_suffix(" does not exist"));
            let column = quoted(column.unwrap_or(&message)).to_owned();
            let message = format!("this database has no column {column}");
            Error::new(ErrorKind::MissingColumn(column), message)
        }
        // An administrator or a time limit ended the connection, or the server is going down.
        _ if matches!(answer.parsed_severity(), Some(Severity::Fatal | Severity::Panic)) => {
            Error::new(ErrorKind::Connection, format!("the connection to the database was lost: {message}"))
        }
        ref code => {
            Error::new(ErrorKind::Query, format!("PostgreSQL refuses the query ({}): {message}", code.code()))
        }
    }
}

/// The first quoted word of a message, which is the name that it is about in every language of the
/// server; without quotes, the message.
fn quoted(message: &str) -> &str {
    let inner = message.split(['"', '«', '»', '“', '”', '„']).nth(1);
    inner.map_or(message, str::trim)
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn names_are_found_in_every_language() {
        assert_eq!(quoted("relation \"moh\" does not exist"), "moh");
        assert_eq!(quoted("la relation « moh » n'existe pas"), "moh");
        assert_eq!(quoted("o.nope"), "o.nope");
    }
}
