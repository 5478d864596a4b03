//! The program on a real PostgreSQL server.

#[cfg(all(feature = "asterisk", feature = "sqlite"))]
use std::{
    fs, thread,
    time::{Duration, Instant},
};

use fixtures::Schema;
use fixtures::postgres::{Cluster, shared};

use crate::{Folder, confgend, current_files, files_below};

/// Returns the password of a URI.
fn password(uri: &str) -> &str {
    uri.split_once("://")
        .and_then(|(_, rest)| rest.split_once('@')?.0.split_once(':'))
        .map_or("", |(_, word)| word)
}

/// Returns the error of a run with this URI. The error must not show the password.
fn refused(uri: &str) -> String {
    let run = confgend(&["generate", "--out", "/nonexistent/out", "--db", uri]);
    let error = run.error(1).to_owned();
    assert!(!error.contains(password(uri)), "{error}");
    error
}

fn database(cluster: &Cluster, name: &str) -> String {
    cluster.schema_database(name, Schema::Current).unwrap()
}

#[test]
fn all_files_are_generated_from_postgresql() {
    let Some(cluster) = shared() else { return };
    let folder = Folder::new(&[]);
    // SQLAlchemy's spelling, as existing configuration files have it.
    let uri = database(cluster, "spelling").replace("postgresql://", "postgresql+psycopg2://");
    let run = confgend(&["generate", "--out", &folder.text("out"), "--db", &uri]);
    let failed: Vec<&str> = run.err.lines().filter(|line| line.starts_with("error: ")).collect();
    let wazo = "error: wazo/uuid.yml: the table infos is empty: the installation has no identity yet";
    assert_eq!(failed, if cfg!(feature = "wazo") { vec![wazo] } else { vec![] });
    assert_eq!(files_below(&folder.path("out")).len() + failed.len(), current_files().len());
}

#[cfg(all(feature = "asterisk", feature = "sqlite"))]
#[test]
fn two_connections_give_the_bytes_of_one() {
    let Some(cluster) = shared() else { return };
    let folder = Folder::new(&[]);
    let uri = cluster.create_database("two").unwrap();
    fixtures::load_synthetic_postgres(Schema::Current, 1_000, &uri).unwrap();
    fixtures::load_synthetic_sqlite(Schema::Current, 1_000, &folder.path("site.db")).unwrap();
    let mut client = fixtures::postgres::connect(&uri).unwrap();
    // A run of one connection has one session more than these at its end, and another one two.
    let mut sessions = || -> i64 {
        client.batch_execute("SELECT pg_stat_clear_snapshot()").unwrap();
        let sql = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()";
        client.query_one(sql, &[]).unwrap().get(0)
    };
    let before = sessions();
    // All files over two connections, then one file that reads its tables over two; SQLite has one.
    let sqlite = format!("sqlite:{}", folder.text("site.db"));
    let runs: [(&str, &[&str], &str); 3] =
        [("all", &[], &uri), ("one", &["asterisk/pjsip.conf"], &uri), ("sqlite", &[], &sqlite)];
    let written = runs.map(|(out, files, uri)| {
        let out_folder = folder.text(out);
        let arguments = [&["generate", "--out", &out_folder, "--db", uri], files].concat();
        assert_eq!(confgend(&arguments).code, 0);
        files_below(&folder.path(out))
    });
    let text = |out: &str, file: &str| fs::read_to_string(folder.path(out).join(file)).unwrap();
    assert_eq!(written[0], written[2]);
    for file in &written[0] {
        assert!(text("all", file) == text("sqlite", file), "{file}");
    }
    assert!(text("one", "asterisk/pjsip.conf") == text("all", "asterisk/pjsip.conf"));
    // The server counts a session a moment after it began.
    let deadline = Instant::now() + Duration::from_secs(10);
    while sessions() < before + 4 {
        assert!(Instant::now() < deadline, "{} sessions, {before} before", sessions());
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_refused_login_is_an_error() {
    let Some(cluster) = shared() else { return };
    let uri = database(cluster, "refused");
    let wrong = refused(&uri.replace(password(&uri), "wr0ng"));
    assert!(wrong.contains("the server refuses the login: "), "{wrong}");
    let (server, _) = uri.rsplit_once('/').unwrap();
    let unknown = refused(&format!("{server}/nonexistent"));
    assert!(unknown.contains("database \"nonexistent\" does not exist"), "{unknown}");
}

#[test]
fn an_unreachable_server_is_an_error() {
    let error = refused("postgresql://me:s3cret@127.0.0.1:1/site");
    assert!(error.starts_with("database postgresql://me@127.0.0.1:1/site: can't connect: "), "{error}");
    assert!(error.ends_with("Connection refused (os error 111)"), "{error}");
}

#[cfg(feature = "custom")]
#[test]
fn a_command_sees_the_snapshot() {
    let Some(cluster) = shared() else { return };
    let uri = database(cluster, "command");
    let folder = Folder::new(&[(
        "config.yml",
        "extra_config_files: ''\ndrivers: {acme.x.txt: {command: [/bin/sh, -c, 'echo $CONFGEND_DB_URI; echo $CONFGEND_SNAPSHOT']}}\n",
    )]);
    let run = confgend(&["generate", "acme/x.txt", "--db", &uri, "--config", &folder.text("config.yml")]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let (address, snapshot) = run.out.trim_end().split_once('\n').unwrap();
    assert_eq!(address, uri);
    // PostgreSQL names a snapshot in hexadecimal digits and hyphens.
    assert!(snapshot.len() > 8 && snapshot.chars().all(|c| c.is_ascii_hexdigit() || c == '-'), "{snapshot}");
}

#[test]
fn list_shows_missing_tables() {
    let Some(cluster) = shared() else { return };
    let uri = database(cluster, "list");
    let answers = |code| {
        let run = confgend(&["list", "--db", &uri]);
        assert_eq!(run.code, code, "{run:?}");
        run.out.lines().skip(1).map(|line| line[58..].trim_start().to_owned()).collect::<Vec<_>>()
    };
    // Files for older schemas miss tables, too.
    let complete = answers(i32::from(cfg!(any(feature = "asterisk-older", feature = "dird"))));
    let (fine, older): (Vec<_>, Vec<_>) = complete.iter().partition(|answer| *answer == "ok");
    assert_eq!(fine.len(), current_files().len(), "{complete:?}");
    assert!(older.iter().all(|answer| answer.contains("; it belongs to the schema before ")), "{older:?}");
    let mut client = postgres::Client::connect(&uri, postgres::NoTls).unwrap();
    client.batch_execute("ALTER TABLE infos RENAME TO other").unwrap();
    let without_infos = cfg!(any(feature = "asterisk-older", feature = "dird", feature = "wazo"));
    let lacking = answers(i32::from(without_infos));
    let table = "wazo/uuid.yml needs table infos, which this database does not have";
    assert_eq!(lacking.iter().any(|answer| answer == table), cfg!(feature = "wazo"), "{lacking:?}");
}
