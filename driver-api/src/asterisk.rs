//! The Asterisk syntax, which INI files share: sections and their options, each on a line of its own.
//!
//! [`Writer`] writes it, and it is what confgend's own drivers of Asterisk's files are written with.
//!
//! | call | line |
//! |---|---|
//! | [`section("1001")`](Writer::section) | `[1001]`, below an empty line if it is not the first |
//! | [`template_section("wazo")`](Writer::template_section) | `[wazo](!)` |
//! | [`derived_section("1001", "wazo")`](Writer::derived_section) | `[1001](wazo)` |
//! | [`option("language", "fr_CA")`](Writer::option) | `language = fr_CA` |
//! | [`object_option("number", "0612345678,30")`](Writer::object_option) | `number => 0612345678,30` |
//! | [`hint("1001", &["PJSIP/abc"])`](Writer::hint) | `exten = 1001,hint,PJSIP/abc` |
//! | [`same("n,Hangup()")`](Writer::same) | `same  =     n,Hangup()` |
//!
//! `option`, `object_option` and `same` strip white space from both ends of the line, as the files of earlier
//! programs have it; what begins with `verbatim` keeps every blank. A semicolon in a value begins a comment for
//! Asterisk: whether it may, the driver knows.

use crate::{Session, Warning, breaks_line};

/// Writes a file, or a part of one, from top to bottom.
///
/// Whatever the values are, one call writes one line: a value with a line break is never written, and
/// [`finish`](Writer::finish) warns of it. Rows with such values are better left out when they are read, which
/// [`OneLine`](crate::OneLine) does; this is the second lock on the door. The options of a section whose name
/// has a line break are left out with it.
///
/// ```
/// use driver_api::asterisk::{Writer, yes_no};
/// use driver_api::{Driver, Error, Session};
///
/// struct FollowMe;
///
/// impl Driver for FollowMe {
///     fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
///         let mut writer = Writer::new();
///         writer.section("general");
///         writer.option("enable_callee_prompt", yes_no(true));
///         writer.section("1001");
///         writer.object_option("number", "0612345678,30");
///         writer.option("musicclass", "jazz\n[general]");
///         Ok(writer.finish(session))
///     }
/// }
///
/// let mut database = fixtures::Scratch::new(&[]);
/// let text = "[general]\nenable_callee_prompt = yes\n\n[1001]\nnumber => 0612345678,30\n";
/// assert_eq!(database.generate(&FollowMe).unwrap(), text);
/// let warning = r#"in section "1001", the option "musicclass" is left out: it has a line break"#;
/// assert_eq!(database.warnings, [warning]);
/// ```
#[derive(Default)]
pub struct Writer {
    text: String,
    /// Where the current section can't be written, so that its options don't fall to the one before.
    muted: bool,
    /// Whether the next section is the first of a part, which no empty line precedes.
    first: bool,
    section: String,
    refused: Vec<String>,
}

impl Writer {
    /// A writer for a file, or for its first part.
    pub fn new() -> Writer {
        Writer { first: true, ..Writer::default() }
    }

    /// A writer for what follows other sections, to be put behind them with [`append`](Writer::append).
    pub fn continued() -> Writer {
        Writer::default()
    }

    /// Puts the text of another writer behind this one's.
    pub fn append(&mut self, mut other: Writer) {
        self.text.push_str(&other.text);
        self.refused.append(&mut other.refused);
        self.muted = other.muted;
        self.section = other.section;
    }

    /// Begins a part of the file: an empty line stands between its sections, not before the first.
    pub fn part(&mut self) {
        self.first = true;
        self.muted = false;
    }

    /// `[name]`.
    pub fn section(&mut self, name: &str) {
        self.headed_section(None, name);
    }

    /// `[name](!)`: a section that is nothing by itself, and that others inherit from.
    pub fn template_section(&mut self, name: &str) {
        self.derived_section(name, "!");
    }

    /// `[name](template)`: a section that inherits from another.
    pub fn derived_section(&mut self, name: &str, template: &str) {
        if self.begin_section(name, template) {
            self.push(&["[", name, "](", template, ")"]);
        }
    }

    /// `[name]`, under a comment if there is one.
    pub fn headed_section(&mut self, comment: Option<&str>, name: &str) {
        let comment = comment.unwrap_or_default();
        if self.begin_section(name, comment) {
            if !comment.is_empty() {
                self.push(&["; ", comment]);
            }
            self.push(&["[", name, "]"]);
        }
    }

    /// Whether a section of this name, and of this other text in its head, can be written; the empty
    /// line before it is.
    fn begin_section(&mut self, name: &str, other: &str) -> bool {
        name.clone_into(&mut self.section);
        self.muted = breaks_line(name) || breaks_line(other);
        if self.muted {
            self.refused.push(format!("the section {name:?} is left out: its head has a line break"));
            return false;
        }
        if !std::mem::take(&mut self.first) {
            self.text.push('\n');
        }
        true
    }

    /// `key = value`, without white space at either end of the line.
    pub fn option(&mut self, key: &str, value: &str) {
        self.stripped_line(key, " = ", value);
    }

    /// `key => value`, without white space at either end of the line.
    pub fn object_option(&mut self, key: &str, value: &str) {
        self.stripped_line(key, " => ", value);
    }

    /// `same  =     value`: one more line of the extension above. Dialplans are compared with those of
    /// earlier releases, so it has their blanks.
    pub fn same(&mut self, value: &str) {
        self.stripped_line("same ", " =     ", value);
    }

    /// `exten = extension,hint,argument`: which device shows the state of an extension. Every blank is kept.
    pub fn hint(&mut self, extension: &str, argument: &[&str]) {
        let start = self.text.len();
        self.text.extend(["exten = ", extension, ",hint,"]);
        self.text.extend(argument.iter().copied());
        self.end_option(start, extension);
    }

    fn stripped_line(&mut self, key: &str, sign: &str, value: &str) {
        let start = self.text.len();
        // White space at the start of the line is that of the key.
        let stripped = key.trim_start_matches(is_white_space);
        let sign = if stripped.is_empty() { sign.trim_start() } else { sign };
        self.text.reserve(stripped.len() + sign.len() + value.len() + 1);
        self.text.push_str(stripped);
        self.text.push_str(sign);
        self.text.push_str(value);
        let end = start + self.text[start..].trim_end_matches(is_white_space).len();
        self.text.truncate(end);
        self.end_option(start, key);
    }

    /// `key = value`, every blank of the value kept.
    pub fn verbatim_option(&mut self, key: &str, value: &str) {
        self.verbatim_line(key, " = ", &[value]);
    }

    /// `key => value`, every blank of both kept.
    pub fn verbatim_object_option(&mut self, key: &str, value: &str) {
        self.verbatim_line(key, " => ", &[value]);
    }

    /// `key = value` with a sign of one's own and a value in parts, every blank kept. The sign has its blanks
    /// with it: `" => "`.
    pub fn verbatim_line(&mut self, key: &str, sign: &str, value: &[&str]) {
        let start = self.text.len();
        self.text.extend([key, sign]);
        self.text.extend(value.iter().copied());
        self.end_option(start, key);
    }

    /// An empty line.
    pub fn blank(&mut self) {
        self.text.push('\n');
    }

    /// A text of the program's own, with as many lines as it has.
    pub fn fixed(&mut self, text: &'static str) {
        self.text.push_str(text);
    }

    /// What a template made, with as many lines as that has, and the end of the last. Nothing is checked here:
    /// what the template was given must not break lines.
    pub fn rendered(&mut self, text: &str) {
        self.push(&[text]);
    }

    /// The text, after a warning for each line that was left out.
    pub fn finish(self, session: &mut Session<'_>) -> String {
        for message in self.refused {
            session.warn(Warning::new("", message));
        }
        self.text
    }

    /// Ends the line of an option that starts there, or takes it back.
    fn end_option(&mut self, start: usize, key: &str) {
        if breaks_line(&self.text[start..]) {
            let section = &self.section;
            self.refused
                .push(format!("in section {section:?}, the option {key:?} is left out: it has a line break"));
        } else if !self.muted {
            self.text.push('\n');
            return;
        }
        self.text.truncate(start);
    }

    fn push(&mut self, parts: &[&str]) {
        for part in parts {
            self.text.push_str(part);
        }
        self.text.push('\n');
    }
}

/// What Python's `str.strip` strips: Unicode's white space, and four separators that Rust leaves.
pub fn is_white_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// How Asterisk's own files write a boolean: `yes` or `no`.
pub fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, Rows, Snapshot, Value};

    struct NoDatabase;

    impl Snapshot for NoDatabase {
        fn run(&mut self, sql: &str, _: &[Value<'_>], _: &mut dyn Rows) -> Result<(), Error> {
            panic!("unexpected query: {sql}")
        }
    }

    fn written(write: impl FnOnce(&mut Writer)) -> (String, Vec<String>) {
        let mut writer = Writer::new();
        write(&mut writer);
        let mut snapshot = NoDatabase;
        let mut session = Session::new(&mut snapshot);
        let text = writer.finish(&mut session);
        (text, session.take_warnings().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_line_of_an_option_is_stripped_as_a_whole() {
        for (key, value, line) in [
            ("k", "", "k ="),
            ("", "v", "= v"),
            ("", "", "="),
            ("k", " v ", "k =  v"),
            (" k ", "v", "k  = v"),
            (" ", " ", "="),
            ("c", "  3 ", "c =   3"),
            ("k", "v\u{1c}\u{a0}\u{85}\t", "k = v"),
            ("\u{1f}\u{3000}k", "v", "k = v"),
            ("k", "a;b \"c\" é", "k = a;b \"c\" é"),
        ] {
            assert_eq!(written(|w| w.option(key, value)).0, format!("{line}\n"));
        }
        assert_eq!(written(|w| w.verbatim_option("k", " v ")).0, "k =  v \n");
        assert_eq!(written(|w| w.hint(" 5 ", &["Custom:", " 5 "])).0, "exten =  5 ,hint,Custom: 5 \n");
        assert_eq!(written(|w| w.same("n,Hangup() ")).0, "same  =     n,Hangup()\n");
        assert_eq!(written(|w| w.same("")).0, "same  =\n");
        assert_eq!(written(|w| w.verbatim_object_option(" k ", " v ")).0, " k  =>  v \n");
        for (key, value, line) in
            [("k", "v", "k => v"), ("k", " ", "k =>"), ("", "v", "=> v"), (" k ", " v ", "k  =>  v")]
        {
            assert_eq!(written(|w| w.object_option(key, value)).0, format!("{line}\n"));
        }
    }

    #[test]
    fn an_empty_line_precedes_each_section_but_the_first_of_a_part() {
        let (text, _) = written(|w| {
            w.section("a");
            w.option("k", "1");
            w.section(" sp ace]");
            w.blank();
            w.part();
            w.headed_section(Some("  "), "b");
            w.headed_section(Some(""), "c");
        });
        assert_eq!(text, "[a]\nk = 1\n\n[ sp ace]]\n\n;   \n[b]\n\n[c]\n");
    }

    #[test]
    fn nothing_can_start_a_line() {
        for bad in ["a\nb", "a\rb", "a\0b"] {
            let (text, warnings) = written(|w| {
                w.section("s");
                w.option("k", bad);
                w.option(bad, "v");
                w.object_option("k", bad);
                w.same(bad);
                w.hint(bad, &["x"]);
                w.hint("x", &["x", bad]);
                w.verbatim_option("k", bad);
                w.verbatim_object_option(bad, "v");
                w.section(bad);
                w.option("of", "the bad section");
                w.headed_section(Some(bad), "t");
                w.template_section(bad);
                w.section("u");
                w.option("k", "v");
            });
            assert_eq!(text, "[s]\n\n[u]\nk = v\n");
            assert_eq!(warnings.len(), 6, "{warnings:?}");
        }
        let (_, warnings) = written(|w| {
            w.section("s");
            w.option("k", "a\nb");
            w.section("a\nb");
        });
        assert_eq!(
            warnings,
            [
                "in section \"s\", the option \"k\" is left out: it has a line break",
                "the section \"a\\nb\" is left out: its head has a line break",
            ]
        );
    }
}
