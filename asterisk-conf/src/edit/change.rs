//! Changes of a text, and the text with them.

use std::borrow::Cow;
use std::ops::Range;

use bstr::BString;

use crate::reader::comments::Comments;
use crate::reader::option::Assigned;
use crate::stripped;

use super::lines::NOWHERE;

/// Lines in place of others.
pub(super) struct Change {
    /// The bytes of the lines that go. It is empty where lines are inserted.
    pub(super) range: Range<usize>,
    /// The depth of block comments before them and behind them, which stays.
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

impl Line {
    /// Returns the value of the option that the line is.
    pub(super) fn value(&self) -> BString {
        let read =
            Comments::default().strip(self.text.as_bytes(), NOWHERE).ok().flatten().unwrap_or_default();
        let option = Assigned::read(stripped(&read));
        option.map(|option| stripped(option.value).to_owned()).unwrap_or_default()
    }
}

impl Change {
    /// Creates a change of these bytes.
    pub(super) fn at(range: Range<usize>) -> Change {
        Change { range, before: 0, after: 0, lines: Vec::new(), removed_by: None, is_section: false }
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.range.is_empty() && self.lines.is_empty()
    }

    /// The lines that close the block comments before the written lines, and open those behind them.
    fn marks(&self) -> [Option<String>; 2] {
        let marks = |mark, depth: usize| (depth > 0).then(|| vec![mark; depth].join(" "));
        [marks("--;", self.before), marks(";--", self.after)]
    }

    fn write(&self, text: &mut String) {
        let [close, open] = self.marks();
        if (!self.lines.is_empty() || close.is_some() || open.is_some())
            && !text.is_empty()
            && !text.ends_with('\n')
        {
            text.push('\n');
        }
        let lines = self.lines.iter().map(|line| &line.text);
        for line in close.iter().chain(lines).chain(open.iter()) {
            text.push_str(line);
            text.push('\n');
        }
    }
}

/// A text with its changes.
pub struct Edited<'t> {
    /// The text with all changes. It is borrowed if there are none.
    pub text: Cow<'t, str>,
    old: &'t str,
    changes: Vec<Change>,
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

impl<'t> Edited<'t> {
    pub(super) fn new(old: &'t str, changes: Vec<Change>) -> Edited<'t> {
        if changes.is_empty() {
            return Edited { text: Cow::Borrowed(old), old, changes };
        }
        let written = changes.iter().flat_map(|change| &change.lines).map(|line| line.text.len() + 1);
        let gone = changes.iter().map(|change| change.range.len());
        let mut text = String::with_capacity((old.len() + written.sum::<usize>()).saturating_sub(gone.sum()));
        let mut at = 0;
        for change in &changes {
            text.push_str(&old[at..change.range.start]);
            change.write(&mut text);
            at = change.range.end;
        }
        text.push_str(&old[at..]);
        Edited { text: Cow::Owned(text), old, changes }
    }

    /// Returns whether the text is as it was.
    pub fn is_unchanged(&self) -> bool {
        self.changes.is_empty()
    }

    /// Returns the changes in the order of the text, by lines.
    pub fn line_changes(&self) -> Vec<LineChange> {
        // The numbers of the next old and of the next new line.
        let (mut at, mut old, mut new) = (0, 1, 1);
        let changes = self.changes.iter().map(|change| {
            let Range { start, end } = change.range;
            let kept = lines_in(&self.old[at..start]);
            let gone = lines_in(&self.old[start..end]);
            (old, new) = (old + kept, new + kept);
            let [close, open] = change.marks().map(|mark| mark.map(|_| None));
            let written = change.lines.iter().map(|line| Some(line.author));
            let authors: Vec<_> = close.into_iter().chain(written).chain(open).collect();
            let of_change = LineChange { old: old..old + gone, new, authors, removed_by: change.removed_by };
            (at, old, new) = (end, old + gone, new + of_change.authors.len());
            of_change
        });
        changes.collect()
    }
}

/// Counts the lines of a text, with a last one that has no line feed.
fn lines_in(text: &str) -> usize {
    let open_line = usize::from(!text.is_empty() && !text.ends_with('\n'));
    memchr::memchr_iter(b'\n', text.as_bytes()).count() + open_line
}
