//! Only the first of many clients waits for a service that is down.

use crate::site::{Site, assert_copy, assert_nothing};
use crate::support::{Script, Then, assert_reply};

const DOWN: &str = "copies/.down";

fn site(record: &str, seconds: u64) -> Site {
    let site = Site::new();
    site.write("cache/a/b", "copy", 7210);
    site.write(DOWN, record, seconds);
    site
}

fn reset_once() -> Script {
    Script::new([Then::Reset("half"), Then::Reply("whole")])
}

#[test]
fn an_outage_is_recorded_until_the_service_answers() {
    let site = Site::new();
    assert_nothing(&site.ask_nobody(&["a/b"]), "tried for 1 s");
    assert_eq!(site.read(DOWN).as_deref(), Some("connect\n"));
    assert_reply(&site.ask(&Script::new([Then::Reply("")]), &["a/b"]), b"");
    assert_eq!(site.read(DOWN), None);
    let words = ["a/b", "--reply-timeout=1"];
    assert_nothing(&site.ask(&Script::new([Then::Hang]), &words), "within 1 s");
    assert_eq!(site.read(DOWN).as_deref(), Some("reply\n"));
}

#[test]
fn a_client_with_a_copy_tries_once_in_an_outage() {
    for record in ["connect\n", "reply\n"] {
        let site = site(record, 2);
        let service = reset_once();
        let run = site.ask(&service, &["a/b", "-t30"]);
        assert_copy(&run, "copy", "reset by peer (os error 104); the copy", "/a/b, made 2h 0m");
        assert_eq!(service.requests().len(), 1);
        assert!(site.age(DOWN) >= 2, "no limit was used up again");
        assert_reply(&site.ask(&service, &["a/b", "-t30"]), b"whole");
        assert_eq!(site.read(DOWN), None);
    }
}

#[test]
fn without_a_copy_each_client_waits() {
    let site = site("connect\n", 0);
    assert_reply(&site.ask(&reset_once(), &["a/other", "-t30"]), b"whole");
}

#[test]
fn a_record_that_is_old_or_malformed_does_not_count() {
    for (record, seconds) in [("connect\n", 11), ("reply\n", 11), ("", 0), ("nonsense", 0)] {
        let site = site(record, seconds);
        assert_reply(&site.ask(&reset_once(), &["a/b", "-t30"]), b"whole");
    }
}

#[test]
fn a_service_that_hung_gets_less_time() {
    let site = site("reply\n", 2);
    let run = site.ask(&Script::new([Then::Hang]), &["a/b", "-t1", "--reply-timeout=60"]);
    assert_copy(&run, "copy", "can't get the whole reply within 1 s", "");
    assert!(site.age(DOWN) < 2, "a limit was used up again");
}

#[test]
fn an_invalidation_waits_in_an_outage() {
    let site = site("connect\n", 0);
    let service = Script::new([Then::Reset(""), Then::Reply("")]);
    assert_reply(&site.ask(&service, &["a/b", "--invalidate", "-t30"]), b"");
    assert_eq!(service.requests().len(), 2);
}
