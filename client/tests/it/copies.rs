//! The last good copy is printed if there is no reply.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::process::Command;
use std::thread;

use crate::site::{Site, assert_copy, assert_nothing};
use crate::support::{Script, Then, assert_reply};

const REFUSED: &str = "can't connect: Connection refused (os error 111), tried for 1 s";

#[test]
fn the_services_copy_stands_in_for_a_stopped_service() {
    let site = Site::new();
    site.write("cache/a/b", "[a]\r\n\u{feff}é", 3 * 86400 + 3600);
    for words in [&["a/b"][..], &["a/b", "--cached"], &["a/b cached"], &["a/b\n"]] {
        fs::remove_file(site.path("copies/.down")).ok();
        let path = site.path("cache/a/b");
        let origin = format!("the copy {}, made 3d 1h", path.display());
        assert_copy(&site.ask_nobody(words), "[a]\r\n\u{feff}é", REFUSED, &origin);
    }
}

#[test]
fn a_copy_stands_in_for_every_kind_of_failure() {
    let site = Site::new();
    site.write("cache/a/b", "copy", 7210);
    let same = |steps: Vec<Then>, reason: &str| {
        let run = site.ask(&Script::new(steps), &["a/b", "-t1", "--reply-timeout=1"]);
        assert_copy(&run, "copy", reason, "cache/a/b, made 2h 0m");
        fs::remove_file(site.path("copies/.down")).ok();
    };
    same(vec![Then::Reply("")], "a/b: the reply is empty; ");
    same(vec![Then::Hang], "can't get the whole reply within 1 s");
    same((0..100).map(|_| Then::Reset("half")).collect(), "reset by peer (os error 104), tried for 1 s");
    let run = site.run(&["a/b", "--host=two..dots"]);
    assert_copy(&run, "copy", "two..dots:8669: can't connect: ", "cache/a/b, made 2h 0m");
}

#[test]
fn a_bad_configuration_costs_no_copy() {
    let site = Site::with_keys("port=5 s\n");
    site.write("cache/a/b", "copy", 0);
    let reason = "section confgen, key port: \"5 s\": invalid digit found in string; ";
    let run = site.run(&["a/b"]);
    assert_copy(&run, "copy", reason, "");
    assert_nothing(&site.run(&["a/b", "--no-fallback"]), "key port");
}

#[test]
fn a_good_reply_is_kept_for_an_outage() {
    let site = Site::new();
    assert_reply(&site.ask(&Script::new([Then::Reply("one")]), &["c/d.conf"]), b"one");
    assert_reply(&site.ask(&Script::new([Then::Reply("two")]), &["c/d.conf cached", "--cached"]), b"two");
    assert_eq!(fs::metadata(site.path("copies/c/d.conf")).unwrap().mode() & 0o7777, 0o640);
    assert_eq!(fs::metadata(site.path("copies/c")).unwrap().mode() & 0o027, 0o000, "nobody else reads it");
    assert_eq!(fs::read_dir(site.path("copies/c")).unwrap().count(), 1);
    assert_copy(&site.ask_nobody(&["c/d.conf"]), "two", REFUSED, "");
}

#[test]
fn the_younger_copy_is_printed() {
    let site = Site::new();
    for (service, own, expected) in [(9000, 7210, "own"), (7210, 9000, "service")] {
        site.write("cache/a/b", "service", service);
        site.write("copies/a/b", "own", own);
        let run = site.ask(&Script::new([Then::Reply("")]), &["a/b"]);
        assert_copy(&run, expected, "the reply is empty", "/a/b, made 2h 0m");
    }
    let time = fs::metadata(site.path("cache/a/b")).unwrap().modified().unwrap();
    fs::File::options().append(true).open(site.path("copies/a/b")).unwrap().set_modified(time).unwrap();
    let run = site.ask(&Script::new([Then::Reply("")]), &["a/b"]);
    assert_copy(&run, "service", "the reply is empty", "");
}

#[test]
fn only_a_file_with_a_text_is_a_copy() {
    let site = Site::new();
    fs::write(site.path("cache/a/empty"), "").unwrap();
    fs::create_dir(site.path("cache/a/folder")).unwrap();
    symlink(site.path("cache/a/loop"), site.path("cache/a/loop")).unwrap();
    symlink("/dev/zero", site.path("cache/a/device")).unwrap();
    symlink("nowhere", site.path("cache/a/dangling")).unwrap();
    assert!(Command::new("mkfifo").arg(site.path("cache/a/fifo")).status().unwrap().success());
    fs::write(site.path("cache/a/closed"), "x").unwrap();
    fs::set_permissions(site.path("cache/a/closed"), Permissions::from_mode(0o0)).unwrap();
    // Root reads everything.
    let closed = fs::read(site.path("cache/a/closed")).is_err().then_some("closed");
    for name in ["empty", "folder", "loop", "device", "dangling", "fifo"].into_iter().chain(closed) {
        let name = format!("a/{name}");
        assert_reply(&site.ask(&Script::new([Then::Reply("")]), &[&name]), b"");
        site.write(&format!("copies/{name}"), "own", 5);
        if name != "a/empty" {
            let run = site.ask(&Script::new([Then::Reply("")]), &[&name]);
            assert_copy(&run, "own", "the reply is empty", "");
        }
    }
    assert_nothing(&site.ask_nobody(&["a/nothing"]), REFUSED);
    fs::remove_file(site.path("copies/a/empty")).unwrap();
    assert_nothing(&site.ask_nobody(&["a/empty"]), REFUSED);
}

#[test]
fn a_file_that_the_service_knows_as_empty_stays_empty() {
    let site = Site::new();
    site.write("copies/a/b", "the last skill", 60);
    site.write("cache/a/b", "", 30);
    assert_reply(&site.ask(&Script::new([Then::Reply("")]), &["a/b"]), b"");
    assert_eq!(site.read("copies/a/b"), None);

    site.write("copies/a/b", "younger", 10);
    let run = site.ask(&Script::new([Then::Reply("")]), &["a/b"]);
    assert_copy(&run, "younger", "the reply is empty", "");
}

#[test]
fn the_same_text_only_gets_a_new_time() {
    let site = Site::new();
    site.write("copies/a/b", "same", 3600);
    let file = fs::metadata(site.path("copies/a/b")).unwrap().ino();
    assert_reply(&site.ask(&Script::new([Then::Reply("same")]), &["a/b"]), b"same");
    assert_eq!(fs::metadata(site.path("copies/a/b")).unwrap().ino(), file);
    assert!(site.age("copies/a/b") < 600);
    assert_reply(&site.ask(&Script::new([Then::Reply("SAME")]), &["a/b"]), b"SAME");
    assert_eq!(site.read("copies/a/b").as_deref(), Some("SAME"));
}

#[test]
fn an_abandoned_file_is_replaced() {
    let site = Site::new();
    site.write("copies/a/.b.new", "another client is writing this", 5);
    assert_reply(&site.ask(&Script::new([Then::Reply("x")]), &["a/b"]), b"x");
    assert_eq!(site.read("copies/a/b"), None);
    site.write("copies/a/.b.new", "a crash left this", 3600);
    assert_reply(&site.ask(&Script::new([Then::Reply("x")]), &["a/b"]), b"x");
    assert_eq!(site.read("copies/a/b").as_deref(), Some("x"));
    assert_eq!(site.read("copies/a/.b.new"), None);
}

#[test]
fn clients_at_the_same_time_keep_a_whole_copy() {
    static TEXTS: [&str; 2] = [include_str!("copies.rs"), include_str!("site.rs")];
    let site = Site::new();
    let port = Script::new((0..20).map(|index| Then::Reply(TEXTS[index % 2]))).port.to_string();
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| assert_eq!(site.run(&["a/b", "--port", &port]).status.code(), Some(0)));
        }
    });
    assert!(TEXTS.contains(&site.read("copies/a/b").unwrap().as_str()));
    assert_eq!(fs::read_dir(site.path("copies/a")).unwrap().count(), 1);
}

#[test]
fn a_bad_name_leads_to_no_copy() {
    let site = Site::new();
    site.write("secret", "secret", 0);
    site.write("cache/secret", "secret", 0);
    for name in
        ["../secret", "cache/../../secret", "a/../secret", "/secret", "a/b\nc/d", "./secret", "secret"]
    {
        assert_reply(&site.ask(&Script::new([Then::Reply("")]), &[name]), b"");
        assert_reply(&site.ask(&Script::new([Then::Reply("x")]), &[name]), b"x");
    }
    assert_eq!(site.read("secret").as_deref(), Some("secret"));
    assert_eq!(fs::read_dir(site.path("copies/a")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(site.path("copies")).unwrap().count(), 1);
}

#[test]
fn copies_can_be_switched_off() {
    for (keys, words) in [("", &["a/b", "--no-fallback"][..]), ("fallback=no\n", &["a/b"])] {
        let site = Site::with_keys(keys);
        site.write("cache/a/b", "service", 0);
        site.write("copies/a/b", "own", 0);
        assert_nothing(&site.ask_nobody(words), REFUSED);
        assert_eq!(site.read("copies/.down"), None);
        assert_reply(&site.ask(&Script::new([Then::Reply("")]), words), b"");
        assert_reply(&site.ask(&Script::new([Then::Reply("x")]), words), b"x");
        assert_eq!(site.read("copies/a/b").as_deref(), Some("own"));
    }
}

#[test]
fn an_invalidation_uses_no_copy() {
    for words in [&["a/b", "--invalidate"][..], &["a/b invalidate"]] {
        let site = Site::new();
        site.write("cache/a/b", "service", 0);
        site.write("copies/a/b", "own", 0);
        assert_reply(&site.ask(&Script::new([Then::Reply("")]), words), b"");
        assert_nothing(&site.ask_nobody(words), REFUSED);
        assert_eq!(site.read("copies/a/b").as_deref(), Some("own"));
    }
}

#[test]
fn a_copy_has_the_end_mark_only_in_print() {
    let site = Site::new();
    let words = ["asterisk/pjsip.conf", "--end-mark"];
    let marked = "[a]\n[confgend-pjsip-end](!)\n";
    assert_reply(&site.ask(&Script::new([Then::Reply("[a]")]), &words), marked.as_bytes());
    assert_eq!(site.read("copies/asterisk/pjsip.conf").as_deref(), Some("[a]"));
    assert_copy(&site.ask_nobody(&words), marked, REFUSED, "");
    let run = site.ask(&Script::new([Then::Reply("")]), &words);
    assert_copy(&run, marked, "the reply is empty", "");
}

#[test]
fn a_folder_that_is_missing_or_no_folder_keeps_nothing() {
    let site = Site::new();
    fs::remove_dir_all(site.path("copies")).unwrap();
    assert_reply(&site.ask(&Script::new([Then::Reply("x")]), &["a/b"]), b"x");
    assert!(!site.path("copies").exists());
    fs::write(site.path("copies"), "a file").unwrap();
    assert_reply(&site.ask(&Script::new([Then::Reply("x")]), &["a/b"]), b"x");
    assert_nothing(&site.ask_nobody(&["a/b"]), REFUSED);
    assert_eq!(site.read("copies").as_deref(), Some("a file"));
}

#[test]
fn root_keeps_nothing_in_a_folder_of_another_user() {
    let site = Site::new();
    if chown(site.path("copies"), Some(1), None).is_err() {
        // Only root can give a folder away, and only root has this rule.
        return;
    }
    site.write("copies/a/b", "own", 0);
    assert_reply(&site.ask(&Script::new([Then::Reply("x")]), &["a/b"]), b"x");
    assert_copy(&site.ask_nobody(&["a/b"]), "own", REFUSED, "");
    assert_eq!(site.read("copies/.down"), None);
}
