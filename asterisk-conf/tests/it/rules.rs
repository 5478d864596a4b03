//! Rules that the golden files do not cover: locations, lookups, commands, and messages.

use asterisk_conf::{DiagnosticKind, Document, Effect, Level, MemoryFiles, Reader, Status, read};

fn read_files<const N: usize>(files: [(&str, &str); N], text: &str) -> Document {
    Reader::new(&MemoryFiles::from_iter(files)).read("top.conf", text.as_bytes())
}

fn messages(document: &Document) -> Vec<String> {
    let message = |diagnostic: &asterisk_conf::Diagnostic| {
        format!("{}: {diagnostic}", document.place(diagnostic.location()))
    };
    document.diagnostics().iter().map(message).collect()
}

#[test]
fn a_place_names_the_line_within_its_own_file() {
    let files = [("d/a.conf", "[a]\nx = 1\n"), ("d/b.conf", "[b]\noops\ny = 2\n")];
    let document = read_files(files, "#include d/*.conf\n");
    let option = &document.section("b").unwrap().options()[0];
    assert_eq!(option.location().line, 6, "Asterisk counts on");
    assert_eq!(document.place(option.location()).to_string(), "d/b.conf:3");
    assert_eq!(messages(&document), ["d/b.conf:2: the line \"oops\" has no \"=\", and Asterisk skips it"]);
}

#[test]
fn a_block_comment_without_end_is_reported_where_it_begins() {
    let document = read("[a]\n;-- one\n;-- two\n--;\n");
    let diagnostic = &document.diagnostics()[0];
    assert_eq!(
        (diagnostic.kind(), diagnostic.location().line),
        (DiagnosticKind::UnterminatedBlockComment, 2)
    );
    let document = read("[a]\nk = x--;y\nz = 1\n");
    let diagnostic = &document.diagnostics()[0];
    assert_eq!((diagnostic.kind(), diagnostic.location().line), (DiagnosticKind::UnopenedBlockComment, 2));
    assert_eq!(diagnostic.kind().effect(), Effect::RestLost);
}

#[test]
fn sections_and_values_are_found_as_modules_find_them() {
    let document = read("[A](!)\nk = 0\n[a]\nK = 1\nk = 2\n[a]\nk = 3\n");
    assert_eq!(document.value("a", "k").unwrap(), "1");
    assert_eq!(document.section("A").unwrap().values("k").collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(document.sections_named("a").count(), 3);
    assert_eq!(document.visible_sections().count(), 2);
    assert!(document.section("b").is_none());
    assert!(document.value("a", "x").is_none());
}

#[test]
fn commands_are_noted_and_never_run() {
    let document = read("[a]\n#exec \"touch /tmp/x\"\nk = v ;#exec false\n#EXEC date\n");
    let commands =
        document.commands().iter().map(|command| (command.text().to_string(), command.location().line));
    assert_eq!(commands.collect::<Vec<_>>(), [("touch /tmp/x".to_owned(), 2), ("date".to_owned(), 4)]);
    let document = read(format!("#exec {}", "x".repeat(990)));
    assert_eq!(document.status(), Status::Refused);
    assert_eq!(document.diagnostics()[0].kind(), DiagnosticKind::ExecCommandTooLong);
}

#[test]
fn a_cut_file_leaves_what_stands_before_the_error() {
    let document = read_files([("i.conf", "[b]\nk = 1\n[c\nk = 2\n")], "[a]\n#include i.conf\nk = 3\n");
    assert_eq!(document.status(), Status::Ok);
    assert_eq!(
        (document.value("a", "k").unwrap(), document.value("b", "k").unwrap()),
        ("3".into(), "1".into())
    );
    assert_eq!(messages(&document), ["i.conf:3: the header \"[c\" has no closing \"]\""]);
}

#[test]
fn a_refused_file_has_no_sections() {
    let document = read("[a]\nk = v\n#include nosuch.conf\n");
    assert_eq!((document.status(), document.sections().len()), (Status::Refused, 0));
    let diagnostic = &document.diagnostics()[0];
    assert_eq!((diagnostic.level(), diagnostic.kind().effect()), (Level::Error, Effect::FileRefused));
}

#[test]
fn messages_show_no_control_characters() {
    let document = read(b"[a]\nx\x1b[2J\xff\r\x07x\n");
    assert_eq!(
        messages(&document),
        [r#"line 2: the line "x\x1b[2J\xff\r\x07x" has no "=", and Asterisk skips it"#]
    );
}

#[test]
fn wildcards_are_those_of_glob() {
    for (pattern, expected) in [
        ("*.conf", &["a.conf", "b.conf"][..]),
        ("[!a].conf", &["b.conf"]),
        ("[^a].conf", &["b.conf"]),
        ("?.conf", &["a.conf", "b.conf"]),
        ("{b,a}.conf", &["b.conf", "a.conf"]),
        ("**.conf", &["a.conf", "b.conf"]),
        ("\\*.conf", &[]),
        ("d/*", &["d/c"]),
        (".*.conf", &[".hidden.conf"]),
        ("[", &["["]),
    ] {
        let names = ["a.conf", "b.conf", "d/c", ".hidden.conf", "["];
        let files =
            MemoryFiles::from_iter(names.map(|name| (name, format!("[{}]", name.replace(['[', ']'], "(")))));
        let document = Reader::new(&files).read("top.conf", format!("#tryinclude {pattern}\n").as_bytes());
        let found: Vec<_> = document.file_names().skip(1).collect();
        assert_eq!(found, expected, "{pattern}");
    }
}

#[test]
fn an_include_with_a_wildcard_is_noted() {
    let files = [("d/a.conf", "[a]\n"), ("b.conf", "#tryinclude \"e/{x,y}.conf\"\n")];
    let document = read_files(files, "#include b.conf\n#include d/*.conf\n");
    let places = document.wildcards().iter().map(|at| document.place(*at).to_string());
    assert_eq!(places.collect::<Vec<_>>(), ["b.conf:1", "top.conf:2"]);
}

#[test]
fn a_section_knows_that_its_name_is_cut() {
    let document = read(format!("[{}]\n[{}b]\n", "a".repeat(79), "a".repeat(79)));
    let cut = document.sections().iter().map(|section| (section.name().len(), section.has_cut_name()));
    assert_eq!(cut.collect::<Vec<_>>(), [(79, false), (79, true)]);
}
