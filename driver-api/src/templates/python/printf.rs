//! Formatting as C's `printf` does it. Python adds keys, `%(name)s`, and `%r`.

use minijinja::formatting::{self, FormatStyle};
use minijinja::value::{StringInput, ValueKind};
use minijinja::{Error, State, Value};

use super::super::limits::MAX_BYTES;
use super::{invalid, str, text};

/// Formats a text with values by position, or by key.
pub(super) fn format(
    state: &State<'_, '_>,
    format: &str,
    values: &[Value],
    map: Option<&Value>,
) -> Result<Value, Error> {
    let mut values = values.iter();
    let mut positional: Vec<Value> = Vec::new();
    let mut plain = String::with_capacity(format.len());
    let mut rest = format;
    while let Some(start) = rest.find('%') {
        plain.push_str(&rest[..=start]);
        let field = Field::parse(&rest[start + 1..])?;
        rest = field.rest;
        plain.push_str(field.flags);
        for number in [field.width, field.precision].into_iter().flatten().filter(|number| *number != "*") {
            if number.parse::<usize>().is_ok_and(|number| number > MAX_BYTES) {
                return Err(invalid("a text can't have so many characters"));
            }
        }
        plain.push_str(&star(field.width.unwrap_or_default(), &mut values)?);
        if let Some(precision) = field.precision {
            plain.push('.');
            plain.push_str(&star(precision, &mut values)?);
        }
        if field.conversion == '%' {
            plain.push('%');
            continue;
        }
        let value = match (field.key, map) {
            (Some(key), Some(map)) => {
                let value = map.get_item(&Value::from(key))?;
                if value.is_undefined() {
                    return Err(invalid(format!("the mapping has no key {key:?}")));
                }
                value
            }
            (Some(_), None) => return Err(invalid("a format with keys needs a mapping")),
            // `'%s' % {'a': 1}`: the mapping itself is the value.
            (None, Some(map)) if positional.is_empty() => map.clone(),
            (None, _) => values.next().cloned().ok_or_else(|| invalid("not enough values for the format"))?,
        };
        if value.is_undefined() {
            // It may be refused.
            StringInput::new(state, &value)?;
        }
        let (conversion, value) = converted(field.conversion, value)?;
        plain.push(conversion);
        positional.push(value);
    }
    plain.push_str(rest);
    if values.next().is_some() {
        return Err(invalid("more values than the format has places"));
    }
    formatting::format(FormatStyle::Printf, &plain, &positional).map(Value::from)
}

/// Returns a width, which may be `*`: the next value.
fn star(number: &str, values: &mut std::slice::Iter<'_, Value>) -> Result<String, Error> {
    if number != "*" {
        return Ok(number.to_owned());
    }
    let value = values.next().ok_or_else(|| invalid("not enough values for the format"))?;
    match i64::try_from(value.clone()) {
        Ok(width) if width.unsigned_abs() < 1 << 20 => Ok(width.to_string()),
        _ => Err(invalid("* in a format takes a width")),
    }
}

/// Returns a conversion and a value that `MiniJinja` formats.
fn converted(conversion: char, value: Value) -> Result<(char, Value), Error> {
    Ok(match conversion {
        'r' | 'a' => {
            let mut repr = String::new();
            // Writing into a string does not fail.
            let _ = text::write_repr(&mut repr, &value);
            ('s', Value::from(repr))
        }
        's' => ('s', Value::from(str(&value))),
        'd' | 'i' | 'u' if value.kind() == ValueKind::Bool => ('d', Value::from(i32::from(value.is_true()))),
        'd' | 'i' | 'u' if !value.is_integer() => {
            let number =
                f64::try_from(value).map_err(|_| invalid(format!("%{conversion} takes a number")))?;
            let whole = super::numbers::whole_part(number);
            ('d', whole.ok_or_else(|| invalid(format!("%{conversion} takes a finite number")))?)
        }
        'i' | 'u' => ('d', value),
        _ => (conversion, value),
    })
}

/// One `%(key)-5.2f`.
struct Field<'t> {
    key: Option<&'t str>,
    flags: &'t str,
    width: Option<&'t str>,
    precision: Option<&'t str>,
    conversion: char,
    rest: &'t str,
}

impl<'t> Field<'t> {
    fn parse(text: &'t str) -> Result<Field<'t>, Error> {
        let cut = || invalid("the format ends inside a %");
        let (key, rest) = match text.strip_prefix('(') {
            Some(text) => {
                let (key, rest) = text.split_once(')').ok_or_else(cut)?;
                (Some(key), rest)
            }
            None => (None, text),
        };
        let (flags, rest) = span(rest, |char| "#0- +".contains(char));
        let (width, rest) = number(rest);
        let (precision, rest) = match rest.strip_prefix('.') {
            Some(rest) => {
                let (precision, rest) = number(rest);
                (Some(precision.unwrap_or("0")), rest)
            }
            None => (None, rest),
        };
        let (_, rest) = span(rest, |char| "hlL".contains(char));
        let conversion = rest.chars().next().ok_or_else(cut)?;
        let rest = &rest[conversion.len_utf8()..];
        Ok(Field { key, flags, width, precision, conversion, rest })
    }
}

fn number(text: &str) -> (Option<&str>, &str) {
    let (number, rest) = match text.strip_prefix('*') {
        Some(rest) => ("*", rest),
        None => span(text, |char| char.is_ascii_digit()),
    };
    (Some(number).filter(|number| !number.is_empty()), rest)
}

fn span(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|char| !belongs(char)).unwrap_or(text.len()))
}
