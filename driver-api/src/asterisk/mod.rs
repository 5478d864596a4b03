//! Writes files in Asterisk's syntax: sections with options, one per line. INI files share this syntax.
//!
//! A driver creates a [`Writer`]. Each line comes [`at`](Writer::at) a row of the database, or is the program's
//! [`own`](Writer::own):
//!
//! | call | line |
//! |---|---|
//! | [`section("1001")`](Lines::section) | `[1001]`, below an empty line if it is not the first |
//! | [`template_section("wazo")`](Lines::template_section) | `[wazo](!)` |
//! | [`derived_section("1001", "wazo")`](Lines::derived_section) | `[1001](wazo)` |
//! | [`option("language", "fr_CA")`](Lines::option) | `language = fr_CA` |
//! | [`object_option("number", "0612345678,30")`](Lines::object_option) | `number => 0612345678,30` |
//! | [`hint("1001", &[&"PJSIP/abc"])`](Lines::hint) | `exten = 1001,hint,PJSIP/abc` |
//! | [`member(&[&"PJSIP/abc", &0])`](Lines::member) | `member = PJSIP/abc,0` |
//! | [`same("n,Hangup()")`](Lines::same) | `same  =     n,Hangup()` |
//!
//! The writer puts a backslash before a `;` that has none, because Asterisk reads a bare `;` as the start of a
//! comment. `option`, `object_option` and `same` strip blanks from both ends of the line, as Asterisk does; the
//! `verbatim` methods keep every blank. [`syntax`] lists the other rules for each place of a line.
//!
//! A driver that changes the text of another driver does so in [`Session::edit`].

mod editing;
mod lines;
mod mark;
mod origins;
mod recorder;
#[cfg(test)]
mod tests;

pub use asterisk_conf::{OptionLine, edit, end_mark, syntax};

pub use self::lines::{Lines, prepared_option};
pub use self::mark::{is_configuration, with_end_mark, without_end_mark};
pub(crate) use self::origins::moved;
pub use self::origins::{LineOrigin, LineOrigins};
pub(crate) use self::recorder::{Recorder, origins_by_section, origins_of_lines};
use crate::{Origin, Row, Session, Warning, Warnings};

/// Writes a file, or a part of one, from top to bottom.
///
/// Asterisk reads from each line exactly what the call said, whatever the values are. The writer leaves out a line
/// that it can't write so, and all options of a section that it leaves out. [`finish`](Writer::finish) warns of
/// each; the warning names table, row and column if the line comes from a row.
///
/// ```
/// use driver_api::asterisk::{Writer, yes_no};
/// use driver_api::{Query, Row, Text};
///
/// #[derive(serde::Deserialize)]
/// struct Class {
///     name: Text,
///     application: Text,
/// }
///
/// let row = r#"{"uuid": "m", "tenant_uuid": "t", "name": "jazz;--", "label": "", "mode": "custom", "application": "a\nb"}"#;
/// fixtures::Scratch::new(&[("moh", row)]).in_session(|session| {
///     let sql = "SELECT name, application FROM moh ORDER BY uuid";
///     let classes: Vec<Row<Class>> = session.query(Query { table: "moh", key: &["name"], sql }, &[]).unwrap();
///
///     let mut writer = Writer::new(session);
///     writer.own().section("general");
///     writer.own().option("cachertclasses", yes_no(true));
///     for class in &classes {
///         let mut lines = writer.at(class);
///         lines.section(&class.name);
///         lines.option("application", &class.application);
///     }
///     assert_eq!(writer.finish(session), "[general]\ncachertclasses = yes\n\n[jazz\\;--]\n");
///
///     let place = r#"table moh, row name="jazz;--", column application"#;
///     let message = r#"the value has a line break; the option "application" is left out"#;
///     assert_eq!(session.take_warnings()[0].to_string(), format!("{place}: {message}"));
/// });
/// ```
pub struct Writer {
    text: asterisk_conf::Writer,
    /// The name of the current section, for warnings.
    section: String,
    /// Warnings of the driver, and of lines that are left out.
    warnings: Vec<Warning>,
    /// Warnings of blanks that Asterisk strips. They come last, because nothing is lost.
    stripped: Vec<Warning>,
    recorder: Option<Recorder>,
}

impl Writer {
    /// Creates a writer for a file, or for its first part.
    pub fn new(session: &Session<'_>) -> Writer {
        Writer::with(session.recorder())
    }

    /// Creates a writer for lines and sections that follow. [`append`](Writer::append) puts its text behind this one's.
    #[must_use]
    pub fn continued(&self) -> Writer {
        let recorder = self.recorder.as_ref().map(Recorder::continued);
        Writer { text: self.text.continued(), section: self.section.clone(), ..Writer::with(recorder) }
    }

    fn with(recorder: Option<Recorder>) -> Writer {
        Writer {
            text: asterisk_conf::Writer::new(),
            section: String::new(),
            warnings: Vec::new(),
            stripped: Vec::new(),
            recorder,
        }
    }

    /// Appends the text and the warnings of another writer.
    pub fn append(&mut self, mut other: Writer) {
        if let (Some(recorder), Some(others)) = (&mut self.recorder, other.recorder) {
            recorder.append(self.text.text(), others);
        }
        self.text.append(&other.text);
        self.warnings.append(&mut other.warnings);
        self.stripped.append(&mut other.stripped);
        self.section = other.section;
    }

    /// Returns the number of bytes written so far.
    pub fn size(&self) -> usize {
        self.text.text().len()
    }

    /// Makes room for this many more bytes, so that a large text is not moved while it grows.
    pub fn reserve(&mut self, bytes: usize) {
        self.text.reserve(bytes);
    }

    /// Begins a part of the file. An empty line separates its sections; none stands before the first.
    pub fn part(&mut self) {
        self.text.part();
    }

    /// Writes lines that come from this row.
    pub fn at<'w, T>(&'w mut self, row: &'w Row<T>) -> Lines<'w> {
        self.at_origin(row.origin())
    }

    /// Writes lines that come from this row of the database.
    pub fn at_origin<'w>(&'w mut self, origin: &'w Origin) -> Lines<'w> {
        Lines::new(self, Some(origin))
    }

    /// Writes lines of the program's own, which do not depend on the database.
    pub fn own(&mut self) -> Lines<'_> {
        Lines::new(self, None)
    }

    /// Writes an option that many sections have, and whose line was [prepared](prepared_option) once. It has no origin, so
    /// a driver writes it only where the writer [records none](Writer::records_origins).
    pub fn prepared(&mut self, line: &OptionLine) {
        self.text.prepared(line);
    }

    /// Returns whether the writer records the origins of its lines. A driver that would look for more than the row of a
    /// line can spare itself the work otherwise.
    pub fn records_origins(&self) -> bool {
        self.recorder.is_some()
    }

    /// Returns whether the session is [explaining](Session::explaining) the section that was begun last. Notes about its
    /// lines are shown; see [`Lines::noting`].
    pub fn explains_section(&self) -> bool {
        self.recorder.as_ref().is_some_and(|recorder| recorder.is_explained)
    }

    /// Writes an empty line.
    pub fn blank(&mut self) {
        self.text.blank();
    }

    /// Writes a text of the program's own, of any number of lines.
    pub fn fixed(&mut self, text: &'static str) {
        self.text.fixed(text);
    }

    /// Returns the text, and gives the session all warnings, among them one for each line that was left out.
    pub fn finish(self, session: &mut Session<'_>) -> String {
        for warning in self.warnings.into_iter().chain(self.stripped) {
            session.warn(warning);
        }
        if let Some(recorder) = self.recorder {
            let (origins, notes) = recorder.finish();
            session.record(origins);
            session.record_notes(notes);
        }
        self.text.into_text()
    }
}

impl Warnings for Writer {
    fn warn(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }
}

/// Whether Python's `str.strip` strips this character: Unicode's white space, and four separators that Rust keeps.
pub fn is_white_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// Returns a boolean as Asterisk's own files spell it: `yes` or `no`.
pub fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}
