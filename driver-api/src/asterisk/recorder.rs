//! Records the origin of each line.

use super::LineOrigin;
use crate::Origin;

/// The origins of the lines written so far.
#[derive(Default)]
pub(super) struct Recorder {
    pub(super) lines: Vec<LineOrigin>,
    /// The number of bytes of the text that were searched for line ends.
    seen: usize,
    /// The number of line ends in them.
    count: usize,
}

impl Recorder {
    /// Counts the lines of the text.
    fn count_lines(&mut self, text: &str) -> usize {
        self.count += memchr::memchr_iter(b'\n', &text.as_bytes()[self.seen..]).count();
        self.seen = text.len();
        self.count
    }

    /// Records the last line of the text.
    pub(super) fn record(&mut self, text: &str, origin: &Origin, column: Option<&str>) {
        let line = self.count_lines(text);
        self.lines.push(LineOrigin { line, origin: origin.clone(), column: column.map(str::to_owned) });
    }

    /// Records all lines behind the byte `start`.
    pub(super) fn record_from(&mut self, text: &str, start: usize, origin: &Origin) {
        let first = self.count_lines(&text[..start]) + 1;
        for line in first..=self.count_lines(text) {
            self.lines.push(LineOrigin { line, origin: origin.clone(), column: None });
        }
    }

    /// Adds the origins of a text that follows this one.
    pub(super) fn append(&mut self, text: &str, others: Recorder) {
        let lines = self.count_lines(text);
        self.lines
            .extend(others.lines.into_iter().map(|other| LineOrigin { line: other.line + lines, ..other }));
    }
}
