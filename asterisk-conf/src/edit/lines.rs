//! The lines below a header as Asterisk reads them.

use std::borrow::Cow;
use std::ops::Range;

use crate::assignment;
use crate::document::{FileId, Location};
use crate::reader::comments::Comments;
use crate::reader::option::Assigned;
use crate::stripped;
use crate::syntax::LINE_LIMIT;

use super::key::Key;

/// The location of lines that no message is about.
pub(super) const NOWHERE: Location = Location { file: FileId::FIRST, line: 0 };

/// A line below a header.
pub(super) struct BodyLine<'t> {
    pub(super) place: Place,
    /// The line without its comments, which Asterisk does not read.
    text: Cow<'t, [u8]>,
}

/// The place of a line in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) start: usize,
    /// The end of its line feed.
    pub(super) end: usize,
    /// The number of block comments that are open before it and behind it.
    pub(super) before: usize,
    pub(super) after: usize,
}

impl<'t> BodyLine<'t> {
    /// Reads the line at a place.
    pub(super) fn at(text: &'t str, place: Place) -> BodyLine<'t> {
        let mut lines = Lines::new(text, place.start..place.end, place.before);
        lines.next().unwrap_or(BodyLine { place, text: Cow::Borrowed(b"") })
    }

    /// Whether it is an option of this key.
    pub(super) fn has_key(&self, key: &Key) -> bool {
        key.option_of(&self.text).is_some()
    }

    /// Returns the value of the option that it is.
    pub(super) fn value(&self) -> &[u8] {
        Assigned::read(stripped(&self.text)).map_or(b"", |option| stripped(option.value))
    }

    /// Returns the line up to the value, if that can stay: there is no comment, and the line does not append to another
    /// value.
    pub(super) fn before_value(&self) -> Option<&'t str> {
        let Cow::Borrowed(line) = self.text else { return None };
        let option = Assigned::read(stripped(line)).ok().filter(|option| !option.is_append)?;
        let start = assignment::start(line, stripped(option.value))?;
        str::from_utf8(line.get(..usize::try_from(start).ok()?)?).ok()
    }

    /// Whether Asterisk reads anything of it.
    pub(super) fn is_read(&self) -> bool {
        self.text.iter().any(|byte| *byte > b' ')
    }
}

/// Iterates over lines.
pub(super) struct Lines<'t> {
    /// The text up to the last of the lines.
    bytes: &'t [u8],
    at: usize,
    comments: Comments,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str, lines: Range<usize>, depth: usize) -> Lines<'t> {
        let bytes = text.as_bytes().get(..lines.end).unwrap_or_default();
        Lines { bytes, at: lines.start, comments: Comments::at_depth(depth) }
    }
}

impl<'t> Iterator for Lines<'t> {
    type Item = BodyLine<'t>;

    fn next(&mut self) -> Option<BodyLine<'t>> {
        let start = self.at;
        let rest = self.bytes.get(start..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        self.at = (start + length + 1).min(self.bytes.len());
        let before = self.comments.depth();
        let text = match rest.get(..length) {
            // Asterisk skips a longer line.
            Some(line) if length <= LINE_LIMIT => {
                // The index has seen that there are not too many block comments.
                self.comments.strip(line, NOWHERE).ok().flatten().unwrap_or_default()
            }
            _ => Cow::Borrowed(&b""[..]),
        };
        Some(BodyLine { place: Place { start, end: self.at, before, after: self.comments.depth() }, text })
    }
}

/// The lines below a header. Most have no comment, and are searched without reading each of them.
pub(super) struct Body<'t> {
    pub(super) text: &'t str,
    /// The lines above the first one that has a semicolon or that a block comment is open at.
    pub(super) plain: Range<usize>,
    /// The other lines, and the number of block comments that are open at their start.
    pub(super) others: Range<usize>,
    pub(super) depth: usize,
}

impl<'t> Body<'t> {
    /// Returns all lines.
    pub(super) fn lines(&self) -> Lines<'t> {
        Lines::new(self.text, self.plain.start..self.others.end, self.depth)
    }

    fn others(&self) -> Lines<'t> {
        Lines::new(self.text, self.others.clone(), self.depth)
    }

    /// Returns the lines that are options of a key.
    pub(super) fn options(&self, key: &Key) -> impl Iterator<Item = BodyLine<'t>> {
        let plain = key.search(self.text.as_bytes(), self.plain.clone());
        let plain = plain.map(|Range { start, end }| BodyLine {
            place: Place { start, end, before: 0, after: 0 },
            text: Cow::Borrowed(&self.text.as_bytes()[start..end]),
        });
        plain.chain(self.others().filter(|line| line.has_key(key)))
    }

    /// Returns where the last line ends of which Asterisk reads anything, and how many block comments are open there.
    pub(super) fn end_of_options(&self) -> (usize, usize) {
        if let Some(last) = self.others().filter(BodyLine::is_read).last() {
            return (last.place.end, last.place.after);
        }
        let plain = &self.text.as_bytes()[self.plain.clone()];
        let last = plain.iter().rposition(|byte| *byte > b' ');
        let length = last
            .map_or(0, |last| memchr::memchr(b'\n', &plain[last..]).map_or(plain.len(), |at| last + at + 1));
        // Above all lines, the comments are those behind the header.
        let depth = if self.plain.is_empty() { self.depth } else { 0 };
        (self.plain.start + length, depth)
    }
}
