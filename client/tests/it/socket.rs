//! The client asks over the Unix socket of the service, and over TCP if the socket does not accept.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use tempfile::TempDir;

use crate::support::{
    ConfigFile, Script, Service, Then, assert_error, assert_reply, client, closed_port, output,
};

/// A service on a Unix socket, for one connection after the other.
struct UnixService {
    folder: TempDir,
    requests: Receiver<String>,
}

/// The end of one connection.
enum End {
    Normal,
    /// The service is killed.
    Killed,
}

impl UnixService {
    fn new(replies: &'static [(&'static str, End)]) -> UnixService {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("s")).unwrap();
        let (sender, requests) = mpsc::channel();
        thread::spawn(move || {
            for (reply, end) in replies {
                let (mut stream, _) = listener.accept().unwrap();
                sender.send(request(&mut stream)).unwrap();
                stream.write_all(reply.as_bytes()).unwrap();
                if let End::Normal = end {
                    assert_eq!(rest(&mut stream), "\n", "the line feed ends the request");
                }
            }
        });
        UnixService { folder, requests }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    fn option(&self) -> String {
        format!("--socket={}", self.path().display())
    }
}

/// Reads a request up to its line feed, which stays unread: the system then resets the connection if the service
/// ends.
fn request(stream: &mut UnixStream) -> String {
    let mut text = String::new();
    while !text.ends_with(" cached") && !text.ends_with("/b") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        text.push(char::from(byte[0]));
    }
    text
}

fn rest(stream: &mut UnixStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_request_over_the_socket_ends_with_a_line_feed() {
    let service = UnixService::new(&[("x", End::Normal), ("y", End::Normal)]);
    assert_reply(&output(&mut client(&["a/b", &service.option()])), b"x");
    assert_reply(&output(&mut client(&["a/b\n", &service.option()])), b"y");
    assert_eq!(service.requests.iter().collect::<Vec<_>>(), ["a/b", "a/b"]);
}

#[test]
fn a_service_killed_during_a_reply_is_asked_again() {
    let service = UnixService::new(&[("", End::Killed), ("hal", End::Killed), ("whole", End::Normal)]);
    assert_reply(&output(&mut client(&["a/b", "-t30", &service.option()])), b"whole");
    assert_eq!(service.requests.iter().count(), 3);
}

#[test]
fn half_a_reply_over_the_socket_is_an_error() {
    let service = UnixService::new(&[("half", End::Killed)]);
    let port = closed_port();
    let run = output(&mut client(&["a/b", "-t1", &service.option(), "-p", &port.to_string()]));
    let refused = "can't connect: Connection refused (os error 111)";
    let socket = service.path().display().to_string();
    assert_error(&run, 1, &format!("a/b: {socket}: {refused}; 127.0.0.1:{port}: {refused}, tried for 1 s"));
}

#[test]
fn the_file_names_the_socket() {
    let service = UnixService::new(&[("x", End::Normal)]);
    let text = format!("[confgen]\nsocket={}\nserver=two..dots\nport=1\n", service.path().display());
    let file = ConfigFile::new(&text);
    assert_reply(&output(&mut client(&["a/b", "-c", file.path()])), b"x");
}

#[test]
fn without_the_socket_the_host_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    drop(UnixListener::bind(path("refused")).unwrap());
    fs::write(path("file"), "").unwrap();
    fs::create_dir(path("closed")).unwrap();
    let listener = UnixListener::bind(path("closed/s")).unwrap();
    fs::set_permissions(path("closed/s"), Permissions::from_mode(0o0)).unwrap();
    drop(listener);
    for name in ["missing", "refused", "file", "closed/s", ""] {
        let option = format!("--socket={}", path(name).display());
        assert_reply(&Service::with_reply("x").ask(&["a/b", &option]), b"x");
    }
}

#[test]
fn a_full_socket_leaves_time_for_the_host() {
    // The system makes the third one wait, since nobody accepts.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let address = socket2::SockAddr::unix(&path).unwrap();
    let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    socket.bind(&address).unwrap();
    socket.listen(0).unwrap();
    let _waiting = UnixStream::connect(&path).unwrap();
    let service = Script::new([Then::Reply("x")]);
    let words = ["a/b", "-t2", &format!("--socket={}", path.display()), "-p", &service.port.to_string()];
    assert_reply(&output(&mut client(&words)), b"x");
}

#[test]
fn a_host_or_port_means_tcp_alone() {
    let port = closed_port();
    let run = output(&mut client(&["a/b", "-t1", "-p", &port.to_string()]));
    let refused = "can't connect: Connection refused (os error 111), tried for 1 s";
    assert_error(&run, 1, &format!("a/b: 127.0.0.1:{port}: {refused}"));
}
