//! Records the origin of each line.

use std::collections::HashMap;
use std::sync::Arc;

use asterisk_conf::syntax;

use super::LineOrigins;
use super::origins::Recording;
use crate::Origin;
use crate::explanation::{LineNote, Note, Template};

/// The origins of the lines written so far.
#[derive(Default)]
pub(crate) struct Recorder {
    lines: Recording,
    /// Notes about lines of the section that the session explains.
    notes: Vec<LineNote>,
    /// Whether the session explains the file.
    pub(super) takes_notes: bool,
    /// The name of the section that it explains.
    explained: Option<Arc<str>>,
    /// Whether that is the current section.
    pub(super) is_explained: bool,
    /// The columns whose lines are recorded; none for all lines.
    wanted: Option<fn(&str) -> bool>,
    /// The number of bytes of the text that were searched for line ends.
    seen: usize,
    /// The number of line ends in them.
    count: usize,
}

/// The row, the template and the notes of lines.
#[derive(Clone, Copy, Default)]
pub(super) struct Known<'w> {
    pub(super) origin: Option<&'w Origin>,
    pub(super) template: Option<&'w Arc<Template>>,
    pub(super) notes: &'w [Note],
}

impl Recorder {
    /// Creates a recorder of lines whose value comes from these columns, or of all lines.
    pub(crate) fn of(wanted: Option<fn(&str) -> bool>) -> Recorder {
        Recorder { wanted, ..Recorder::default() }
    }

    /// Creates a recorder that takes notes about this section.
    pub(crate) fn explaining(section: Option<Arc<str>>) -> Recorder {
        Recorder { takes_notes: true, explained: section, ..Recorder::default() }
    }

    /// Creates a recorder for lines and sections that follow.
    pub(super) fn continued(&self) -> Recorder {
        Recorder {
            takes_notes: self.takes_notes,
            explained: self.explained.clone(),
            is_explained: self.is_explained,
            ..Recorder::of(self.wanted)
        }
    }

    /// Begins a section.
    pub(super) fn begin_section(&mut self, name: &str) {
        let explained = self.explained.as_deref();
        self.is_explained = explained.is_some_and(|explained| explained.eq_ignore_ascii_case(name));
    }

    /// Counts the lines of the text.
    fn count_lines(&mut self, text: &str) -> usize {
        self.count += memchr::memchr_iter(b'\n', &text.as_bytes()[self.seen..]).count();
        self.seen = text.len();
        self.count
    }

    /// Records the last line of the text.
    pub(super) fn record(&mut self, text: &str, known: Known<'_>, column: Option<&str>) {
        if self.wanted.is_some_and(|wanted| !column.is_some_and(wanted)) {
            return;
        }
        let line = self.count_lines(text);
        self.record_line(line, known, column);
    }

    /// Adds a note about the line that was recorded last.
    pub(super) fn note_last_line(&mut self, note: Note) {
        self.notes.push(LineNote { line: self.count, note });
    }

    /// Records all lines behind the byte `start`.
    pub(super) fn record_from(&mut self, text: &str, start: usize, known: Known<'_>) {
        if self.wanted.is_some() {
            return;
        }
        let first = self.count_lines(&text[..start]) + 1;
        for line in first..=self.count_lines(text) {
            self.record_line(line, known, None);
        }
    }

    fn record_line(&mut self, line: usize, known: Known<'_>, column: Option<&str>) {
        if let Some(origin) = known.origin {
            self.lines.push(line, origin, column, known.template);
        }
        if self.takes_notes {
            self.notes.extend(known.notes.iter().map(|note| LineNote { line, note: note.clone() }));
        }
    }

    /// Adds the origins of a text that follows this one.
    pub(super) fn append(&mut self, text: &str, others: Recorder) {
        let lines = self.count_lines(text);
        self.lines.append(lines, others.lines);
        self.notes
            .extend(others.notes.into_iter().map(|other| LineNote { line: other.line + lines, ..other }));
        self.is_explained = others.is_explained;
    }

    /// Returns the origins and the notes.
    pub(super) fn finish(self) -> (LineOrigins, Vec<LineNote>) {
        (self.lines.into_origins(), self.notes)
    }
}

/// Returns the origins of a text's lines by the rows of its sections.
pub(crate) fn origins_by_section(text: &str, rows: &HashMap<&str, &Origin>) -> LineOrigins {
    let mut current = None;
    let mut origins = Recording::default();
    for (line, text) in (1..).zip(text.lines()) {
        if let Some((name, _)) = text.strip_prefix('[').and_then(|header| header.rsplit_once(']')) {
            current = rows.get(&*syntax::meaning(name)).copied();
        }
        if let Some(origin) = current.filter(|_| !text.is_empty()) {
            origins.push(line, origin, None, None);
        }
    }
    origins.into_origins()
}

/// Returns the origins of lines whose rows and columns are known.
pub(crate) fn origins_of_lines<'o>(lines: impl Iterator<Item = (usize, &'o Origin, &'o str)>) -> LineOrigins {
    let mut origins = Recording::default();
    for (line, origin, column) in lines {
        origins.push(line, origin, Some(column).filter(|column| !column.is_empty()), None);
    }
    origins.into_origins()
}
