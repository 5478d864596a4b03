//! SQLite files that can't be opened.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use database::{Database, Uri};
use driver_api::{Error, ErrorKind};

use crate::{assert_left_out, values};

/// Returns the error of opening the file, without its name.
fn error(path: &Path) -> String {
    let error = database::open(&Uri::Sqlite(path.to_owned())).map(|_| ()).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Connection);
    let text = error.chain();
    assert!(!text.contains('\n'));
    text.strip_prefix(&format!("database file {}: ", path.display())).unwrap().to_owned()
}

#[test]
fn a_file_that_is_not_a_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    assert_eq!(error(&path("missing.db")), "no such file");
    assert_eq!(error(Path::new("missing.db")), "no such file; an absolute path is written sqlite:/PATH");
    assert_eq!(error(folder.path()), "not a file");
    fs::write(path("text.db"), "no database\n".repeat(100)).unwrap();
    assert_eq!(error(&path("text.db")), "can't be opened: file is not a database");
    assert_eq!(error(&path("text.db/below.db")), "can't be opened: Not a directory (os error 20)");
    fs::set_permissions(path("text.db"), Permissions::from_mode(0o000)).unwrap();
    // Root can read every file.
    if File::open(path("text.db")).is_err() {
        assert!(error(&path("text.db")).starts_with("can't be opened: unable to open database file"));
    }
}

#[test]
fn a_truncated_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("CREATE TABLE thing (id); CREATE TABLE other (id)").unwrap();
    drop(connection);
    File::options().write(true).open(&path).unwrap().set_len(600).unwrap();
    assert!(error(&path).starts_with("can't be opened: "));
}

fn things(database: &mut dyn Database) -> Result<Vec<i64>, Error> {
    values(&mut *database.snapshot()?, "SELECT id AS value FROM thing ORDER BY id", &[])
}

fn site(path: &Path, ids: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch(&format!("CREATE TABLE thing (id); INSERT INTO thing VALUES {ids}")).unwrap();
}

#[test]
fn a_file_that_is_copied_over_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let [path, other] = ["site.db", "other.db"].map(|name| folder.path().join(name));
    site(&path, "(1)");
    site(&other, "(7)");
    let database = &mut *database::open(&Uri::Sqlite(path.clone())).unwrap();
    assert_eq!(things(database).unwrap(), [1]);
    assert!(database.unchanged().unwrap());
    // This keeps the inode, the size, and SQLite's count of changes.
    fs::write(&path, fs::read(&other).unwrap()).unwrap();
    assert!(!database.unchanged().unwrap());
    assert_eq!(things(database).unwrap(), [7]);
    assert!(database.unchanged().unwrap());
}

#[test]
fn an_unfinished_transaction_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let [path, copy] = ["site.db", "copy.db"].map(|name| folder.path().join(name));
    let writer = rusqlite::Connection::open(&path).unwrap();
    // The transaction is so large that it reaches the file before it ends.
    writer
        .execute_batch(
            "PRAGMA cache_size = 1; CREATE TABLE thing (id, text); INSERT INTO thing VALUES (1, '');
            BEGIN;
            INSERT INTO thing
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
                SELECT i, hex(randomblob(100)) FROM n",
        )
        .unwrap();
    // What a writer leaves that is killed now.
    fs::copy(&path, &copy).unwrap();
    fs::copy(path.with_extension("db-journal"), copy.with_extension("db-journal")).unwrap();
    let text = error(&copy);
    assert!(text.starts_with("can't be opened: a program that wrote to it was stopped"), "{text}");
    let repaired = rusqlite::Connection::open(&copy).unwrap();
    repaired.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).unwrap();
    assert_eq!(things(&mut *database::open(&Uri::Sqlite(copy)).unwrap()).unwrap(), [1]);
}

#[test]
fn a_row_that_is_not_utf8_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("site.db");
    let sql = "CREATE TABLE thing (id INTEGER, name TEXT);
        INSERT INTO thing VALUES (1, 'one'), (2, CAST(x'67e4737465' AS TEXT)), (3, 'three')";
    rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    assert_left_out(&mut *database::open(&Uri::Sqlite(path)).unwrap());
}
