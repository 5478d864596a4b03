//! Values in messages.

use std::fmt;

use crate::Value;

/// Formats a uuid in lower case with hyphens.
pub(super) fn hyphenated(bytes: [u8; 16], buffer: &mut [u8; 36]) -> &str {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut at = 0;
    for (i, byte) in bytes.into_iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            buffer[at] = b'-';
            at += 1;
        }
        buffer[at] = HEX[usize::from(byte >> 4)];
        buffer[at + 1] = HEX[usize::from(byte & 15)];
        at += 2;
    }
    std::str::from_utf8(buffer).unwrap_or_default()
}

/// Displays a value with its type: `the text "x"`.
pub(super) struct Found<'a>(pub(super) &'a Value<'a>);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("NULL"),
            Value::Bool(value) => write!(f, "the boolean {value}"),
            Value::Integer(value) => write!(f, "the integer {value}"),
            Value::Float(value) => write!(f, "the number {value}"),
            Value::Text(text) => write!(f, "the text {}", Shown(&Value::Text(text))),
            Value::Uuid(_) => write!(f, "the uuid {}", Shown(self.0)),
            Value::Array(_) => f.write_str("an array"),
        }
    }
}

/// Displays a value as the key of a row: bare if it is one word, else quoted and escaped.
pub(crate) struct Shown<'a>(pub(crate) &'a Value<'a>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("NULL"),
            Value::Bool(value) => value.fmt(f),
            Value::Integer(value) => value.fmt(f),
            Value::Float(value) => value.fmt(f),
            Value::Text(text)
                if text.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c)) && !text.is_empty() =>
            {
                f.write_str(text)
            }
            Value::Text(text) => match text.char_indices().nth(40) {
                Some((end, _)) => write!(f, "{:?}…", &text[..end]),
                None => write!(f, "{text:?}"),
            },
            Value::Uuid(bytes) => f.write_str(hyphenated(*bytes, &mut [0; 36])),
            Value::Array(_) => f.write_str("[…]"),
        }
    }
}
