//! Writes the values that a template prints so that the reader of the file reads exactly these texts: each by the place
//! where it stands, such as the name of a section, a value or a comment.
//!
//! A template does not tell where in a line it prints a value. So it prints a mark for each value, and [`compose`] puts the
//! values in the places of the marks, once it sees the whole line.

mod asterisk;
mod ini;
mod yaml;

use std::borrow::Cow;

use driver_api::asterisk::syntax::Place;
use memchr::memmem;

/// A mark is this character, the number of the value in letters, and [`END`]. Both characters are for private use, and a
/// template that has them is refused.
pub(crate) const START: char = '\u{10f8d0}';
const END: char = '\u{10f8d1}';

/// The syntax of a file, which decides how values are escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// Files of Asterisk.
    Asterisk,
    /// `[section]` and `key = value`, for programs other than Asterisk.
    Ini,
    /// Lines without a syntax: a value can't begin another line.
    Text,
    /// YAML 1.1.
    Yaml,
}

const SYNTAXES: [(&str, Syntax); 4] =
    [("asterisk", Syntax::Asterisk), ("ini", Syntax::Ini), ("text", Syntax::Text), ("yaml", Syntax::Yaml)];

impl Syntax {
    pub(crate) fn named(name: &str) -> Option<Syntax> {
        SYNTAXES.iter().find(|(known, _)| *known == name).map(|(_, syntax)| *syntax)
    }

    /// Returns the names of all.
    pub(crate) fn names() -> Vec<&'static str> {
        SYNTAXES.map(|(name, _)| name).to_vec()
    }

    /// Returns the syntax of a file whose definition names none: that of its resource and of its ending.
    pub(crate) fn of_file(namespace: &str) -> Syntax {
        let ends_with = |ending: &str| namespace.ends_with(ending);
        if ends_with(".yml") || ends_with(".yaml") {
            Syntax::Yaml
        } else if namespace.starts_with("asterisk") && ends_with(".conf") {
            Syntax::Asterisk
        } else if ends_with(".conf") || ends_with(".ini") || ends_with(".cfg") {
            Syntax::Ini
        } else {
            Syntax::Text
        }
    }

    /// Returns whether a text is the same in every place, so that it needs no mark: a word such as a number or a uuid.
    pub(crate) fn is_harmless(self, text: &str) -> bool {
        let text = text.as_bytes();
        let is_inner = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'@' | b'-');
        let is_outer = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        // In YAML, `1001` would be a number. With text around it, `--` may begin or end a block comment of Asterisk.
        self != Syntax::Yaml
            && text.len() <= 64
            && is_outer(text.first())
            && is_outer(text.last())
            && text.iter().all(is_inner)
            && !text.windows(2).any(|pair| pair == b"--")
    }
}

/// A value that a template printed.
#[derive(Debug)]
pub(crate) struct Printed {
    pub(crate) text: Box<str>,
    pub(crate) kind: Kind,
}

/// How a value is written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// As the place in the line demands.
    Text,
    /// A number, a boolean or nothing, in its form for the syntax.
    Literal,
    /// As an argument, a field or another part of a value, as a filter says.
    Part(Place),
    /// As it is.
    Verbatim,
    /// Not at all: a filter changed a block of the template in which marks stand for values.
    Cut,
}

const CUT: &str = "a filter can't change a block in which values are printed; use the filter on the values";

/// Appends the mark of the value with this number. Each digit is a capital and a small letter: a filter such as `upper`,
/// which would not change the value, makes it no mark.
pub(crate) fn mark(out: &mut String, number: usize) {
    out.push(START);
    let digits = number.checked_ilog10().unwrap_or(0);
    let digit = |place| u8::try_from(number / 10_usize.pow(place) % 10).unwrap_or_default();
    for digit in (0..=digits).rev().map(digit) {
        out.push(char::from(b'A' + digit));
        out.push(char::from(b'a' + digit));
    }
    out.push(END);
}

/// The text of a file.
#[derive(Debug, Default)]
pub(crate) struct Composed {
    pub(crate) text: String,
    /// The lines with values, from 1, each with the number of the first value that stands in it.
    pub(crate) lines: Vec<(usize, usize)>,
    /// The values that can't stand where they are, each with the reason.
    pub(crate) refused: Vec<(usize, Cow<'static, str>)>,
}

/// The place of a value.
struct Context<'c> {
    /// The line up to the value, as it is written.
    line: &'c str,
    /// The same with [`START`] in the place of each value: only the template has syntax.
    template: &'c str,
    /// What the template has behind the value, up to the next one or to the end of the line.
    after: &'c str,
    /// Whether another value follows on the same line right behind `after`.
    is_followed: bool,
}

/// Puts the values in the places of their marks.
pub(crate) fn compose(syntax: Syntax, output: &str, values: &[Printed]) -> Composed {
    let mut composed = Composed { text: String::with_capacity(output.len()), ..Composed::default() };
    let Composed { text, lines, refused } = &mut composed;
    let mut line = Line::default();
    let mut rest = output;
    let mut start = [0; 4];
    let start = memmem::Finder::new(START.encode_utf8(&mut start).as_bytes());
    while let Some(at) = start.find(rest.as_bytes()) {
        line.push(text, &rest[..at]);
        let (number, behind) = number(&rest[at..]);
        rest = behind;
        let Some((number, value)) = number.and_then(|number| Some((number, values.get(number)?))) else {
            // A filter such as `truncate` cut a text with marks in it.
            refused.push((usize::MAX, CUT.into()));
            continue;
        };
        let line_number = line.number + 1;
        if lines.last().is_none_or(|(last, _)| *last != line_number) {
            lines.push((line_number, number));
        }
        match value.kind {
            Kind::Verbatim => {
                line.push(text, &value.text);
                continue;
            }
            Kind::Cut => {
                refused.push((number, CUT.into()));
                continue;
            }
            _ => {}
        }
        let next = rest.find(START);
        let end = rest.find('\n').unwrap_or(rest.len());
        let context = Context {
            line: &text[line.start..],
            template: &line.template,
            after: &rest[..next.map_or(end, |next| next.min(end))],
            is_followed: next.is_some_and(|next| next < end),
        };
        match written(syntax, &context, value) {
            Ok(value) => text.push_str(&value),
            Err(reason) => refused.push((number, reason)),
        }
        line.template.push(START);
    }
    line.push(text, rest);
    composed
}

/// Returns the number of the mark at the start of a text, and what follows the mark.
fn number(text: &str) -> (Option<usize>, &str) {
    let text = text.strip_prefix(START).unwrap_or(text);
    let Some((letters, rest)) = text.split_once(END) else { return (None, text) };
    let digit = |pair: &[u8]| match pair {
        [capital @ b'A'..=b'J', small] if *small == capital - b'A' + b'a' => {
            Some(usize::from(capital - b'A'))
        }
        _ => None,
    };
    let number = letters
        .as_bytes()
        .chunks(2)
        .try_fold(0_usize, |number, pair| number.checked_mul(10)?.checked_add(digit(pair)?));
    (number.filter(|_| !letters.is_empty()), rest)
}

/// The line that is being written.
#[derive(Default)]
struct Line {
    /// Its number, from 0.
    number: usize,
    /// Where it begins in the text.
    start: usize,
    /// What the template has in it, with [`START`] for each value.
    template: String,
}

impl Line {
    /// Appends a text of the template.
    fn push(&mut self, text: &mut String, literal: &str) {
        text.push_str(literal);
        match literal.rsplit_once('\n') {
            Some((_, last)) => {
                self.number += memchr::memchr_iter(b'\n', literal.as_bytes()).count();
                self.start = text.len() - last.len();
                self.template.clear();
                self.template.push_str(last);
            }
            None => self.template.push_str(literal),
        }
    }
}

/// Returns the text of a value for its place.
fn written(syntax: Syntax, context: &Context<'_>, value: &Printed) -> Result<String, Cow<'static, str>> {
    match syntax {
        Syntax::Asterisk => asterisk::written(context, value).map_err(|reason| reason.to_string().into()),
        Syntax::Ini => ini::written(context, value),
        Syntax::Yaml => yaml::written(context, value),
        Syntax::Text => on_one_line(&value.text).map(str::to_owned),
    }
}

/// Refuses a text that has more than one line, for some reader: a line feed, a carriage return, or a line separator of
/// Unicode; and a NUL, at which many readers stop.
fn on_one_line(text: &str) -> Result<&str, Cow<'static, str>> {
    let ends_line =
        |c| matches!(c, '\n' | '\r' | '\0' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    if text.contains(ends_line) { Err("the value has a line break".into()) } else { Ok(text) }
}

#[cfg(test)]
mod tests;
