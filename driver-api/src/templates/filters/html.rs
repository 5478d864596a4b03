//! Filters for HTML, XML and addresses.

use std::fmt::Write;

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, State, Value};

use super::super::python::{Args, bind, items_of, str};
use super::text;

pub(super) fn install(environment: &mut Environment<'_>) {
    environment.add_filter("escape", escape);
    environment.add_filter("e", escape);
    environment.add_filter("forceescape", |state: &State<'_, '_>, value: &Value| {
        text(state, value).map(|text| Value::from_safe_string(escaped(&text)))
    });
    environment.add_filter("striptags", |state: &State<'_, '_>, value: &Value| {
        text(state, value).map(|text| striptags(&text))
    });
    environment.add_filter("urlencode", urlencode);
    environment.add_filter("xmlattr", xmlattr);
}

fn escape(state: &State<'_, '_>, value: &Value) -> Result<Value, Error> {
    if value.is_safe() {
        return Ok(value.clone());
    }
    text(state, value).map(|text| Value::from_safe_string(escaped(&text)))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\'' => escaped.push_str("&#39;"),
            '"' => escaped.push_str("&#34;"),
            char => escaped.push(char),
        }
    }
    escaped
}

/// Removes comments and tags, joins blanks, and reads the common entities.
fn striptags(text: &str) -> String {
    let text = without(&without(text, "<!--", "-->"), "<", ">");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut read = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find('&') {
        read.push_str(&rest[..start]);
        rest = &rest[start..];
        let entity = rest.split_once(';').and_then(|(name, after)| Some((character(&name[1..])?, after)));
        match entity {
            Some((char, after)) => {
                read.push(char);
                rest = after;
            }
            None => {
                read.push('&');
                rest = &rest[1..];
            }
        }
    }
    read + rest
}

fn without(text: &str, start: &str, end: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(start) {
        let Some((_, after)) = after.split_once(end) else { break };
        kept.push_str(before);
        rest = after;
    }
    kept + rest
}

/// Returns the character of an entity.
fn character(name: &str) -> Option<char> {
    if let Some(code) = name.strip_prefix('#') {
        let hex = code.strip_prefix(['x', 'X']);
        let code = hex.map_or_else(|| code.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok());
        return code.and_then(char::from_u32);
    }
    let names = [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\''), ("nbsp", '\u{a0}')];
    names.into_iter().find(|(known, _)| *known == name).map(|(_, char)| char)
}

/// Quotes a text for an address, or pairs for its query.
fn urlencode(state: &State<'_, '_>, value: &Value) -> Result<String, Error> {
    let is_map = value.kind() == ValueKind::Map;
    if !is_map && !matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
        return Ok(quoted(&text(state, value)?, "/"));
    }
    let mut pairs = Vec::new();
    for item in items_of(value)? {
        let pair = if is_map { vec![item.clone(), value.get_item(&item)?] } else { items_of(&item)? };
        let [name, value] = <[Value; 2]>::try_from(pair).map_err(|_| {
            Error::new(ErrorKind::InvalidOperation, "urlencode takes a text, a mapping or pairs")
        })?;
        let [name, value] = [name, value].map(|value| quoted(&str(&value), "").replace("%20", "+"));
        pairs.push(format!("{name}={value}"));
    }
    Ok(pairs.join("&"))
}

fn quoted(text: &str, safe: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for byte in text.bytes() {
        let char = char::from(byte);
        if char.is_ascii_alphanumeric() || "_.-~".contains(char) || safe.contains(char) {
            quoted.push(char);
        } else {
            // Writing into a string does not fail.
            let _ = write!(quoted, "%{byte:02X}");
        }
    }
    quoted
}

/// Writes the attributes of an element that have a value.
fn xmlattr(value: &Value, args: Args) -> Result<String, Error> {
    let autospace =
        bind(&["autospace"], &args.into_values())?.get::<Option<bool>>("autospace")?.unwrap_or(true);
    let mut attributes = Vec::new();
    for key in items_of(value)? {
        let value = value.get_item(&key)?;
        let key = str(&key);
        if key.contains([' ', '\t', '\n', '\r', '\x0c', '/', '>', '=']) {
            return Err(Error::new(ErrorKind::InvalidOperation, format!("xmlattr: bad name {key:?}")));
        }
        if !value.is_none() && !value.is_undefined() {
            attributes.push(format!("{}=\"{}\"", escaped(&key), escaped(&str(&value))));
        }
    }
    let space = if autospace && !attributes.is_empty() { " " } else { "" };
    Ok(space.to_owned() + &attributes.join(" "))
}
