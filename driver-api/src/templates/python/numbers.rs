//! Numbers as Python writes and reads them.

use minijinja::value::from_args;
use minijinja::{Error, Value};

/// Returns the shortest text that reads back as this number: with an exponent if it is very large or very small.
pub(in super::super) fn repr(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.unsigned_abs());
    }
    let text = number.to_string();
    if text.contains('.') { text } else { text + ".0" }
}

/// Reads a whole number, with a prefix if the base has one.
pub(in super::super) fn parse_int(text: &str, base: u32) -> Option<i128> {
    let text = text.trim();
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let prefixed =
        [("0x", 16), ("0o", 8), ("0b", 2)].into_iter().find(|(prefix, _)| lower.starts_with(prefix));
    let (digits, base) = match prefixed {
        Some((_, own)) if base == own || base == 0 => (&lower[2..], own),
        _ => (&*lower, if base == 0 { 10 } else { base }),
    };
    let digits = without_underscores(digits)?;
    if !(2..=36).contains(&base) || digits.starts_with(['+', '-']) {
        return None;
    }
    let number = i128::from_str_radix(&digits, base).ok()?;
    Some(if is_negative { -number } else { number })
}

/// Reads a number, or `nan`, `inf` or `infinity`.
pub(in super::super) fn parse_float(text: &str) -> Option<f64> {
    without_underscores(text.trim())?.parse().ok()
}

/// An underscore may stand between two digits.
fn without_underscores(text: &str) -> Option<String> {
    let is_wrong = text.starts_with('_') || text.ends_with('_') || text.contains("__");
    (!is_wrong).then(|| text.replace('_', ""))
}

/// Returns the number without its fraction. `None` if it is not finite, or too large.
pub(in super::super) fn whole_part(number: f64) -> Option<Value> {
    // A number of Rust saturates, where Python's are as large as needed.
    let is_exact = number.abs() < 1e38;
    #[expect(clippy::cast_possible_truncation, reason = "that is the task, within the limit")]
    let whole = number.trunc() as i128;
    is_exact.then(|| narrow(whole))
}

/// Returns the number as the type that most numbers have.
pub(in super::super) fn narrow(number: i128) -> Value {
    i64::try_from(number).map_or_else(|_| Value::from(number), Value::from)
}

/// Calls a method of a number. Returns `None` for methods of others.
pub(super) fn method(value: &Value, name: &str, args: &[Value]) -> Option<Result<Value, Error>> {
    let of_float = |work: fn(f64) -> Value| {
        let () = from_args(args)?;
        f64::try_from(value.clone()).map(work)
    };
    match name {
        "is_integer" => Some(of_float(|number| Value::from(number.is_finite() && number.fract() == 0.0))),
        _ => None,
    }
}
