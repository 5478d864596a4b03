//! Runs the client `wazo-confgen` against services with good, bad and missing replies.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod copies;
mod end_mark;
mod outage;
mod retry;
mod site;
mod socket;
mod support;

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use support::{
    ConfigFile, NO_COPIES, Script, Service, Then, assert_error, assert_reply, client, closed_port, output,
};

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
fn a_name_may_follow_two_hyphens() {
    let service = Service::with_reply("x");
    let port = service.port.to_string();
    assert_reply(&output(&mut client(&["-p", &port, "--", "--cached"])), b"x");
    assert_eq!(service.request(), "--cached");
}

#[test]
fn the_port_is_read_in_all_spellings() {
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
    let service = Script::new((0..100).map(|_| Then::Reset("[general]\n")));
    let port = service.port.to_string();
    let reset = "can't get the whole reply: Connection reset by peer (os error 104), tried for 1 s";
    let run = output(&mut client(&["a/b", "-t1", "-p", &port]));
    assert_error(&run, 1, &format!("a/b: 127.0.0.1:{port}: {reset}"));
}

#[test]
fn a_slow_reply_times_out() {
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
    let refused = "can't connect: Connection refused (os error 111), tried for 1 s";
    let message = format!("asterisk/pjsip.conf: 127.0.0.1:{port}: {refused}");
    assert_error(&output(&mut client(&["asterisk/pjsip.conf", "-t1", "-p", &port])), 1, &message);
}

#[test]
fn a_silent_host_times_out() {
    // When the server accepts no connection and the queue is full, the system drops new ones.
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
    // A malformed name, which needs no resolver.
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
fn the_command_line_overrides_the_file() {
    let text = "[confgen]\nserver=two..dots\nport=x\ntimeout=x\nreply_timeout=x\n";
    let file = ConfigFile::new(text);
    let words = ["a/b", "--host=127.0.0.1", "-t5", "--reply-timeout=5", "-c", file.path()];
    assert_reply(&Service::with_reply("x").ask(&words), b"x");
}

#[test]
fn zero_and_an_empty_text_count_as_not_given() {
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
    error("port=5\n", "the file must begin with a section, like [confgen]");
}

#[test]
fn help_and_version_are_printed() {
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
        (&[][..], "name a file to ask for, like asterisk/pjsip.conf"),
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
fn a_link_gives_the_program_another_name() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("xivo-confgen");
    symlink(env!("CARGO_BIN_EXE_wazo-confgen"), &link).unwrap();
    let run = |words: &[&str]| output(Command::new(&link).args(words));
    assert!(run(&["--help"]).stdout.starts_with(b"Usage: xivo-confgen "));
    assert!(run(&["-x"]).stderr.starts_with(b"xivo-confgen: "));
    let service = Service::with_reply("x");
    let port = service.port.to_string();
    assert_reply(&run(&["-c", NO_COPIES, "-p", &port, "a/b", "--cached"]), b"x");
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
        // A program that another test is just starting has the pipe, too, for a moment.
        thread::sleep(Duration::from_millis(300));
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
