//! The headers of a text, and the sections that they open.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use bstr::ByteSlice;

use super::EditError;
use super::lines::{BodyLine, BodyLines, NOWHERE};
use crate::reader::comments::Comments;
use crate::reader::header::Header;
use crate::stripped;
use crate::syntax::{LINE_LIMIT, NAME_LIMIT};

/// The sections of a text.
#[derive(Default)]
pub(super) struct Index<'t> {
    /// The headers in the order of the text, each with the lines below it.
    pub(super) parts: Vec<Part>,
    pub(super) sections: Vec<Section<'t>>,
    /// The headers that inherit, and the sections from which they do, in the order of the text.
    pub(super) bases: Vec<(usize, usize)>,
    /// The depth of block comments at the end of the text.
    pub(super) end_depth: usize,
    /// The sections of each name, in lower case. It is empty before the first header that refers to one.
    names: HashMap<Vec<u8>, Vec<usize>>,
    has_names: bool,
}

/// A header with the lines below it.
pub(super) struct Part {
    /// The index of the section.
    pub(super) section: usize,
    /// Where the line of the header begins, and the depth of block comments there.
    header: usize,
    header_depth: usize,
    /// The lines below it, and the depth of block comments at their start.
    body: Range<usize>,
    depth: usize,
}

/// A section: a header, and those that continue it.
pub(super) struct Section<'t> {
    pub(super) name: Cow<'t, [u8]>,
    pub(super) is_template: bool,
    pub(super) is_removed: bool,
    /// The index of the part that opens it.
    pub(super) first: usize,
    /// Those of the parts that continue it.
    more: Vec<usize>,
}

const BYTE_ORDER_MARK: &str = "\u{feff}";

impl<'t> Index<'t> {
    /// Finds all headers. It looks at the lines that have a `[` at their start or a `;`, and skips the others.
    pub(super) fn of(text: &'t str) -> Result<Index<'t>, EditError> {
        let bytes = text.as_bytes();
        if let Some(at) = memchr::memchr(0, bytes) {
            return Err(unreadable(text, at, "it has a NUL, at which Asterisk cuts it"));
        }
        let mut index = Index::default();
        let mut comments = Comments::default();
        let first = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let mut at = first;
        while let Some((start, from)) = next_line(bytes, first, at, comments.depth() != 0) {
            let length = memchr::memchr(b'\n', &bytes[from..]).unwrap_or(bytes.len() - from);
            let line = start..from + length;
            at = (line.end + 1).min(bytes.len());
            if line.len() > LINE_LIMIT {
                continue;
            }
            let before = comments.depth();
            let read = comments.strip(&bytes[line.clone()], NOWHERE);
            let read = read
                .map_err(|_| unreadable(text, start, "it opens a block comment at which Asterisk hangs"))?;
            if comments.lacks_start() {
                return Err(unreadable(
                    text,
                    start,
                    "it ends a block comment that none begins, and hides the rest",
                ));
            }
            let Some(read) = read else { continue };
            let part = Part {
                section: 0,
                header: start,
                header_depth: before,
                body: at..bytes.len(),
                depth: comments.depth(),
            };
            match read {
                Cow::Borrowed(line) => index.line(line, Cow::Borrowed, part),
                Cow::Owned(line) => index.line(&line, |name| Cow::Owned(name.to_vec()), part),
            }
            .map_err(|problem| unreadable(text, start, problem))?;
        }
        index.end_depth = comments.depth();
        Ok(index)
    }

    /// Adds the header of a line, if it is one.
    fn line<'l>(
        &mut self,
        line: &'l [u8],
        keep: impl Fn(&'l [u8]) -> Cow<'t, [u8]>,
        part: Part,
    ) -> Result<(), &'static str> {
        let Some(header) = stripped_slice(line).strip_prefix(b"[") else { return Ok(()) };
        // Asterisk refuses the file at a header without an end.
        let Ok(Header { name, items }) = Header::read(header) else { return Ok(()) };
        let number = self.parts.len();
        let (mut is_template, mut continued) = (false, None);
        for item in items.into_iter().flat_map(|items| items.split_str(",")) {
            match item {
                b"!" => is_template = true,
                b"+" => continued = self.continued(name),
                [b'+', ..] => return Err("its header selects the section that it continues by a filter"),
                base => {
                    let base = self.named(base).next();
                    self.bases.extend(base.map(|base| (number, base)));
                }
            }
        }
        let section = continued.unwrap_or(self.sections.len());
        match self.sections.get_mut(section) {
            Some(section) => {
                section.is_template |= is_template;
                section.more.push(number);
            }
            None => {
                let name = keep(name.get(..NAME_LIMIT).unwrap_or(name));
                if self.has_names {
                    self.names.entry(name.to_ascii_lowercase()).or_default().push(section);
                }
                let more = Vec::new();
                self.sections.push(Section { name, is_template, is_removed: false, first: number, more });
            }
        }
        if let Some(above) = self.parts.last_mut() {
            above.body.end = part.header;
        }
        self.parts.push(Part { section, ..part });
        Ok(())
    }

    /// Finds the section that `[name](+)` continues. Asterisk refuses the file if there is none.
    fn continued(&mut self, name: &[u8]) -> Option<usize> {
        let candidates: Vec<usize> = self.named(name).collect();
        candidates.into_iter().find(|section| !self.sections[*section].is_template)
    }

    /// Returns the sections that a header finds by a name, without regard to case. An empty one finds all.
    fn named(&mut self, name: &[u8]) -> impl Iterator<Item = usize> + use<'_, 't> {
        if !self.has_names {
            for (at, section) in self.sections.iter().enumerate() {
                self.names.entry(section.name.to_ascii_lowercase()).or_default().push(at);
            }
            self.has_names = true;
        }
        let all = if name.is_empty() { 0..self.sections.len() } else { 0..0 };
        let named = self.names.get(&name.to_ascii_lowercase()).filter(|_| !name.is_empty());
        all.chain(named.into_iter().flatten().copied())
    }

    /// Returns the indexes of the parts of a section.
    pub(super) fn parts_of(&self, section: usize) -> impl Iterator<Item = usize> {
        let section = &self.sections[section];
        std::iter::once(section.first).chain(section.more.iter().copied())
    }

    /// Returns the sections that inherit from a section.
    pub(super) fn heirs(&self, section: usize) -> impl Iterator<Item = usize> {
        let of_it = self.bases.iter().filter(move |(_, base)| *base == section);
        let heirs = of_it.map(|(part, _)| self.parts[*part].section);
        heirs.filter(move |heir| *heir != section && !self.sections[*heir].is_removed)
    }

    /// Returns the lines below a header.
    pub(super) fn lines(&self, text: &'t str, part: usize) -> BodyLines<'t> {
        let Part { body, depth, .. } = &self.parts[part];
        BodyLines::new(text, body.clone(), *depth)
    }

    /// Returns where the options below a header end, with the depth of block comments there.
    pub(super) fn end_of_options(&self, text: &'t str, part: usize) -> (usize, usize) {
        let last = self.lines(text, part).filter(BodyLine::is_read).last();
        let Part { body, depth, .. } = &self.parts[part];
        last.map_or((body.start, *depth), |line| (line.end, line.after))
    }

    /// Returns where a header begins with the comment that stands directly above it.
    pub(super) fn top_of(&self, text: &str, part: usize) -> (usize, usize) {
        let Part { header, header_depth, .. } = self.parts[part];
        if header_depth != 0 {
            return (header, header_depth);
        }
        let mut top = header;
        while let Some(above) = text[..top].strip_suffix('\n') {
            let start = above.rfind('\n').map_or(0, |at| at + 1);
            let line = above[start..].trim_start_matches(crate::syntax::is_blank);
            if !line.starts_with(';') || line.contains(";--") || line.contains("--;") {
                break;
            }
            top = start;
        }
        (top, 0)
    }

    /// Returns where the options below a header end with the empty lines behind them.
    pub(super) fn bottom_of(&self, text: &'t str, part: usize) -> (usize, usize) {
        let (mut end, depth) = self.end_of_options(text, part);
        let body = self.parts[part].body.end;
        while depth == 0 && end < body {
            let length = text[end..body].find('\n').map_or(body - end, |at| at + 1);
            if !text[end..end + length].bytes().all(|byte| byte <= b' ') {
                break;
            }
            end += length;
        }
        (end, depth)
    }
}

/// Finds the next line that may be a header or may have a comment. Returns where it begins, and a position in it up to
/// which it has no line feed.
fn next_line(bytes: &[u8], first: usize, mut at: usize, is_inside: bool) -> Option<(usize, usize)> {
    if is_inside {
        return (at < bytes.len()).then_some((at, at));
    }
    loop {
        let found = at + memchr::memchr2(b'[', b';', &bytes[at..])?;
        let before = &bytes[first..found];
        let start = if bytes[found] == b';' {
            memchr::memrchr(b'\n', before).map_or(first, |at| first + at + 1)
        } else {
            let blanks = before.iter().rev().take_while(|byte| **byte <= b' ' && **byte != b'\n').count();
            let start = found - blanks;
            if start > first && bytes[start - 1] != b'\n' {
                // It stands in the middle of a line.
                at = found + 1;
                continue;
            }
            start
        };
        return Some((start, found));
    }
}

fn stripped_slice(line: &[u8]) -> &[u8] {
    stripped(line)
}

fn unreadable(text: &str, at: usize, problem: &'static str) -> EditError {
    let line = memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count() + 1;
    EditError::Unreadable { line, problem }
}
