//! Writes a file line by line.

use crate::syntax::{self, Refusal};

/// Writes a file, or a part of one, from top to bottom.
///
/// Each call writes one line, which Asterisk reads as the call says, or returns a [`Refusal`] and writes nothing. Below
/// a section that was refused, the writer leaves out all lines without an error: they would become part of the section
/// before.
///
/// ```
/// use asterisk_conf::{Refusal, Writer};
///
/// let mut writer = Writer::new();
/// writer.section(None, "1001", None)?;
/// writer.option("password", " = ", &["se;cret"])?;
/// assert_eq!(writer.option("a=b", " = ", &["c"]), Err(Refusal::EqualsSign));
/// assert_eq!(writer.into_text(), "[1001]\npassword = se\\;cret\n");
/// # Ok::<(), Refusal>(())
/// ```
#[derive(Default)]
pub struct Writer {
    text: String,
    /// Whether the current section was refused.
    muted: bool,
    /// Whether the next section is the first of a part, which has no empty line above it.
    first: bool,
}

impl Writer {
    /// Creates a writer for a file, or for its first part.
    pub fn new() -> Writer {
        Writer { first: true, ..Writer::default() }
    }

    /// Creates a writer for lines and sections that follow. [`append`](Writer::append) puts its text behind this one's.
    #[must_use]
    pub fn continued(&self) -> Writer {
        Writer { muted: self.muted, ..Writer::default() }
    }

    /// Appends the text of another writer.
    pub fn append(&mut self, other: &Writer) {
        self.text.push_str(&other.text);
        self.muted = other.muted;
    }

    /// Begins a part of the file. An empty line separates its sections; none stands before the first.
    pub fn part(&mut self) {
        self.first = true;
        self.muted = false;
    }

    /// Writes `[name]` or `[name](template)`, below a comment if there is one. Leaves out a comment that a line can't
    /// hold.
    pub fn section(
        &mut self,
        comment: Option<&str>,
        name: &str,
        template: Option<&str>,
    ) -> Result<(), Refusal> {
        let start = self.text.len();
        let result = self.header(comment, name, template);
        self.muted = result.is_err();
        if self.muted {
            self.text.truncate(start);
        } else {
            self.first = false;
        }
        result
    }

    fn header(&mut self, comment: Option<&str>, name: &str, template: Option<&str>) -> Result<(), Refusal> {
        if !self.first {
            self.text.push('\n');
        }
        if let Some(comment) = comment {
            let start = self.text.len();
            self.text.push_str("; ");
            let written = syntax::comment(&mut self.text, comment).and_then(|()| self.end_line(start));
            if written.is_err() {
                self.text.truncate(start);
            }
        }
        let start = self.text.len();
        self.text.push('[');
        syntax::section_name(&mut self.text, name)?;
        self.text.push(']');
        if let Some(template) = template {
            self.text.push('(');
            match template {
                "!" => self.text.push('!'),
                name => syntax::template_name(&mut self.text, name)?,
            }
            self.text.push(')');
        }
        self.end_line(start)
    }

    /// Writes `key = value` without blanks at either end of the line, where Asterisk strips them. The sign includes the
    /// blanks around it: `" = "` or `" => "`. The value comes in parts.
    pub fn option(
        &mut self,
        key: &str,
        sign: &str,
        value: impl IntoIterator<Item: AsRef<str>>,
    ) -> Result<(), Refusal> {
        self.line(|text| {
            let start = text.len();
            option(text, key.trim_start_matches(syntax::is_blank), sign, value)?;
            let end = start + text[start..].trim_end_matches(syntax::is_blank).len();
            text.truncate(end);
            Ok(())
        })
    }

    /// Writes an option that many sections have.
    pub fn prepared(&mut self, line: &OptionLine) {
        if !self.muted {
            self.text.push_str(&line.0);
        }
    }

    /// Writes `key = value` and keeps every blank, though Asterisk strips those around key and value.
    pub fn verbatim_option(
        &mut self,
        key: &str,
        sign: &str,
        value: impl IntoIterator<Item: AsRef<str>>,
    ) -> Result<(), Refusal> {
        self.line(|text| option(text, key, sign, value))
    }

    /// Writes `exten = extension,hint,devices`. The devices give the extension its state; their parts include the `&`
    /// between them.
    pub fn hint(
        &mut self,
        extension: &str,
        devices: impl IntoIterator<Item: AsRef<str>>,
    ) -> Result<(), Refusal> {
        self.line(|text| {
            text.push_str("exten = ");
            syntax::extension(text, extension)?;
            text.push_str(",hint,");
            devices.into_iter().try_for_each(|part| syntax::device(text, part.as_ref()))
        })
    }

    /// Writes `member = interface,penalty,name,state interface`, a member of a queue, with the fields that are given.
    pub fn member(&mut self, fields: impl IntoIterator<Item: AsRef<str>>) -> Result<(), Refusal> {
        self.line(|text| {
            text.push_str("member = ");
            for (number, field) in fields.into_iter().enumerate() {
                if number > 0 {
                    text.push(',');
                }
                syntax::member_field(text, field.as_ref())?;
            }
            Ok(())
        })
    }

    /// Writes an empty line.
    pub fn blank(&mut self) {
        self.text.push('\n');
    }

    /// Writes a text of the program's own, of any number of lines.
    pub fn fixed(&mut self, text: &'static str) {
        self.text.push_str(text);
    }

    /// Writes the output of a template, of any number of lines, and ends its last line. Refuses all of it if
    /// [`syntax::line`] refuses one of its lines; the error has the number of the line, from 1, and the reason.
    pub fn rendered(&mut self, text: &str) -> Result<(), (usize, Refusal)> {
        syntax::lines(text)?;
        self.text.push_str(text);
        self.text.push('\n');
        Ok(())
    }

    /// Makes room for this many more bytes, so that the text is not moved while it grows.
    pub fn reserve(&mut self, bytes: usize) {
        self.text.reserve(bytes);
    }

    /// Returns the text so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Converts it to the text.
    pub fn into_text(self) -> String {
        self.text
    }

    /// Writes a line, and removes it again if it is refused.
    fn line(&mut self, write: impl FnOnce(&mut String) -> Result<(), Refusal>) -> Result<(), Refusal> {
        let start = self.text.len();
        let result = write(&mut self.text).and_then(|()| self.end_line(start));
        if result.is_err() || self.muted {
            self.text.truncate(start);
        }
        if self.muted { Ok(()) } else { result }
    }

    fn end_line(&mut self, start: usize) -> Result<(), Refusal> {
        syntax::fits(&self.text[start..])?;
        self.text.push('\n');
        Ok(())
    }
}

/// The line of an option that many sections have. It is checked and escaped once, and then copied.
///
/// ```
/// use asterisk_conf::{OptionLine, Refusal, Writer};
///
/// let line = OptionLine::new("password", " = ", "se;cret")?;
/// let mut writer = Writer::new();
/// writer.section(None, "1001", None)?;
/// writer.prepared(&line);
/// writer.section(None, "1002", None)?;
/// writer.prepared(&line);
/// assert_eq!(writer.into_text(), "[1001]\npassword = se\\;cret\n\n[1002]\npassword = se\\;cret\n");
/// assert_eq!(OptionLine::new("a=b", " = ", "c"), Err(Refusal::EqualsSign));
/// # Ok::<(), Refusal>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionLine(Box<str>);

impl OptionLine {
    /// Prepares the line that [`Writer::option`] writes.
    pub fn new(key: &str, sign: &str, value: &str) -> Result<OptionLine, Refusal> {
        let mut writer = Writer::new();
        writer.option(key, sign, [value])?;
        Ok(OptionLine(writer.into_text().into()))
    }
}

fn option(
    text: &mut String,
    key: &str,
    sign: &str,
    value: impl IntoIterator<Item: AsRef<str>>,
) -> Result<(), Refusal> {
    syntax::padded_key(text, key)?;
    text.push_str(sign);
    value.into_iter().try_for_each(|part| syntax::value(text, part.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Writer)) -> String {
        let mut writer = Writer::new();
        write(&mut writer);
        writer.into_text()
    }

    fn one(write: impl FnOnce(&mut Writer) -> Result<(), Refusal>) -> Result<String, Refusal> {
        let mut writer = Writer::new();
        write(&mut writer).map(|()| writer.into_text())
    }

    #[test]
    fn an_option_has_no_blanks_at_its_ends() {
        for (key, value, line) in [
            ("k", "", "k ="),
            ("k", " v ", "k =  v"),
            (" k ", "v", "k  = v"),
            ("c", "  3 ", "c =   3"),
            ("k", "v\u{1c}\t", "k = v"),
            // Asterisk does not strip these.
            ("k", "v\u{a0}\u{85}", "k = v\u{a0}\u{85}"),
            ("k", "a;b \"c\" é", "k = a\\;b \"c\" é"),
            ("[evil](x)", "v", "\\[evil](x) = v"),
            ("#exec x", "v", "\\#exec x = v"),
        ] {
            assert_eq!(one(|w| w.option(key, " = ", &[value])), Ok(format!("{line}\n")));
        }
        assert_eq!(one(|w| w.option("", " = ", &["v"])), Err(Refusal::Empty));
        assert_eq!(one(|w| w.option(" ", " = ", &["v"])), Err(Refusal::Empty));
        assert_eq!(one(|w| w.verbatim_option(" k ", " => ", &[" a", "b "])), Ok(" k  =>  ab \n".to_owned()));
        assert_eq!(
            one(|w| w.option("same ", " =     ", &["n,Hangup() "])),
            Ok("same  =     n,Hangup()\n".to_owned())
        );
    }

    #[test]
    fn an_empty_line_separates_the_sections_of_a_part() {
        let text = written(|w| {
            let sections =
                [w.section(None, "a", None), w.option("k", " = ", &["1"]), w.section(None, "b", Some("!"))];
            assert_eq!(sections, [Ok(()); 3]);
            w.part();
            assert_eq!(w.section(Some("  "), "c", Some("b")), Ok(()));
            assert_eq!(w.section(Some("two\nlines"), "d", None), Ok(()));
        });
        assert_eq!(text, "[a]\nk = 1\n\n[b](!)\n;   \n[c](b)\n\n[d]\n");
    }

    #[test]
    fn lines_below_a_refused_section_are_left_out() {
        let text = written(|w| {
            assert_eq!(w.section(None, "a", None), Ok(()));
            assert_eq!(w.section(None, "b]", None), Err(Refusal::Bracket));
            assert_eq!(w.option("of", " = ", &["b"]), Ok(()));
            assert_eq!(w.section(None, "b", Some("a)")), Err(Refusal::Bracket));
            assert_eq!(w.option("of", " = ", &["b"]), Ok(()));
            assert_eq!(w.section(None, "c", None), Ok(()));
        });
        assert_eq!(text, "[a]\n\n[c]\n");
    }

    #[test]
    fn so_are_those_that_a_continued_writer_has() {
        let text = written(|w| {
            assert_eq!(w.section(None, "a", None), Ok(()));
            assert_eq!(w.section(None, "b]", None), Err(Refusal::Bracket));
            let mut other = w.continued();
            assert_eq!(other.option("of", " = ", &["b"]), Ok(()));
            w.append(&other);
            assert_eq!(w.option("of", " = ", &["b"]), Ok(()));
            let mut other = w.continued();
            assert_eq!(other.section(None, "c", None), Ok(()));
            w.append(&other);
            assert_eq!(w.option("of", " = ", &["c"]), Ok(()));
        });
        assert_eq!(text, "[a]\n\n[c]\nof = c\n");
    }

    #[test]
    fn a_line_that_is_too_long_is_refused() {
        let fits = "x".repeat(syntax::LINE_LIMIT - "k = ".len());
        assert!(one(|w| w.option("k", " = ", &[&fits])).is_ok());
        assert_eq!(one(|w| w.option("k", " = ", &[&fits, ";"])), Err(Refusal::LongLine));
    }

    #[test]
    fn a_hint_is_one_extension_and_its_devices() {
        assert_eq!(
            one(|w| w.hint(" 5;", &["Custom:", " 5;"])),
            Ok("exten =  5\\;,hint,Custom: 5\\;\n".to_owned())
        );
        assert_eq!(one(|w| w.hint("666,1,System(id)", &["x"])), Err(Refusal::Comma));
        assert_eq!(one(|w| w.hint("1", &["PJSIP/a", "&", "b,c"])), Err(Refusal::Comma));
        assert_eq!(one(|w| w.hint("1", &["${SHELL(id)}"])), Err(Refusal::Expression));
        assert_eq!(one(|w| w.hint("1", &["a(b"])), Err(Refusal::Unbalanced));
    }

    #[test]
    fn the_fields_of_a_member_stay_separate() {
        let line = one(|w| w.member(&["Local/1,2", "5", "", "hint:(a)"]));
        assert_eq!(line, Ok("member = Local/1\\,2,5,,hint:\\(a\\)\n".to_owned()));
        assert_eq!(one(|w| w.member(&["a", " "])), Err(Refusal::BlankAtEnd));
    }

    #[test]
    fn every_line_of_a_template_is_checked() {
        let mut writer = Writer::new();
        assert_eq!(writer.rendered("[a] ; a comment\n\nk = v"), Ok(()));
        assert_eq!(writer.rendered("[b]\nk = x;--\n"), Err((2, Refusal::BlockComment)));
        assert_eq!(writer.into_text(), "[a] ; a comment\n\nk = v\n");
    }
}
