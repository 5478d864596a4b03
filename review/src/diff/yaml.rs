//! Compares YAML files: an object is a value, by the path of its keys. The order of keys does not count.

use std::borrow::Cow;

use bstr::BStr;
use driver_api::yaml::{self, Value};

use super::options::{self, Item, Order};
use super::secrets::Secrets;
use super::{Change, FileDiff};

/// The kind of all objects of such a file.
const KIND: &str = "key";

pub(super) fn compare(
    old: &str,
    new: &str,
    secrets: &Secrets<'_>,
    found: &mut FileDiff,
) -> Result<(), String> {
    let parse = |which: &str, text| {
        let failed = |error: driver_api::Error| {
            format!("the {which} text is no valid YAML, so lines are compared: {}", error.chain())
        };
        yaml::parse(text).map_err(failed)
    };
    let (old, new) = (parse("old", old)?, parse("new", new)?);
    found.count(KIND, leaves(&new));
    values(&mut String::new(), &old, &new, secrets, found);
    Ok(())
}

/// Counts the values that are no mapping.
fn leaves(value: &Value) -> usize {
    value.as_mapping().map_or(usize::from(!value.is_null()), |mapping| mapping.values().map(leaves).sum())
}

/// Compares two values at a path.
fn values(path: &mut String, old: &Value, new: &Value, secrets: &Secrets<'_>, found: &mut FileDiff) {
    if old == new {
        return;
    }
    match (old, new) {
        (Value::Mapping(before), Value::Mapping(after)) => {
            for (key, value) in before.iter().filter(|(key, _)| !after.contains_key(*key)) {
                at(path, &format!(".{}", text(key)), |path| leaf(path, value, &Change::Removed, found));
            }
            for (key, value) in after {
                at(path, &format!(".{}", text(key)), |path| match before.get(key) {
                    Some(before) => values(path, before, value, secrets, found),
                    None => leaf(path, value, &Change::Added, found),
                });
            }
        }
        (Value::Sequence(before), Value::Sequence(after)) => lists(path, before, after, secrets, found),
        (Value::Null, Value::Mapping(_)) => leaf(path, new, &Change::Added, found),
        (Value::Mapping(_), Value::Null) => leaf(path, old, &Change::Removed, found),
        _ => items(path, &[old], &[new], secrets, found),
    }
}

/// Adds each value below a path as one that is new or gone.
fn leaf(path: &mut String, value: &Value, change: &Change, found: &mut FileDiff) {
    match value.as_mapping().filter(|mapping| !mapping.is_empty()) {
        Some(mapping) => {
            for (key, value) in mapping {
                at(path, &format!(".{}", text(key)), |path| leaf(path, value, change, found));
            }
        }
        None => found.add(KIND, name(path), change.clone()),
    }
}

/// Compares two lists. Between the equal items at both ends, items are compared one by one if there are as many.
fn lists(path: &mut String, old: &[Value], new: &[Value], secrets: &Secrets<'_>, found: &mut FileDiff) {
    let first = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let (before, after) = (old.get(first..).unwrap_or_default(), new.get(first..).unwrap_or_default());
    let last = before.iter().rev().zip(after.iter().rev()).take_while(|(old, new)| old == new).count();
    let before = before.get(..before.len() - last).unwrap_or_default();
    let after = after.get(..after.len() - last).unwrap_or_default();
    let are_collections = before.iter().chain(after).all(|item| item.is_mapping() || item.is_sequence());
    if are_collections && before.len() == after.len() {
        for (index, (old, new)) in before.iter().zip(after).enumerate() {
            at(path, &format!("[{}]", first + index), |path| values(path, old, new, secrets, found));
        }
        return;
    }
    items(path, &before.iter().collect::<Vec<_>>(), &after.iter().collect::<Vec<_>>(), secrets, found);
}

/// Compares values as the items of a list.
fn items(path: &str, old: &[&Value], new: &[&Value], secrets: &Secrets<'_>, found: &mut FileDiff) {
    let texts = |values: &[&Value]| values.iter().map(|value| text(value).into_owned()).collect::<Vec<_>>();
    let (old, new) = (texts(old), texts(new));
    let mut changes = Vec::new();
    let (before, after) = (whole(&old), whole(&new));
    options::compare("", BStr::new(path), &before, &after, Order::Counts, secrets, &mut changes);
    found.add(KIND, name(path), Change::Changed(changes));
}

fn whole(texts: &[String]) -> Vec<Item<'_>> {
    texts.iter().map(|text| Item::whole(text.as_bytes())).collect()
}

/// Returns a value on one line. A list or a mapping is shown as JSON, with its secrets masked.
fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Null => Cow::Borrowed("null"),
        Value::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
        Value::Number(number) => Cow::Owned(number.to_string()),
        other => Cow::Owned(serde_json::to_string(other).unwrap_or_else(|_| format!("{other:?}"))),
    }
}

/// Runs an action at a longer path.
fn at(path: &mut String, part: &str, act: impl FnOnce(&mut String)) {
    let length = path.len();
    path.push_str(part);
    act(path);
    path.truncate(length);
}

/// Returns a path without the dot before its first key. The path of the whole document is `.`.
fn name(path: &str) -> &str {
    if path.is_empty() { "." } else { path.strip_prefix('.').unwrap_or(path) }
}
