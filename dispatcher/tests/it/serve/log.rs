//! The log as JSON: each line is an object whose fields say what its sentence says.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use fixtures::Scratch;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{Daemon, IDENTITY, STEP_LIMIT, UUID, write_configuration};

fn daemon(configuration: &str) -> (Scratch, Daemon) {
    let database = Scratch::new(&[IDENTITY]);
    let daemon = Daemon::on_scratch(&database, &format!("log_format: json\n{configuration}"));
    (database, daemon)
}

/// Parses all lines of the log so far.
fn lines(daemon: &Daemon) -> Vec<Value> {
    let parse = |line: &String| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    daemon.log("").iter().map(parse).collect()
}

/// Waits for a line with these fields, and returns the last one.
fn wait_for(daemon: &Daemon, fields: &Value) -> Value {
    let has = |line: &Value| fields.as_object().unwrap().iter().all(|(name, value)| line[name] == *value);
    let deadline = Instant::now() + STEP_LIMIT;
    loop {
        if let Some(line) = lines(daemon).into_iter().rfind(has) {
            return line;
        }
        assert!(Instant::now() < deadline, "no {fields} in {:#?}", daemon.log(""));
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_line_of_a_request_has_its_values() {
    let (_database, daemon) = daemon("");
    assert_eq!(daemon.ask("wazo/uuid.yml"), UUID);
    let line = wait_for(&daemon, &json!({"event": "request", "outcome": "generated"}));
    assert_eq!((&line["namespace"], &line["bytes"]), (&json!("wazo/uuid.yml"), &json!(UUID.len())));
    assert_eq!((&line["cached"], &line["invalidate"]), (&json!(false), &json!(false)));
    assert_eq!((&line["level"], &line["pid"]), (&json!("INFO"), &json!(daemon.child.id())));
    assert_eq!(line["logger"], "confgend.serve.connection");
    let client = line["client"].as_str().unwrap();
    assert!(client.starts_with("127.0.0.1:"), "{client}");
    let milliseconds = line["milliseconds"].as_f64().unwrap();
    assert!((0.0..60_000.0).contains(&milliseconds), "{milliseconds}");
    // The sentence is that of a text.
    let message = format!("{client}: wazo/uuid.yml: generated, 43 bytes, {milliseconds:.3} ms");
    assert_eq!(line["message"], message);
    daemon.ask("wazo/uuid.yml invalidate");
    wait_for(&daemon, &json!({"event": "request", "outcome": "invalidated", "invalidate": true, "bytes": 0}));
}

#[test]
fn every_line_of_a_life_is_an_object() {
    let (database, mut daemon) = daemon("debug: true\nplugins: {wazo.nothing.yml: acme}");
    let uri = format!("sqlite:{}", database.path().display());
    let version = env!("CARGO_PKG_VERSION");
    let start = json!({"event": "start", "version": version, "database": uri});
    assert!(wait_for(&daemon, &start)["files"].as_u64().unwrap() > 0);
    daemon.ask("wazo/uuid.yml");
    wait_for(&daemon, &json!({"event": "generation", "namespace": "wazo/uuid.yml", "bytes": UUID.len()}));
    // A failure of the database, and the copy that stands in.
    database.execute("DROP TABLE infos");
    daemon.ask("wazo/uuid.yml");
    let failure = json!({"event": "generation", "level": "ERROR", "error_kind": "schema"});
    let failure = wait_for(&daemon, &failure);
    assert_eq!(failure["namespace"], "wazo/uuid.yml");
    assert!(failure["error"].as_str().unwrap().contains("infos"), "{failure}");
    let copy = wait_for(&daemon, &json!({"event": "copy", "namespace": "wazo/uuid.yml", "outcome": "stale"}));
    assert!(copy["age_seconds"].is_u64(), "{copy}");
    wait_for(&daemon, &json!({"event": "request", "outcome": "stale"}));
    // Reloads, a good one and a bad one.
    let configuration = format!("db_uri: {uri}\nlog_format: json\n");
    write_configuration(&daemon.folder, &format!("{configuration}listen_port: 1\n"));
    daemon.signal(Signal::HUP);
    wait_for(&daemon, &json!({"event": "reload", "outcome": "done"}));
    wait_for(&daemon, &json!({"event": "reload", "level": "WARNING", "key": "listen_port"}));
    write_configuration(&daemon.folder, &format!("{configuration}log_format: xml\n"));
    daemon.signal(Signal::HUP);
    let refused = wait_for(&daemon, &json!({"event": "reload", "outcome": "failed"}));
    let error = refused["error"].as_str().unwrap();
    let expected = "config.yml: configuration key log_format: expected text or json, found xml";
    assert!(error.ends_with(expected), "{error}");
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.wait().code(), Some(0));
    wait_for(&daemon, &json!({"event": "stop", "signal": "SIGTERM"}));
}

#[test]
fn a_hostile_request_is_one_line() {
    let (_database, daemon) = daemon("listen_socket: socket");
    let hostile = "a/\"x\\\u{1b}[2J\u{0}\",\"level\":\"ERROR\" \u{85}é";
    // Without line ends, and with some.
    for request in [hostile.to_owned(), format!("{hostile}\n{{\"event\":\"start\"}}\n")] {
        assert_eq!(daemon.ask(&request), "");
        let line = wait_for(&daemon, &json!({"event": "request", "outcome": "refused", "request": request}));
        assert!(!line["message"].as_str().unwrap().contains(char::is_control), "{line}");
        assert!(line["error"].is_string() && line["client"].is_string(), "{line}");
    }
    // The client on a Unix socket is a process.
    let mut stream = UnixStream::connect(daemon.folder.path("socket")).unwrap();
    stream.write_all(b"wazo/uuid.yml").unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
    let client = format!("pid {} uid {}", std::process::id(), rustix::process::getuid().as_raw());
    wait_for(&daemon, &json!({"event": "request", "outcome": "generated", "client": client}));
}

#[test]
fn a_reload_changes_the_form() {
    let (database, daemon) = daemon("");
    wait_for(&daemon, &json!({"event": "start"}));
    let uri = format!("db_uri: sqlite:{}\nlog_filename: log\n", database.path().display());
    write_configuration(&daemon.folder, &uri);
    daemon.signal(Signal::HUP);
    let log = || fs::read_to_string(daemon.folder.path("log")).unwrap_or_default();
    let wait = |text: &str| {
        let deadline = Instant::now() + STEP_LIMIT;
        while !log().contains(text) {
            assert!(Instant::now() < deadline, "no {text:?} in {}", log());
            thread::sleep(Duration::from_millis(5));
        }
    };
    wait("(INFO) (confgend.serve): the configuration was read again\n");
    write_configuration(&daemon.folder, &format!("{uri}log_format: json\n"));
    daemon.signal(Signal::HUP);
    wait("\"message\":\"the configuration was read again\",\"event\":\"reload\",\"outcome\":\"done\"}\n");
    daemon.ask("nonsense");
    // A line that also goes to standard error has its form there, too.
    wait("\"outcome\":\"refused\"");
    let line = daemon.wait_for_log("no reply to ");
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["request"], "nonsense");
}

#[cfg(feature = "asterisk")]
#[test]
fn a_warning_names_table_row_and_column() {
    let queue = r#"{"name": "sales\nsupport", "category": "queue"}"#;
    let database = Scratch::new(&[IDENTITY, ("queue", queue)]);
    let daemon = Daemon::on_scratch(&database, "log_format: json");
    daemon.ask("asterisk/queues.conf");
    let line = wait_for(&daemon, &json!({"event": "warning", "namespace": "asterisk/queues.conf"}));
    assert_eq!((&line["table"], &line["column"]), (&json!("queue"), &json!("name")), "{line}");
    assert!(line["row"].as_str().is_some_and(|row| row.starts_with("name=")), "{line}");
}
