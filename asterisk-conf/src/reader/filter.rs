//! The filter of `[name](+FILTER)`, which selects one of the sections of a name.

use std::borrow::Cow;

use bstr::ByteSlice;
use regex_lite::{Regex, RegexBuilder};

use super::limits::Budget;
use super::{Result, stripped};
use crate::document::Section;

/// `key=value` joined by `&`. Both are regular expressions, and one option of the section must fit both.
pub(super) struct Filter<'t> {
    parts: Vec<Part<'t>>,
}

enum Part<'t> {
    /// `TEMPLATES=include`: templates pass too.
    IncludeTemplates,
    /// `TEMPLATES=restrict`: only templates pass.
    RestrictToTemplates,
    Option {
        key: Pattern<'t>,
        value: Pattern<'t>,
    },
    /// A part without `=`, which no section passes. Asterisk ignores the parts that follow.
    Never,
    /// `TEMPLATES` with another value, which no section passes. Asterisk still evaluates the parts that follow.
    Unknown,
}

/// Whether a section passes a filter.
pub(super) enum Verdict<'p> {
    Fits,
    Fails,
    /// It does not, because this is not a valid regular expression.
    BadRegex(&'p [u8]),
}

impl<'t> Filter<'t> {
    pub(super) fn new(filter: &'t [u8], budget: &mut Budget) -> Result<Self> {
        let mut parts = Vec::new();
        let mut rest = (!filter.is_empty()).then_some(filter);
        while let Some(filter) = rest {
            let (part, behind) = split_outside_quotes(filter, b'&');
            parts.push(Part::new(part, budget)?);
            rest = behind;
        }
        Ok(Filter { parts })
    }

    pub(super) fn verdict(&self, section: &Section, budget: &mut Budget) -> Result<Verdict<'_>> {
        let (mut fits, mut templates_fit) = (true, false);
        for part in &self.parts {
            match part {
                Part::IncludeTemplates => templates_fit = true,
                Part::RestrictToTemplates if section.is_template => templates_fit = true,
                Part::RestrictToTemplates | Part::Never => return Ok(Verdict::Fails),
                Part::Unknown => fits = false,
                Part::Option { key: Pattern::Bad(pattern), .. }
                | Part::Option { value: Pattern::Bad(pattern), .. } => return Ok(Verdict::BadRegex(pattern)),
                Part::Option { key, value } => fits &= has_option(section, key, value, budget)?,
            }
        }
        Ok(if fits && (templates_fit || !section.is_template) { Verdict::Fits } else { Verdict::Fails })
    }
}

fn has_option(section: &Section, key: &Pattern, value: &Pattern, budget: &mut Budget) -> Result<bool> {
    for option in &section.options {
        budget.work(1)?;
        if key.fits(option.key(), budget)? && value.fits(option.value(), budget)? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl<'t> Part<'t> {
    fn new(part: &'t [u8], budget: &mut Budget) -> Result<Self> {
        let (key, Some(behind)) = split_outside_quotes(part, b'=') else { return Ok(Part::Never) };
        // Asterisk drops the text behind a second `=`.
        let (value, _) = split_outside_quotes(behind, b'=');
        Ok(match (key, value) {
            (b"TEMPLATES", _) if value.eq_ignore_ascii_case(b"include") => Part::IncludeTemplates,
            (b"TEMPLATES", _) if value.eq_ignore_ascii_case(b"restrict") => Part::RestrictToTemplates,
            (b"TEMPLATES", _) => Part::Unknown,
            _ => Part::Option { key: Pattern::new(key, budget)?, value: Pattern::new(value, budget)? },
        })
    }
}

/// A POSIX extended regular expression, which may match any part of a text.
///
/// Asterisk passes it to the C library in the C locale, where every byte is a letter. So bytes are converted to the
/// characters U+0000 to U+00FF for `regex-lite`. That differs from the C library:
/// - it refuses back references (`\1`) and `\<`, `\>`, `` \` ``, `\'`;
/// - it refuses `[[.x.]]` and `[[=x=]]`;
/// - it refuses the repetitions `a{,3}`, `a{`, and those of more than about 1000;
/// - escapes such as `\d` and `\n` are digits and a line feed, not plain letters.
///
/// No known configuration file has any of these. Groups can't occur, since a `)` ends the filter.
enum Pattern<'t> {
    /// A text without special characters: the usual case.
    Plain(&'t [u8]),
    Regex {
        regex: Regex,
        /// The cost of matching a byte of a text, in bytes of work.
        cost: usize,
    },
    Bad(&'t [u8]),
}

/// The most bytes of memory of a compiled regular expression.
const SIZE_LIMIT: usize = 64 << 10;

/// The cost of one state of the engine, in bytes of work.
const STATE_COST: usize = 4;

impl<'t> Pattern<'t> {
    fn new(pattern: &'t [u8], budget: &mut Budget) -> Result<Self> {
        if pattern.find_byteset(b".[]()*+?{}|^$\\").is_none() {
            return Ok(Pattern::Plain(pattern));
        }
        budget.work(SIZE_LIMIT)?;
        let built =
            RegexBuilder::new(&translated(pattern)).dot_matches_new_line(true).size_limit(SIZE_LIMIT).build();
        // The engine may visit all states for each byte, and a repetition has many states.
        let states = if pattern.contains(&b'{') { SIZE_LIMIT / 16 } else { pattern.len() };
        let cost = STATE_COST * states;
        Ok(built.map_or(Pattern::Bad(pattern), |regex| Pattern::Regex { regex, cost }))
    }

    fn fits(&self, text: &[u8], budget: &mut Budget) -> Result<bool> {
        Ok(match self {
            Pattern::Plain(b"") => true,
            Pattern::Plain(pattern) => {
                budget.work(text.len())?;
                text.contains_str(pattern)
            }
            Pattern::Regex { regex, cost } => {
                budget.work(text.len().saturating_mul(*cost))?;
                regex.is_match(&letters(text))
            }
            Pattern::Bad(_) => false,
        })
    }
}

/// Converts each byte to one character.
fn letters(text: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(text) {
        Ok(text) if text.is_ascii() => text.into(),
        _ => text.iter().copied().map(char::from).collect::<String>().into(),
    }
}

/// Adds the backslashes that `regex-lite` needs in a bracket expression, where POSIX has none.
fn translated(pattern: &[u8]) -> String {
    let pattern = letters(pattern);
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        match c {
            '\\' => out.extend(chars.next()),
            '[' => bracket_expression(&mut chars, &mut out),
            _ => {}
        }
    }
    out
}

/// Copies a bracket expression, from behind its `[` up to its `]`.
fn bracket_expression(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) {
    out.extend(chars.next_if_eq(&'^'));
    // As the first character, a `]` is literal.
    if chars.next_if_eq(&']').is_some() {
        out.push_str("\\]");
    }
    while let Some(c) = chars.next() {
        match c {
            ']' => return out.push(c),
            '[' if chars.peek() == Some(&':') => {
                out.push('[');
                for c in chars.by_ref() {
                    out.push(c);
                    if c == ']' {
                        break;
                    }
                }
            }
            '\\' | '[' | '&' | '~' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
}

/// Splits a text at the first separator outside quotes. The part before loses blanks and one pair of quotes. The rule is
/// from Asterisk's source; the blanks were measured.
fn split_outside_quotes(text: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    let mut quotes = Vec::new();
    let mut is_escaped = false;
    for (at, &byte) in text.iter().enumerate() {
        if is_escaped {
            is_escaped = false;
        } else if byte == b'\\' {
            is_escaped = true;
        } else if byte == b'\'' || byte == b'"' {
            if quotes.last() == Some(&byte) {
                quotes.pop();
            } else {
                quotes.push(byte);
            }
        } else if byte == separator && quotes.is_empty() {
            let (before, behind) = text.split_at(at);
            return (unquoted(before), behind.get(1..));
        }
    }
    (unquoted(text), None)
}

fn unquoted(text: &[u8]) -> &[u8] {
    match stripped(text).as_bytes() {
        [b'"', inside @ .., b'"'] | [b'\'', inside @ .., b'\''] => inside,
        text => text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::limits::Limits;
    use super::*;

    fn fits(pattern: &str, text: &[u8]) -> Option<bool> {
        let budget = &mut Budget::new(Limits::default());
        match Pattern::new(pattern.as_bytes(), budget).unwrap() {
            Pattern::Bad(_) => None,
            pattern => Some(pattern.fits(text, budget).unwrap()),
        }
    }

    #[test]
    fn patterns_are_posix_regular_expressions_over_bytes() {
        for (pattern, text, expected) in [
            ("", &b"x"[..], Some(true)),
            ("aor", b"xaory", Some(true)),
            ("^aor$", b"xaory", Some(false)),
            ("a.b", b"a\xffb", Some(true)),
            ("^[[:digit:]]+$", b"123", Some(true)),
            ("[\\]", b"a\\b", Some(true)),
            ("[]x]", b"]", Some(true)),
            ("^[^]x]$", b"]", Some(false)),
            ("[a[]", b"[", Some(true)),
            ("[&&]", b"&", Some(true)),
            ("a\\.b", b"axb", Some(false)),
            ("*a", b"a", None),
            ("*[", b"a", None),
            ("a(", b"a", None),
            ("a{2}", b"aa", Some(true)),
            ("(a{1000}){1000}", b"a", None),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern}");
        }
    }

    #[test]
    fn quotes_protect_a_separator() {
        let split = |text: &'static str| split_outside_quotes(text.as_bytes(), b'&');
        assert_eq!(split(" a & b"), (&b"a"[..], Some(&b" b"[..])));
        assert_eq!(split("\"a&b\"&"), (&b"a&b"[..], Some(&b""[..])));
        assert_eq!(split("'a\"&'&\"b"), (&b"'a\"&'&\"b"[..], None));
        assert_eq!(split("a\\&b"), (&b"a\\&b"[..], None));
        assert_eq!(split(""), (&b""[..], None));
    }
}
