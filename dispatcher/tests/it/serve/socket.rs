//! Requests over the Unix socket.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use fixtures::Scratch;
use rustix::process::{Signal, getuid};

use super::{Daemon, IDENTITY, STEP_LIMIT, UUID, rest, write_configuration};
use crate::{Folder, confgend};

/// The service makes the folder.
const SOCKET: &str = "run/confgend.sock";
const LISTEN: &str = "listen_socket: run/confgend.sock\n";

fn daemon(configuration: &str) -> (Scratch, Daemon) {
    let database = Scratch::new(&[IDENTITY]);
    let daemon = Daemon::on_scratch(&database, &format!("{LISTEN}{configuration}"));
    (database, daemon)
}

fn connect(daemon: &Daemon) -> UnixStream {
    let stream = UnixStream::connect(daemon.folder.path(SOCKET)).unwrap();
    stream.set_read_timeout(Some(STEP_LIMIT)).unwrap();
    stream
}

/// Sends a request as `wazo-confgen` does on the socket, and returns the reply.
fn ask(daemon: &Daemon, request: &str) -> String {
    let mut stream = connect(daemon);
    stream.write_all(request.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    daemon.asked.fetch_add(1, Ordering::Relaxed);
    rest(&mut stream)
}

/// Writes a cached text that is too large for the buffer of a socket.
fn large_copy(daemon: &Daemon) -> String {
    let text = "a line of a large file\n".repeat(1 << 20);
    fs::create_dir_all(daemon.cached("wazo")).unwrap();
    fs::write(daemon.cached("wazo/uuid.yml"), &text).unwrap();
    text
}

/// Reads to the end of the connection, which must be a reset.
fn expect_reset(stream: &mut UnixStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let error = stream.read_to_end(&mut bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    bytes
}

#[test]
fn the_socket_and_tcp_serve_the_same() {
    let (_database, daemon) = daemon("");
    for request in ["wazo/uuid.yml", "wazo/uuid.yml\n", "wazo/uuid.yml cached\r\n", "wazo/uuid.yml foo"] {
        assert_eq!(ask(&daemon, request), UUID, "{request:?}");
        assert_eq!(daemon.ask(request), UUID, "{request:?}");
    }
    for request in ["wazo/nothing\n", "wazo/uuid.yml\nwazo/uuid.yml\n", "nonsense"] {
        assert_eq!(ask(&daemon, request), "", "{request:?}");
        assert!(daemon.outcome().starts_with("no reply to "), "{request:?}");
    }
    let peer = format!(": pid {} uid {}: wazo/uuid.yml", std::process::id(), getuid().as_raw());
    daemon.wait_for_log(&peer);
    // As on TCP, a whole request needs no end, and another one ends with a pause.
    for request in ["wazo/uuid.yml", "wazo/uuid.yml foo"] {
        let mut stream = connect(&daemon);
        stream.write_all(request.as_bytes()).unwrap();
        assert_eq!(rest(&mut stream), UUID, "{request:?}");
    }
    let mut stream = connect(&daemon);
    for byte in b"wazo/uuid.yml cached\n" {
        stream.write_all(&[*byte]).unwrap();
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(rest(&mut stream), UUID);
}

#[test]
fn a_silent_client_on_the_socket_is_closed() {
    let (_database, daemon) = daemon("service: {idle_seconds: 0.3, max_request_bytes: 100}");
    assert_eq!(rest(&mut connect(&daemon)), "");
    daemon.wait_for_log("(service.idle_seconds)");
    assert_eq!(ask(&daemon, &format!("{}\n", "x".repeat(100_000))), "");
    daemon.wait_for_log("(service.max_request_bytes)");
    assert_eq!(ask(&daemon, "wazo/uuid.yml\n"), UUID);
}

#[test]
fn a_slow_reader_on_the_socket_gets_everything() {
    let (_database, mut daemon) = daemon("");
    let text = large_copy(&daemon);
    let mut stream = connect(&daemon);
    stream.write_all(b"wazo/uuid.yml cached\n").unwrap();
    stream.read_exact(&mut [0; 1]).unwrap();
    daemon.signal(Signal::TERM);
    daemon.wait_for_log("SIGTERM: stopping");
    thread::sleep(Duration::from_millis(200));
    assert!(rest(&mut stream) == text[1..]);
    assert_eq!(daemon.wait().code(), Some(0));
    assert!(!daemon.folder.path(SOCKET).exists());
}

#[test]
fn a_kill_during_a_reply_resets_the_socket() {
    for end in ["\n", ""] {
        let (_database, mut daemon) = daemon("");
        let text = large_copy(&daemon);
        let mut stream = connect(&daemon);
        write!(stream, "wazo/uuid.yml cached{end}").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        stream.read_exact(&mut [0; 1]).unwrap();
        daemon.signal(Signal::KILL);
        daemon.wait();
        let part = expect_reset(&mut stream);
        assert!(part.len() < text.len() - 1, "the client has {} bytes", part.len());
    }
}

#[test]
fn a_reply_that_breaks_off_resets_the_socket() {
    let (_database, mut daemon) = daemon("service: {reply_seconds: 0.3, stop_seconds: 0.2}");
    large_copy(&daemon);
    let mut stream = connect(&daemon);
    stream.write_all(b"wazo/uuid.yml cached\n").unwrap();
    daemon.wait_for_log("(service.reply_seconds)");
    expect_reset(&mut stream);
    let mut stream = connect(&daemon);
    stream.write_all(b"wazo/uuid.yml cached\n").unwrap();
    stream.read_exact(&mut [0; 1]).unwrap();
    daemon.signal(Signal::TERM);
    daemon.wait_for_log("(service.stop_seconds)");
    expect_reset(&mut stream);
    assert_eq!(daemon.wait().code(), Some(0));
}

#[test]
fn the_socket_of_a_killed_service_is_replaced() {
    let (database, mut daemon) = daemon("listen_address: none");
    let path = daemon.folder.path(SOCKET);
    assert_eq!(ask(&daemon, "wazo/uuid.yml\n"), UUID);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o660);
    daemon.signal(Signal::KILL);
    daemon.wait();
    assert!(fs::symlink_metadata(&path).unwrap().file_type().is_socket());
    let folder = std::mem::replace(&mut daemon.folder, Folder::new(&[]));
    let uri = format!("db_uri: sqlite:{}\n{LISTEN}", database.path().display());
    let again = Daemon::start_in(folder, &uri);
    assert_eq!(ask(&again, "wazo/uuid.yml\n"), UUID);
    // A second service does not take the socket of a running one.
    let run = confgend(&["serve", "--config", &again.folder.text("config.yml")]);
    assert_eq!(run.code, 1, "{run:?}");
    let error = format!("can't listen on {}: another process listens on it", path.display());
    assert!(run.err.contains(&error), "{}", run.err);
    assert_eq!(ask(&again, "wazo/uuid.yml\n"), UUID);
}

#[test]
fn a_file_that_is_no_socket_is_not_replaced() {
    let folder = Folder::new(&[(SOCKET, "a file")]);
    write_configuration(&folder, &format!("db_uri: sqlite:none.db\n{LISTEN}"));
    let run = confgend(&["serve", "--config", &folder.text("config.yml")]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("there is a file that is no socket"), "{}", run.err);
    assert_eq!(fs::read_to_string(folder.path(SOCKET)).unwrap(), "a file");
}

#[test]
fn a_socket_alone_has_no_tcp_port() {
    let (_database, daemon) = daemon("listen_address: none");
    let line = daemon.wait_for_log(" files on ");
    assert!(line.contains(&format!(" files on {}, cache ", daemon.folder.text(SOCKET))), "{line}");
    assert_eq!(ask(&daemon, "wazo/uuid.yml\n"), UUID);
    let tcp = fs::read_to_string(format!("/proc/{}/net/tcp", daemon.child.id())).unwrap();
    let sockets = fs::read_dir(format!("/proc/{}/fd", daemon.child.id())).unwrap().flatten();
    let sockets: Vec<String> =
        sockets.filter_map(|fd| fs::read_link(fd.path()).ok()?.to_str().map(str::to_owned)).collect();
    let is_ours = |line: &&str| {
        let inode = line.split_whitespace().nth(9).unwrap_or_default();
        sockets.contains(&format!("socket:[{inode}]"))
    };
    assert_eq!(tcp.lines().filter(is_ours).count(), 0);
    assert!(TcpStream::connect(daemon.address).is_err());
}

#[test]
fn the_socket_has_its_group_and_mode() {
    // Root may give the file to any group; others to their own.
    let own = std::process::Command::new("id").arg("-gn").output().unwrap();
    let own = String::from_utf8(own.stdout).unwrap();
    let group = if getuid().is_root() { "daemon" } else { own.trim() };
    let gid = fs::read_to_string("/etc/group").unwrap();
    let gid = gid.lines().find_map(|line| line.strip_prefix(&format!("{group}:"))).unwrap();
    let gid: u32 = gid.split(':').nth(1).unwrap().parse().unwrap();
    let (_first, daemon_of_group) =
        daemon(&format!("listen_socket_group: {group}\nlisten_socket_mode: '0666'"));
    let metadata = fs::metadata(daemon_of_group.folder.path(SOCKET)).unwrap();
    assert_eq!((metadata.gid(), metadata.mode() & 0o7777), (gid, 0o666));
    let (_second, daemon) = daemon("listen_socket_group: nobody-has-this");
    let line = daemon.wait_for_log("configuration key listen_socket_group: ");
    assert!(line.contains("(WARNING)") && line.ends_with("there is no such group"), "{line}");
    assert_eq!(ask(&daemon, "wazo/uuid.yml\n"), UUID);
}
