//! PostgreSQL: each snapshot is one `REPEATABLE READ, READ ONLY` transaction.

mod connect;
mod host;
mod parameters;
mod passfile;
mod service_file;
mod target;
mod tls;
mod value;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::future::Future;
use std::mem;
use std::pin::pin;
use std::str::Utf8Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use driver_api::{EngineRow, Error, ErrorKind, Exported, Rows, Second, Snapshot, Value};
use futures_util::TryStreamExt as _;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::database::{Database, Limits};
use crate::uri::Uri;
use connect::{connect, within};
use target::Target;
use value::{Encoding, Param, Raw};

struct Postgres {
    target: Arc<Target>,
    /// `None` after the connection was found dead.
    connection: Option<Arc<Connection>>,
    /// The [`STATE`] of the last snapshot.
    shown: Option<String>,
}

pub(crate) fn open(uri: &str, limits: Limits) -> Result<Box<dyn Database>, Error> {
    let open = || {
        let target = Arc::new(Target::parse(uri, limits)?);
        let connection = Some(Arc::new(Connection::open(&target, Duration::MAX)?));
        Ok(Box::new(Postgres { target, connection, shown: None }) as Box<dyn Database>)
    };
    open().map_err(|error: Error| error.context(format!("database {}", Uri::Postgres(uri.to_owned()))))
}

/// Checks a URI without connecting.
pub(crate) fn check(uri: &str) -> Result<(), Error> {
    target::check(uri).map_err(|error| error.context(format!("database {}", Uri::Postgres(uri.to_owned()))))
}

/// An open connection. Its runtime has no thread of its own: data moves while a call waits.
struct Connection {
    /// `None` after it was closed.
    client: Option<Client>,
    task: JoinHandle<()>,
    /// `None` while the connection is dropped.
    runtime: Option<Runtime>,
}

impl Connection {
    fn open(target: &Target, limit: Duration) -> Result<Connection, Error> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| {
            Error::new(ErrorKind::Connection, "can't connect: the process has no resources").because(error)
        })?;
        let (client, task) = runtime
            .block_on(async { within(limit, Box::pin(connect(target))).await })
            .map_err(|error| Error::new(ErrorKind::Connection, "can't connect").because(error))??;
        Ok(Connection { client: Some(client), task, runtime: Some(runtime) })
    }

    fn parts(&self) -> Result<(&Runtime, &Client), Error> {
        self.runtime.as_ref().zip(self.client.as_ref()).ok_or_else(lost)
    }

    /// Sends statements and returns their answers.
    fn execute(&self, sql: &str, limit: Duration) -> Result<Vec<SimpleQueryMessage>, Error> {
        let (runtime, client) = self.parts()?;
        let answer = runtime.block_on(async { within(limit, client.simple_query(sql)).await });
        answer.map_err(|error| lost().because(error))?.map_err(failed)
    }
}

impl Drop for Connection {
    /// Tells the server that the connection ends, if it listens, and waits for nothing else.
    fn drop(&mut self) {
        drop(self.client.take());
        if let Some(runtime) = self.runtime.take() {
            let _ = runtime.block_on(async { timeout(FAREWELL, &mut self.task).await });
            runtime.shutdown_background();
        }
    }
}

/// Reads which transactions a snapshot sees as ended: all below a number, except those in a list.
///
/// Each transaction that writes gets a number of 64 bits, which is never used again. When two snapshots have the
/// same text, each number had ended for both or for neither, so no transaction was committed in between. (The
/// list has no subtransactions, but they end with their transaction, which it has.) On a standby the list is
/// always empty, so the text proves nothing there. Another database of the same name, or another server at the same
/// address, counts on its own: the number of the database and the server's start tell them apart.
const STATE: &str = "SELECT CASE WHEN NOT pg_is_in_recovery() THEN concat_ws(' ', txid_current_snapshot(),
        (SELECT oid FROM pg_database WHERE datname = current_database()), pg_postmaster_start_time()) END";

const WRITE_COUNTS: &str = "SELECT relname, sum(n_tup_ins + n_tup_upd + n_tup_del)
    FROM pg_stat_user_tables WHERE NOT pg_is_in_recovery() GROUP BY relname";

const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";

/// The drivers run many small joins over whole tables, which just-in-time compilation slows down by seconds on tables
/// without statistics.
const NO_JIT: &str = "SELECT set_config('jit', 'off', true) FROM pg_settings WHERE name = 'jit'";

/// A database without an encoding may hold any bytes. The server refuses to send those that are not UTF-8, and with them
/// all rows of the query, unless it sends them as they are.
const RAW: &str = "SELECT set_config('client_encoding', 'SQL_ASCII', true)
    WHERE current_setting('server_encoding') = 'SQL_ASCII'";

/// The savepoint keeps the snapshot usable after a failed query: without it, PostgreSQL refuses all further queries of
/// the transaction.
const PREPARE: &str = "SELECT current_setting('statement_timeout'), current_setting('lock_timeout');
    SAVEPOINT query";
const RECOVER: &str = "ROLLBACK TO SAVEPOINT query";

/// Lets other connections see the same. PostgreSQL does not allow that behind a savepoint, nor on a standby of a release
/// before 10; there, an error would end the transaction.
const EXPORT: &str = "RELEASE SAVEPOINT query;
    SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_export_snapshot() END;
    SAVEPOINT query";

/// The time limit for a second connection. A server that takes longer is too busy to be faster with two.
const SECOND_TIMEOUT: Duration = Duration::from_secs(1);

/// The time limit of the round trip that checks a connection.
const ALIVE_TIMEOUT: Duration = Duration::from_secs(2);

/// The time limit of the last message.
const FAREWELL: Duration = Duration::from_millis(100);

/// How much longer than its limit a query may take, until the server counts as silent. The server has to cancel it.
const GRACE: Duration = Duration::from_secs(5);

impl Postgres {
    fn begin(&mut self, rehearses: bool) -> Result<PostgresSnapshot, Error> {
        self.shown = None;
        let connection = Arc::clone(self.connection.as_ref().ok_or_else(lost)?);
        let mut snapshot =
            PostgresSnapshot::begin(connection, Arc::clone(&self.target), "", self.target.timeout)?;
        snapshot.rehearses = rehearses;
        self.shown.clone_from(&snapshot.state);
        Ok(snapshot)
    }
}

/// Returns a limit as the server counts it. 0 would be no limit.
fn milliseconds(limit: Duration) -> u128 {
    limit.as_millis().clamp(1, i32::MAX as u128)
}

impl Database for Postgres {
    fn snapshot(&mut self) -> Result<Box<dyn Snapshot + '_>, Error> {
        Ok(Box::new(self.begin(false)?))
    }

    fn rehearsal(&mut self) -> Result<Box<dyn Snapshot + '_>, Error> {
        Ok(Box::new(self.begin(true)?))
    }

    fn is_alive(&mut self) -> bool {
        let alive =
            self.connection.as_ref().is_some_and(|connection| connection.execute("", ALIVE_TIMEOUT).is_ok());
        if !alive {
            self.connection = None;
        }
        alive
    }

    fn unchanged(&mut self) -> Result<bool, Error> {
        Ok(self.shown.is_some() && self.state()? == self.shown)
    }

    fn state(&mut self) -> Result<Option<String>, Error> {
        let connection = self.connection.as_ref().ok_or_else(lost)?;
        let answers = connection.execute(STATE, self.target.timeout)?;
        Ok(rows(&answers).last().and_then(|row| row.first()?.clone()))
    }

    fn write_counts(&mut self) -> Result<Option<BTreeMap<String, u64>>, Error> {
        let connection = self.connection.as_ref().ok_or_else(lost)?;
        let answers = connection.execute(WRITE_COUNTS, self.target.timeout)?;
        let count = |row: Vec<Option<String>>| match row.as_slice() {
            [Some(table), Some(count)] => Some((table.clone(), count.parse().ok()?)),
            _ => None,
        };
        let counts: BTreeMap<String, u64> = rows(&answers).into_iter().filter_map(count).collect();
        Ok(Some(counts).filter(|counts| !counts.is_empty()))
    }

    fn snapshot_state(&self) -> Option<&str> {
        self.shown.as_deref()
    }
}

/// Returns the rows of all answers.
fn rows(answers: &[SimpleQueryMessage]) -> Vec<Vec<Option<String>>> {
    let row = |answer: &SimpleQueryMessage| match answer {
        SimpleQueryMessage::Row(row) => {
            Some((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect())
        }
        _ => None,
    };
    answers.iter().filter_map(row).collect()
}

struct PostgresSnapshot {
    connection: Arc<Connection>,
    target: Arc<Target>,
    /// Two limits, as the server writes them.
    statement_timeout: String,
    lock_timeout: String,
    /// The [`STATE`] that it shows.
    state: Option<String>,
    /// Whether a second connection may show the same, or this is the second one.
    is_shared: bool,
    /// Whether queries are prepared and not run.
    rehearses: bool,
    /// Whether the connection was found lost or silent.
    is_lost: bool,
}

impl Snapshot for PostgresSnapshot {
    fn run(&mut self, sql: &str, params: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
        let (runtime, client) = self.connection.parts()?;
        let progress = Cell::new(false);
        let query = self.query(client, sql, params, rows, &progress);
        let result = runtime.block_on(self.watch(query, &progress));
        match &result {
            Err(error) if *error.kind() == ErrorKind::Connection => self.is_lost = true,
            Err(_) => drop(self.connection.execute(RECOVER, self.target.timeout)?),
            Ok(()) => {}
        }
        result
    }

    fn second(&mut self) -> Option<Second> {
        let state = self.state.clone().filter(|_| !self.rehearses)?;
        if mem::replace(&mut self.is_shared, true) {
            return None;
        }
        // (Without an answer, the transaction is broken, as the next query will tell.)
        let name = self.export_name().ok().flatten()?;
        let target = Arc::clone(&self.target);
        Some(Second::new(move || {
            let snapshot = PostgresSnapshot::exported(target, &name, &state)?;
            Ok(Box::new(snapshot) as Box<dyn Snapshot>)
        }))
    }

    fn export(&mut self) -> Result<Option<Exported>, Error> {
        let snapshot = if self.rehearses { None } else { self.export_name()? };
        Ok(Some(Exported { uri: self.target.uri.clone(), snapshot }))
    }

    fn has_column(&mut self, table: &str, column: &str) -> Result<bool, Error> {
        let [table, column] = [table, column].map(literal);
        let sql = format!(
            "SELECT 1 FROM pg_attribute
            WHERE attrelid = to_regclass(quote_ident({table})) AND attname = {column} AND NOT attisdropped"
        );
        Ok(!rows(&self.connection.execute(&sql, self.target.timeout)?).is_empty())
    }

    fn unique_keys(&mut self, table: &str) -> Result<Vec<Vec<String>>, Error> {
        let sql = UNIQUE_KEYS.replace("TABLE", &literal(table));
        let answers = self.connection.execute(&sql, self.target.timeout)?;
        let mut keys: Vec<(Option<String>, Vec<String>)> = Vec::new();
        for row in rows(&answers) {
            let [key, Some(column)] = row.as_slice() else { continue };
            match keys.last_mut().filter(|(last, _)| last == key) {
                Some((_, columns)) => columns.push(column.clone()),
                None => keys.push((key.clone(), vec![column.clone()])),
            }
        }
        Ok(keys.into_iter().map(|(_, columns)| columns).collect())
    }
}

/// Returns a text as SQL writes it.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Reads the columns of each unique key of a table: of unique indexes of the whole table whose columns are never NULL.
const UNIQUE_KEYS: &str = "SELECT i.indexrelid, a.attname
    FROM pg_index AS i
    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
    WHERE i.indrelid = to_regclass(quote_ident(TABLE)) AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL
        AND NOT EXISTS (SELECT 1 FROM pg_attribute AS n
            WHERE n.attrelid = i.indrelid AND n.attnum = ANY (i.indkey) AND NOT n.attnotnull)
    ORDER BY NOT i.indisprimary, i.indexrelid, a.attnum";

impl Drop for PostgresSnapshot {
    /// Ends the transaction, which would otherwise hold its locks until the next one.
    fn drop(&mut self) {
        // A server that is silent would make every caller wait once more.
        if !self.is_lost {
            // A connection that can't do it is not alive, which its next user notices.
            let _ = self.connection.execute("ROLLBACK", ALIVE_TIMEOUT);
        }
    }
}

impl PostgresSnapshot {
    /// Begins a transaction, within a time limit. The statement `first` precedes all that fixes what it shows.
    fn begin(
        connection: Arc<Connection>,
        target: Arc<Target>,
        first: &str,
        limit: Duration,
    ) -> Result<PostgresSnapshot, Error> {
        // `true` limits a setting to the transaction. As a parameter of the login, PgBouncer would refuse it, or give
        // it to another client.
        let set = |name, limit: Option<Duration>| {
            limit.map(|limit| format!("SELECT set_config('{name}', '{}', true);", milliseconds(limit)))
        };
        let statement = set("statement_timeout", target.limits.statement).unwrap_or_default();
        let lock = set("lock_timeout", target.limits.lock).unwrap_or_default();
        let sql = format!("{BEGIN}; {first} {statement} {lock} {NO_JIT}; {RAW}; {PREPARE}; {STATE}");
        let answers = connection.execute(&sql, limit)?;
        let mut snapshot = PostgresSnapshot {
            connection,
            target,
            statement_timeout: String::new(),
            lock_timeout: String::new(),
            state: None,
            is_shared: false,
            rehearses: false,
            is_lost: false,
        };
        // The last rows are those of PREPARE and STATE.
        let rows = rows(&answers);
        if let [.., limits, state] = rows.as_slice() {
            snapshot.statement_timeout = limits.first().cloned().flatten().unwrap_or_default();
            snapshot.lock_timeout = limits.get(1).cloned().flatten().unwrap_or_default();
            snapshot.state = state.first().cloned().flatten();
        }
        Ok(snapshot)
    }

    /// Opens a connection that shows what another one has exported by this name.
    fn exported(target: Arc<Target>, name: &str, state: &str) -> Result<PostgresSnapshot, Error> {
        let connection = Arc::new(Connection::open(&target, SECOND_TIMEOUT)?);
        let first = format!("SET TRANSACTION SNAPSHOT '{name}';");
        let mut snapshot = PostgresSnapshot::begin(connection, target, &first, SECOND_TIMEOUT)?;
        snapshot.is_shared = true;
        // Of several servers at an address, another one may have answered.
        if snapshot.state.as_deref() != Some(state) {
            return Err(Error::new(ErrorKind::Connection, "the second connection shows something else"));
        }
        Ok(snapshot)
    }

    /// Exports what this connection shows, and returns the name. A standby may export nothing.
    fn export_name(&self) -> Result<Option<String>, Error> {
        let answers = self.connection.execute(EXPORT, self.target.timeout)?;
        Ok(rows(&answers).pop().and_then(|mut row| row.pop()).flatten())
    }

    async fn query(
        &self,
        client: &Client,
        sql: &str,
        params: &[Value<'_>],
        rows: &mut dyn Rows,
        progress: &Cell<bool>,
    ) -> Result<(), Error> {
        let failed = |error| self.cancelled(&error).unwrap_or_else(|| failed(error));
        let statement = client.prepare(sql).await.map_err(failed)?;
        let names: Vec<&str> = statement.columns().iter().map(tokio_postgres::Column::name).collect();
        rows.columns(&names)?;
        if self.rehearses {
            return Ok(());
        }
        let result = client.query_raw(&statement, params.iter().map(Param)).await.map_err(failed)?;
        let mut result = pin!(result);
        let encodings: Vec<Encoding> =
            statement.columns().iter().map(|column| Encoding::of(column.type_())).collect();
        while let Some(row) = result.try_next().await.map_err(failed)? {
            rows.row(&PostgresRow { row: &row, encodings: &encodings })?;
            progress.set(true);
        }
        Ok(())
    }

    /// Waits for a query for as long as the server works on it. When the server has been silent for as long as a
    /// connection may take, another connection shows whether it still answers: a server that hangs ends no query.
    async fn watch(
        &self,
        query: impl Future<Output = Result<(), Error>>,
        progress: &Cell<bool>,
    ) -> Result<(), Error> {
        let mut query = pin!(query);
        let start = Instant::now();
        let silence = self.target.timeout;
        loop {
            if let Ok(result) = timeout(silence, &mut query).await {
                return result;
            }
            if progress.replace(false) {
                continue;
            }
            let limit = self.target.limits.statement.map(|limit| limit.saturating_add(GRACE));
            if limit.is_some_and(|limit| start.elapsed() > limit) {
                let message = format!("the server did not answer the query within {:?}", start.elapsed());
                return Err(Error::new(ErrorKind::Connection, message));
            }
            connect(&self.target).await.map_err(|error| {
                let message = format!("the server was silent for {silence:?}, and takes no other connection");
                Error::new(ErrorKind::Connection, message).because(error.chain())
            })?;
        }
    }

    /// Returns the error of a query that the server cancelled. The time limit and an administrator have the same
    /// code, so the message shows the server's text, which is in the server's language.
    fn cancelled(&self, error: &tokio_postgres::Error) -> Option<Error> {
        let answer = error.as_db_error()?;
        let (kind, which, limit) = match answer.code() {
            code if *code == SqlState::QUERY_CANCELED => {
                (ErrorKind::Query, "statement_timeout", &self.statement_timeout)
            }
            code if *code == SqlState::LOCK_NOT_AVAILABLE => {
                (ErrorKind::Locked, "lock_timeout", &self.lock_timeout)
            }
            _ => return None,
        };
        let message = format!("PostgreSQL cancelled the query ({which} is {limit}): {}", answer.message());
        Some(Error::new(kind, message))
    }
}

struct PostgresRow<'a> {
    row: &'a tokio_postgres::Row,
    encodings: &'a [Encoding],
}

impl EngineRow for PostgresRow<'_> {
    fn value(&self, column: usize) -> Result<Value<'_>, Error> {
        let raw = self.row.try_get(column).map_err(|error| unreadable(error.into()))?;
        match raw {
            Raw(Some(raw)) => self.encodings[column].decode(raw).map_err(unreadable),
            Raw(None) => Ok(Value::Null),
        }
    }
}

fn unreadable(error: Box<dyn std::error::Error + Sync + Send>) -> Error {
    if error.is::<Utf8Error>() {
        Error::new(ErrorKind::Encoding, "the text is not UTF-8").because(error)
    } else {
        Error::new(ErrorKind::Row, "the value can't be read").because(error)
    }
}

/// Converts an error of PostgreSQL to one that a driver understands.
fn failed(error: tokio_postgres::Error) -> Error {
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
        // Behind PgBouncer, another client's statement or none is on the server that runs the transaction.
        SqlState::INVALID_SQL_STATEMENT_NAME | SqlState::DUPLICATE_PSTATEMENT => {
            let hint = "behind PgBouncer with pool_mode=transaction, set max_prepared_statements=100 (from version 1.21 \
                on), or give confgend a database entry with pool_mode=session";
            Error::new(ErrorKind::Connection, format!("{message}: {hint}"))
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
