//! Many clients, slow ones, and an end in the middle of everything.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use fixtures::Scratch;
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};

use super::{Daemon, IDENTITY, UUID, rest};

/// Lets this process have so many connections.
fn allow_files(number: u64) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_some_and(|current| current < number) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(number), maximum }).unwrap();
    }
}

#[test]
fn two_thousand_connections_at_once() {
    allow_files(4096);
    let database = Scratch::new(&[IDENTITY]);
    let daemon = Daemon::on_scratch(&database, "service: {idle_seconds: 60}");
    let mut clients: Vec<TcpStream> = (0..2000).map(|_| daemon.connect()).collect();
    // With all of them open, and silent, somebody else is served at once.
    assert_eq!(daemon.ask("wazo/uuid.yml"), UUID);
    for client in &mut clients {
        client.write_all(b"wazo/uuid.yml cached").unwrap();
    }
    for client in &mut clients {
        assert_eq!(rest(client), UUID);
    }
    daemon.asked.fetch_add(2000, Ordering::Relaxed);
    let cached = daemon.outcomes().iter().filter(|outcome| outcome.contains(" cached: cached, ")).count();
    assert_eq!(cached, 2000);
    assert_eq!(daemon.log("(WARNING)"), Vec::<String>::new());
}

#[test]
fn more_connections_than_allowed_wait_for_their_turn() {
    let database = Scratch::new(&[IDENTITY]);
    let daemon = Daemon::on_scratch(&database, "service: {max_connections: 3, idle_seconds: 1}");
    let _silent: Vec<TcpStream> = (0..3).map(|_| daemon.connect()).collect();
    let line = daemon.wait_for_log("(service.max_connections)");
    assert!(line.contains("(WARNING)") && line.contains("3 connections are open"), "{line}");
    // It gets a reply, and no empty one, as soon as the silent ones are closed.
    assert_eq!(daemon.ask("wazo/uuid.yml"), UUID);
}

/// A cached text that no socket takes at once.
fn large_copy(daemon: &Daemon) -> String {
    let text = "a line of a large file\n".repeat(1 << 20);
    fs::create_dir_all(daemon.cached("wazo")).unwrap();
    fs::write(daemon.cached("wazo/uuid.yml"), &text).unwrap();
    text
}

#[test]
fn a_client_that_reads_slowly_gets_everything() {
    let database = Scratch::new(&[IDENTITY]);
    let daemon = Daemon::on_scratch(&database, "");
    let text = large_copy(&daemon);
    let mut stream = daemon.connect();
    stream.write_all(b"wazo/uuid.yml cached").unwrap();
    thread::sleep(Duration::from_millis(300));
    // The file is replaced while it is read, which is no reason to mix the two.
    assert_eq!(daemon.ask("wazo/uuid.yml"), UUID);
    assert!(rest(&mut stream) == text);
}

#[test]
fn a_client_that_does_not_read_is_cut_off_noticeably() {
    let database = Scratch::new(&[IDENTITY]);
    let daemon = Daemon::on_scratch(&database, "service: {reply_seconds: 0.3}");
    large_copy(&daemon);
    let mut stream = daemon.connect();
    stream.write_all(b"wazo/uuid.yml cached").unwrap();
    let line = daemon.wait_for_log("(service.reply_seconds)");
    assert!(line.contains("the reply was not read within 300ms"), "{line}");
    // Not the orderly end that would make a part look like the whole.
    let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn a_client_that_goes_away_costs_nothing() {
    let database = Scratch::new(&[IDENTITY]);
    let daemon = Daemon::on_scratch(&database, "");
    large_copy(&daemon);
    for _ in 0..20 {
        let mut stream = daemon.connect();
        stream.write_all(b"wazo/uuid.yml cached").unwrap();
        drop(stream);
    }
    assert_eq!(daemon.ask("wazo/uuid.yml"), UUID);
    assert_eq!(daemon.log("panic"), Vec::<String>::new());
}

#[test]
fn a_kill_in_the_middle_of_a_reply_does_not_look_like_its_end() {
    let database = Scratch::new(&[IDENTITY]);
    let mut daemon = Daemon::on_scratch(&database, "");
    large_copy(&daemon);
    let mut reading = daemon.connect();
    reading.write_all(b"wazo/uuid.yml cached").unwrap();
    reading.read_exact(&mut [0; 1]).unwrap();
    let mut silent = daemon.connect();
    // Accepted one after the other: when this one is served, the silent one is there.
    daemon.ask("nonsense");
    daemon.signal(Signal::KILL);
    daemon.wait();
    for stream in [&mut reading, &mut silent] {
        let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
}

#[test]
#[cfg(feature = "asterisk")]
fn a_kill_at_any_moment_leaves_whole_files() {
    const FILE: &str = "asterisk/modules.conf";
    let texts = ["a\n", "b\n"].map(|line| line.repeat(1 << 20));
    let mut folder = crate::Folder::new(&[("a", &texts[0]), ("b", &texts[1]), ("template", "")]);
    let mut kills_while_writing = 0;
    for round in 0..30 {
        let mut daemon = Daemon::start_in(folder, "templates: {modulesconf: template}");
        // Each generation finds another text, which has to be written.
        let generate = |name: &str| {
            fs::copy(daemon.folder.path(name), daemon.folder.path("next")).unwrap();
            fs::rename(daemon.folder.path("next"), daemon.folder.path("template")).unwrap();
            if let Ok(mut stream) = TcpStream::connect(daemon.address) {
                let _ = stream.write_all(FILE.as_bytes());
                let _ = stream.read_to_end(&mut Vec::new());
            }
        };
        generate("a");
        thread::scope(|scope| {
            let generating = scope.spawn(|| generate("b"));
            let files = || fs::read_dir(daemon.cached("asterisk")).unwrap().count();
            while files() == 1 && !generating.is_finished() {}
            // It writes now. The kill comes at once, or a little later.
            thread::sleep(Duration::from_micros(200) * round);
            daemon.signal(Signal::KILL);
        });
        daemon.wait();
        let text = fs::read_to_string(daemon.cached(FILE)).unwrap();
        // Templates lose the end of their last line.
        assert!(texts.iter().any(|whole| *whole == format!("{text}\n")), "{} bytes", text.len());
        kills_while_writing += fs::read_dir(daemon.cached("asterisk")).unwrap().count() - 1;
        folder = std::mem::replace(&mut daemon.folder, crate::Folder::new(&[]));
    }
    assert!(kills_while_writing > 0, "no kill hit the writing of a copy");
}
