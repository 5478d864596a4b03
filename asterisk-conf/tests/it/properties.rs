//! Properties of any text: the reader does not panic, and reads back the texts that the syntax accepts.

use asterisk_conf::syntax::{self, Refusal, meaning, stripped};
use asterisk_conf::{Document, Limits, MemoryFiles, Reader, Section, Status};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Texts with a meaning for Asterisk's parser.
const TOKENS: &[&str] = &[
    ";--",
    "--;",
    ";",
    "\\;",
    "\\",
    "--",
    "-",
    "[",
    "]",
    "](",
    "(",
    ")",
    "!",
    "+",
    "+=",
    "=",
    "=>",
    ">",
    ",",
    "&",
    "[a]",
    "[a](!)",
    "[b](a)",
    "[a](+)",
    "[b](+,a)",
    "[](+k=.)",
    "(+TEMPLATES=include",
    "k",
    "k=v",
    "k+=v",
    "#include ",
    "#tryinclude ",
    "#exec ",
    "#",
    "a.conf",
    "*.conf",
    "{a,b}",
    "\"",
    "<",
    ">",
    "'",
    " ",
    "\t",
    "\r",
    "\0",
    "\n",
    "\n",
    "\n",
    "\u{feff}",
    "\u{a0}",
    "é",
    "\u{7f}",
];

/// A text of these tokens, letters, and any other characters.
fn hostile_text(tokens: usize) -> impl Strategy<Value = String> {
    let token = prop_oneof![
        6 => select(TOKENS).prop_map(str::to_owned),
        1 => "[a-z]{1,3}",
        1 => any::<char>().prop_map(String::from),
    ];
    vec(token, 0..tokens).prop_map(|tokens| tokens.concat())
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![hostile_text(12), any::<String>(), "[ -~]{0,40}"]
}

/// Reads the text, which can include itself and another text.
fn read_with_includes(text: &[u8], other: &[u8]) -> Document {
    let files = MemoryFiles::from_iter([("a.conf", text), ("b.conf", other)]);
    let limits = Limits { files: 200, bytes: 1 << 20, entries: 5000, diagnostics: 1000, work: 1 << 20 };
    Reader::new(&files).limits(limits).read("a.conf", text)
}

fn options(section: &Section) -> Vec<(String, String)> {
    section.options().iter().map(|option| (option.key().to_string(), option.value().to_string())).collect()
}

/// Returns all sections of a text that has no diagnostics.
fn sections(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    let document = asterisk_conf::read(text);
    assert_eq!((document.status(), document.diagnostics()), (Status::Ok, &[][..]), "{text:?}");
    document.sections().iter().map(|section| (section.name().to_string(), options(section))).collect()
}

fn option(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

/// Writes the text in a place of a line. Returns `None` if the place refuses it.
fn written(place: fn(&mut String, &str) -> Result<(), Refusal>, text: &str) -> Option<String> {
    let mut out = String::new();
    place(&mut out, text).ok().map(|()| out)
}

proptest! {
    #[test]
    fn the_reader_survives_any_bytes(text in vec(any::<u8>(), 0..2000), other in vec(any::<u8>(), 0..200)) {
        read_with_includes(&text, &other);
    }

    #[test]
    fn the_reader_survives_hostile_tokens(text in hostile_text(80), other in hostile_text(40)) {
        let document = read_with_includes(text.as_bytes(), other.as_bytes());
        for diagnostic in document.diagnostics() {
            let place = document.place(diagnostic.location());
            prop_assert!(place.line > 0 && !diagnostic.to_string().is_empty());
        }
        prop_assert!(document.status() == Status::Ok || document.sections().is_empty());
    }

    #[test]
    fn long_lines_of_hostile_tokens_do_no_harm(tokens in vec(select(TOKENS), 1..10), count in 1_usize..4000) {
        let text = tokens.concat().repeat(count);
        read_with_includes(text.as_bytes(), b"");
    }

    #[test]
    fn a_written_value_is_read_back(value in any_text()) {
        let Some(line) = written(syntax::value, &value) else { return Ok(()) };
        for operator in ["=", "=>"] {
            let text = format!("[g]\na = 1\nk {operator} {line}\nb = 2\n[h]\nc = 3\n");
            let expected = [option("a", "1"), option("k", stripped(&meaning(&value))), option("b", "2")];
            let sections = sections(&text);
            prop_assert_eq!(&sections[0], &("g".to_owned(), expected.to_vec()));
            prop_assert_eq!(&sections[1..], &[("h".to_owned(), vec![option("c", "3")])]);
        }
    }

    #[test]
    fn a_written_key_is_read_back(key in any_text(), value in any_text()) {
        let Some((key_, value_)) = written(syntax::key, &key).zip(written(syntax::value, &value)) else {
            return Ok(());
        };
        let text = format!("[g]\na = 1\n{key_} = {value_}\nb = 2\n");
        let expected = [option("a", "1"), option(&meaning(&key), stripped(&meaning(&value))), option("b", "2")];
        prop_assert_eq!(sections(&text), [("g".to_owned(), expected.to_vec())]);
    }

    #[test]
    fn a_written_section_name_is_read_back(name in any_text()) {
        let Some(name_) = written(syntax::section_name, &name) else { return Ok(()) };
        let text = format!("[g]\na = 1\n[{name_}]\nk = v\n[h]\nb = 2\n");
        let expected = [
            ("g".to_owned(), vec![option("a", "1")]),
            (meaning(&name).into_owned(), vec![option("k", "v")]),
            ("h".to_owned(), vec![option("b", "2")]),
        ];
        prop_assert_eq!(sections(&text), expected);
    }

    #[test]
    fn a_written_template_name_is_found(name in any_text()) {
        let Some(name_) = written(syntax::template_name, &name) else { return Ok(()) };
        let text = format!("[{name_}](!)\na = 1\n[other](!)\nb = 2\n[user](other,{name_})\nk = v\n");
        let document = asterisk_conf::read(&text);
        let user = document.section("user").unwrap();
        prop_assert_eq!(options(user), [option("b", "2"), option("a", "1"), option("k", "v")], "{}", text);
    }

    #[test]
    fn a_written_comment_hides_nothing(comment in any_text()) {
        let Some(comment) = written(syntax::comment, &comment) else { return Ok(()) };
        let text = format!("[g]\n; {comment}\na = 1\n");
        prop_assert_eq!(sections(&text), [("g".to_owned(), vec![option("a", "1")])]);
    }
}
