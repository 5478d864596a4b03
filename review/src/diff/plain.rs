//! Splits a text into sections without reading it.
//!
//! In a file without templates, block comments and directives, a section depends on no other. So the sections that are
//! equal on both sides need not be read, and the others are read one by one: that keeps a large file cheap.

use std::borrow::Cow;

use asterisk_conf::stripped;
use bstr::BStr;

/// A section of a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chunk<'t> {
    pub(crate) name: &'t BStr,
    /// The lines from the header to the last option.
    pub(crate) text: &'t [u8],
    /// The number of the line of the header, from 1.
    pub(super) line: usize,
    /// The value of its first line `type`.
    type_rest: Option<&'t [u8]>,
}

/// The most bytes of a line that Asterisk reads, and of the name of a section.
const MAX_LINE: usize = 8190;
const MAX_NAME: usize = 79;

/// Splits a text. Returns `None` if a section may depend on another one, or if Asterisk may refuse the text.
pub(crate) fn split(text: &[u8]) -> Option<Vec<Chunk<'_>>> {
    let has = |part: &[u8]| memchr::memmem::find(text, part).is_some();
    if has(b";--") || has(b"--;") || has(b"\0") {
        return None;
    }
    let mut chunks = Vec::new();
    let mut current: Option<Open<'_>> = None;
    let mut start = 0;
    let ends = memchr::memchr_iter(b'\n', text).map(|at| at + 1).chain([text.len()]);
    for (index, end) in ends.enumerate() {
        let raw = text.get(start..end)?;
        let line = stripped(raw);
        if raw.len() > MAX_LINE {
            return None;
        }
        match line.first() {
            None | Some(b';') => {}
            Some(b'[') => {
                chunks.extend(current.take().and_then(|open| open.close(text)));
                let (name, is_template) = header(line)?;
                current = Some(Open { name, is_template, start, end, line: index + 1, type_rest: None });
            }
            Some(b'#' | b'\\') => return None,
            Some(first) => {
                let open = current.as_mut()?;
                open.end = end;
                if matches!(first, b't' | b'T') && open.type_rest.is_none() {
                    open.type_rest = behind_type(line);
                }
            }
        }
        start = end;
    }
    chunks.extend(current.and_then(|open| open.close(text)));
    Some(chunks)
}

/// A section whose end is not known yet.
struct Open<'t> {
    name: &'t BStr,
    is_template: bool,
    start: usize,
    end: usize,
    line: usize,
    type_rest: Option<&'t [u8]>,
}

impl<'t> Open<'t> {
    /// Returns the section, unless it is a template, which nobody sees.
    fn close(self, text: &'t [u8]) -> Option<Chunk<'t>> {
        let text = text.get(self.start..self.end)?;
        let Open { name, line, type_rest, .. } = self;
        (!self.is_template).then_some(Chunk { name, text, line, type_rest })
    }
}

/// Returns the name of a section, and whether it is a template. Returns `None` if the header says more than that.
fn header(line: &[u8]) -> Option<(&BStr, bool)> {
    let end = memchr::memchr(b']', line)?;
    let (name, behind) = (line.get(1..end)?, line.get(end + 1..)?);
    if name.len() > MAX_NAME || memchr::memchr2(b';', b'\\', name).is_some() {
        return None;
    }
    let is_template = behind.starts_with(b"(!)");
    (is_template || !behind.starts_with(b"(")).then_some((BStr::new(name), is_template))
}

/// Returns what stands behind the word `type`, if the key of a line begins with it and may be no longer.
fn behind_type(line: &[u8]) -> Option<&[u8]> {
    let is_type = line.get(..4)?.eq_ignore_ascii_case(b"type");
    let ends = line.get(4).is_none_or(|byte| matches!(byte, b'=' | b'+' | ..=b' '));
    (is_type && ends).then(|| line.get(4..))?
}

impl<'t> Chunk<'t> {
    /// Returns the value of its first option `type`.
    pub(crate) fn type_value(&self) -> Option<Cow<'t, [u8]>> {
        let rest = stripped(self.type_rest?).strip_prefix(b"=").filter(|rest| !rest.contains(&b';'));
        if let Some(value) = rest {
            return Some(Cow::Borrowed(stripped(value.strip_prefix(b">").unwrap_or(value))));
        }
        let document = asterisk_conf::read(self.text);
        let value = document.sections().first().and_then(|section| section.value("type"));
        value.map(|value| Cow::Owned(value.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use bstr::ByteSlice as _;

    use super::*;

    #[test]
    fn a_plain_text_is_split_at_its_headers() {
        let text = b"; first\n\n[a]\ntype = x ; y\nk = v\n\n; next\n [b] x\n[t](!)\nk = v\n[c]\nTYPE=>z\n";
        let chunks = split(text).unwrap();
        let found: Vec<_> = chunks
            .iter()
            .map(|chunk| (chunk.name.to_string(), chunk.text.to_str_lossy(), chunk.line, chunk.type_value()))
            .collect();
        assert_eq!(
            found,
            [
                ("a".to_owned(), "[a]\ntype = x ; y\nk = v\n".into(), 3, Some(b"x".into())),
                ("b".to_owned(), " [b] x\n".into(), 8, None),
                ("c".to_owned(), "[c]\nTYPE=>z\n".into(), 11, Some(b"z".into())),
            ]
        );
    }

    #[test]
    fn a_text_whose_sections_depend_on_others_is_not_split() {
        for text in [
            "k = v\n",
            "[a](t)\n",
            "[a](+)\n",
            "[a](!,t)\n",
            "[a\n",
            "[a]\n#include x\n",
            "[a]\n\\#1 = x\n",
            "[a]\nk = v;-- x\n",
            "[a]\nk = v--;\n",
            "[a\\;b]\n",
            "[a]\nk = \0\n",
        ] {
            assert!(split(text.as_bytes()).is_none(), "{text:?}");
        }
        assert!(split(format!("[a]\nk = {}\n", "x".repeat(9000)).as_bytes()).is_none());
    }
}
