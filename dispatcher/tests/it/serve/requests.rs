//! Requests: valid, malformed, slow, too long.

use std::io::{Read, Write};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use fixtures::Scratch;

use super::{Daemon, IDENTITY, UUID, ends_without_reply, half_close, rest};

fn daemon(configuration: &str) -> (Scratch, Daemon) {
    let database = Scratch::new(&[IDENTITY]);
    let daemon = Daemon::on_scratch(&database, configuration);
    (database, daemon)
}

#[test]
fn valid_requests_get_a_reply() {
    let (_database, daemon) = daemon("");
    for request in [
        "wazo/uuid.yml",
        "wazo/uuid.yml\n",
        "wazo/uuid.yml\r\n",
        "wazo/uuid.yml\n\n",
        "wazo/uuid.yml ",
        "wazo/uuid.yml   cached  ",
        "wazo/uuid.yml cached\n",
        "wazo/uuid.yml cached cached",
        "wazo/uuid.yml CACHED foo",
        "wazo/uuid.yml foo\n",
    ] {
        assert_eq!(daemon.ask(request), UUID, "{request:?}");
    }
}

#[test]
fn an_old_name_gets_the_file_of_today() {
    let (_database, daemon) = daemon("");
    for request in ["xivo/uuid.yml", "xivo/uuid.yml cached", "xivo/uuid.yml\n"] {
        assert_eq!(daemon.ask(request), UUID, "{request:?}");
    }
    assert!(daemon.outcomes().iter().all(|outcome| outcome.starts_with("wazo/uuid.yml")));
    let old = "a client asks for xivo/uuid.yml, the old name of wazo/uuid.yml; have it ask for wazo/uuid.yml";
    assert_eq!(daemon.log(old).len(), 1);
    assert!(daemon.cached("wazo/uuid.yml").exists() && !daemon.cached("xivo").exists());
}

#[test]
fn malformed_requests_get_no_reply() {
    let (_database, daemon) = daemon("");
    assert_eq!(daemon.ask("wazo/uuid.yml"), UUID);
    for (request, why) in [
        ("uuid.yml", "not RESOURCE/FILENAME"),
        ("wazo.uuid.yml", "not RESOURCE/FILENAME"),
        ("a/wazo/uuid.yml", "not RESOURCE/FILENAME"),
        ("\n", "not RESOURCE/FILENAME"),
        (" wazo/uuid.yml", "not RESOURCE/FILENAME"),
        ("wazo/uuid.yml\nwazo/uuid.yml\n", "more than one line"),
        ("wazo/nothing.yml", "no driver writes wazo/nothing.yml"),
        ("nobody/uuid.yml", "no driver writes nobody/uuid.yml"),
        ("wazo/uuid_yml", "no driver writes wazo/uuid_yml; did you mean wazo/uuid.yml?"),
        ("wazo.uuid/yml", "is not a namespace"),
        ("wazo/uuid.yml\tcached", "is not a namespace"),
        ("wazo/uuid.yml\r", "is not a namespace"),
        ("wazo/", "is not a namespace"),
        ("/uuid.yml", "is not a namespace"),
        ("wazo/..", "is not a namespace"),
        ("../config.yml", "is not a namespace"),
        ("wazo/uui", "no driver writes wazo/uui"),
    ] {
        assert_eq!(daemon.ask(request), "", "{request:?}");
        let line = daemon.outcome();
        assert!(line.starts_with("no reply to ") && line.contains(why), "{request:?}: {line}");
    }
    assert_eq!(daemon.ask(b"wazo/uuid.yml \xff\xfe"), "");
    assert!(daemon.outcome().ends_with(": not UTF-8"));
    assert!(daemon.log("no reply to ").iter().all(|line| line.contains("(ERROR)")));
    // The requests changed no file.
    assert!(daemon.folder.path("config.yml").exists());
    assert_eq!(daemon.ask("wazo/uuid.yml cached"), UUID);
}

#[test]
fn a_file_of_no_driver_is_not_served_from_the_cache() {
    let (_database, daemon) = daemon("");
    std::fs::create_dir_all(daemon.cached("old")).unwrap();
    std::fs::write(daemon.cached("old/thing.conf"), "left from an earlier driver").unwrap();
    std::fs::write(daemon.folder.path("cache/secret"), "beside").unwrap();
    for request in ["old/thing.conf", "old/thing.conf cached", "/secret cached", "wazo/../secret cached"] {
        assert_eq!(daemon.ask(request), "", "{request}");
    }
    assert_eq!(daemon.ask("../config.yml invalidate"), "");
    assert!(daemon.folder.path("config.yml").exists());
}

#[test]
fn the_client_may_close_its_side_first() {
    let (_database, daemon) = daemon("service: {pause_milliseconds: 20000}");
    let start = Instant::now();
    for request in ["wazo/uuid.yml", "wazo/uuid.yml something"] {
        let mut stream = daemon.connect();
        stream.write_all(request.as_bytes()).unwrap();
        half_close(&stream);
        assert_eq!(rest(&mut stream), UUID);
    }
    // A request for an unknown file is refused as soon as the client has closed its side.
    let mut stream = daemon.connect();
    stream.write_all(b"wazo/nothing").unwrap();
    half_close(&stream);
    assert_eq!(rest(&mut stream), "");
    assert!(start.elapsed() < Duration::from_secs(10), "the service did not wait for the pause");
}

#[test]
fn a_request_may_come_byte_by_byte() {
    let (_database, daemon) = daemon("service: {pause_milliseconds: 2000}");
    for request in ["wazo/uuid.yml", "wazo/uuid.yml\n", "wazo/uuid.yml cached\r\n", "wazo/uuid.yml cached"] {
        let mut stream = daemon.connect();
        stream.set_nodelay(true).unwrap();
        for byte in request.as_bytes() {
            stream.write_all(&[*byte]).unwrap();
            thread::sleep(Duration::from_millis(3));
        }
        assert_eq!(rest(&mut stream), UUID, "{request:?}");
    }
    daemon.asked.fetch_add(4, Ordering::Relaxed);
    let outcomes = daemon.outcomes();
    assert_eq!(outcomes[0], "wazo/uuid.yml: generated, 43 bytes");
    assert_eq!(outcomes[2..4], ["wazo/uuid.yml cached: cached, 43 bytes"; 2]);
}

#[test]
fn data_after_the_request_is_ignored() {
    let (_database, daemon) = daemon("");
    let mut stream = daemon.connect();
    stream.write_all(b"wazo/uuid.yml").unwrap();
    let mut reply = vec![0; UUID.len()];
    stream.read_exact(&mut reply).unwrap();
    // Late data must not destroy the reply.
    let _ = stream.write_all(b" cached and something else\n");
    assert_eq!(reply, UUID.as_bytes());
    assert_eq!(rest(&mut stream), "");
}

#[test]
fn a_connection_without_a_request_is_closed() {
    let (_database, daemon) = daemon("service: {idle_seconds: 0.3}\nlog_level: debug");
    // The client closes the connection without a request.
    half_close(&daemon.connect());
    drop(daemon.connect());
    daemon.wait_for_log("closed by the client, without a request");
    // The client is silent for too long, or never ends its request.
    let start = Instant::now();
    assert_eq!(rest(&mut daemon.connect()), "");
    assert!(start.elapsed() >= Duration::from_millis(300));
    let line = daemon.wait_for_log("(service.idle_seconds)");
    assert!(line.contains("(WARNING)") && line.contains("no request within 300ms"), "{line}");
    let mut stream = daemon.connect();
    while stream.write_all(b"a").is_ok() && start.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(10));
    }
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", daemon.log(""));
    assert_eq!(daemon.ask("wazo/uuid.yml"), UUID);
}

#[test]
fn a_request_that_is_too_long_is_refused() {
    let (_database, daemon) = daemon("service: {max_request_bytes: 100}");
    let padded = format!("wazo/uuid.yml {}\n", "x".repeat(80));
    assert_eq!(daemon.ask(padded), UUID);
    assert_eq!(daemon.ask(format!("wazo/uuid.yml {}\n", "x".repeat(90))), "");
    let mut stream = daemon.connect();
    let _ = stream.write_all("x".repeat(100_000).as_bytes());
    assert!(ends_without_reply(&mut stream));
    let line = daemon.wait_for_log("(service.max_request_bytes)");
    assert!(line.contains("the request is longer than 100 bytes"), "{line}");
}

#[test]
fn random_bytes_get_no_reply() {
    let (_database, daemon) = daemon("");
    // A linear congruential generator, so that every run sends the same bytes.
    let mut state: u64 = 42;
    let mut byte = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    for length in 1..200 {
        let bytes: Vec<u8> = (0..length).map(|_| byte()).collect();
        let mut stream = daemon.connect();
        let _ = stream.write_all(&bytes);
        half_close(&stream);
        assert!(ends_without_reply(&mut stream), "{bytes:?}");
    }
    assert_eq!(daemon.ask("wazo/uuid.yml"), UUID);
    assert_eq!(daemon.log("panic"), Vec::<String>::new());
}
