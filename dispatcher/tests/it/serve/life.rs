//! From the start of the service to its end: signals, systemd, the log, the metrics.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fixtures::Scratch;
use rustix::process::{Pid, Signal, kill_process};

use super::{Daemon, IDENTITY, STEP_LIMIT, UUID, rest, write_configuration};
use crate::{Folder, confgend};

fn daemon(configuration: &str) -> (Scratch, Daemon) {
    let database = Scratch::new(&[IDENTITY]);
    let daemon = Daemon::on_scratch(&database, configuration);
    (database, daemon)
}

#[test]
fn the_service_stops_at_a_signal() {
    for signal in [Signal::TERM, Signal::INT] {
        let (_database, mut daemon) = daemon("");
        assert_eq!(daemon.ask("wazo/uuid.yml"), UUID);
        let pid = fs::read_to_string(daemon.folder.path("pid")).unwrap();
        assert_eq!(pid, format!("{}\n", daemon.child.id()));
        // A connection without a request does not delay the stop.
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
fn a_reply_is_finished_before_the_stop() {
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
fn a_stop_cuts_off_connections_after_its_limit() {
    let (_database, mut daemon) = daemon("service: {stop_seconds: 0.3}");
    fs::create_dir_all(daemon.cached("wazo")).unwrap();
    fs::write(daemon.cached("wazo/uuid.yml"), "x".repeat(32 << 20)).unwrap();
    let mut stream = daemon.connect();
    stream.write_all(b"wazo/uuid.yml cached").unwrap();
    stream.read_exact(&mut [0; 1]).unwrap();
    let mut silent = daemon.connect();
    // Once the next connection is served, this one has been accepted.
    daemon.ask("nonsense");
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.wait().code(), Some(0));
    let line = daemon.wait_for_log("(service.stop_seconds)");
    assert!(line.contains("1 connections cut off after 300ms"), "{line}");
    // A reset is not mistaken for the end of a whole reply, nor for an empty reply.
    for stream in [&mut stream, &mut silent] {
        let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
}

#[test]
fn sighup_reloads_the_configuration() {
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
    // A warning names each key that needs a restart.
    let port = format!("{}listen_port: 1\nmetrics: {{listen_port: 2}}\n", uri(&database));
    write_configuration(&daemon.folder, &port);
    daemon.signal(Signal::HUP);
    daemon.wait_for_log("configuration key listen_port: the new value counts after a restart");
    daemon.wait_for_log("configuration key metrics.listen_port: the new value counts after a restart");
    daemon.wait_for_log("the configuration was read again");
    assert_eq!(daemon.ask("wazo/uuid.yml"), UUID);
}

#[test]
fn a_broken_extra_file_leaves_the_running_configuration() {
    let (_database, daemon) = daemon("");
    let extra = daemon.folder.path("conf.d/1.yml");
    let refused = |why: &str| {
        daemon.signal(Signal::HUP);
        let line = daemon.wait_for_log("the configuration stays as it was: ");
        assert!(line.contains("(ERROR)") && line.contains(&format!("conf.d/1.yml: {why}")), "{line}");
        daemon.log.lock().unwrap().clear();
        assert_eq!(daemon.ask("wazo/uuid.yml"), UUID);
    };
    for (text, why) in [
        (b"a:\n\tb: 1\n".as_slice(), "line 2, column "),
        (b"a: [\n", "line 2, column 1: "),
        (b"a: 1\nb: \xff\n", "line 2: the text is not UTF-8"),
    ] {
        fs::write(&extra, text).unwrap();
        refused(why);
    }
    fs::remove_file(&extra).unwrap();
    std::os::unix::fs::symlink("nowhere", &extra).unwrap();
    refused("the configuration file can't be read: No such file");
    fs::remove_file(&extra).unwrap();
    daemon.signal(Signal::HUP);
    daemon.wait_for_log("the configuration was read again");
}

#[test]
fn a_lenient_service_ignores_a_broken_extra_file() {
    let database = Scratch::new(&[IDENTITY]);
    let folder = Folder::new(&[("conf.d/1.yml", "a: [")]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_confgend"));
    command.args(["serve", "--lenient", "--config", &folder.text("config.yml")]);
    let uri = format!("db_uri: sqlite:{}", database.path().display());
    let daemon = Daemon::start_by(command, folder, &uri);
    daemon.wait_for_log("conf.d/1.yml: the file is ignored: line 2, column 1: ");
    assert_eq!(daemon.ask("wazo/uuid.yml"), UUID);
}

#[test]
fn systemd_is_notified() {
    let folder = Folder::new(&[]);
    let socket = UnixDatagram::bind(folder.path("notify")).unwrap();
    socket.set_read_timeout(Some(STEP_LIMIT)).unwrap();
    let receive = || {
        let mut message = [0; 512];
        let length = socket.recv(&mut message).unwrap();
        String::from_utf8(message[..length].to_vec()).unwrap()
    };
    let wait_for = |text: &str| while !receive().contains(text) {};
    let database = Scratch::new(&[IDENTITY]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_confgend"));
    command.args(["serve", "--config", &folder.text("config.yml")]);
    command.env("NOTIFY_SOCKET", folder.path("notify")).env("WATCHDOG_USEC", "100000");
    let uri = format!("db_uri: sqlite:{}", database.path().display());
    let mut daemon = Daemon::start_by(command, folder, &uri);
    wait_for("READY=1");
    // The watchdog is notified every fifty milliseconds.
    wait_for("WATCHDOG=1");
    wait_for("WATCHDOG=1");
    daemon.signal(Signal::HUP);
    wait_for("RELOADING=1");
    wait_for("READY=1");
    daemon.signal(Signal::TERM);
    wait_for("STOPPING=1");
    assert_eq!(daemon.wait().code(), Some(0));
}

#[test]
fn an_address_in_use_prevents_the_start() {
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
fn the_log_is_appended_in_the_format_of_python() {
    let (database, daemon) = daemon("");
    fs::write(daemon.folder.path("log"), "an older line\n").unwrap();
    let uri = format!("db_uri: sqlite:{}\nlog_filename: log", database.path().display());
    write_configuration(&daemon.folder, &uri);
    let log = || fs::read_to_string(daemon.folder.path("log")).unwrap_or_default();
    let wait_for = |text: &str| {
        let deadline = Instant::now() + STEP_LIMIT;
        while !log().contains(text) {
            assert!(Instant::now() < deadline, "no {text:?} in {}", log());
            thread::sleep(Duration::from_millis(5));
        }
    };
    daemon.signal(Signal::HUP);
    wait_for("the configuration was read again");
    assert_eq!(daemon.ask("wazo/uuid.yml cached"), UUID);
    // The client has its reply, perhaps before the line is in the file.
    wait_for("wazo/uuid.yml");
    assert!(log().starts_with("an older line\n"));
    let text = log();
    let line = text.lines().find(|line| line.contains("wazo/uuid.yml")).unwrap();
    // 2026-11-24 08:10:44,123 UTC [pid 7] [tid 9] (INFO) (confgend.serve.connection): …
    let shape: String = line.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert!(shape.starts_with("0000-00-00 00:00:00,000 "), "{line}");
    assert!(line.contains(&format!(" [pid {}] [tid ", daemon.child.id())), "{line}");
    assert!(line.contains("] (INFO) (confgend.serve.connection): 127.0.0.1:"), "{line}");
    assert!(line.contains(": wazo/uuid.yml cached: generated, 43 bytes, "), "{line}");
    // Standard error gets only warnings and errors.
    daemon.ask("nonsense");
    daemon.wait_for_log("no reply to \"nonsense\"");
    wait_for("no reply to \"nonsense\"");
    assert_eq!(daemon.log("wazo/uuid.yml"), Vec::<String>::new());
    // After the file was renamed, SIGHUP creates a new one.
    fs::rename(daemon.folder.path("log"), daemon.folder.path("log.1")).unwrap();
    daemon.signal(Signal::HUP);
    wait_for("was read again");
}

#[test]
fn an_unwritable_log_goes_to_standard_error() {
    let (database, daemon) = daemon("log_filename: .");
    let line = daemon.wait_for_log("the log can't be opened");
    assert!(line.contains("(WARNING)") && line.contains("configuration key log_filename: "), "{line}");
    // A reload changes the level.
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
fn a_full_standard_error_stops_nothing() {
    let database = Scratch::new(&[IDENTITY]);
    let folder = Folder::new(&[]);
    write_configuration(&folder, &format!("db_uri: sqlite:{}\nlog_filename: log", database.path().display()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_confgend"));
    command.args(["serve", "--config", &folder.text("config.yml")]);
    // Nothing reads this pipe while the service runs.
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let log = || fs::read_to_string(folder.path("log")).unwrap_or_default();
    let deadline = Instant::now() + STEP_LIMIT;
    while !log().contains(" files on ") {
        assert!(Instant::now() < deadline, "{}", log());
        thread::sleep(Duration::from_millis(5));
    }
    let text = log();
    let port = text.split("127.0.0.1:").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
    let ask = |request: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(STEP_LIMIT)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        rest(&mut stream)
    };
    // Each of these requests has a line of a hundred bytes and more, and a pipe has room for 64 kB.
    for number in 0..2000 {
        assert_eq!(ask(&format!("nonsense {number} {}\n", "x".repeat(60))), "");
    }
    assert_eq!(ask("wazo/uuid.yml"), UUID);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let deadline = Instant::now() + STEP_LIMIT;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < deadline, "it does not end");
        thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(status.code(), Some(0));
    let text = log();
    assert_eq!(text.matches("no reply to ").count(), 2000, "the file has all lines");
    assert!(text.ends_with("stopped\n"), "{text}");
    let mut printed = Vec::new();
    child.stderr.take().unwrap().read_to_end(&mut printed).unwrap();
    assert!(printed.len() >= 60_000, "the pipe was full: {} bytes", printed.len());
}

#[test]
fn the_metrics_page_counts_requests() {
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
    daemon.ask("wazo/uuid.yml invalidate");
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
        "confgend_cache_invalidated{namespace=\"wazo/uuid.yml\"} 1.0\n",
        "confgend_held{namespace=\"wazo/uuid.yml\"} 0.0\n",
        "# EOF\n",
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
}
