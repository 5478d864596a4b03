//! The headers of a text, and the sections that they open.

use std::collections::HashMap;
use std::ops::Range;

use bstr::ByteSlice;

use super::EditError;
use super::lines::{Body, NOWHERE};
use crate::reader::comments::Comments;
use crate::reader::header::Header;
use crate::syntax::{LINE_LIMIT, NAME_LIMIT};
use crate::{assignment, stripped, syntax};

/// The sections of a text.
#[derive(Default)]
pub(super) struct Index {
    /// The headers in the order of the text, each with the lines below it.
    pub(super) parts: Vec<Part>,
    pub(super) sections: Vec<Section>,
    /// The headers that inherit, and the sections from which they do, in the order of the text.
    pub(super) bases: Vec<(usize, usize)>,
    /// The number of block comments that are open at the end of the text.
    pub(super) end_depth: usize,
    /// The parts that continue a section, each with the section, in the order of the text.
    continued: Vec<(usize, usize)>,
    /// The sections of each name, in lower case. It is empty before the first header that refers to one.
    names: HashMap<Vec<u8>, Vec<usize>>,
    has_names: bool,
}

/// A header with the lines below it.
pub(super) struct Part {
    /// The index of the section.
    pub(super) section: usize,
    /// Where the line of the header begins, and how many block comments are open there.
    header: usize,
    header_depth: usize,
    /// The lines below it, and how many block comments are open at their start.
    body: Range<usize>,
    depth: usize,
    /// Where the first of these lines begins that has a semicolon or that a block comment is open at.
    commented: Option<usize>,
}

/// A section: a header, and those that continue it.
pub(super) struct Section {
    name: Name,
    is_template: bool,
    pub(super) is_removed: bool,
    /// The index of the part that opens it.
    pub(super) first: usize,
}

/// The name of a section. Nearly all stand in the text as they are.
enum Name {
    At(Range<usize>),
    Unescaped(Box<[u8]>),
}

impl Section {
    pub(super) fn name<'a>(&'a self, text: &'a str) -> &'a [u8] {
        match &self.name {
            Name::At(range) => text.as_bytes().get(range.clone()).unwrap_or_default(),
            Name::Unescaped(name) => name,
        }
    }
}

const BYTE_ORDER_MARK: &str = "\u{feff}";

impl Index {
    /// Finds all headers. It looks at the lines that have a `[` at their start or a `;`, and skips the others.
    pub(super) fn of(text: &str) -> Result<Index, EditError> {
        let bytes = text.as_bytes();
        let mut index = Index::default();
        let mut comments = Comments::default();
        let first = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let mut at = first;
        while let Some(found) = next_line(bytes, first, at, comments.depth() > 0) {
            let length = memchr::memchr(b'\n', &bytes[found.behind..]).unwrap_or(bytes.len() - found.behind);
            let line = found.start..found.behind + length;
            at = (line.end + 1).min(bytes.len());
            if memchr::memchr(0, &bytes[line.clone()]).is_some() {
                return Err(unreadable(text, line.start, "it has a NUL, at which Asterisk cuts it"));
            }
            if line.len() > LINE_LIMIT {
                continue;
            }
            let before = comments.depth();
            let read = comments.strip(&bytes[line.clone()], NOWHERE);
            let read = read.map_err(|_| {
                unreadable(text, line.start, "it opens a block comment at which Asterisk hangs")
            })?;
            if comments.lacks_start() {
                let problem = "it ends a block comment that none begins, and hides the rest";
                return Err(unreadable(text, line.start, problem));
            }
            let part = Part {
                section: 0,
                header: line.start,
                header_depth: before,
                body: at..bytes.len(),
                depth: comments.depth(),
                commented: (comments.depth() > 0).then_some(at),
            };
            let is_header = match read {
                Some(read) => index.line(text, &read, part),
                None => Ok(false),
            };
            if !is_header.map_err(|problem| unreadable(text, line.start, problem))?
                && let Some(above) = index.parts.last_mut()
            {
                above.commented.get_or_insert(line.start);
            }
        }
        index.end_depth = comments.depth();
        index.continued.sort_unstable();
        Ok(index)
    }

    /// Adds the header of a line. Returns whether it is one.
    fn line(&mut self, text: &str, line: &[u8], part: Part) -> Result<bool, &'static str> {
        let Some(header) = stripped(line).strip_prefix(b"[") else { return Ok(false) };
        // Asterisk refuses the file at a header without an end.
        let Ok(Header { name, items }) = Header::read(header) else { return Ok(false) };
        let number = self.parts.len();
        let (mut is_template, mut continued) = (false, None);
        for item in items.into_iter().flat_map(|items| items.split_str(",")) {
            match item {
                b"!" => is_template = true,
                b"+" => continued = self.continued_by(text, name),
                [b'+', ..] => return Err("its header selects the section that it continues by a filter"),
                base => {
                    let base = self.named(text, base).next();
                    self.bases.extend(base.map(|base| (number, base)));
                }
            }
        }
        let section = continued.unwrap_or(self.sections.len());
        if let Some(continued) = self.sections.get_mut(section) {
            continued.is_template |= is_template;
            self.continued.push((section, number));
        } else {
            let name = name.get(..NAME_LIMIT).unwrap_or(name);
            if self.has_names {
                self.names.entry(name.to_ascii_lowercase()).or_default().push(section);
            }
            let start =
                assignment::start(text.as_bytes(), name).and_then(|start| usize::try_from(start).ok());
            let name = start
                .map_or_else(|| Name::Unescaped(name.into()), |start| Name::At(start..start + name.len()));
            self.sections.push(Section { name, is_template, is_removed: false, first: number });
        }
        if let Some(above) = self.parts.last_mut() {
            above.body.end = part.header;
        }
        self.parts.push(Part { section, ..part });
        Ok(true)
    }

    /// Finds the section that `[name](+)` continues. Asterisk refuses the file if there is none.
    fn continued_by(&mut self, text: &str, name: &[u8]) -> Option<usize> {
        let candidates: Vec<usize> = self.named(text, name).collect();
        candidates.into_iter().find(|section| !self.sections[*section].is_template)
    }

    /// Returns the sections that a header finds by a name, without regard to case. An empty one finds all.
    fn named(&mut self, text: &str, name: &[u8]) -> impl Iterator<Item = usize> + use<'_> {
        if !self.has_names {
            for (at, section) in self.sections.iter().enumerate() {
                self.names.entry(section.name(text).to_ascii_lowercase()).or_default().push(at);
            }
            self.has_names = true;
        }
        let all = if name.is_empty() { 0..self.sections.len() } else { 0..0 };
        let named = self.names.get(&name.to_ascii_lowercase()).filter(|_| !name.is_empty());
        all.chain(named.into_iter().flatten().copied())
    }

    /// Returns the indexes of the parts of a section.
    pub(super) fn parts_of(&self, section: usize) -> impl Iterator<Item = usize> {
        let from = self.continued.partition_point(|(of, _)| *of < section);
        let more = self.continued[from..].iter().take_while(move |(of, _)| *of == section);
        std::iter::once(self.sections[section].first).chain(more.map(|(_, part)| *part))
    }

    /// Returns the sections that inherit from a section.
    pub(super) fn heirs(&self, section: usize) -> impl Iterator<Item = usize> {
        let of_it = self.bases.iter().filter(move |(_, base)| *base == section);
        let heirs = of_it.map(|(part, _)| self.parts[*part].section);
        heirs.filter(move |heir| *heir != section && !self.sections[*heir].is_removed)
    }

    /// Returns the lines below a header.
    pub(super) fn body<'t>(&self, text: &'t str, part: usize) -> Body<'t> {
        let Part { body, depth, commented, .. } = &self.parts[part];
        let plain = body.start..commented.map_or(body.end, |commented| commented.min(body.end));
        Body { text, others: plain.end..body.end, plain, depth: *depth }
    }

    /// Returns where a header begins with the comment that stands directly above it, and how many block comments are open
    /// there.
    pub(super) fn top_of(&self, text: &str, part: usize) -> (usize, usize) {
        let Part { header, header_depth, .. } = self.parts[part];
        if header_depth > 0 {
            return (header, header_depth);
        }
        let mut top = header;
        while let Some(above) = text[..top].strip_suffix('\n') {
            let start = above.rfind('\n').map_or(0, |at| at + 1);
            let line = above[start..].trim_start_matches(syntax::is_blank);
            if !line.starts_with(';') || line.contains(";--") || line.contains("--;") {
                break;
            }
            top = start;
        }
        (top, 0)
    }

    /// Returns where the options below a header end with the empty lines behind them, and how many block comments are open
    /// there.
    pub(super) fn bottom_of(&self, text: &str, part: usize) -> (usize, usize) {
        let (mut end, depth) = self.body(text, part).end_of_options();
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

/// The next line that may be a header or may have a comment.
struct FoundLine {
    start: usize,
    /// A place in the line with no line feed before it.
    behind: usize,
}

fn next_line(bytes: &[u8], first: usize, mut at: usize, is_inside: bool) -> Option<FoundLine> {
    if is_inside {
        return (at < bytes.len()).then_some(FoundLine { start: at, behind: at });
    }
    loop {
        // A line with a NUL is looked at, too, so that it can be refused.
        let found = at + memchr::memchr3(b'[', b';', 0, &bytes[at..])?;
        let before = &bytes[first..found];
        if bytes[found] != b'[' {
            let start = memchr::memrchr(b'\n', before).map_or(first, |at| first + at + 1);
            return Some(FoundLine { start, behind: found });
        }
        let blanks = before.iter().rev().take_while(|byte| **byte <= b' ' && **byte != b'\n').count();
        let start = found - blanks;
        if start == first || bytes[start - 1] == b'\n' {
            return Some(FoundLine { start, behind: found });
        }
        // It stands in the middle of a line.
        at = found + 1;
    }
}

fn unreadable(text: &str, at: usize, problem: &'static str) -> EditError {
    let line = memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count() + 1;
    EditError::Unreadable { line, problem }
}
