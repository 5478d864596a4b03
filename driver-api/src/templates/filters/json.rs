//! JSON as Jinja2 writes it: keys in order, ASCII only, and nothing that HTML would read.

use std::fmt::Write;

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};

use super::super::limits::{MAX_BYTES, MAX_DEPTH};
use super::super::python::{Args, bind, float_repr, str};

pub(super) fn tojson(value: &Value, args: Args) -> Result<Value, Error> {
    let args = bind(&["indent"], &args.into_values())?;
    let indent = match args.get::<Option<Value>>("indent")? {
        Some(indent) if !indent.is_none() => Some(usize::try_from(indent)?.min(64)),
        _ => None,
    };
    let mut json = Json { text: String::new(), indent };
    json.value(value, 0)?;
    let safe = json.text.replace('<', "\\u003c").replace('>', "\\u003e");
    Ok(Value::from_safe_string(safe.replace('&', "\\u0026").replace('\'', "\\u0027")))
}

struct Json {
    text: String,
    indent: Option<usize>,
}

impl Json {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        if depth > MAX_DEPTH || self.text.len() > MAX_BYTES {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                "tojson: the value is too large, or too deep",
            ));
        }
        match value.kind() {
            ValueKind::None => self.text.push_str("null"),
            ValueKind::Bool => self.text.push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => self.text.push_str(&number(value)),
            ValueKind::String => self.string(value.as_str().unwrap_or_default()),
            ValueKind::Seq => self.sequence(value, depth)?,
            ValueKind::Iterable if value.len().is_some() => self.sequence(value, depth)?,
            ValueKind::Map => self.map(value, depth)?,
            kind => {
                let message = format!("tojson: a value of type {kind} has no JSON");
                return Err(Error::new(ErrorKind::BadSerialization, message));
            }
        }
        Ok(())
    }

    fn sequence(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        self.text.push('[');
        let mut is_empty = true;
        for item in value.try_iter()? {
            self.item(&mut is_empty, depth);
            self.value(&item, depth + 1)?;
        }
        self.close(']', is_empty, depth);
        Ok(())
    }

    fn map(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        let mut pairs = Vec::new();
        for key in value.try_iter()? {
            let text = match key.kind() {
                ValueKind::Bool => if key.is_true() { "true" } else { "false" }.to_owned(),
                ValueKind::None => "null".to_owned(),
                ValueKind::Number => number(&key),
                _ => str(&key),
            };
            pairs.push((text, value.get_item(&key)?));
        }
        pairs.sort_by(|(left, _), (right, _)| left.cmp(right));
        self.text.push('{');
        let mut is_empty = true;
        for (key, value) in pairs {
            self.item(&mut is_empty, depth);
            self.string(&key);
            self.text.push_str(": ");
            self.value(&value, depth + 1)?;
        }
        self.close('}', is_empty, depth);
        Ok(())
    }

    fn item(&mut self, is_first: &mut bool, depth: usize) {
        let separator = match (*is_first, self.indent) {
            (true, _) => "",
            (false, None) => ", ",
            (false, Some(_)) => ",",
        };
        self.text.push_str(separator);
        self.line(depth + 1);
        *is_first = false;
    }

    fn close(&mut self, mark: char, is_empty: bool, depth: usize) {
        if !is_empty {
            self.line(depth);
        }
        self.text.push(mark);
    }

    fn line(&mut self, depth: usize) {
        if let Some(indent) = self.indent {
            self.text.push('\n');
            self.text.extend(std::iter::repeat_n(' ', indent * depth));
        }
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        for char in text.chars() {
            match char {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                '\x08' => self.text.push_str("\\b"),
                '\x0c' => self.text.push_str("\\f"),
                ' '..='~' => self.text.push(char),
                char => {
                    for unit in char.encode_utf16(&mut [0; 2]) {
                        // Writing into a string does not fail.
                        let _ = write!(self.text, "\\u{unit:04x}");
                    }
                }
            }
        }
        self.text.push('"');
    }
}

fn number(value: &Value) -> String {
    if value.is_integer() {
        return value.to_string();
    }
    match f64::try_from(value.clone()) {
        Ok(number) if number.is_nan() => "NaN".to_owned(),
        Ok(number) if number.is_infinite() => if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        Ok(number) => float_repr(number),
        Err(_) => value.to_string(),
    }
}

/// Returns the text of a value with the keys of mappings in order, on one line.
pub(super) fn pretty(value: &Value) -> String {
    str(&sorted(value, MAX_DEPTH))
}

fn sorted(value: &Value, depth: usize) -> Value {
    if value.kind() != ValueKind::Map || depth == 0 {
        return match value.kind() {
            ValueKind::String => Value::from(format!("{value:?}")),
            _ => value.clone(),
        };
    }
    let mut keys: Vec<Value> = value.try_iter().into_iter().flatten().collect();
    keys.sort();
    let inner = |key: &Value| {
        let inner = value.get_item(key).unwrap_or_default();
        if inner.kind() == ValueKind::Map { sorted(&inner, depth - 1) } else { inner }
    };
    Value::from_pairs(keys.iter().map(|key| (key.clone(), inner(key))))
}
