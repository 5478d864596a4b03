//! Filters that make numbers, and texts of them.

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, Value};

use super::super::python::{Args, bind, given_or, narrow, parse_float, parse_int, str, whole_part};

pub(super) fn install(environment: &mut Environment<'_>) {
    environment.add_filter("int", int);
    environment.add_filter("float", float);
    environment.add_filter("filesizeformat", filesizeformat);
}

/// Returns a whole number, or the default if the value is none.
fn int(value: &Value, args: Args) -> Result<Value, Error> {
    let args = bind(&["default", "base"], &args.into_values())?;
    let default = given_or(&args, "default", 0)?;
    let base = args.get::<Option<u32>>("base")?.unwrap_or(10);
    refuse_undefined(value)?;
    if value.is_integer() {
        return Ok(value.clone());
    }
    let whole = value.as_str().and_then(|text| parse_int(text, base)).map(narrow);
    let truncated = || as_float(value).filter(|number| number.is_finite()).and_then(whole_part);
    Ok(whole.or_else(truncated).unwrap_or(default))
}

fn float(value: &Value, args: Args) -> Result<Value, Error> {
    let args = bind(&["default"], &args.into_values())?;
    let default = given_or(&args, "default", 0.0)?;
    refuse_undefined(value)?;
    Ok(as_float(value).map_or(default, Value::from))
}

fn refuse_undefined(value: &Value) -> Result<(), Error> {
    if value.is_undefined() { Err(Error::from(ErrorKind::UndefinedError)) } else { Ok(()) }
}

fn as_float(value: &Value) -> Option<f64> {
    match value.kind() {
        ValueKind::String => parse_float(value.as_str()?),
        ValueKind::Bool => Some(f64::from(u8::from(value.is_true()))),
        _ => f64::try_from(value.clone()).ok(),
    }
}

fn filesizeformat(value: &Value, args: Args) -> Result<String, Error> {
    const DECIMAL: [&str; 8] = ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
    const BINARY: [&str; 8] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"];
    let is_binary =
        bind(&["binary"], &args.into_values())?.get::<Option<bool>>("binary")?.unwrap_or_default();
    let (base, units) = if is_binary { (1024.0, BINARY) } else { (1000.0, DECIMAL) };
    let Some(bytes) = as_float(value) else {
        let message = format!("filesizeformat takes a number, and not {:?}", str(value));
        return Err(Error::new(ErrorKind::InvalidOperation, message));
    };
    if (bytes - 1.0).abs() < f64::EPSILON {
        return Ok("1 Byte".to_owned());
    }
    if bytes < base {
        return Ok(format!("{} Bytes", bytes.trunc()));
    }
    let mut size = bytes / base;
    for unit in &units[..units.len() - 1] {
        if size < base {
            return Ok(format!("{size:.1} {unit}"));
        }
        size /= base;
    }
    Ok(format!("{size:.1} {}", units[units.len() - 1]))
}
