//! PostgreSQL: each snapshot is one `REPEATABLE READ, READ ONLY` transaction.

mod attempt;
mod connect;
mod host;
mod target;
mod tls;
mod value;

use std::thread;
use std::time::Duration;

use driver_api::{EngineRow, Error, ErrorKind, Rows, Snapshot, Value};
use fallible_iterator::FallibleIterator;
use postgres::error::{Severity, SqlState};
use postgres::{Client, IsolationLevel, SimpleQueryMessage, Transaction};

use crate::database::{Database, Limits};
use value::{Cell, Param};

pub use connect::connect;

struct Postgres {
    /// `None` after the connection was found dead.
    client: Option<Client>,
    /// The [`STATE`] of the last snapshot.
    shown: Option<String>,
}

pub(crate) fn open(uri: &str, limits: Limits) -> Result<Box<dyn Database>, Error> {
    Ok(Box::new(Postgres { client: Some(connect::connect_with(uri, limits)?), shown: None }))
}

/// Reads which transactions a snapshot sees as ended: all below a number, except those in a list.
///
/// Each transaction that writes gets a number of 64 bits, which is never used again. When two snapshots have the
/// same text, each number had ended for both or for neither, so no transaction was committed in between. (The
/// list has no subtransactions, but they end with their transaction, which it has.) On a standby the list is
/// always empty, so the text proves nothing there.
const STATE: &str = "SELECT CASE WHEN NOT pg_is_in_recovery() THEN CAST(txid_current_snapshot() AS text) END";

/// The savepoint keeps the snapshot usable after a failed query: without it, PostgreSQL refuses all further
/// queries of the transaction. The drivers run many small joins over whole tables, which just-in-time compilation
/// slows down by seconds on tables without statistics.
const PREPARE: &str = "SELECT current_setting('statement_timeout');
    SELECT set_config('jit', 'off', true) FROM pg_settings WHERE name = 'jit';
    SAVEPOINT query";
const RECOVER: &str = "ROLLBACK TO SAVEPOINT query";

/// The time limit of the round trip that checks a connection.
const ALIVE_TIMEOUT: Duration = Duration::from_secs(2);

impl Postgres {
    fn begin(&mut self) -> Result<PostgresSnapshot<'_>, Error> {
        self.shown = None;
        let client = self.client.as_mut().ok_or_else(lost)?;
        let begin =
            client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        let mut transaction = begin.start().map_err(failed)?;
        let answers = transaction.simple_query(&format!("{STATE}; {PREPARE}")).map_err(failed)?;
        self.shown = text(&answers, 0);
        let limit = text(&answers, 1).unwrap_or_default();
        Ok(PostgresSnapshot { transaction, limit, rehearses: false })
    }
}

impl Database for Postgres {
    fn snapshot(&mut self) -> Result<Box<dyn Snapshot + '_>, Error> {
        Ok(Box::new(self.begin()?))
    }

    fn rehearsal(&mut self) -> Result<Box<dyn Snapshot + '_>, Error> {
        Ok(Box::new(PostgresSnapshot { rehearses: true, ..self.begin()? }))
    }

    fn is_alive(&mut self) -> bool {
        let alive = self.client.as_mut().is_some_and(|client| client.is_valid(ALIVE_TIMEOUT).is_ok());
        if !alive && let Some(client) = self.client.take() {
            // Dropping a client waits for the overdue answer.
            let _ = thread::Builder::new().spawn(move || drop(client));
        }
        alive
    }

    fn unchanged(&mut self) -> Result<bool, Error> {
        let Some(shown) = &self.shown else { return Ok(false) };
        let client = self.client.as_mut().ok_or_else(lost)?;
        let answer = client.simple_query(STATE).map_err(failed)?;
        Ok(text(&answer, 0).as_ref() == Some(shown))
    }
}

/// Returns the first column of a row. The rows of all answers are counted together.
fn text(answers: &[SimpleQueryMessage], row: usize) -> Option<String> {
    let mut rows = answers.iter().filter_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    rows.nth(row)?.try_get(0).ok()?.map(str::to_owned)
}

struct PostgresSnapshot<'a> {
    transaction: Transaction<'a>,
    /// The `statement_timeout`, as the server writes it.
    limit: String,
    /// Whether queries are prepared and not run.
    rehearses: bool,
}

impl Snapshot for PostgresSnapshot<'_> {
    fn run(&mut self, sql: &str, params: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
        let result = self.query(sql, params, rows);
        if let Err(error) = &result
            && *error.kind() != ErrorKind::Connection
        {
            self.transaction.batch_execute(RECOVER).map_err(failed)?;
        }
        result
    }
}

impl PostgresSnapshot<'_> {
    fn query(&mut self, sql: &str, params: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
        let PostgresSnapshot { transaction, limit, rehearses } = self;
        let failed = |error| cancelled(&error, limit).unwrap_or_else(|| failed(error));
        let statement = transaction.prepare(sql).map_err(failed)?;
        let names: Vec<&str> = statement.columns().iter().map(postgres::Column::name).collect();
        rows.columns(&names)?;
        if *rehearses {
            return Ok(());
        }
        let mut result = transaction.query_raw(&statement, params.iter().map(Param)).map_err(failed)?;
        while let Some(row) = result.next().map_err(failed)? {
            rows.row(&PostgresRow(&row))?;
        }
        Ok(())
    }
}

/// Returns the error of a query that the server cancelled. The time limit and an administrator have the same
/// code, so the message shows the server's text, which is in the server's language.
fn cancelled(error: &postgres::Error, limit: &str) -> Option<Error> {
    let answer = error.as_db_error().filter(|answer| *answer.code() == SqlState::QUERY_CANCELED)?;
    let message =
        format!("PostgreSQL cancelled the query (statement_timeout is {limit}): {}", answer.message());
    Some(Error::new(ErrorKind::Query, message))
}

struct PostgresRow<'a>(&'a postgres::Row);

impl EngineRow for PostgresRow<'_> {
    fn value(&self, column: usize) -> Result<Value<'_>, Error> {
        match self.0.try_get::<_, Cell<'_>>(column) {
            Ok(Cell(value)) => Ok(value),
            Err(error) => Err(Error::new(ErrorKind::Row, "the value can't be read").because(error)),
        }
    }
}

/// Converts an error of PostgreSQL to one that a driver understands.
fn failed(error: postgres::Error) -> Error {
    let Some(answer) = error.as_db_error() else {
        if error.is_closed()
            || std::error::Error::source(&error).is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
        {
            return lost().because(error);
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

fn lost() -> Error {
    Error::new(ErrorKind::Connection, "the connection to the database was lost")
}

/// Returns the first quoted word of a message, which is the table or column in every language of the server.
/// Without quotes, it returns the whole message.
fn quoted(message: &str) -> &str {
    let inner = message.split(['"', '«', '»', '“', '”', '„']).nth(1);
    inner.map_or(message, str::trim)
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn names_are_found_in_messages_of_any_language() {
        assert_eq!(quoted("relation \"moh\" does not exist"), "moh");
        assert_eq!(quoted("la relation « moh » n'existe pas"), "moh");
        assert_eq!(quoted("o.nope"), "o.nope");
    }
}
