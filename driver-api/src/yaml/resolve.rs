//! Resolves the type of a plain scalar, one without quotes, by the rules of YAML 1.1 as PyYAML implements them.
//!
//! The reader converts plain scalars by these rules; the writer finds by them which texts need quotes.

use std::sync::LazyLock;

use regex_lite::Regex;
use serde_yaml::{Number, Value};

/// The type of a plain scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Bool,
    Int,
    Float,
    Timestamp,
    /// `<<`: as a key, it fills the mapping from its value.
    Merge,
    /// `=`, the "default value" of a mapping. No program uses it.
    Default,
    Text,
}

/// Returns the type of a plain scalar.
pub(super) fn kind(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "yes" | "Yes" | "YES" | "no" | "No" | "NO" | "true" | "True" | "TRUE" | "false" | "False"
        | "FALSE" | "on" | "On" | "ON" | "off" | "Off" | "OFF" => Kind::Bool,
        "<<" => Kind::Merge,
        "=" => Kind::Default,
        _ if !text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) => Kind::Text,
        _ if INT.is_match(text) => Kind::Int,
        _ if FLOAT.is_match(text) => Kind::Float,
        _ if TIMESTAMP.is_match(text) => Kind::Timestamp,
        _ => Kind::Text,
    }
}

static INT: LazyLock<Regex> = LazyLock::new(|| {
    any_of(&[
        "[-+]?0b[01_]+",
        "[-+]?0x[0-9a-fA-F_]+",
        "[-+]?0[0-7_]*",
        "[-+]?[1-9][0-9_]*",
        "[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+",
    ])
});

// A float needs a point, and its exponent a sign: `1e5` is a text.
static FLOAT: LazyLock<Regex> = LazyLock::new(|| {
    any_of(&[
        r"[-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?",
        r"\.[0-9][0-9_]*([eE][-+][0-9]+)?",
        r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*",
        r"[-+]?\.(inf|Inf|INF)",
        r"\.(nan|NaN|NAN)",
    ])
});

static TIMESTAMP: LazyLock<Regex> = LazyLock::new(|| {
    let date = "[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?";
    let time = r"[0-9][0-9]?:[0-9]{2}:[0-9]{2}(\.[0-9]*)?";
    let zone = r"[ \t]*(Z|[-+][0-9][0-9]?(:[0-9]{2})?)";
    any_of(&["[0-9]{4}-[0-9]{2}-[0-9]{2}", &format!(r"{date}([Tt]|[ \t]+){time}({zone})?")])
});

fn any_of(patterns: &[&str]) -> Regex {
    Regex::new(&format!("^({})$", patterns.join("|"))).expect("the patterns are constant and valid")
}

/// Returns the value of a plain scalar. An error does not show it, since it may be a password.
///
/// A timestamp stays a text. So does a `<<` or `=` that is not a key, which PyYAML refuses.
pub(super) fn value(text: &str) -> Result<Value, String> {
    match kind(text) {
        Kind::Null => Ok(Value::Null),
        Kind::Bool => boolean(text),
        Kind::Int => integer(text),
        Kind::Float => float(text),
        Kind::Timestamp | Kind::Merge | Kind::Default | Kind::Text => Ok(Value::from(text)),
    }
}

/// Parses a boolean, without regard to case.
pub(super) fn boolean(text: &str) -> Result<Value, String> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "on" => Ok(Value::Bool(true)),
        "no" | "false" | "off" => Ok(Value::Bool(false)),
        _ => Err("the value is not a boolean".to_owned()),
    }
}

/// Parses an integer. In Python integers have no limit. Here one beyond 64 bits is an error, because a float would be
/// another number.
pub(super) fn integer(text: &str) -> Result<Value, String> {
    let digits = text.replace('_', "");
    let (negative, digits) = sign(&digits);
    let magnitude = if let Some(binary) = digits.strip_prefix("0b") {
        i128::from_str_radix(binary, 2).ok()
    } else if let Some(hexadecimal) = digits.strip_prefix("0x") {
        i128::from_str_radix(hexadecimal, 16).ok()
    } else if digits.starts_with('0') {
        i128::from_str_radix(digits, 8).ok()
    } else {
        digits.split(':').try_fold(0_i128, |sum, part| sum.checked_mul(60)?.checked_add(part.parse().ok()?))
    };
    let value = magnitude.map(|magnitude| if negative { -magnitude } else { magnitude });
    value
        .and_then(number)
        .map(Value::Number)
        .ok_or_else(|| "the value is not an integer of 64 bits".to_owned())
}

fn number(value: i128) -> Option<Number> {
    u64::try_from(value).map(Number::from).or_else(|_| i64::try_from(value).map(Number::from)).ok()
}

/// Parses a floating point number.
pub(super) fn float(text: &str) -> Result<Value, String> {
    let digits = text.replace('_', "").to_ascii_lowercase();
    let (negative, digits) = sign(&digits);
    let magnitude = match digits {
        ".inf" => Some(f64::INFINITY),
        ".nan" => Some(f64::NAN),
        // Python adds the smallest part first; the order affects the last digit.
        _ => digits
            .rsplit(':')
            .try_fold((0.0, 1.0), |(sum, unit), part| {
                Some((sum + part.parse::<f64>().ok()? * unit, unit * 60.0))
            })
            .map(|(sum, _)| sum),
    };
    match magnitude {
        Some(magnitude) => Ok(Value::from(if negative { -magnitude } else { magnitude })),
        None => Err("the value is not a number".to_owned()),
    }
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_scalar_has_the_type_of_yaml_1_1() {
        let table: &[(Kind, &[&str])] = &[
            (Kind::Null, &["", "~", "null", "Null", "NULL"]),
            (Kind::Bool, &["yes", "No", "TRUE", "false", "On", "off"]),
            (Kind::Int, &["10", "017", "0x1F", "0b1_0", "1_000", "-1", "+1", "0_", "1:30", "-1:5:59"]),
            (Kind::Int, &["2001:10:20:30:40:50:10:20"]),
            (Kind::Float, &["10.0", "1.", "-1.5e+5", ".5", ".5e-1", "1:30.5", "+.inf", ".NaN", "1_0._"]),
            (Kind::Timestamp, &["2020-01-01", "2020-1-1 1:00:00", "2020-01-01T00:00:00.5 +1:30"]),
            (Kind::Timestamp, &["2020-01-01t00:00:00Z", "9999-99-99"]),
            (Kind::Merge, &["<<"]),
            (Kind::Default, &["="]),
            (Kind::Text, &["y", "n", "yEs", "nULL", "1e5", "1.5e5", "0o17", "08", "10.0.0.1", "10.0.0.0/8"]),
            (Kind::Text, &["1:60", "-.5", "-.nan", "._", "+", "-", ".", "2020-1-1", "2001:db8::1", "::1"]),
        ];
        for (expected, texts) in table {
            for text in *texts {
                assert_eq!(kind(text), *expected, "{text:?}");
            }
        }
    }

    #[test]
    fn a_plain_scalar_has_the_value_of_python() {
        let integers: &[(&str, i128)] = &[
            ("0", 0),
            ("-0", 0),
            ("0_", 0),
            ("017", 15),
            ("-0_7", -7),
            ("0b1_01", 5),
            ("-0x1f", -31),
            ("+1_000", 1000),
            ("1:30", 90),
            ("-1:00:01", -3601),
            ("18446744073709551615", i128::from(u64::MAX)),
            ("-9223372036854775808", i128::from(i64::MIN)),
        ];
        for (text, expected) in integers {
            assert_eq!(value(text).unwrap(), Value::Number(number(*expected).unwrap()), "{text:?}");
        }
        let floats =
            [("1.", 1.0), (".5", 0.5), ("-1_0.5e+1", -105.0), ("1:30.5", 90.5), ("-.inf", -1.0 / 0.0)];
        for (text, expected) in floats {
            assert_eq!(value(text).unwrap(), Value::from(expected), "{text:?}");
        }
        assert_eq!(value("1.5e-400").unwrap(), Value::from(0.0));
        assert_eq!(value(".nan").unwrap(), Value::from(f64::NAN));
        for text in ["2020-02-30", "<<", "=", "1e5"] {
            assert_eq!(value(text).unwrap(), Value::from(text));
        }
        for text in
            ["18446744073709551616", "-9223372036854775809", "0b_", "-0x_", "1:30:0:0:0:0:0:0:0:0:0:0:0:0"]
        {
            assert_eq!(value(text), Err("the value is not an integer of 64 bits".to_owned()));
        }
    }
}
