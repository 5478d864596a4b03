//! Texts that are made to exhaust memory or time. The tests measure no time; they use the reader's limits as counters.

use std::fmt::Write;

use asterisk_conf::{DiagnosticKind, Document, Limits, MemoryFiles, Reader, Status};

fn read(text: &str, limits: Limits) -> Document {
    let files = MemoryFiles::from_iter([("a.conf", text)]);
    Reader::new(&files).limits(limits).read("a.conf", text.as_bytes())
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "{}", line(number));
        text
    })
}

/// Finds the smallest limit that suffices for a text.
fn least(text: &str, with: impl Fn(usize) -> Limits) -> usize {
    let (mut low, mut high) = (0, 1 << 26);
    assert_ne!(read(text, with(high)).status(), Status::LimitReached);
    while low < high {
        let middle = low.midpoint(high);
        if read(text, with(middle)).status() == Status::LimitReached {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    high
}

fn least_work(text: &str) -> usize {
    least(text, |work| Limits { work, ..Limits::default() })
}

fn least_entries(text: &str) -> usize {
    least(text, |entries| Limits { entries, ..Limits::default() })
}

/// Returns usual texts whose size grows with a number.
fn usual_texts(count: usize) -> [String; 4] {
    [
        lines(count, |n| format!("[{n}]\ntype = endpoint\nname = Ann\\; {n} ; comment")),
        format!("[t](!)\na = 1\n{}", lines(count, |n| format!("[t{n}](!,t)\n[{n}](t{n})\nb = 2"))),
        lines(count, |n| format!("[{n}]\nallow = ulaw\nallow += ,alaw\n[{n}](+)\nallow += ,g722")),
        lines(count, |n| format!("[{n}]\ntype = aor\n[{n}](+type=aor)\nk = v;-- {n} --;")),
    ]
}

#[test]
fn work_grows_with_the_size_of_a_usual_text() {
    for (small, large) in usual_texts(100).iter().zip(&usual_texts(400)) {
        let ratio = large.len().div_ceil(small.len()).max(4);
        assert!(least_work(large) <= least_work(small) * ratio * 11 / 10, "{}", &small[..40]);
        assert!(least_entries(large) <= least_entries(small) * ratio * 11 / 10, "{}", &small[..40]);
        assert!(least_work(large) <= large.len() * 4, "{}", &small[..40]);
    }
}

/// Returns texts that would take quadratic time or memory, or worse.
fn hostile_texts() -> [(&'static str, String); 10] {
    [
        (
            "templates that double",
            lines(60, |n| format!("[{n}](!{})\na = 1", format!(",{}", n.max(1) - 1).repeat(2 * n.min(1)))),
        ),
        (
            "a long chain of templates",
            format!("[0](!)\n{}", lines(9000, |n| format!("[{}](!,{n})\na = 1", n + 1))),
        ),
        (
            "a section with many empty items",
            format!("[a]\n{}[b]({})", "k = v\n".repeat(9000), ",".repeat(8000)),
        ),
        ("a file that includes itself", "#tryinclude a.conf\n".repeat(9)),
        ("a wildcard that finds its own file", "#tryinclude *.conf\n".repeat(9)),
        (
            "+= to a value that grows",
            format!("[a]\nk = v\n{}", format!("k += {}\n", "x".repeat(5000)).repeat(9000)),
        ),
        ("+= among many options", format!("[a]\n{}{}", "k = v\n".repeat(50_000), "q += v\n".repeat(50_000))),
        (
            "filters that fit nothing",
            format!("{}{}", "[a]\nk = v\n".repeat(20_000), "[a](+k=v)\n[b]\n[](+k=v)\n".repeat(20_000)),
        ),
        (
            "regular expressions",
            format!("[a]\nk = {}\n{}", "x".repeat(8000), "[a](+k=^x{300}y$)\n".repeat(9000)),
        ),
        ("complaints", "[a]\n=\n".repeat(200_000)),
    ]
}

#[test]
fn hostile_texts_reach_a_limit() {
    let limits = Limits { files: 1000, entries: 200_000, work: 16 << 20, ..Limits::default() };
    for (what, text) in hostile_texts() {
        let document = read(&text, limits);
        let kinds = document.diagnostics().last().map(asterisk_conf::Diagnostic::kind);
        assert_eq!(
            (document.status(), kinds),
            (Status::LimitReached, Some(DiagnosticKind::LimitReached)),
            "{what}"
        );
        assert!(document.sections().is_empty(), "{what}");
        assert!(document.diagnostics().len() <= limits.diagnostics + 1, "{what}");
        assert!(document.file_names().count() <= limits.files, "{what}");
    }
}

#[test]
fn wildcards_with_many_braces_find_nothing() {
    let document = read(&format!("#include {}", "{a,b}".repeat(40)), Limits::default());
    assert_eq!(document.status(), Status::Refused);
    let document = read(&format!("#include {}", "*".repeat(8000)), Limits::default());
    assert_eq!(document.status(), Status::Refused);
}

#[test]
fn a_section_that_inherits_from_itself_hangs_asterisk() {
    let document = read("[a]\nk = v\n[a](+,a)\n", Limits::default());
    assert_eq!(document.status(), Status::Hangs);
    assert_eq!(document.diagnostics()[0].kind(), DiagnosticKind::InheritFromItself);
    // Without options, Asterisk has nothing to copy.
    assert_eq!(read("[a]\n[a](+,a)\n", Limits::default()).status(), Status::Ok);
}
