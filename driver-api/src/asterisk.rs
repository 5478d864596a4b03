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

pub use asterisk_conf::syntax;
use asterisk_conf::syntax::Refusal;

use crate::{Session, Warning};

/// Writes a file, or a part of one, from top to bottom.
///
/// Whatever the values are, Asterisk reads from each line what the call said: a `;` gets a backslash, and what
/// can't be written so that Asterisk reads it back is left out, with a warning from
/// [`finish`](Writer::finish). The options of a section that is left out are left out with it.
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
///         writer.object_option("number", "0612345678;30");
///         writer.option("musicclass", "jazz\n[general]");
///         Ok(writer.finish(session))
///     }
/// }
///
/// let mut database = fixtures::Scratch::new(&[]);
/// let text = "[general]\nenable_callee_prompt = yes\n\n[1001]\nnumber => 0612345678\\;30\n";
/// assert_eq!(database.generate(&FollowMe).unwrap(), text);
/// let warning = r#"in section "1001", the option "musicclass" is left out: the value has a line break"#;
/// assert_eq!(database.warnings, [warning]);
/// ```
#[derive(Default)]
pub struct Writer {
    text: asterisk_conf::Writer,
    section: String,
    refused: Vec<String>,
}

impl Writer {
    /// A writer for a file, or for its first part.
    pub fn new() -> Writer {
        Writer { text: asterisk_conf::Writer::new(), ..Writer::default() }
    }

    /// A writer for what follows other sections, to be put behind them with [`append`](Writer::append).
    pub fn continued() -> Writer {
        Writer::default()
    }

    /// Puts the text of another writer behind this one's.
    pub fn append(&mut self, mut other: Writer) {
        self.text.append(&other.text);
        self.refused.append(&mut other.refused);
        self.section = other.section;
    }

    /// Begins a part of the file: an empty line stands between its sections, not before the first.
    pub fn part(&mut self) {
        self.text.part();
    }

    /// `[name]`.
    pub fn section(&mut self, name: &str) {
        self.begin_section(None, name, None);
    }

    /// `[name](!)`: a section that is nothing by itself, and that others inherit from.
    pub fn template_section(&mut self, name: &str) {
        self.begin_section(None, name, Some("!"));
    }

    /// `[name](template)`: a section that inherits from another.
    pub fn derived_section(&mut self, name: &str, template: &str) {
        self.begin_section(None, name, Some(template));
    }

    /// `[name]`, under a comment if there is one.
    pub fn headed_section(&mut self, comment: Option<&str>, name: &str) {
        self.begin_section(comment.filter(|comment| !comment.is_empty()), name, None);
    }

    fn begin_section(&mut self, comment: Option<&str>, name: &str, template: Option<&str>) {
        name.clone_into(&mut self.section);
        if let Err(refusal) = self.text.section(comment, name, template) {
            self.refused.push(format!("the section {name:?} is left out: {refusal}"));
        }
    }

    /// `key = value`, without blanks at either end of the line.
    pub fn option(&mut self, key: &str, value: &str) {
        let result = self.text.option(key, " = ", &[value]);
        self.note(key, result);
    }

    /// `key => value`, without blanks at either end of the line.
    pub fn object_option(&mut self, key: &str, value: &str) {
        let result = self.text.option(key, " => ", &[value]);
        self.note(key, result);
    }

    /// `same  =     value`: one more line of the extension above. Dialplans are compared with those of
    /// earlier releases, so it has their blanks.
    pub fn same(&mut self, value: &str) {
        let result = self.text.option("same ", " =     ", &[value]);
        self.note("same", result);
    }

    /// `exten = extension,hint,argument`: which device shows the state of an extension. Every blank is kept.
    pub fn hint(&mut self, extension: &str, argument: &[&str]) {
        let result = self.text.hint(extension, argument);
        self.note(extension, result);
    }

    /// `key = value`, every blank kept.
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
        let result = self.text.verbatim_option(key, sign, value);
        self.note(key, result);
    }

    /// An empty line.
    pub fn blank(&mut self) {
        self.text.blank();
    }

    /// A text of the program's own, with as many lines as it has.
    pub fn fixed(&mut self, text: &'static str) {
        self.text.fixed(text);
    }

    /// What a template made, with as many lines as that has, and the end of the last. If one of them is a
    /// directive or has a mark of a block comment, all of it is refused; the reason has the number of the line.
    pub fn rendered(&mut self, text: &str) -> Result<(), String> {
        self.text.rendered(text).map_err(|(line, refusal)| format!("line {line} of its text: {refusal}"))
    }

    /// The text, after a warning for each line that was left out.
    pub fn finish(self, session: &mut Session<'_>) -> String {
        for message in self.refused {
            session.warn(Warning::new("", message));
        }
        self.text.into_text()
    }

    fn note(&mut self, key: &str, result: Result<(), Refusal>) {
        if let Err(refusal) = result {
            let section = &self.section;
            self.refused.push(format!("in section {section:?}, the option {key:?} is left out: {refusal}"));
        }
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
    fn each_call_is_a_line() {
        let (text, warnings) = written(|w| {
            w.section("a");
            w.option("k", " v ");
            w.verbatim_option("k", " v ");
            w.object_option("k", "v");
            w.verbatim_object_option(" k ", " v ");
            w.hint(" 5 ", &["Custom:", " 5 "]);
            w.same("n,Hangup() ");
            w.part();
            w.headed_section(Some("  "), "b");
            w.headed_section(Some(""), "c");
            w.template_section("d");
            w.derived_section("e", "d");
            assert_eq!(w.rendered("; text"), Ok(()));
        });
        let expected = "[a]\nk =  v\nk =  v \nk => v\n k  =>  v \nexten =  5 ,hint,Custom: 5 \n\
            same  =     n,Hangup()\n;   \n[b]\n\n[c]\n\n[d](!)\n\n[e](d)\n; text\n";
        assert_eq!((text.as_str(), warnings.len()), (expected, 0));
    }

    #[test]
    fn nothing_but_a_call_makes_a_line() {
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
                assert!(w.rendered("#exec x").is_err());
            });
            assert_eq!(text, "[s]\n\n[t]\n\n[u]\nk = v\n");
            assert_eq!(warnings.len(), 5, "{warnings:?}");
        }
        let (_, warnings) = written(|w| {
            w.section("s");
            w.option("a=b", "c");
            w.section("a]b");
        });
        assert_eq!(
            warnings,
            [
                "in section \"s\", the option \"a=b\" is left out: there is a \"=\", which ends the name of an option",
                "the section \"a]b\" is left out: there is a \"]\", which ends the name of a section",
            ]
        );
    }
}
