//! Comments and block comments.

use std::borrow::Cow;

use crate::DiagnosticKind;
use crate::document::{FileId, Location};

/// The most block comments that can be open at once. Asterisk hangs at the next one.
const DEPTH_LIMIT: usize = 128;

/// The block comments that are open, from line to line.
#[derive(Default)]
pub(crate) struct Comments {
    /// The start of each open block comment.
    starts: Vec<Location>,
    /// The number of `--;` outside any block comment. Asterisk's counter falls below zero, and it skips all text until
    /// as many `;--` follow.
    missing_starts: usize,
    /// The location of the first such `--;`.
    unopened: Option<Location>,
}

/// The error that too many block comments are open.
#[derive(Debug)]
pub(crate) struct TooDeep;

/// The meaning of a `;`.
enum Mark {
    /// `\;`, a semicolon.
    Escaped,
    /// `;--`
    Start,
    /// `--;`
    End,
    /// The start of a comment to the end of the line.
    Comment,
    /// Text inside a block comment.
    Plain,
}

impl Comments {
    /// Returns the state in which so many block comments are open.
    pub(crate) fn at_depth(depth: usize) -> Comments {
        let location = Location { file: FileId::FIRST, line: 0 };
        Comments { starts: vec![location; depth], ..Comments::default() }
    }

    /// Returns the number of block comments that are open.
    pub(crate) fn depth(&self) -> usize {
        self.starts.len()
    }

    /// Returns whether a `--;` stood outside any block comment, so that Asterisk skips the text behind it.
    pub(crate) fn lacks_start(&self) -> bool {
        self.missing_starts > 0
    }

    /// Returns the line without comments, or `None` if all of it is inside a block comment.
    pub(crate) fn strip<'t>(
        &mut self,
        line: &'t [u8],
        location: Location,
    ) -> Result<Option<Cow<'t, [u8]>>, TooDeep> {
        if memchr::memchr(b';', line).is_none() {
            return Ok((!self.is_inside()).then_some(Cow::Borrowed(line)));
        }
        let mut text = Text { kept: (!self.is_inside()).then(Vec::new), is_cut: false };
        let mut rest = line;
        while let Some((before, behind)) = memchr::memchr(b';', rest).and_then(|at| rest.split_at_checked(at))
        {
            let behind = behind.get(1..).unwrap_or_default();
            rest = behind;
            match self.mark(before, behind) {
                Mark::Escaped => {
                    text.push(before.strip_suffix(b"\\").unwrap_or(before));
                    text.push(b";");
                }
                Mark::Start => {
                    text.push(before);
                    text.is_cut = true;
                    self.start(location)?;
                    rest = behind.strip_prefix(b"--").unwrap_or(behind);
                }
                Mark::End => {
                    // Outside any block comment, the mark is part of the text.
                    text.push(before);
                    text.push(b";");
                    self.end(location);
                    if !self.is_inside() {
                        text.resume();
                    }
                }
                Mark::Comment => {
                    text.push(before);
                    return Ok(text.kept.map(Cow::Owned));
                }
                Mark::Plain => {
                    text.push(before);
                    text.push(b";");
                }
            }
        }
        text.push(rest);
        Ok(text.kept.map(Cow::Owned))
    }

    /// Returns the meaning of a `;` by the text between the previous `;` and it, and the text behind it. The order of
    /// the tests is Asterisk's: with `--` on both sides it is a start.
    fn mark(&self, before: &[u8], behind: &[u8]) -> Mark {
        if before.ends_with(b"\\") {
            Mark::Escaped
        } else if behind.starts_with(b"--") && !behind.starts_with(b"---") {
            Mark::Start
        } else if before.ends_with(b"--") {
            Mark::End
        } else if self.is_inside() {
            Mark::Plain
        } else {
            Mark::Comment
        }
    }

    /// Whether Asterisk skips the text: a block comment is open, or a `--;` stood outside any.
    fn is_inside(&self) -> bool {
        !self.starts.is_empty() || self.missing_starts > 0
    }

    fn start(&mut self, location: Location) -> Result<(), TooDeep> {
        if self.missing_starts > 0 {
            self.missing_starts -= 1;
        } else if self.starts.len() < DEPTH_LIMIT {
            self.starts.push(location);
        } else {
            return Err(TooDeep);
        }
        Ok(())
    }

    fn end(&mut self, location: Location) {
        if self.starts.pop().is_none() {
            if self.missing_starts == 0 {
                self.unopened = Some(location);
            }
            self.missing_starts += 1;
        }
    }

    /// Returns Asterisk's message at the end of a file, and the location where the comment began.
    pub(crate) fn open(&self) -> Option<(DiagnosticKind, Location)> {
        if let Some(&location) = self.starts.last() {
            return Some((DiagnosticKind::UnterminatedBlockComment, location));
        }
        let location = self.unopened.filter(|_| self.missing_starts > 0)?;
        Some((DiagnosticKind::UnopenedBlockComment, location))
    }
}

/// The text of a line without its comments, as far as it was read.
struct Text {
    /// The text, or `None` inside a block comment that began on an earlier line.
    kept: Option<Vec<u8>>,
    /// Whether a block comment began on this line, so that the text behind it is dropped.
    is_cut: bool,
}

impl Text {
    fn push(&mut self, bytes: &[u8]) {
        if let Some(kept) = self.kept.as_mut().filter(|_| !self.is_cut) {
            kept.extend_from_slice(bytes);
        }
    }

    /// Keeps the text again, behind the end of a block comment.
    fn resume(&mut self) {
        self.kept.get_or_insert_default();
        self.is_cut = false;
    }
}
