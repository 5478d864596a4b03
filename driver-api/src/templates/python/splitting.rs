//! Methods that take a text apart.

use minijinja::value::{Tuple, from_args};
use minijinja::{Error, Value};

use super::lists::List;
use super::{bind, invalid};

/// Returns the lines of a text, without their ends: Python knows more kinds of ends than LF.
pub(in super::super) fn lines(text: &str) -> Vec<&str> {
    lines_with_ends(text).into_iter().map(|(line, _)| line).collect()
}

/// Returns the lines of a text, each with its end.
fn lines_with_ends(text: &str) -> Vec<(&str, &str)> {
    let is_end = |char| {
        matches!(char, '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}')
    };
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(place) = rest.find(is_end) {
        let length = match &rest[place..] {
            end if end.starts_with("\r\n") => 2,
            end => end.chars().next().map_or(1, char::len_utf8),
        };
        lines.push((&rest[..place], &rest[place..place + length]));
        rest = &rest[place + length..];
    }
    if !rest.is_empty() {
        lines.push((rest, ""));
    }
    lines
}

pub(super) fn splitlines(text: &str, args: &[Value]) -> Result<Value, Error> {
    let keeps_ends = bind(&["keepends"], args)?.get::<Option<bool>>("keepends")?.unwrap_or_default();
    let line = |(line, end): (&str, &str)| {
        if keeps_ends { Value::from([line, end].concat()) } else { Value::from(line) }
    };
    Ok(list(lines_with_ends(text).into_iter().map(line).collect()))
}

/// The direction in which a method looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    Left,
    Right,
}

pub(super) fn split(text: &str, args: &[Value], from: From) -> Result<Value, Error> {
    let args = bind(&["sep", "maxsplit"], args)?;
    let separator: Option<String> = args.get("sep")?;
    let most = args.get::<Option<i64>>("maxsplit")?.and_then(|most| usize::try_from(most).ok());
    let most = most.unwrap_or(usize::MAX - 1);
    let parts: Vec<&str> = match (separator.as_deref(), from) {
        (Some(""), _) => return Err(invalid("split: the separator is empty")),
        (Some(separator), From::Left) => text.splitn(most.saturating_add(1), separator).collect(),
        (Some(separator), From::Right) => reversed(text.rsplitn(most.saturating_add(1), separator)),
        (None, From::Left) => words(text, most),
        (None, From::Right) => last_words(text, most),
    };
    Ok(list(parts.into_iter().map(Value::from).collect()))
}

fn reversed<'a>(parts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut parts: Vec<_> = parts.collect();
    parts.reverse();
    parts
}

fn words(text: &str, most: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() && parts.len() < most {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        parts.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    parts.extend((!rest.is_empty()).then_some(rest));
    parts
}

fn last_words(text: &str, most: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim_end();
    while !rest.is_empty() && parts.len() < most {
        let blank = rest.char_indices().rev().find(|(_, char)| char.is_whitespace());
        let start = blank.map_or(0, |(place, char)| place + char.len_utf8());
        parts.push(&rest[start..]);
        rest = rest[..start].trim_end();
    }
    parts.extend((!rest.is_empty()).then_some(rest));
    parts.reverse();
    parts
}

/// Returns what stands before the separator, the separator, and what stands behind it.
pub(super) fn partition(text: &str, args: &[Value], from: From) -> Result<Value, Error> {
    let (separator,): (&str,) = from_args(args)?;
    if separator.is_empty() {
        return Err(invalid("partition: the separator is empty"));
    }
    let parts = match from {
        From::Left => text.split_once(separator).map(|(before, after)| [before, separator, after]),
        From::Right => text.rsplit_once(separator).map(|(before, after)| [before, separator, after]),
    };
    let parts = parts.unwrap_or(if from == From::Left { [text, "", ""] } else { ["", "", text] });
    Ok(Value::from(Tuple::from(parts.map(Value::from))))
}

fn list(items: Vec<Value>) -> Value {
    Value::from_object(List::from(items))
}
