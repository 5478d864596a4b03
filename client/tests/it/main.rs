//! The client `wazo-confgen` against services that answer well, badly or not at all.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use socket2::{Domain, SockRef, Socket, Type};
use tempfile::NamedTempFile;

/// A service for one connection.
struct Service {
    port: u16,
    /// Gives the request.
    thread: JoinHandle<String>,
}

impl Service {
    /// A service that lets `answer` speak once it has the request and nothing more will come.
    fn new(answer: impl FnOnce(&mut TcpStream) + Send + 'static) -> Service {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let size = stream.read(&mut request).unwrap();
            assert_eq!(stream.read(&mut [0]).unwrap(), 0, "the first read gets the whole request");
            answer(&mut stream);
            String::from_utf8(request[..size].to_vec()).unwrap()
        });
        Service { port, thread }
    }

    fn with_reply(reply: &'static str) -> Service {
        Service::new(|stream| stream.write_all(reply.as_bytes()).unwrap())
    }

    /// Runs the client with these words and the port of this service.
    fn ask(&self, words: &[&str]) -> Output {
        output(client(words).args(["--port", &self.port.to_string()]))
    }

    fn request(self) -> String {
        self.thread.join().unwrap()
    }
}

/// The client, which reads no file unless the words name one.
fn client(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wazo-confgen"));
    command.args(["--config-file", "/nonexistent"]).args(words);
    command
}

fn output(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// A configuration file for one test.
struct ConfigFile(NamedTempFile);

impl ConfigFile {
    fn new(text: &str) -> ConfigFile {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        ConfigFile(file)
    }

    fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }
}

/// It printed exactly this.
fn assert_reply(output: &Output, reply: &[u8]) {
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout == reply, "{} bytes of {}", output.stdout.len(), reply.len());
}

/// It said one line, this one, and printed nothing.
fn assert_error(output: &Output, code: i32, message: &str) {
    assert_eq!(String::from_utf8_lossy(&output.stderr), format!("wazo-confgen: {message}\n"));
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(code), &b""[..]));
}

/// A port on which no program listens.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn the_request_has_the_name_and_the_arguments() {
    for (words, request) in [
        (&["wazo/uuid.yml"][..], "wazo/uuid.yml"),
        (&["wazo/uuid.yml", "--cached"], "wazo/uuid.yml cached"),
        (&["--cached", "wazo/uuid.yml"], "wazo/uuid.yml cached"),
        (&["wazo/uuid.yml", "--invalidate"], "wazo/uuid.yml invalidate"),
        (&["--cached", "wazo/uuid.yml", "--invalidate"], "wazo/uuid.yml invalidate cached"),
        (&["--inv", "--cach", "wazo/uuid.yml"], "wazo/uuid.yml invalidate cached"),
        (&["wazo/uuid.yml cached"], "wazo/uuid.yml cached"),
        (&["wazo/uuid.yml cached", "--cached"], "wazo/uuid.yml cached cached"),
        (&["asterisk/é.conf"], "asterisk/é.conf"),
        (&["nonsense\n"], "nonsense\n"),
        (&[""], ""),
    ] {
        let service = Service::new(|_| ());
        assert_reply(&service.ask(words), b"");
        assert_eq!(service.request(), request, "{words:?}");
    }
}

#[test]
fn names_after_two_hyphens() {
    let service = Service::with_reply("x");
    let port = service.port.to_string();
    assert_reply(&output(&mut client(&["-p", &port, "--", "--cached"])), b"x");
    assert_eq!(service.request(), "--cached");
}

#[test]
fn the_port_in_all_spellings() {
    for spelling in
        ["-p=PORT", "-pPORT", "-p PORT", "--port=PORT", "--port PORT", "--po PORT", "-p1 --p=PORT"]
    {
        let service = Service::with_reply("x");
        let words = spelling.replace("PORT", &service.port.to_string());
        assert_reply(&output(client(&["a/b"]).args(words.split(' '))), b"x");
    }
}

#[test]
fn the_host_may_be_a_name() {
    let service = Service::with_reply("x");
    assert_reply(&service.ask(&["a/b", "--host", "localhost", "-t", "5"]), b"x");
}

#[test]
fn a_reply_is_printed_byte_for_byte() {
    let service = Service::new(|stream| {
        let bytes: Vec<u8> = (0..=255).collect();
        stream.write_all(&bytes).unwrap();
        stream.write_all(b"\r\n\n").unwrap();
    });
    let reply: Vec<u8> = (0..=255).chain(*b"\r\n\n").collect();
    assert_reply(&service.ask(&["a/b"]), &reply);
}

#[test]
fn a_reply_of_many_megabytes_is_printed() {
    const SIZE: usize = 20 << 20;
    let text = || -> Vec<u8> { (0_u32..).flat_map(u32::to_le_bytes).take(SIZE).collect() };
    let service = Service::new(move |stream| stream.write_all(&text()).unwrap());
    assert_reply(&service.ask(&["a/b"]), &text());
}

#[test]
fn a_reply_in_pieces_is_printed_whole() {
    let service = Service::new(|stream| {
        for piece in ["[gen", "eral]\n", "a = b\n"] {
            stream.write_all(piece.as_bytes()).unwrap();
            thread::sleep(Duration::from_millis(50));
        }
    });
    assert_reply(&service.ask(&["a/b", "--reply-timeout", "20"]), b"[general]\na = b\n");
}

#[test]
fn half_a_reply_is_an_error() {
    let service = Service::new(|stream| {
        stream.write_all(b"[general]\n").unwrap();
        // Without lingering, the end of the connection is a reset.
        SockRef::from(&*stream).set_linger(Some(Duration::ZERO)).unwrap();
    });
    let port = service.port;
    let reset = "can't get the whole reply: Connection reset by peer (os error 104)";
    assert_error(&service.ask(&["a/b"]), 1, &format!("a/b: 127.0.0.1:{port}: {reset}"));
}

#[test]
fn a_slow_reply_meets_the_reply_timeout() {
    let service = Service::new(|stream| {
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    });
    let port = service.port;
    let start = Instant::now();
    let run = service.ask(&["a/b", "--reply-timeout", "1"]);
    assert_error(&run, 1, &format!("a/b: 127.0.0.1:{port}: can't get the whole reply within 1 s"));
    assert!((Duration::from_secs(1)..Duration::from_secs(10)).contains(&start.elapsed()));
}

#[test]
fn a_closed_port_is_an_error() {
    let port = closed_port().to_string();
    let refused = "can't connect: Connection refused (os error 111)";
    let message = format!("asterisk/pjsip.conf: 127.0.0.1:{port}: {refused}");
    assert_error(&output(&mut client(&["asterisk/pjsip.conf", "-p", &port])), 1, &message);
}

#[test]
fn a_silent_host_meets_the_timeout() {
    // When nobody accepts and the queue is full, the system drops what arrives.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let waiting: Vec<_> = (0..10)
        .map_while(|_| TcpStream::connect_timeout(&address, Duration::from_millis(300)).ok())
        .collect();
    assert!(waiting.len() < 10, "the queue is never full");

    let start = Instant::now();
    let run = output(client(&["a/b", "--timeout", "1"]).args(["--port", &address.port().to_string()]));
    assert_error(&run, 1, &format!("a/b: {address}: can't connect within 1 s"));
    assert!((Duration::from_secs(1)..Duration::from_secs(10)).contains(&start.elapsed()));
}

#[test]
fn an_unknown_host_is_an_error() {
    // A name that no resolver needs to be asked for.
    let run = output(&mut client(&["a/b", "--host", "two..dots"]));
    let error = String::from_utf8(run.stderr).unwrap();
    assert!(error.starts_with("wazo-confgen: a/b: two..dots:8669: can't connect: "), "{error}");
    assert_eq!((run.status.code(), run.stdout.as_slice()), (Some(1), &b""[..]));

    let run = output(&mut client(&["a/b", "--host", "::1"]));
    assert_error(&run, 1, "a/b: ::1:8669: can't connect: the host has no IPv4 address");
}

#[test]
fn the_file_names_host_and_port() {
    let service = Service::with_reply("x");
    let port = service.port;
    let file = ConfigFile::new(&format!("[confgen]\nserver=localhost\nport={port}\ntimeout=0\n"));
    assert_reply(&output(&mut client(&["a/b", "-c", file.path()])), b"x");
}

#[test]
fn the_command_line_beats_the_file() {
    let text = "[confgen]\nserver=two..dots\nport=x\ntimeout=x\nreply_timeout=x\n";
    let file = ConfigFile::new(text);
    let words = ["a/b", "--host=127.0.0.1", "-t5", "--reply-timeout=5", "-c", file.path()];
    assert_reply(&Service::with_reply("x").ask(&words), b"x");
}

#[test]
fn zero_and_nothing_count_as_not_given() {
    let service = Service::with_reply("x");
    let port = service.port;
    let file = ConfigFile::new(&format!("[confgen]\nserver=\nport={port}\nreply_timeout=0\n"));
    let words = ["a/b", "-c", file.path(), "--host=", "-p0", "-t0", "--reply-timeout=0"];
    assert_reply(&output(&mut client(&words)), b"x");
}

#[test]
fn a_bad_file_names_file_section_and_key() {
    let error = |text, message: &str| {
        let file = ConfigFile::new(text);
        let run = output(&mut client(&["a/b", "-c", file.path()]));
        assert_error(&run, 1, &format!("a/b: {}: {message}", file.path()));
    };
    let digit = "\"5 s\": invalid digit found in string";
    error("[confgen]\nport=5 s\n", &format!("section confgen, key port: {digit}"));
    error("[confgen]\ntimeout=5 s\n", &format!("section confgen, key timeout: {digit}"));
    error("[confgen]\nreply_timeout=5 s\n", &format!("section confgen, key reply_timeout: {digit}"));
    error("port=5\n", "it has to begin with a section, like [confgen]");
}

#[test]
fn help_and_version() {
    for words in [&["-h"][..], &["--help"], &["a/b", "--cached", "-h"]] {
        let run = output(&mut client(words));
        assert_eq!((run.status.code(), run.stderr.as_slice()), (Some(0), &b""[..]));
        let help = String::from_utf8(run.stdout).unwrap();
        assert!(help.starts_with("Usage: wazo-confgen [options] resource/filename\n"), "{help}");
        assert!(help.ends_with("wrong.\n"), "{help}");
    }
    let version = format!("wazo-confgen {}\n", env!("CARGO_PKG_VERSION"));
    assert_reply(&output(&mut client(&["--version"])), version.as_bytes());
}

#[test]
fn a_bad_command_line_is_explained() {
    for (words, message) in [
        (&[][..], "say what to ask for, like asterisk/pjsip.conf"),
        (&["a/b", "c/d"], "Unrecognized argument: c/d"),
        (&["a/b", "--nonsense"], "unknown option --nonsense"),
        (&["a/b", "--c"], "option --c may mean --config-file or --cached"),
        (&["a/b", "-p"], "option --port needs a value"),
        (&["a/b", "-px"], "Error parsing option '--port' with value 'x': invalid digit found in string"),
    ] {
        assert_error(&output(&mut client(words)), 2, &format!("{message}; see wazo-confgen --help"));
    }
}

#[test]
fn a_word_that_is_not_utf_8_is_refused() {
    let run = output(client(&[]).arg(OsStr::from_bytes(b"a/\xff\n")));
    assert_error(&run, 2, "a/\u{fffd}\\n is not UTF-8; see wazo-confgen --help");
}

#[test]
fn a_link_gives_it_another_name() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("xivo-confgen");
    symlink(env!("CARGO_BIN_EXE_wazo-confgen"), &link).unwrap();
    let run = |words: &[&str]| output(Command::new(&link).args(words));
    assert!(run(&["--help"]).stdout.starts_with(b"Usage: xivo-confgen "));
    assert!(run(&["-x"]).stderr.starts_with(b"xivo-confgen: "));
    let service = Service::with_reply("x");
    let port = service.port.to_string();
    assert_reply(&run(&["-c", "/nonexistent", "-p", &port, "a/b", "--cached"]), b"x");
    assert_eq!(service.request(), "a/b cached");
}

#[test]
fn a_full_or_closed_output_is_an_error() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let service = Service::with_reply("x");
    let port = service.port.to_string();
    let run = output(client(&["a/b", "-p", &port]).stdout(full));
    assert_error(&run, 1, "standard output: can't be written: No space left on device (os error 28)");

    let (closed, is_closed) = mpsc::channel();
    let service = Service::new(move |stream| {
        is_closed.recv().unwrap();
        stream.write_all(b"x").unwrap();
    });
    let port = service.port.to_string();
    let mut command = client(&["a/b", "-p", &port]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    closed.send(()).unwrap();
    let run = child.wait_with_output().unwrap();
    assert_error(&run, 1, "standard output: can't be written: Broken pipe (os error 32)");
}
