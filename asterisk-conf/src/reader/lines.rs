//! Splits a file into lines as Asterisk does.

use crate::syntax::LINE_LIMIT;

/// The most bytes that Asterisk reads from a file at once: a line and its line feed.
const PIECE: usize = LINE_LIMIT + 1;

/// One line, as Asterisk counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'t> {
    /// A line without its line feed, cut at a NUL.
    Text(&'t [u8]),
    /// The first bytes of a line that Asterisk skips.
    TooLong(&'t [u8]),
    /// The end of a file whose last line has a line feed. Asterisk counts it as a line.
    End,
}

/// The lines of a file.
///
/// Asterisk reads pieces of at most 8191 bytes up to a line feed with `fgets`, and a NUL ends the text of a piece. A piece
/// of 8191 bytes without a line feed is the start of a line that is too long, unless it has a NUL; then the next piece
/// is a new line.
pub(super) struct Lines<'t> {
    rest: &'t [u8],
    at_end: bool,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Lines { rest: text, at_end: false }
    }

    /// Returns the next piece with its line feed, or `None` at the end.
    fn piece(&mut self) -> Option<&'t [u8]> {
        let limit = self.rest.len().min(PIECE);
        let (window, _) = self.rest.split_at(limit);
        let length = memchr::memchr(b'\n', window).map_or(limit, |at| at + 1);
        let (piece, rest) = self.rest.split_at(length);
        // Asterisk detects the end of a file only by reading beyond it.
        self.at_end = length < PIECE && !piece.ends_with(b"\n");
        self.rest = rest;
        (!piece.is_empty()).then_some(piece)
    }

    fn skip_rest_of_line(&mut self) {
        while self.piece().is_some_and(is_beginning) {}
    }
}

/// Whether the line continues behind the piece.
fn is_beginning(piece: &[u8]) -> bool {
    piece.len() == PIECE && !piece.ends_with(b"\n") && memchr::memchr(0, piece).is_none()
}

impl<'t> Iterator for Lines<'t> {
    type Item = Line<'t>;

    fn next(&mut self) -> Option<Line<'t>> {
        if self.at_end {
            return None;
        }
        let Some(piece) = self.piece() else { return Some(Line::End) };
        if is_beginning(piece) {
            self.skip_rest_of_line();
            return Some(Line::TooLong(piece));
        }
        let line = piece.strip_suffix(b"\n").unwrap_or(piece);
        Some(Line::Text(memchr::memchr(0, line).and_then(|end| line.get(..end)).unwrap_or(line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<(usize, &'static str)> {
        let describe = |line| match line {
            Line::Text(text) => (text.len(), "text"),
            Line::TooLong(start) => (start.len(), "too long"),
            Line::End => (0, "end"),
        };
        Lines::new(text).map(describe).collect()
    }

    #[test]
    fn a_last_line_feed_counts_as_one_more_line() {
        assert_eq!(lines(b""), [(0, "end")]);
        assert_eq!(lines(b"a"), [(1, "text")]);
        assert_eq!(lines(b"a\n"), [(1, "text"), (0, "end")]);
        assert_eq!(lines(b"\n\nab"), [(0, "text"), (0, "text"), (2, "text")]);
    }

    #[test]
    fn a_line_of_more_than_8190_bytes_is_skipped_whole() {
        for (length, kind) in [(8190, "text"), (8191, "too long"), (16_382, "too long"), (99_999, "too long")]
        {
            let text = [vec![b'x'; length], b"\nab\n".to_vec()].concat();
            let first = (length.min(8191), kind);
            assert_eq!(lines(&text), [first, (2, "text"), (0, "end")], "{length}");
            assert_eq!(lines(&text[..length]).first(), Some(&first), "{length}");
        }
    }

    #[test]
    fn behind_a_nul_a_long_line_continues_as_a_new_one() {
        let text = [b"ab\0".to_vec(), vec![b'x'; 9000], b"\n".to_vec()].concat();
        assert_eq!(lines(&text), [(2, "text"), (9003 - 8191, "text"), (0, "end")]);
    }
}
