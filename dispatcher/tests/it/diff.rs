//! `confgend diff`.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::thread;

use fixtures::Scratch;

use crate::{ALONE, Folder, Run, confgend};

const IDENTITY: (&str, &str) =
    ("infos", r#"{"uuid": "6fe0c2a8-8f0c-4d0a-9b7e-2d6b0f3d6b11", "wazo_version": "26.08"}"#);
const CLASS: &str =
    r#"{"uuid": "m", "tenant_uuid": "t", "name": "jazz", "label": "", "mode": "files", "sort": "alpha"}"#;

/// A database with one class of music.
fn database() -> Scratch {
    Scratch::new(&[IDENTITY, ("moh", CLASS)])
}

fn uri(database: &Scratch) -> String {
    format!("sqlite:{}", database.path().display())
}

/// Compares the file with the classes of music, by the configuration `config.yml` of a folder.
fn compare(folder: &Folder, arguments: &[&str]) -> Run {
    let config = folder.text("config.yml");
    confgend(&[&["diff", "--config", &config, "asterisk/musiconhold.conf"], arguments].concat())
}

/// A folder with a configuration, and a copy of the file that differs from the database.
fn folder(database: &Scratch, sort: &str) -> Folder {
    let file =
        confgend(&["generate", "--config", ALONE, "--db", &uri(database), "asterisk/musiconhold.conf"]).out;
    let file = file.replace("sort = alpha", &format!("sort = {sort}"));
    let config = format!("db_uri: {}\ncache: cache\nextra_config_files:\n", uri(database));
    Folder::new(&[("config.yml", &config), ("cache/asterisk/musiconhold.conf", &file)])
}

const CHANGED: &str = "asterisk/musiconhold.conf   ~1 music class (of 2)\n  ~ music class jazz: sort random → alpha\n\
    0 files unchanged\n";

#[test]
fn the_cache_is_compared_by_default() {
    let database = database();
    let changed = folder(&database, "random");
    let run = compare(&changed, &[]);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (1, CHANGED, ""));
    let same = folder(&database, "alpha");
    let run = compare(&same, &[]);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (0, "1 file unchanged\n", ""));
    // Comments and blanks don't count, but are lines.
    let path = same.path("cache/asterisk/musiconhold.conf");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("; a comment\n\n{text}")).unwrap();
    assert_eq!(compare(&same, &[]).code, 0);
    let run = compare(&same, &["--unified"]);
    assert_eq!(run.code, 1);
    let header =
        "--- asterisk/musiconhold.conf\n+++ asterisk/musiconhold.conf\n@@ -1,5 +1,3 @@\n-; a comment\n-\n";
    assert!(run.out.starts_with(header), "{run:?}");
    fs::remove_file(&path).unwrap();
    let run = compare(&same, &[]);
    let missing = "asterisk/musiconhold.conf   +2 music classes (of 2)\n  there is no old file, which counts as empty\n  \
        + music class default, jazz\n0 files unchanged\n";
    assert_eq!((run.code, run.out.as_str()), (1, missing));
}

#[test]
fn the_output_has_several_forms() {
    let database = database();
    let folder = folder(&database, "random");
    let out = |form| compare(&folder, &[form]).out;
    assert_eq!(out("--stat"), "asterisk/musiconhold.conf   ~1\n1 file changed, 0 unchanged\n");
    let json = r#"{"file":"asterisk/musiconhold.conf","change":"changed","kind":"music class","name":"jazz","options":[{"option":"sort","old":["random"],"new":["alpha"],"moved":0}]}"#;
    assert_eq!(out("--json"), format!("{json}\n"));
    assert!(out("--unified").ends_with("-sort = random\n+sort = alpha\n"), "{}", out("--unified"));
    let run = compare(&folder, &["--json", "--stat"]);
    assert_eq!(run.error(2), "only one of --json, --unified and --stat can be given");
}

#[test]
fn a_folder_is_compared_and_a_case_has_its_files_below_expected() {
    let database = database();
    let folder = folder(&database, "random");
    let run = compare(&folder, &["--against", &folder.text("cache")]);
    assert_eq!((run.code, run.out.as_str()), (1, CHANGED));
    fs::create_dir_all(folder.path("case")).unwrap();
    fs::rename(folder.path("cache"), folder.path("case/expected")).unwrap();
    let run = compare(&folder, &["--against", &folder.text("case")]);
    assert_eq!((run.code, run.out.as_str()), (1, CHANGED));
    // Without names, files that are only in the folder count, too, unless no driver writes them.
    fs::write(folder.path("case/expected/asterisk/sip.conf"), "[general]\na = 1\n").unwrap();
    fs::write(folder.path("case/expected/asterisk/notes.txt"), "x").unwrap();
    let config = folder.text("config.yml");
    let run = confgend(&["diff", "--config", &config, "--against", &folder.text("case"), "--stat"]);
    assert_eq!(run.out.contains("asterisk/sip.conf"), cfg!(feature = "asterisk-older"), "{run:?}");
    assert!(!run.out.contains("notes.txt"), "{run:?}");
}

#[test]
fn another_database_is_compared() {
    let (new, old) = (database(), Scratch::new(&[("moh", &CLASS.replace("alpha", "random"))]));
    let folder = folder(&new, "alpha");
    let run = compare(&folder, &["--against", &uri(&old)]);
    assert_eq!((run.code, run.out.as_str()), (1, CHANGED));
    assert_eq!(compare(&folder, &["--against", &uri(&new)]).code, 0);
    assert_eq!(compare(&folder, &["--db", &uri(&old), "--against", &uri(&old)]).code, 0);
}

#[test]
fn a_failure_names_what_can_not_be_read() {
    let database = database();
    let folder = folder(&database, "random");
    let against = |what: &str| {
        let run = compare(&folder, &["--against", what]);
        run.error(2).replace(&folder.text(""), "")
    };
    let missing = "the folder can't be read: No such file or directory (os error 2)";
    assert_eq!(against(&folder.text("nowhere")), format!("nowhere: {missing}"));
    assert!(against(&folder.text("config.yml")).starts_with("config.yml: the folder can't be read: "));
    assert_eq!(against(&format!("sqlite:{}", folder.text("no.db"))), "database file no.db: no such file");
    let error = against("postgresql://me:s3cret@");
    assert!(!error.contains("s3cret"), "{error}");
    let path = folder.path("cache/asterisk/musiconhold.conf");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let no_file = "cache/asterisk/musiconhold.conf: the file can't be read: it is no file";
    assert_eq!(against(&folder.text("cache")), no_file);
    fs::remove_dir(&path).unwrap();
    symlink(&path, &path).unwrap();
    assert!(
        against(&folder.text("cache")).contains("cache/asterisk/musiconhold.conf: the file can't be read: ")
    );
    let run = compare(&folder, &["asterisk/nothing.conf"]);
    assert!(run.error(2).starts_with("no driver writes asterisk/nothing.conf"), "{run:?}");
}

/// Returns the error of a diff with a service that reads a request and does something.
fn asked(act: impl FnOnce(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let service = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut request = Vec::new();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
        stream.read_to_end(&mut request).unwrap();
        assert_eq!(request, b"asterisk/musiconhold.conf cached");
        act(stream);
    });
    let database = database();
    let folder = folder(&database, "random");
    let config = fs::read_to_string(folder.path("config.yml")).unwrap();
    fs::write(folder.path("config.yml"), format!("{config}listen_port: {}\n", address.port())).unwrap();
    let run = compare(&folder, &["--against", "service"]);
    // If nobody asked, this ends the waiting of the thread.
    drop(TcpStream::connect(address));
    service.join().unwrap();
    run.error(2).replace(&address.to_string(), "ADDRESS")
}

#[test]
fn a_reply_that_breaks_off_is_an_error() {
    let error = asked(|mut stream| {
        stream.write_all(b"[jazz]\n").unwrap();
        let socket = rustix::net::sockopt::set_socket_linger(&stream, Some(std::time::Duration::ZERO));
        socket.unwrap();
    });
    let reset = "Connection reset by peer (os error 104)";
    assert_eq!(
        error,
        format!("ADDRESS: the service did not answer the request for asterisk/musiconhold.conf: {reset}")
    );
}
