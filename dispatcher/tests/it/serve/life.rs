//! From the start of the service to its end: signals, systemd, the log, the metrics.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use fixtures::Scratch;
use rustix::process::Signal;

use super::{Daemon, IDENTITY, LONG, UUID, rest, write_configuration};
use crate::{Folder, confgend};

fn daemon(configuration: &str) -> (Scratch, Daemon) {
    let database = Scratch::new(&[IDENTITY]);
    let daemon = Daemon::on_scratch(&database, configuration);
    (database, daemon)
}

#[test]
fn it_stops_at_a_signal_and_removes_its_pid_file() {
    for signal in [Signal::TERM, Signal::INT] {
        let (_database, mut daemon) = daemon("");
        assert_eq!(daemon.ask("wazo/uuid.yml"), UUID);
        let pid = fs::read_to_string(daemon.folder.path("pid")).unwrap();
        assert_eq!(pid, format!("{}\n", daemon.child.id()));
        // Connections that asked for nothing yet don't hold it up.
        let _silent = daemon.connect();
        let start = Instant::now();
        daemon.signal(signal);
        assert_eq!(daemon.wait().code(), Some(0));
        assert!(start.elapsed() < Duration::from_secs(5));
        assert!(!daemon.folder.path("pid").exists());
        assert!(TcpStream::connect(daemon.address).is_err());
        daemon.wait_for_log("stopped");
    }
}

#[test]
fn a_reply_that_is_being_sent_is_sent_to_its_end() {
    let (_database, mut daemon) = daemon("");
    let text = "a line of a large file\n".repeat(1 << 20);
    fs::create_dir_all(daemon.cached("wazo")).unwrap();
    fs::write(daemon.cached("wazo/uuid.yml"), &text).unwrap();
    let mut stream = daemon.connect();
    stream.write_all(b"wazo/uuid.yml cached").unwrap();
    let mut first = [0; 1];
    stream.read_exact(&mut first).unwrap();
    daemon.signal(Signal::TERM);
    daemon.wait_for_log("SIGTERM: stopping");
    thread::sleep(Duration::from_millis(200));
    assert!(rest(&mut stream) == text[1..]);
    assert_eq!(daemon.wait().code(), Some(0));
    assert_eq!(daemon.log("cut off"), Vec::<String>::new());
}

#[test]
fn a_stop_does_not_wait_for_ever() {
    let (_database, mut daemon) = daemon("service: {stop_seconds: 0.3}");
    fs::create_dir_all(daemon.cached("wazo")).unwrap();
    fs::write(daemon.cached("wazo/uuid.yml"), "x".repeat(32 << 20)).unwrap();
    let mut stream = daemon.connect();
    stream.write_all(b"wazo/uuid.yml cached").unwrap();
    stream.read_exact(&mut [0; 1]).unwrap();
    let mut silent = daemon.connect();
    // It is accepted once the next one is served.
    daemon.ask("nonsense");
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.wait().code(), Some(0));
    let line = daemon.wait_for_log("(service.stop_seconds)");
    assert!(line.contains("1 connections cut off after 300ms"), "{line}");
    // What is cut off does not look like a whole reply, and a connection without a request not like an empty
    // one.
    for stream in [&mut stream, &mut silent] {
        let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
}

#[test]
fn a_hang_up_has_the_configuration_read_again() {
    let (database, daemon) = daemon("plugins: {wazo.nothing.yml: acme}");
    assert_eq!(daemon.ask("wazo/uuid.yml"), UUID);
    let other = Scratch::new(&[("infos", r#"{"uuid": "other", "wazo_version": "26.08"}"#)]);
    let uri = |database: &Scratch| format!("db_uri: sqlite:{}\n", database.path().display());
    write_configuration(&daemon.folder, &uri(&other));
    daemon.signal(Signal::HUP);
    daemon.wait_for_log("the configuration was read again");
    assert_eq!(daemon.ask("wazo/uuid.yml"), "uuid: other\n");
    for bad in ["db_uri: [", "db_uri: oracle://x", "service: {idle_seconds: soon}", "log_level: loud"] {
        write_configuration(&daemon.folder, &format!("{}{bad}\n", uri(&database)));
        daemon.signal(Signal::HUP);
        let line = daemon.wait_for_log("the configuration stays as it was: ");
        assert!(line.contains("(ERROR)") && line.contains("config.yml: "), "{line}");
        daemon.log.lock().unwrap().clear();
        assert_eq!(daemon.ask("wazo/uuid.yml"), "uuid: other\n", "{bad}");
    }
    // What can't change while it runs is named.
    let port = format!("{}listen_port: 1\nmetrics: {{listen_port: 2}}\n", uri(&database));
    write_configuration(&daemon.folder, &port);
    daemon.signal(Signal::HUP);
    daemon.wait_for_log("configuration key listen_port: the new value counts after a restart");
    daemon.wait_for_log("configuration key metrics.listen_port: the new value counts after a restart");
    daemon.wait_for_log("the configuration was read again");
    assert_eq!(daemon.ask("wazo/uuid.yml"), UUID);
}

#[test]
fn it_tells_systemd_what_it_does() {
    let folder = Folder::new(&[]);
    let socket = UnixDatagram::bind(folder.path("notify")).unwrap();
    socket.set_read_timeout(Some(LONG)).unwrap();
    let hear = || {
        let mut message = [0; 512];
        let length = socket.recv(&mut message).unwrap();
        String::from_utf8(message[..length].to_vec()).unwrap()
    };
    let hear_until = |text: &str| while !hear().contains(text) {};
    let database = Scratch::new(&[IDENTITY]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_confgend"));
    command.args(["serve", "--config", &folder.text("config.yml")]);
    command.env("NOTIFY_SOCKET", folder.path("notify")).env("WATCHDOG_USEC", "100000");
    let uri = format!("db_uri: sqlite:{}", database.path().display());
    let mut daemon = Daemon::start_by(command, folder, &uri);
    hear_until("READY=1");
    // Every fifty milliseconds, for as long as it can do anything.
    hear_until("WATCHDOG=1");
    hear_until("WATCHDOG=1");
    daemon.signal(Signal::HUP);
    hear_until("RELOADING=1");
    hear_until("READY=1");
    daemon.signal(Signal::TERM);
    hear_until("STOPPING=1");
    assert_eq!(daemon.wait().code(), Some(0));
}

#[test]
fn an_address_that_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let folder = Folder::new(&[]);
    write_configuration(&folder, &format!("listen_port: {port}\ndb_uri: sqlite:none.db"));
    let run = confgend(&["serve", "--config", &folder.text("config.yml")]);
    assert_eq!(run.code, 1);
    let error = format!("can't listen on 127.0.0.1:{port}: Address already in use (os error 98)");
    assert!(run.err.contains(&error), "{}", run.err);
    assert!(!folder.path("pid").exists());
}

#[test]
fn a_bad_configuration_prevents_the_start() {
    let folder = Folder::new(&[]);
    write_configuration(&folder, "service: {idle_seconds: -1}");
    let run = confgend(&["serve", "--config", &folder.text("config.yml")]);
    let error = run.error(2);
    assert!(error.contains("config.yml: configuration key service.idle_seconds: "), "{error}");
}

#[test]
fn the_log_file_is_appended_to_and_its_lines_look_like_pythons() {
    let (database, daemon) = daemon("");
    fs::write(daemon.folder.path("log"), "an older line\n").unwrap();
    let uri = format!("db_uri: sqlite:{}\nlog_filename: log", database.path().display());
    write_configuration(&daemon.folder, &uri);
    let log = || fs::read_to_string(daemon.folder.path("log")).unwrap_or_default();
    let wait_for = |text: &str| {
        let deadline = Instant::now() + LONG;
        while !log().contains(text) {
            assert!(Instant::now() < deadline, "no {text:?} in {}", log());
            thread::sleep(Duration::from_millis(5));
        }
    };
    daemon.signal(Signal::HUP);
    wait_for("the configuration was read again");
    assert_eq!(daemon.ask("wazo/uuid.yml cached"), UUID);
    assert!(log().starts_with("an older line\n"));
    let text = log();
    let line = text.lines().find(|line| line.contains("wazo/uuid.yml")).unwrap();
    // 2026-11-24 08:10:44,123 UTC [pid 7] [tid 9] (INFO) (confgend.serve.connection): …
    let shape: String = line.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert!(shape.starts_with("0000-00-00 00:00:00,000 "), "{line}");
    assert!(line.contains(&format!(" [pid {}] [tid ", daemon.child.id())), "{line}");
    assert!(line.contains("] (INFO) (confgend.serve.connection): 127.0.0.1:"), "{line}");
    assert!(line.contains(": wazo/uuid.yml cached: generated, 43 bytes, "), "{line}");
    // What is wrong is told on standard error, too, and nothing else.
    daemon.ask("nonsense");
    daemon.wait_for_log("no reply to \"nonsense\"");
    wait_for("no reply to \"nonsense\"");
    assert_eq!(daemon.log("wazo/uuid.yml"), Vec::<String>::new());
    // After the file was moved away, a hang-up makes a new one.
    fs::rename(daemon.folder.path("log"), daemon.folder.path("log.1")).unwrap();
    daemon.signal(Signal::HUP);
    wait_for("was read again");
}

#[test]
fn a_log_that_cannot_be_written_and_the_level() {
    let (database, daemon) = daemon("log_filename: .");
    let line = daemon.wait_for_log("the log can't be opened");
    assert!(line.contains("(WARNING)") && line.contains("configuration key log_filename: "), "{line}");
    // A higher level, from the next reading on.
    let uri = format!("db_uri: sqlite:{}", database.path().display());
    let noted = "plugins: {wazo.nothing.yml: acme}";
    write_configuration(&daemon.folder, &format!("{uri}\nlog_level: Warning\n{noted}\n"));
    daemon.signal(Signal::HUP);
    daemon.wait_for_log("nothing.yml");
    daemon.log.lock().unwrap().clear();
    assert_eq!(daemon.ask("wazo/uuid.yml"), UUID);
    assert_eq!(daemon.ask("nonsense"), "");
    daemon.wait_for_log("no reply to \"nonsense\"");
    assert_eq!(daemon.log("(INFO)"), Vec::<String>::new());
}

#[test]
fn the_metrics_page() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (database, daemon) = daemon(&format!("metrics: {{listen_port: {port}}}"));
    let get = |path: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        rest(&mut stream)
    };
    assert!(get("/metrics").starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(get("/other").starts_with("HTTP/1.1 404 Not Found\r\n"));
    daemon.ask("wazo/uuid.yml");
    daemon.ask("wazo/uuid.yml cached");
    daemon.ask("wazo/nothing");
    database.execute("DROP TABLE infos");
    daemon.ask("wazo/uuid.yml");
    let page = get("/metrics");
    for line in [
        "confgend_requests_total{namespace=\"wazo/uuid.yml\",outcome=\"generated\"} 1\n",
        "confgend_requests_total{namespace=\"wazo/uuid.yml\",outcome=\"cached\"} 1\n",
        "confgend_requests_total{namespace=\"wazo/uuid.yml\",outcome=\"stale\"} 1\n",
        "confgend_requests_total{namespace=\"\",outcome=\"refused\"} 1\n",
        "confgend_generation_seconds_count{namespace=\"wazo/uuid.yml\"} 2\n",
        "confgend_database_errors_total{kind=\"schema\"} 1\n",
        "confgend_cache_age_seconds{namespace=\"wazo/uuid.yml\"} ",
        "# EOF\n",
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
}
