//! Searches the options of a key.

use std::ops::Range;

use crate::reader::option::Assigned;
use crate::stripped;
use crate::syntax::{self, LINE_LIMIT, is_blank};

/// A key, which is compared without regard to case.
pub(super) struct Key {
    bytes: Vec<u8>,
    /// The index of its byte that is the rarest in such texts.
    rare: usize,
}

/// The bytes that are frequent in keys and values, the most frequent first.
const FREQUENT: &[u8] = b"e=_0aotnirlsmcu1d42p53-6789fgh.bvwxyqkjz";

/// The rank of each byte among the frequent ones; the higher it is, the rarer is the byte.
const RANKS: [u8; 256] = {
    let mut ranks = [u8::MAX; 256];
    let mut rank = 0_u8;
    while (rank as usize) < FREQUENT.len() {
        let byte = FREQUENT[rank as usize];
        ranks[byte as usize] = rank;
        ranks[byte.to_ascii_uppercase() as usize] = rank;
        rank += 1;
    }
    ranks
};

impl Key {
    /// Reads a key as a caller writes it.
    pub(super) fn new(key: &str) -> Key {
        let bytes = syntax::meaning(key).into_owned().into_bytes();
        let rare = (0..bytes.len()).max_by_key(|at| RANKS[usize::from(bytes[*at])]).unwrap_or(0);
        Key { bytes, rare }
    }

    /// Returns the option that a line without comments is, if it has this key.
    pub(super) fn option_of<'l>(&self, line: &'l [u8]) -> Option<Assigned<'l>> {
        let line = stripped(line);
        if matches!(line.first(), Some(b'[' | b'#')) {
            return None;
        }
        Assigned::read(line)
            .ok()
            .filter(|option| !option.key.is_empty() && option.key.eq_ignore_ascii_case(&self.bytes))
    }

    /// Searches the lines of this key among lines without a semicolon. Each line comes with its line feed.
    pub(super) fn search(&self, text: &[u8], lines: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let rare = self.bytes.get(self.rare).copied();
        let mut at = lines.start;
        std::iter::from_fn(move || {
            let (lower, upper) = (rare?.to_ascii_lowercase(), rare?.to_ascii_uppercase());
            loop {
                let found = at + memchr::memchr2(lower, upper, text.get(at..lines.end)?)?;
                at = found + 1;
                let Some(line) = self.line_around(found, text, &lines) else { continue };
                at = line.end;
                return Some(line);
            }
        })
    }

    /// Returns the line at whose start the key stands, with its rare byte at this place.
    fn line_around(&self, found: usize, text: &[u8], lines: &Range<usize>) -> Option<Range<usize>> {
        let begin = found.checked_sub(self.rare).filter(|begin| *begin >= lines.start)?;
        let is_key = text[begin..lines.end].get(..self.bytes.len())?.eq_ignore_ascii_case(&self.bytes);
        if !is_key {
            return None;
        }
        let before = &text[lines.start..begin];
        let before = before.strip_suffix(b"\\").unwrap_or(before);
        let blanks =
            before.iter().rev().take_while(|byte| is_blank(char::from(**byte)) && **byte != b'\n').count();
        let start = lines.start + before.len() - blanks;
        if start > lines.start && text[start - 1] != b'\n' {
            return None;
        }
        let length = memchr::memchr(b'\n', &text[start..lines.end]);
        let line = &text[start..length.map_or(lines.end, |length| start + length)];
        // Asterisk skips a longer line.
        let is_option = line.len() <= LINE_LIMIT && self.option_of(line).is_some();
        is_option.then(|| start..length.map_or(lines.end, |length| start + length + 1))
    }
}
