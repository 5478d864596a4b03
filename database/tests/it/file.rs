//! SQLite files that can't be opened.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use database::Uri;
use driver_api::ErrorKind;

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
