//! The line that marks the end of a file.

use std::fs;

use crate::support::{Service, assert_error, assert_reply, client, output};

#[track_caller]
fn printed(words: &[&str], reply: &'static str, expected: &str) {
    let service = Service::with_reply(reply);
    assert_reply(&service.ask(words), expected.as_bytes());
    let request = service.request();
    assert!(!request.contains("end"), "the service does not know the mark: {request}");
}

#[test]
fn the_mark_follows_a_whole_reply() {
    let words = ["asterisk/pjsip.conf", "--end-mark"];
    printed(&words, "[a]\nb = c\n", "[a]\nb = c\n[confgend-pjsip-end](!)\n");
    printed(&words, "[a]\nb = c", "[a]\nb = c\n[confgend-pjsip-end](!)\n");
    printed(&["--end", "asterisk/queues.conf"], "\n", "\n[confgend-queues-end](!)\n");
    let words = ["asterisk/extensions.conf cached", "--end-mark"];
    printed(&words, ";--\n", ";--\n[confgend-extensions-end](!)\n");
}

#[test]
fn an_empty_reply_has_no_mark() {
    printed(&["asterisk/pjsip.conf", "--end-mark"], "", "");
    printed(&["asterisk/pjsip.conf", "--end-mark", "--invalidate"], "", "");
}

#[test]
fn a_file_of_another_program_has_no_mark() {
    for name in ["wazo/uuid.yml", "asterisk/pjsip", "../asterisk/pjsip.conf", "asterisk/é.conf", "pjsip.conf"]
    {
        let run = output(&mut client(&[name, "--end-mark"]));
        let message = format!(
            "--end-mark is for files like asterisk/pjsip.conf, not for {name:?}: only Asterisk knows a section as \
             the mark of an end; see wazo-confgen --help"
        );
        assert_error(&run, 2, &message);
    }
}

#[test]
fn the_examples_ask_for_the_mark_that_is_printed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/debian/examples");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Some(stem) = path.to_str().unwrap().strip_suffix(".conf") else { continue };
        let stem = stem.strip_prefix(folder).unwrap().trim_start_matches('/');
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> =
            text.lines().filter(|line| !line.is_empty() && !line.starts_with(';')).collect();
        let [exec, include, append] = lines[..] else { panic!("{stem}: {lines:?}") };
        let words: Vec<&str> =
            exec.strip_prefix("#exec /usr/bin/wazo-confgen ").unwrap().split(' ').collect();
        printed(&words, "[a]\n", &format!("[a]\n{}\n", append.replace("+TEMPLATES=include", "!")));
        assert_eq!(include, format!("#include {stem}.d/*.conf"));
        assert_eq!(words[0], format!("asterisk/{stem}.conf"));
        count += 1;
    }
    assert_eq!(count, 12);
}
