//! The lines of one row.

use std::borrow::Cow;
use std::sync::Arc;

use asterisk_conf::OptionLine;
use asterisk_conf::syntax::{self, Place, Refusal};
use smallvec::SmallVec;

use super::Writer;
use super::recorder::Known;
use crate::explanation::{Note, Template};
use crate::{Origin, Piece, Warning};

/// Writes lines that come from one row, or that are the program's own.
///
/// Keys and values are [`Piece`]s: texts, numbers, or fields of the row, whose column a warning names.
pub struct Lines<'w> {
    writer: &'w mut Writer,
    origin: Option<&'w Origin>,
    template: Option<&'w Arc<Template>>,
    notes: &'w [Note],
}

impl<'w> Lines<'w> {
    pub(super) fn new(writer: &'w mut Writer, origin: Option<&'w Origin>) -> Lines<'w> {
        Lines { writer, origin, template: None, notes: &[] }
    }

    /// Says that the row belongs to this template, from which the section inherits.
    #[must_use]
    pub fn of_template(self, template: Option<&'w Arc<Template>>) -> Lines<'w> {
        Lines { template, ..self }
    }

    /// Adds notes about each of the lines. A session that is not [explaining](crate::Session::explaining) drops them;
    /// notes that cost something are made only if the [writer](Writer::explains_section) asks for them.
    #[must_use]
    pub fn noting(self, notes: &'w [Note]) -> Lines<'w> {
        Lines { notes, ..self }
    }

    fn known(&self) -> Known<'w> {
        Known { origin: self.origin, template: self.template, notes: self.notes }
    }

    /// Returns the row that the lines come from, or `None` if they are the program's own.
    pub fn origin(&self) -> Option<&'w Origin> {
        self.origin
    }

    /// Writes `[name]`.
    pub fn section(&mut self, name: impl Piece) {
        self.begin_section(None, &name, None);
    }

    /// Writes `[name](!)`, a template: Asterisk uses it only for the sections that inherit from it.
    pub fn template_section(&mut self, name: impl Piece) {
        self.begin_section(None, &name, Some("!"));
    }

    /// Writes `[name](template)`, a section that inherits from another one.
    pub fn derived_section(&mut self, name: impl Piece, template: &str) {
        self.begin_section(None, &name, Some(template));
    }

    /// Writes `[name]`, below a comment if there is one.
    pub fn headed_section(&mut self, comment: Option<&str>, name: impl Piece) {
        self.begin_section(comment.filter(|comment| !comment.is_empty()), &name, None);
    }

    fn begin_section(&mut self, comment: Option<&str>, name: &dyn Piece, template: Option<&str>) {
        let text = name.text();
        let section = &mut self.writer.section;
        section.clear();
        section.push_str(&text);
        let start = self.writer.text.text().len();
        match self.writer.text.section(comment, &text, template) {
            Ok(()) => {
                if let Some(recorder) = &mut self.writer.recorder {
                    recorder.begin_section(&text);
                }
                self.record(start, name);
            }
            Err(refusal) => self.refuse(name, &format!("the section {text:?}"), refusal),
        }
    }

    /// Writes `key = value`, without blanks at either end of the line.
    pub fn option(&mut self, key: impl Piece, value: impl Piece) {
        self.stripped(&key, " = ", &[&value]);
    }

    /// Writes `key = value` with a value of several pieces.
    pub fn option_of(&mut self, key: impl Piece, value: &[&dyn Piece]) {
        self.stripped(&key, " = ", value);
    }

    /// Writes `key => value`, without blanks at either end of the line.
    pub fn object_option(&mut self, key: impl Piece, value: impl Piece) {
        self.stripped(&key, " => ", &[&value]);
    }

    /// Writes `key => value` with a value of several pieces.
    pub fn object_option_of(&mut self, key: impl Piece, value: &[&dyn Piece]) {
        self.stripped(&key, " => ", value);
    }

    /// Writes `same  =     value`, another line of the extension above. The blanks are those of earlier releases,
    /// with whose dialplans operators compare.
    pub fn same(&mut self, value: impl Piece) {
        self.stripped(&"same ", " =     ", &[&value]);
    }

    /// Writes `key = value` and keeps every blank.
    pub fn verbatim_option(&mut self, key: impl Piece, value: impl Piece) {
        self.verbatim_line(key, " = ", &[&value]);
    }

    /// Writes `key => value` and keeps every blank.
    pub fn verbatim_object_option(&mut self, key: impl Piece, value: impl Piece) {
        self.verbatim_line(key, " => ", &[&value]);
    }

    /// Writes a key, a sign and a value of several pieces, and keeps every blank. The sign includes the blanks
    /// around it: `" => "`.
    pub fn verbatim_line(&mut self, key: impl Piece, sign: &str, value: &[&dyn Piece]) {
        self.line(&key, syntax::padded_key, value, syntax::value, |writer, key, value| {
            writer.verbatim_option(key, sign, value)
        });
    }

    /// Writes `exten = extension,hint,devices` and keeps every blank. The devices give the extension its state; their
    /// pieces include the `&` between them.
    pub fn hint(&mut self, extension: impl Piece, devices: &[&dyn Piece]) {
        self.line(&extension, syntax::extension, devices, syntax::device, |writer, extension, devices| {
            writer.hint(extension, devices)
        });
    }

    /// Writes `member = interface,penalty,name,state interface`, a member of a queue, with the fields that are given.
    pub fn member(&mut self, fields: &[&dyn Piece]) {
        self.line(&"member", syntax::key, fields, syntax::member_field, |writer, _, fields| {
            writer.member(fields)
        });
    }

    /// Writes the output of a template, of any number of lines, and ends its last line. Refuses all of it if a line
    /// is a directive or has a mark of a block comment; the error has the number of the line.
    pub fn rendered(&mut self, text: &str) -> Result<(), String> {
        let before = self.writer.recorder.as_ref().map(|_| self.writer.text.text().len());
        let rendered = self.writer.text.rendered(text);
        rendered.map_err(|(line, refusal)| format!("line {line} of its text: {refusal}"))?;
        let known = self.known();
        if let (Some(recorder), Some(before)) = (&mut self.writer.recorder, before) {
            recorder.record_from(self.writer.text.text(), before, known);
        }
        Ok(())
    }

    fn stripped(&mut self, key: &dyn Piece, sign: &str, value: &[&dyn Piece]) {
        self.line(key, syntax::padded_key, value, syntax::value, |writer, key, value| {
            writer.option(key, sign, value)
        });
    }

    /// Writes a line. It asks each piece for its text once, and allocates nothing for a value of one piece, as most
    /// values are.
    fn line(
        &mut self,
        key: &dyn Piece,
        key_place: Place,
        value: &[&dyn Piece],
        value_place: Place,
        write: impl FnOnce(&mut asterisk_conf::Writer, &str, Texts<'_>) -> Result<(), Refusal>,
    ) {
        let start = self.writer.text.text().len();
        let key_text = key.text();
        let write = |texts: Texts<'_>| {
            let result = write(&mut self.writer.text, &key_text, texts);
            result.map(|()| self.warn_of_blanks(start, (key, &key_text), value, texts))
        };
        let result = match value {
            [piece] => write(&[piece.text()]),
            pieces => write(&pieces.iter().map(|piece| piece.text()).collect::<SmallVec<[_; 12]>>()),
        };
        if let Err(refusal) = result {
            let culprit = culprit(key, key_place, value, value_place);
            return self.refuse(culprit, &format!("the option {key_text:?}"), refusal);
        }
        if self.writer.recorder.is_some() {
            let with_column = value.iter().find(|piece| piece.column(self.origin).is_some());
            self.record(start, *with_column.unwrap_or(&key));
            self.note_columns(start, key, value);
        }
    }

    /// Notes the columns of the line behind the byte `start`, if they are several.
    fn note_columns(&mut self, start: usize, key: &dyn Piece, value: &[&dyn Piece]) {
        let Some(recorder) = self.writer.recorder.as_mut().filter(|recorder| recorder.is_explained) else {
            return;
        };
        let mut columns: Vec<String> = Vec::new();
        for column in [key].iter().chain(value).filter_map(|piece| piece.column(self.origin)) {
            if !columns.iter().any(|known| known == column) {
                columns.push(column.to_owned());
            }
        }
        if columns.len() > 1 && self.writer.text.text().len() > start {
            recorder.note_last_line(Note::Columns(columns));
        }
    }

    /// Adds a warning for each piece of a row that has a blank at an end of the key or of the value, where Asterisk
    /// strips it. Adds none if no line was written behind the byte `start`.
    fn warn_of_blanks(
        &mut self,
        start: usize,
        (key, key_text): (&dyn Piece, &str),
        value: &[&dyn Piece],
        texts: Texts<'_>,
    ) {
        let Some(origin) = self.origin.filter(|_| self.writer.text.text().len() > start) else { return };
        let stripped = &mut self.writer.stripped;
        let mut warn_if = |is_stripped: bool, piece: &dyn Piece| {
            if is_stripped && let Some(column) = piece.column(Some(origin)) {
                stripped.push(origin.warning(column, STRIPPED));
            }
        };
        warn_if(begins_blank(key_text) || ends_blank(key_text), key);
        if let ([first, ..], [.., last], [first_text, ..], [.., last_text]) = (value, value, texts, texts) {
            warn_if(begins_blank(first_text), *first);
            warn_if(ends_blank(last_text), *last);
        }
    }

    fn refuse(&mut self, culprit: &dyn Piece, what: &str, refusal: Refusal) {
        let warning = match self.origin {
            Some(origin) => {
                let column = culprit.column(self.origin).unwrap_or_default();
                origin.warning(column, format!("{refusal}; {what} is left out"))
            }
            None if what.starts_with("the section") => {
                Warning::new("", format!("{what} is left out: {refusal}"))
            }
            None => {
                let section = &self.writer.section;
                Warning::new("", format!("in section {section:?}, {what} is left out: {refusal}"))
            }
        };
        self.writer.warnings.push(warning);
    }

    /// Records the origin of the line that was written behind the byte `start`. Below a refused section no line was.
    fn record(&mut self, start: usize, value: &dyn Piece) {
        let known = self.known();
        if let Some(recorder) = &mut self.writer.recorder {
            let text = self.writer.text.text();
            if text.len() > start {
                recorder.record(text, known, value.column(self.origin));
            }
        }
    }
}

/// Prepares the line that [`Lines::option`] writes for these texts. An option of which it would warn has none.
pub fn prepared_option(key: &str, value: &str) -> Option<OptionLine> {
    let is_stripped = [key, value].iter().any(|text| begins_blank(text) || ends_blank(text));
    if is_stripped { None } else { OptionLine::new(key, " = ", value).ok() }
}

fn begins_blank(text: &str) -> bool {
    text.starts_with(syntax::is_blank)
}

fn ends_blank(text: &str) -> bool {
    text.ends_with(syntax::is_blank)
}

/// The texts of a value's pieces.
type Texts<'t> = &'t [Cow<'t, str>];

const STRIPPED: &str = "Asterisk strips the blanks at its ends";

/// Finds the piece that the refusal of a line is about: one that its place refuses, or else, since the line is then too
/// long, the longest.
fn culprit<'p>(
    key: &'p dyn Piece,
    key_place: Place,
    value: &[&'p dyn Piece],
    value_place: Place,
) -> &'p dyn Piece {
    let is_refused = |place: Place, piece: &dyn Piece| place(&mut String::new(), &piece.text()).is_err();
    if is_refused(key_place, key) {
        return key;
    }
    let refused = value.iter().copied().find(|piece| is_refused(value_place, *piece));
    let longest = || value.iter().copied().chain([key]).max_by_key(|piece| piece.text().len());
    refused.or_else(longest).unwrap_or(key)
}
