//! Values in a YAML file.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{Context, Kind, Printed, START, on_one_line};

/// The form of the scalar that a value stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The value is the scalar.
    Whole,
    /// The value is a part of a scalar without quotes.
    Plain,
    /// The value stands between double quotes.
    Double,
    /// The value stands between single quotes.
    Single,
    Comment,
}

pub(super) fn written(context: &Context<'_>, value: &Printed) -> Result<String, Cow<'static, str>> {
    let text = &*value.text;
    match form(context) {
        Form::Whole if matches!(value.kind, Kind::Literal) || is_word(text) => Ok(text.to_owned()),
        Form::Whole => Ok(double_quoted(text)),
        Form::Double => Ok(inside(&double_quoted(text))),
        Form::Single => on_one_line(text).and_then(printable).map(|text| text.replace('\'', "''")),
        Form::Comment => on_one_line(text).and_then(printable).map(str::to_owned),
        Form::Plain if text.bytes().all(is_plain) => Ok(text.to_owned()),
        Form::Plain => {
            Err("the value is a part of a text without quotes; put the whole text of the template in double quotes".into())
        }
    }
}

/// Returns what is between the quotes.
fn inside(quoted: &str) -> String {
    quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(quoted).to_owned()
}

fn form(context: &Context<'_>) -> Form {
    let line = context.template;
    let mut quote = None;
    let mut chars = line.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (None, '#') if line[..at].ends_with([' ', '\t']) || at == 0 => return Form::Comment,
            // A quote begins a scalar only where one can begin.
            (None, '"' | '\'') if begins(&line[..at]) => quote = Some(c),
            (Some('"'), '\\') => drop(chars.next()),
            (Some(open), _) if c == open => quote = None,
            _ => {}
        }
    }
    match quote {
        Some('"') => Form::Double,
        Some(_) => Form::Single,
        None if begins(line) && ends(context) => Form::Whole,
        None => Form::Plain,
    }
}

/// Whether a scalar can begin behind this part of a line.
fn begins(before: &str) -> bool {
    let trimmed = before.trim_end_matches([' ', '\t']);
    trimmed.is_empty()
        || trimmed.ends_with(['[', '{', ','])
        || trimmed.len() < before.len() && trimmed.ends_with([':', '-', '?'])
}

/// Whether the scalar ends behind the value.
fn ends(context: &Context<'_>) -> bool {
    let after = context.after.trim_start_matches([' ', '\t']);
    match after.chars().next() {
        None => !context.is_followed,
        Some(',' | ']' | '}') => true,
        Some(':') => after.len() == 1 || after[1..].starts_with([' ', '\t']),
        Some('#') => after.len() < context.after.len(),
        Some(_) => false,
    }
}

/// Whether a text means itself without quotes: a word that is no boolean and no null.
fn is_word(text: &str) -> bool {
    const OTHERS: [&str; 12] =
        ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf"];
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    is_word && !OTHERS.contains(&text.to_ascii_lowercase().as_str())
}

/// Whether a byte is harmless within a text without quotes.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'@' | b'+')
}

/// Refuses characters that YAML has only as escapes in double quotes.
fn printable(text: &str) -> Result<&str, Cow<'static, str>> {
    let is_refused =
        |c: char| c.is_control() && c != '\t' || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    if text.contains(is_refused) {
        Err("there is a control character, which needs double quotes around the text of the template".into())
    } else {
        Ok(text)
    }
}

/// Returns a text between double quotes. JSON's escapes are YAML's, too; YAML has more line breaks than JSON.
fn double_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    for c in serde_json::Value::from(text).to_string().chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            // It would be a mark of a value.
            START => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted
}
