//! The client asks again while the service is being started.

use std::time::{Duration, Instant};

use crate::support::{Script, Then, assert_error, assert_reply, client, closed_port, output};

fn ask(service: &Script, words: &[&str]) -> std::process::Output {
    output(client(words).args(["--port", &service.port.to_string()]))
}

#[test]
fn a_service_that_is_being_started_is_waited_for() {
    let service = Script::after(Duration::from_millis(700), [Then::Reply("x")]);
    assert_reply(&ask(&service, &["a/b", "-t30"]), b"x");
    assert_eq!(service.requests(), ["a/b"]);
}

#[test]
fn a_host_that_is_a_name_is_waited_for() {
    let service = Script::after(Duration::from_millis(100), [Then::Reply("x")]);
    assert_reply(&ask(&service, &["a/b", "-t30", "--host=localhost"]), b"x");
}

#[test]
fn a_reset_exchange_starts_over() {
    for part in ["", "[general]\n"] {
        let steps = [Then::Reset(part), Then::Reset(part), Then::Reply("[whole]\n")];
        let service = Script::new(steps);
        assert_reply(&ask(&service, &["a/b", "--cached", "-t30"]), b"[whole]\n");
        assert_eq!(service.requests(), ["a/b cached"; 3], "{part:?}");
    }
}

#[test]
fn an_invalidation_is_tried_again() {
    let service = Script::new([Then::Reset(""), Then::Reply("")]);
    assert_reply(&ask(&service, &["a/b", "--invalidate", "-t30"]), b"");
    assert_eq!(service.requests(), ["a/b invalidate"; 2]);
}

#[test]
fn an_empty_reply_is_not_asked_for_again() {
    let service = Script::new([Then::Reply(""), Then::Reply("x")]);
    assert_reply(&ask(&service, &["a/b"]), b"");
    assert_eq!(service.requests(), ["a/b"]);
}

#[test]
fn a_reply_that_times_out_is_not_asked_for_again() {
    let service = Script::new([Then::Hang, Then::Reply("x")]);
    let message = format!("a/b: 127.0.0.1:{}: can't get the whole reply within 1 s", service.port);
    assert_error(&ask(&service, &["a/b", "--reply-timeout=1"]), 1, &message);
    assert_eq!(service.requests(), ["a/b"]);
}

#[test]
fn attempts_end_at_the_time_limit() {
    let start = Instant::now();
    let port = closed_port().to_string();
    let run = output(&mut client(&["a/b", "-t1", "-p", &port]));
    assert_eq!(run.status.code(), Some(1));
    assert!((Duration::from_secs(1)..Duration::from_secs(10)).contains(&start.elapsed()));
}
