//! SQLite: a file, opened read-only.

use std::io;
use std::path::Path;
use std::time::Duration;

use driver_api::{Error, ErrorKind, Row, Rows, Snapshot, Value};
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql, Transaction};

use crate::Database;

struct Sqlite(Connection);

pub(crate) fn open(path: &Path) -> Result<Box<dyn Database>, Error> {
    let cant_open = |message: String| {
        Error::new(ErrorKind::Connection, message).in_(format!("database file {}", path.display()))
    };
    match path.metadata() {
        Ok(file) if file.is_file() => {}
        Ok(_) => return Err(cant_open("not a file".to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let hint = if path.is_relative() { "; an absolute path is written sqlite:/PATH" } else { "" };
            return Err(cant_open(format!("no such file{hint}")));
        }
        Err(error) => return Err(cant_open("can't be opened".to_owned()).because(error)),
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)
        .and_then(|connection| {
            connection.busy_timeout(Duration::from_secs(5))?;
            // The order of code points, which is the order of the bytes of UTF-8.
            connection.create_collation("C", str::cmp)?;
            // A quoted name is a name: if nothing is called so, that is no text, but an error.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
            // What the file holds is not looked at before.
            first_read(&connection)?;
            Ok(connection)
        })
        .map_err(|error| cant_open("can't be opened".to_owned()).because(text(error)))?;
    Ok(Box::new(Sqlite(connection)))
}

fn first_read(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

impl Database for Sqlite {
    fn snapshot(&mut self) -> Result<Box<dyn Snapshot + '_>, Error> {
        let transaction = self.0.transaction().map_err(failed)?;
        // SQLite takes the snapshot at the first read, not at BEGIN.
        first_read(&transaction).map_err(failed)?;
        Ok(Box::new(SqliteSnapshot(transaction)))
    }
}

struct SqliteSnapshot<'a>(Transaction<'a>);

impl Snapshot for SqliteSnapshot<'_> {
    fn run(&mut self, sql: &str, params: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
        let mut statement = self.0.prepare_cached(sql).map_err(failed)?;
        rows.columns(&statement.column_names().collect::<Vec<_>>())?;
        let wanted = statement.parameter_count();
        if wanted != params.len() {
            let message = format!("the query has {wanted} parameters, and {} are given", params.len());
            return Err(Error::new(ErrorKind::Query, message));
        }
        for (i, value) in params.iter().enumerate() {
            // To SQLite `$2` is a name, and not the second parameter.
            let index = statement.parameter_index(&format!("${}", i + 1)).map_err(failed)?;
            let index = index.ok_or_else(|| unused_parameter(i + 1))?;
            statement.raw_bind_parameter(index, Param(value)).map_err(failed)?;
        }
        let mut result = statement.raw_query();
        while let Some(row) = result.next().map_err(failed)? {
            rows.row(&SqliteRow(row))?;
        }
        Ok(())
    }
}

fn unused_parameter(number: usize) -> Error {
    Error::new(ErrorKind::Query, format!("the query does not use its parameter ${number}"))
}

struct SqliteRow<'a, 'b>(&'a rusqlite::Row<'b>);

impl Row for SqliteRow<'_, '_> {
    fn value(&self, column: usize) -> Result<Value<'_>, Error> {
        let value = match self.0.get_ref(column).map_err(failed)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(value) => Value::Integer(value),
            ValueRef::Real(value) => Value::Float(value),
            ValueRef::Text(text) => Value::Text(
                std::str::from_utf8(text)
                    .map_err(|error| Error::new(ErrorKind::Row, "the text is not UTF-8").because(error))?,
            ),
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

/// What a failure of SQLite means to a driver.
fn failed(error: rusqlite::Error) -> Error {
    let message = text(error);
    if let Some(table) = message.strip_prefix("no such table: ") {
        return Error::new(
            ErrorKind::MissingTable(table.to_owned()),
            format!("this database has no table {table}"),
        );
    }
    if let Some(column) = message.strip_prefix("no such column: ") {
        // `label`, `t.label`, or `"label"` with advice behind it.
        let column = column.strip_prefix('"').and_then(|rest| rest.split('"').next()).unwrap_or(column);
        return Error::new(
            ErrorKind::MissingColumn(column.to_owned()),
            format!("this database has no column {column}"),
        );
    }
    Error::new(ErrorKind::Query, format!("SQLite refuses the query: {message}"))
}

/// What SQLite says itself, without the query and the number of the error.
fn text(error: rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message,
        rusqlite::Error::SqlInputError { msg, .. } => msg,
        other => other.to_string(),
    }
}
