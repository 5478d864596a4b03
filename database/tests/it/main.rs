//! Sessions on a real PostgreSQL server and on SQLite files.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as the test does")]

mod connect;
mod exported;
mod failures;
mod file;
mod limits;
mod lost;
mod parameters;
mod pgbouncer;
mod server;
mod snapshots;
mod tls;
mod types;
mod unchanged;

use std::cell::RefCell;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use database::{Database, Uri};
use driver_api::{Error, Query, Row, Session, Snapshot, Value};
use fixtures::postgres::shared;
use postgres::{Client, NoTls};
use rusqlite::Connection;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tempfile::TempDir;

/// A database of one test.
struct Site {
    uri: Uri,
    writer: Writer,
    _folder: Option<TempDir>,
}

/// Another connection, which changes the database.
enum Writer {
    Sqlite(Connection),
    Postgres(RefCell<Client>),
}

impl Site {
    /// Creates a database on each available engine, each with its own statements.
    fn each(name: &str, sqlite: &str, postgres: &str) -> Vec<Site> {
        [Some(Site::sqlite(sqlite)), Site::postgres(name, postgres)].into_iter().flatten().collect()
    }

    fn sqlite(statements: &str) -> Site {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("site.db");
        let writer = Writer::Sqlite(Connection::open(&path).unwrap());
        let site = Site { uri: Uri::Sqlite(path), writer, _folder: Some(folder) };
        site.execute(statements);
        site
    }

    fn postgres(name: &str, statements: &str) -> Option<Site> {
        let uri = shared()?.create_database(name).unwrap();
        let writer = Writer::Postgres(RefCell::new(client(&uri)));
        let site = Site { uri: uri.parse().unwrap(), writer, _folder: None };
        site.execute(statements);
        Some(site)
    }

    fn open(&self) -> Box<dyn Database> {
        database::open(&self.uri).unwrap()
    }

    /// Runs statements that write, and commits.
    fn execute(&self, statements: &str) {
        match &self.writer {
            Writer::Sqlite(connection) => connection.execute_batch(statements).unwrap(),
            Writer::Postgres(client) => client.borrow_mut().batch_execute(statements).unwrap(),
        }
    }
}

fn client(uri: &str) -> Client {
    Client::connect(uri, NoTls).unwrap()
}

/// Queries the table `thing`, whose key is `id`.
fn rows<T: DeserializeOwned>(
    snapshot: &mut dyn Snapshot,
    sql: &str,
    params: &[Value<'_>],
) -> Result<Vec<T>, Error> {
    let rows = Session::new(snapshot).query(Query { table: "thing", key: &["id"], sql }, params)?;
    Ok(rows.into_iter().map(Row::into_inner).collect())
}

/// Returns the only column of a query, which is called `value`.
fn values<T: DeserializeOwned>(
    snapshot: &mut dyn Snapshot,
    sql: &str,
    params: &[Value<'_>],
) -> Result<Vec<T>, Error> {
    #[derive(Deserialize)]
    struct Only<T> {
        value: T,
    }
    let rows: Vec<Row<Only<T>>> =
        Session::new(snapshot).query(Query { table: "thing", key: &[], sql }, params)?;
    Ok(rows.into_iter().map(|row| row.into_inner().value).collect())
}

/// Returns the error with its causes, on one line.
fn reason<T>(result: Result<T, Error>) -> String {
    result.map(|_| ()).unwrap_err().chain()
}

/// Returns the result of work that might never end, or panics after a time limit.
fn within<T: Send + 'static>(seconds: u64, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    receiver.recv_timeout(Duration::from_secs(seconds)).expect("it ends in time")
}

/// Checks that the row 2 of the table `thing` is left out with a warning, since its name is not UTF-8.
fn assert_left_out(database: &mut dyn Database) {
    #[derive(Deserialize)]
    struct Thing {
        name: String,
    }
    let mut snapshot = database.snapshot().unwrap();
    let mut session = Session::new(&mut *snapshot);
    let sql = "SELECT id, name FROM thing ORDER BY id";
    let things: Vec<Row<Thing>> = session.query(Query { table: "thing", key: &["id"], sql }, &[]).unwrap();
    let names: Vec<&str> = things.iter().map(|thing| thing.name.as_str()).collect();
    assert_eq!(names, ["one", "three"]);
    let warnings: Vec<String> = session.take_warnings().iter().map(ToString::to_string).collect();
    assert_eq!(warnings, ["table thing, row id=2, column name: the text is not UTF-8; the row is left out"]);
}
