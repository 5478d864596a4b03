//! The lines of a section as Asterisk reads them.

use std::borrow::Cow;
use std::ops::Range;

use crate::assignment;
use crate::document::{FileId, Location};
use crate::reader::comments::Comments;
use crate::reader::option::Assigned;
use crate::stripped;
use crate::syntax::LINE_LIMIT;

/// A line below a header.
pub(super) struct BodyLine<'t> {
    pub(super) start: usize,
    /// The end of its line feed.
    pub(super) end: usize,
    /// The depth of block comments before it and behind it.
    pub(super) before: usize,
    pub(super) after: usize,
    /// What Asterisk reads of it: nothing of a comment.
    pub(super) text: Cow<'t, [u8]>,
}

impl<'t> BodyLine<'t> {
    /// Returns the option of this key, if the line is one.
    pub(super) fn option(&self, key: &[u8]) -> Option<Assigned<'_>> {
        option_of(&self.text, key)
    }

    /// Returns the value of the option of this key, if the line is one.
    pub(super) fn value_of(self, key: &[u8]) -> Option<Cow<'t, [u8]>> {
        match self.text {
            Cow::Borrowed(text) => Some(Cow::Borrowed(&**stripped(option_of(text, key)?.value))),
            Cow::Owned(text) => Some(Cow::Owned(stripped(option_of(&text, key)?.value).to_vec())),
        }
    }

    /// Returns where the value begins in the text of the file, if all before it can stay: there is no comment, and the
    /// line does not append to another value.
    pub(super) fn value_start(&self, option: &Assigned<'_>, file: &str) -> Option<usize> {
        let is_plain = matches!(self.text, Cow::Borrowed(_)) && !option.is_append;
        let start = assignment::start(file.as_bytes(), stripped(option.value)).filter(|_| is_plain)?;
        usize::try_from(start).ok()
    }

    /// Whether Asterisk reads anything of it.
    pub(super) fn is_read(&self) -> bool {
        self.text.iter().any(|byte| *byte > b' ')
    }
}

/// Returns the option of this key, without regard to case, if the line without its comments is one.
pub(super) fn option_of<'a>(text: &'a [u8], key: &[u8]) -> Option<Assigned<'a>> {
    let start = text.iter().position(|byte| *byte > b' ')?;
    let text = text.get(start..)?;
    // Nearly all lines are of other keys. A backslash may escape the first byte.
    let may_be_it = text.get(..key.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(key));
    if !may_be_it && text.first() != Some(&b'\\') || matches!(text.first(), Some(b'[' | b'#')) {
        return None;
    }
    let option = Assigned::read(stripped(text)).ok()?;
    option.key.eq_ignore_ascii_case(key).then_some(option)
}

/// Iterates over the lines of a part of a text.
pub(super) struct BodyLines<'t> {
    bytes: &'t [u8],
    at: usize,
    /// The comments that are open; none if the part has no semicolon and no open comment, as most have.
    comments: Option<Comments>,
}

impl<'t> BodyLines<'t> {
    pub(super) fn new(text: &'t str, body: Range<usize>, depth: usize) -> BodyLines<'t> {
        let bytes = text.as_bytes().get(..body.end).unwrap_or_default();
        let has_semicolon = memchr::memchr(b';', bytes.get(body.start..).unwrap_or_default()).is_some();
        let comments = (depth != 0 || has_semicolon).then(|| Comments::at_depth(depth));
        BodyLines { bytes, at: body.start, comments }
    }
}

impl<'t> Iterator for BodyLines<'t> {
    type Item = BodyLine<'t>;

    fn next(&mut self) -> Option<BodyLine<'t>> {
        let start = self.at;
        let rest = self.bytes.get(start..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        self.at = (start + length + 1).min(self.bytes.len());
        // Asterisk skips a longer line.
        let line = if length > LINE_LIMIT { b"" } else { &rest[..length] };
        let depth = |comments: &Option<Comments>| comments.as_ref().map_or(0, Comments::depth);
        let before = depth(&self.comments);
        let text = match &mut self.comments {
            None => Cow::Borrowed(line),
            Some(comments) => without_comments(comments, line),
        };
        Some(BodyLine { start, end: self.at, before, after: depth(&self.comments), text })
    }
}

/// Returns what Asterisk reads of a line. The index has seen that there are not too many block comments.
fn without_comments<'t>(comments: &mut Comments, line: &'t [u8]) -> Cow<'t, [u8]> {
    comments.strip(line, NOWHERE).ok().flatten().unwrap_or_default()
}

/// The location of lines that no message is about.
pub(super) const NOWHERE: Location = Location { file: FileId::FIRST, line: 0 };
