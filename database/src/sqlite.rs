//! SQLite: a file that is opened read-only.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf, absolute};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use driver_api::{EngineRow, Error, ErrorKind, Exported, Rows, Snapshot, Value};
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, Transaction, ffi};

use crate::database::{Database, Limits};

struct Sqlite {
    connection: Connection,
    path: PathBuf,
    /// The file when it was opened, or at the last snapshot. By now another one may have its path, or its content.
    file: FileState,
    limit: Option<Arc<Limit>>,
    /// The [`data_version`] of the last snapshot.
    shown: Option<i64>,
}

pub(crate) fn open(path: &Path, limits: Limits) -> Result<Box<dyn Database>, Error> {
    let cant_open = |message: String| cant_open(path, message);
    let file = match path.metadata() {
        Ok(file) if file.is_file() => FileState::of(&file),
        Ok(_) => return Err(cant_open("not a file".to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let hint = if path.is_relative() { "; an absolute path is written sqlite:/PATH" } else { "" };
            return Err(cant_open(format!("no such file{hint}")));
        }
        Err(error) => return Err(cant_open("can't be opened".to_owned()).because(error)),
    };
    let limit = limits.statement.map(Limit::new);
    let connection = connect(path, limit.clone())?;
    Ok(Box::new(Sqlite { connection, path: path.to_owned(), file, limit, shown: None }))
}

fn cant_open(path: &Path, message: String) -> Error {
    Error::new(ErrorKind::Connection, message).context(format!("database file {}", path.display()))
}

fn connect(path: &Path, limit: Option<Arc<Limit>>) -> Result<Connection, Error> {
    open_read_only(path, limit).map_err(|error| {
        let unfinished = unfinished(&error);
        cant_open(path, "can't be opened".to_owned()).because(unfinished.unwrap_or_else(|| text(error)))
    })
}

/// Returns what to do about a transaction that a writer began and did not end. SQLite would undo or complete it when it
/// opens the file, but here it may not write.
fn unfinished(error: &rusqlite::Error) -> Option<String> {
    let code = error.sqlite_error()?.extended_code;
    let is_unfinished = [ffi::SQLITE_READONLY_ROLLBACK, ffi::SQLITE_READONLY_RECOVERY].contains(&code);
    is_unfinished.then(|| {
        "a program that wrote to it was stopped in the middle of a transaction, whose journal lies beside it; start \
         that program again, or run a command that may write: sqlite3 FILE 'SELECT count(*) FROM sqlite_schema'"
            .to_owned()
    })
}

fn open_read_only(path: &Path, limit: Option<Arc<Limit>>) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    // The order of UTF-8 bytes is the order of code points.
    connection.create_collation("C", str::cmp)?;
    // Without this, SQLite takes a quoted name of an unknown column for a text.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    if let Some(limit) = limit {
        connection.progress_handler(STEPS, Some(move || limit.is_over()))?;
    }
    // SQLite reads the file only when the first query runs.
    read_schema(&connection)?;
    Ok(connection)
}

/// Runs a query that makes SQLite read the schema. It fails if the file is not a database.
fn read_schema(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

/// What shows whether a file is still the same: its device and inode, its size, and the time of its last change in
/// seconds and nanoseconds. Copying over a file keeps the first two, and SQLite would read its pages from memory.
#[derive(PartialEq)]
struct FileState([u64; 3], [i64; 2]);

impl FileState {
    fn of(file: &Metadata) -> FileState {
        FileState([file.dev(), file.ino(), file.size()], [file.mtime(), file.mtime_nsec()])
    }

    fn is_same_file(&self, other: &FileState) -> bool {
        self.0[..2] == other.0[..2]
    }
}

/// Reads a number that changes when another connection commits. Like every read, this begins the snapshot of a
/// transaction; `BEGIN` alone does not.
fn data_version(connection: &Connection) -> Result<i64, Error> {
    connection.pragma_query_value(None, "data_version", |row| row.get(0)).map_err(failed)
}

impl Sqlite {
    fn begin(&mut self) -> Result<SqliteSnapshot<'_>, Error> {
        self.shown = None;
        let changed = self.file_state().filter(|state| *state != self.file);
        if let Some(state) = changed {
            // A transaction, or a copy over the file. A new connection has no pages in memory.
            self.connection = connect(&self.path, self.limit.clone())?;
            self.file = state;
        }
        let Sqlite { connection, limit, path, .. } = self;
        let transaction = connection.transaction().map_err(failed)?;
        self.shown = Some(data_version(&transaction)?);
        Ok(SqliteSnapshot { transaction, path, limit: limit.as_deref(), rehearses: false })
    }

    fn file_state(&self) -> Option<FileState> {
        self.path.metadata().ok().as_ref().map(FileState::of)
    }
}

impl Database for Sqlite {
    fn snapshot(&mut self) -> Result<Box<dyn Snapshot + '_>, Error> {
        Ok(Box::new(self.begin()?))
    }

    fn rehearsal(&mut self) -> Result<Box<dyn Snapshot + '_>, Error> {
        // SQLite checks a cached statement against the current tables only when the statement runs.
        self.connection.flush_prepared_statement_cache();
        let snapshot = self.begin()?;
        read_schema(&snapshot.transaction).map_err(failed)?;
        Ok(Box::new(SqliteSnapshot { rehearses: true, ..snapshot }))
    }

    fn is_alive(&mut self) -> bool {
        self.file_state().is_some_and(|state| state.is_same_file(&self.file))
    }

    fn unchanged(&mut self) -> Result<bool, Error> {
        let Some(shown) = self.shown else { return Ok(false) };
        Ok(self.file_state().is_some_and(|state| state == self.file)
            && data_version(&self.connection)? == shown)
    }

    fn state(&mut self) -> Result<Option<String>, Error> {
        // The version of the data is a number of this connection alone.
        Ok(None)
    }

    fn write_counts(&mut self) -> Result<Option<BTreeMap<String, u64>>, Error> {
        Ok(None)
    }

    fn snapshot_state(&self) -> Option<&str> {
        None
    }
}

/// The number of steps of a query after which SQLite checks the time limit. They take some microseconds.
const STEPS: i32 = 1000;

/// The time limit of a query.
struct Limit {
    duration: Duration,
    /// The deadline of the query that is running.
    deadline: Mutex<Option<Instant>>,
}

impl Limit {
    fn new(duration: Duration) -> Arc<Limit> {
        Arc::new(Limit { duration, deadline: Mutex::new(None) })
    }

    /// Sets the deadline for the next query, or removes it.
    fn set(&self, running: bool) {
        let deadline = if running { Instant::now().checked_add(self.duration) } else { None };
        *self.deadline.lock().unwrap_or_else(PoisonError::into_inner) = deadline;
    }

    fn is_over(&self) -> bool {
        let deadline = self.deadline.lock().unwrap_or_else(PoisonError::into_inner);
        deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}

struct SqliteSnapshot<'a> {
    transaction: Transaction<'a>,
    path: &'a Path,
    limit: Option<&'a Limit>,
    /// Whether queries are prepared and not run.
    rehearses: bool,
}

impl Snapshot for SqliteSnapshot<'_> {
    fn run(&mut self, sql: &str, params: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
        let Some(limit) = self.limit else { return self.query(sql, params, rows) };
        limit.set(true);
        let result = self.query(sql, params, rows);
        limit.set(false);
        result
    }

    fn export(&mut self) -> Result<Option<Exported>, Error> {
        // In SQLAlchemy's spelling, an absolute path has four slashes.
        let path = absolute(self.path).map_err(|error| cant_open(self.path, String::new()).because(error))?;
        Ok(Some(Exported { uri: format!("sqlite:///{}", path.display()), snapshot: None }))
    }

    fn has_column(&mut self, table: &str, column: &str) -> Result<bool, Error> {
        let sql = "SELECT count(*) > 0 FROM pragma_table_info(?1) WHERE name = ?2";
        self.transaction.query_row(sql, [table, column], |row| row.get(0)).map_err(failed)
    }

    fn unique_keys(&mut self, table: &str) -> Result<Vec<Vec<String>>, Error> {
        let mut statement = self.transaction.prepare_cached(UNIQUE_KEYS).map_err(failed)?;
        let columns = statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?))).map_err(failed)?;
        let mut keys: Vec<(String, Vec<String>)> = Vec::new();
        for column in columns {
            let (key, name) = column.map_err(failed)?;
            match keys.last_mut().filter(|(last, _)| *last == key) {
                Some((_, names)) => names.push(name),
                None => keys.push((key, vec![name])),
            }
        }
        Ok(keys.into_iter().map(|(_, columns)| columns).collect())
    }
}

/// The columns of each unique key of a table: of its primary key, and of unique indexes of whole tables whose columns are
/// never NULL.
const UNIQUE_KEYS: &str = "
    SELECT '' AS key, c.name, c.pk AS place FROM pragma_table_info(?1) AS c WHERE c.pk > 0
    UNION ALL
    SELECT i.name, x.name, x.seqno FROM pragma_index_list(?1) AS i JOIN pragma_index_info(i.name) AS x
    WHERE i.\"unique\" AND NOT i.partial AND i.origin <> 'pk' AND NOT EXISTS (
        SELECT 1 FROM pragma_index_info(i.name) AS y
        LEFT JOIN pragma_table_info(?1) AS d ON d.name = y.name
        WHERE COALESCE(d.\"notnull\", 0) = 0)
    ORDER BY 1, 3";

impl SqliteSnapshot<'_> {
    fn query(&self, sql: &str, params: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
        let failed = |error| self.cancelled(&error).unwrap_or_else(|| failed(error));
        let mut statement = self.transaction.prepare_cached(sql).map_err(failed)?;
        rows.columns(&statement.column_names().collect::<Vec<_>>())?;
        let wanted = statement.parameter_count();
        if wanted != params.len() {
            let message = format!("the query has {wanted} parameters, and {} are given", params.len());
            return Err(Error::new(ErrorKind::Query, message));
        }
        for (i, value) in params.iter().enumerate() {
            // SQLite takes `$2` for a name, not for the second parameter.
            let index = statement.parameter_index(&format!("${}", i + 1)).map_err(failed)?;
            let index = index.ok_or_else(|| unused_parameter(i + 1))?;
            statement.raw_bind_parameter(index, Param(value)).map_err(failed)?;
        }
        if self.rehearses {
            return Ok(());
        }
        let mut result = statement.raw_query();
        while let Some(row) = result.next().map_err(failed)? {
            rows.row(&SqliteRow(row))?;
        }
        Ok(())
    }

    /// Returns the error of a query that took too long.
    fn cancelled(&self, error: &rusqlite::Error) -> Option<Error> {
        let limit =
            self.limit.filter(|_| error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted))?;
        let message = format!("SQLite cancelled the query: it took longer than {:?}", limit.duration);
        Some(Error::new(ErrorKind::Query, message))
    }
}

fn unused_parameter(number: usize) -> Error {
    Error::new(ErrorKind::Query, format!("the query does not use its parameter ${number}"))
}

struct SqliteRow<'a, 'b>(&'a rusqlite::Row<'b>);

impl EngineRow for SqliteRow<'_, '_> {
    fn value(&self, column: usize) -> Result<Value<'_>, Error> {
        let value =
            match self.0.get_ref(column).map_err(failed)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(value) => Value::Integer(value),
                ValueRef::Real(value) => Value::Float(value),
                ValueRef::Text(text) => Value::Text(std::str::from_utf8(text).map_err(|error| {
                    Error::new(ErrorKind::Encoding, "the text is not UTF-8").because(error)
                })?),
                ValueRef::Blob(_) => {
                    return Err(Error::new(ErrorKind::Row, "expected a plain value, found a blob"));
                }
            };
        Ok(value)
    }
}

struct Param<'a>(&'a Value<'a>);

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self.0 {
            Value::Null => ValueRef::Null,
            Value::Bool(value) => ValueRef::Integer((*value).into()),
            Value::Integer(value) => ValueRef::Integer(*value),
            Value::Float(value) => ValueRef::Real(*value),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Uuid(_) | Value::Array(_) => {
                return Err(rusqlite::Error::ToSqlConversionFailure(
                    "pass a uuid as text, an array in parts".into(),
                ));
            }
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

/// Converts an error of SQLite to one that a driver understands.
fn failed(error: rusqlite::Error) -> Error {
    if let Some(advice) = unfinished(&error) {
        return Error::new(ErrorKind::Connection, "the database file can't be read").because(advice);
    }
    let message = text(error);
    if let Some(table) = message.strip_prefix("no such table: ") {
        return Error::new(
            ErrorKind::MissingTable(table.to_owned()),
            format!("this database has no table {table}"),
        );
    }
    if let Some(column) = message.strip_prefix("no such column: ") {
        // The message has `label`, `t.label`, or `"label"` followed by advice.
        let column = column.strip_prefix('"').and_then(|rest| rest.split('"').next()).unwrap_or(column);
        return Error::new(
            ErrorKind::MissingColumn(column.to_owned()),
            format!("this database has no column {column}"),
        );
    }
    Error::new(ErrorKind::Query, format!("SQLite refuses the query: {message}"))
}

/// Returns the message of SQLite itself, without the query and the error code.
fn text(error: rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message,
        rusqlite::Error::SqlInputError { msg, .. } => msg,
        other => other.to_string(),
    }
}
