//! Changes of a text, and the text with them.

use std::ops::Range;

use bstr::BString;

use super::key::Key;
use super::lines::NOWHERE;
use crate::reader::comments::Comments;
use crate::reader::option::Assigned;
use crate::stripped;

/// Lines in place of others.
#[derive(Default)]
pub(super) struct Change {
    /// The bytes of the lines that go. It is empty where lines are inserted.
    pub(super) range: Range<usize>,
    /// The number of block comments that are open before them and behind them, which stays.
    pub(super) before: usize,
    pub(super) after: usize,
    /// The lines in their place.
    pub(super) lines: Vec<Line>,
    /// The author of the removal, if no line is in their place.
    pub(super) removed_by: Option<usize>,
    /// Whether the lines are a section of their own, and don't belong to the one at their place.
    pub(super) is_section: bool,
}

/// A line that is written.
pub(super) struct Line {
    /// The line without its line feed.
    pub(super) text: String,
    pub(super) author: usize,
}

/// Consecutive lines of a text that gave way to others, or between which others were inserted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineChange {
    /// The numbers of the lines that went, from 1. It is empty, and begins with the line that follows, where lines were
    /// inserted.
    pub old: Range<usize>,
    /// The number of the first line in their place, in the new text.
    pub new: usize,
    /// The [authors](super::Editor::set_author) of the lines in their place. A line that only closes or opens block
    /// comments has none.
    pub authors: Vec<Option<usize>>,
    /// The author of the removal, if no line is in their place.
    pub removed_by: Option<usize>,
}

impl Line {
    pub(super) fn has_key(&self, key: &Key) -> bool {
        key.option_of(&self.read()).is_some()
    }

    /// Returns the value of the option that the line is.
    pub(super) fn value(&self) -> BString {
        let line = self.read();
        Assigned::read(stripped(&line))
            .map_or_else(|_| BString::default(), |option| stripped(option.value).to_owned())
    }

    fn read(&self) -> Vec<u8> {
        let read = Comments::default().strip(self.text.as_bytes(), NOWHERE);
        read.ok().flatten().unwrap_or_default().into_owned()
    }
}

impl Change {
    pub(super) fn is_nothing(&self) -> bool {
        self.range.is_empty() && self.lines.is_empty()
    }

    /// The lines that close the block comments before the written lines, and open those behind them.
    fn marks(&self) -> [Option<String>; 2] {
        let marks = |mark, depth: usize| (depth > 0).then(|| vec![mark; depth].join(" "));
        [marks("--;", self.before), marks(";--", self.after)]
    }

    fn text(&self) -> String {
        let [close, open] = self.marks();
        let lines = self.lines.iter().map(|line| &line.text);
        close.iter().chain(lines).chain(&open).flat_map(|line| [line, "\n"]).collect()
    }
}

/// Ends the last line of a text if the line changes, or others follow.
pub(super) fn end_last_line(text: &mut String, changes: &mut [Change]) {
    let end = text.len();
    if end == 0 || text.ends_with('\n') || changes.last().is_none_or(|last| last.range.end < end) {
        return;
    }
    text.push('\n');
    for Range { start, end: behind } in changes.iter_mut().map(|change| &mut change.range) {
        *start += usize::from(*start == end);
        *behind += usize::from(*behind == end);
    }
}

/// Returns a text with changes, which stand in the order of the text.
pub(super) fn apply(text: String, changes: &[Change]) -> String {
    let texts: Vec<String> = changes.iter().map(Change::text).collect();
    let (mut grown, mut room) = (0, 0);
    let never_grows = changes.iter().zip(&texts).all(|(change, text)| {
        (grown, room) = (grown + text.len(), room + change.range.len());
        grown <= room
    });
    let changes = changes.iter().map(|change| change.range.clone()).zip(&texts);
    if !never_grows {
        return copied(&text, changes, grown);
    }
    // Most of a large text moves a little. New memory for it would cost more than that.
    let mut bytes = text.into_bytes();
    let (mut to, mut from) = (0, 0);
    for (range, text) in changes {
        bytes.copy_within(from..range.start, to);
        to += range.start - from;
        bytes[to..to + text.len()].copy_from_slice(text.as_bytes());
        (to, from) = (to + text.len(), range.end);
    }
    bytes.copy_within(from.., to);
    bytes.truncate(bytes.len() - (from - to));
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn copied<'c>(old: &str, changes: impl Iterator<Item = (Range<usize>, &'c String)>, grown: usize) -> String {
    let mut text = String::with_capacity(old.len() + grown);
    let mut from = 0;
    for (range, new) in changes {
        text.push_str(&old[from..range.start]);
        text.push_str(new);
        from = range.end;
    }
    text.push_str(&old[from..]);
    text
}

/// Returns changes of a text by lines.
pub(super) fn by_lines(text: &str, changes: &[Change]) -> Vec<LineChange> {
    // The numbers of the next old and of the next new line.
    let (mut from, mut old, mut new) = (0, 1, 1);
    let changes = changes.iter().map(|change| {
        let Range { start, end } = change.range;
        let (kept, gone) = (lines_in(&text[from..start]), lines_in(&text[start..end]));
        (old, new) = (old + kept, new + kept);
        let [close, open] = change.marks().map(|mark| mark.map(|_| None));
        let written = change.lines.iter().map(|line| Some(line.author));
        let authors: Vec<_> = close.into_iter().chain(written).chain(open).collect();
        let by_lines = LineChange { old: old..old + gone, new, authors, removed_by: change.removed_by };
        (from, old, new) = (end, old + gone, new + by_lines.authors.len());
        by_lines
    });
    changes.collect()
}

fn lines_in(text: &str) -> usize {
    memchr::memchr_iter(b'\n', text.as_bytes()).count()
}
