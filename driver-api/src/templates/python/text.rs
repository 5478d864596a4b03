//! Texts of values, as Python's `str` and `repr` return them.

use std::fmt::{self, Write};

use minijinja::Value;
use minijinja::value::ValueKind;

use super::dicts::View;
use super::numbers;

/// Returns the text of a value as Python's `str` does; that of an undefined one is empty.
pub(in super::super) fn str(value: &Value) -> String {
    let mut text = String::new();
    // Writing into a string does not fail.
    let _ = write_str(&mut text, value);
    text
}

/// Writes the text of a value as Python's `str` returns it.
pub(in super::super) fn write_str(out: &mut dyn Write, value: &Value) -> fmt::Result {
    match value.kind() {
        ValueKind::String => out.write_str(value.as_str().unwrap_or_default()),
        ValueKind::Undefined => Ok(()),
        _ => write_repr(out, value),
    }
}

/// Writes the text of a value as Python's `repr` returns it.
pub(super) fn write_repr(out: &mut dyn Write, value: &Value) -> fmt::Result {
    match value.kind() {
        ValueKind::Undefined => out.write_str("Undefined"),
        ValueKind::String => write!(out, "{value:?}"),
        ValueKind::Number if !value.is_integer() => {
            out.write_str(&numbers::repr(f64::try_from(value.clone()).unwrap_or(f64::NAN)))
        }
        ValueKind::Map => write_map(out, value),
        ValueKind::Seq | ValueKind::Iterable if value.len().is_some() => write_sequence(out, value),
        _ => write!(out, "{value}"),
    }
}

fn write_map(out: &mut dyn Write, value: &Value) -> fmt::Result {
    out.write_char('{')?;
    for (index, key) in value.try_iter().into_iter().flatten().enumerate() {
        out.write_str(if index > 0 { ", " } else { "" })?;
        write_repr(out, &key)?;
        out.write_str(": ")?;
        write_repr(out, &value.get_item(&key).unwrap_or_default())?;
    }
    out.write_char('}')
}

fn write_sequence(out: &mut dyn Write, value: &Value) -> fmt::Result {
    let view = value.downcast_object_ref::<View>();
    let (open, close) = match view {
        Some(view) => (view.kind.open(), "])"),
        None if value.is_tuple() => ("(", if value.len() == Some(1) { ",)" } else { ")" }),
        None => ("[", "]"),
    };
    out.write_str(open)?;
    for (index, item) in value.try_iter().into_iter().flatten().enumerate() {
        out.write_str(if index > 0 { ", " } else { "" })?;
        write_repr(out, &item)?;
    }
    out.write_str(close)
}
