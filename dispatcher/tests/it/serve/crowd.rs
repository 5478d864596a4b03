//! Many clients, slow clients, and kills of the service during its work.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use fixtures::Scratch;
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};

use super::{Daemon, IDENTITY, UUID, rest};

/// Raises the limit of open files of this process.
fn allow_files(number: u64) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_some_and(|current| current < number) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(number), maximum }).unwrap();
    }
}

#[test]
fn two_thousand_connections_are_served_at_once() {
    allow_files(4096);
    let database = Scratch::new(&[IDENTITY]);
    let daemon = Daemon::on_scratch(&database, "service: {idle_seconds: 60}");
    let mut clients: Vec<TcpStream> = (0..2000).map(|_| daemon.connect()).collect();
    // While all of them are open and silent, another client is served at once.
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
fn connections_above_the_limit_wait() {
    let database = Scratch::new(&[IDENTITY]);
    let daemon = Daemon::on_scratch(&database, "service: {max_connections: 3, idle_seconds: 1}");
    let _silent: Vec<TcpStream> = (0..3).map(|_| daemon.connect()).collect();
    let line = daemon.wait_for_log("(service.max_connections)");
    assert!(line.contains("(WARNING)") && line.contains("3 connections are open"), "{line}");
    // The next client gets its reply as soon as the service has closed the silent connections.
    assert_eq!(daemon.ask("wazo/uuid.yml"), UUID);
}

/// Writes a cached text that is too large for the buffer of a socket.
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
    // The copy is replaced while it is being read. The reply still has the old text only.
    assert_eq!(daemon.ask("wazo/uuid.yml"), UUID);
    assert!(rest(&mut stream) == text);
}

#[test]
fn a_client_that_does_not_read_is_reset() {
    let database = Scratch::new(&[IDENTITY]);
    let daemon = Daemon::on_scratch(&database, "service: {reply_seconds: 0.3}");
    large_copy(&daemon);
    let mut stream = daemon.connect();
    stream.write_all(b"wazo/uuid.yml cached").unwrap();
    let line = daemon.wait_for_log("(service.reply_seconds)");
    assert!(line.contains("the reply was not read within 300ms"), "{line}");
    // After a normal end, a part would look like the whole reply.
    let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn a_client_that_disconnects_does_no_harm() {
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
fn a_kill_during_a_reply_resets_the_connection() {
    let database = Scratch::new(&[IDENTITY]);
    let mut daemon = Daemon::on_scratch(&database, "");
    large_copy(&daemon);
    let mut reading = daemon.connect();
    reading.write_all(b"wazo/uuid.yml cached").unwrap();
    reading.read_exact(&mut [0; 1]).unwrap();
    let mut silent = daemon.connect();
    // Connections are accepted in order: when this one is served, the silent one has been accepted.
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
    let texts = ["a", "b"].map(|letter| (letter.repeat(127) + "\n").repeat(1 << 14));
    let mut folder = crate::Folder::new(&[("a", &texts[0]), ("b", &texts[1]), ("template", "")]);
    let mut kills_while_writing = 0;
    for round in 0..30 {
        let mut daemon = Daemon::start_in(folder, "templates: {modulesconf: template}");
        // Each generation has another text, so that the cache must write it.
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
            // The cache is writing now. The kill comes at once, or a little later.
            thread::sleep(Duration::from_micros(200) * round);
            daemon.signal(Signal::KILL);
        });
        daemon.wait();
        let text = fs::read_to_string(daemon.cached(FILE)).unwrap();
        // Templates lose the line end of their last line.
        assert!(texts.iter().any(|whole| *whole == format!("{text}\n")), "{} bytes", text.len());
        kills_while_writing += fs::read_dir(daemon.cached("asterisk")).unwrap().count() - 1;
        folder = std::mem::replace(&mut daemon.folder, crate::Folder::new(&[]));
    }
    assert!(kills_while_writing > 0, "no kill hit the writing of a copy");
}
