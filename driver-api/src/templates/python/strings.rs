//! Methods of texts. Those that are not here are `minijinja-contrib`'s.

use minijinja::value::{ValueKind, from_args};
use minijinja::{Error, Value};

use super::super::limits::MAX_BYTES;
use super::splitting::{From as Side, partition, split, splitlines};
use super::{bind, invalid};

/// Calls a method of a text. Returns `None` for methods that are not here.
pub(super) fn method(text: &str, name: &str, args: &[Value]) -> Option<Result<Value, Error>> {
    Some(match name {
        "zfill" => zfill(text, args),
        "ljust" => pad(text, args, |missing| (0, missing)),
        "rjust" => pad(text, args, |missing| (missing, 0)),
        "center" => center(text, args),
        "expandtabs" => expandtabs(text, args),
        "find" => find(text, args, Side::Left).map(|place| place.map_or(Value::from(-1), Value::from)),
        "rfind" => find(text, args, Side::Right).map(|place| place.map_or(Value::from(-1), Value::from)),
        "index" => find(text, args, Side::Left).and_then(found),
        "rindex" => find(text, args, Side::Right).and_then(found),
        "count" => count(text, args),
        "startswith" => affix(text, args, |text, prefix| text.starts_with(prefix)),
        "endswith" => affix(text, args, |text, suffix| text.ends_with(suffix)),
        "split" => split(text, args, Side::Left),
        "rsplit" => split(text, args, Side::Right),
        "splitlines" => splitlines(text, args),
        "partition" => partition(text, args, Side::Left),
        "rpartition" => partition(text, args, Side::Right),
        "removeprefix" => one_text(args).map(|prefix| text.strip_prefix(prefix).unwrap_or(text).into()),
        "removesuffix" => one_text(args).map(|suffix| text.strip_suffix(suffix).unwrap_or(text).into()),
        _ => return plain(text, name).map(|value| from_args::<()>(args).map(|()| value)),
    })
}

/// Calls a method that has no arguments.
fn plain(text: &str, name: &str) -> Option<Value> {
    let all = |is: fn(char) -> bool| Value::from(!text.is_empty() && text.chars().all(is));
    Some(match name {
        "title" => Value::from(title(text)),
        "istitle" => Value::from(title(text) == text && text.chars().any(char::is_alphabetic)),
        "swapcase" => text.chars().map(swapped).collect::<String>().into(),
        "casefold" => Value::from(text.to_lowercase().replace('ß', "ss")),
        "isdecimal" => all(|char: char| char.is_ascii_digit()),
        "isidentifier" => Value::from(is_identifier(text)),
        "isprintable" => Value::from(!text.chars().any(char::is_control)),
        _ => return None,
    })
}

fn one_text(args: &[Value]) -> Result<&str, Error> {
    let (text,): (&str,) = from_args(args)?;
    Ok(text)
}

/// Writes the first letter of each word in upper case; each character that is no letter ends a word.
fn title(text: &str) -> String {
    let mut title = String::with_capacity(text.len());
    let mut in_word = false;
    for char in text.chars() {
        if in_word {
            title.extend(char.to_lowercase());
        } else {
            title.extend(char.to_uppercase());
        }
        in_word = char.is_alphabetic();
    }
    title
}

fn swapped(char: char) -> String {
    if char.is_uppercase() { char.to_lowercase().collect() } else { char.to_uppercase().collect() }
}

fn is_identifier(text: &str) -> bool {
    !text.starts_with(|char: char| char.is_numeric())
        && !text.is_empty()
        && text.chars().all(|char| char == '_' || char.is_alphanumeric())
}

fn zfill(text: &str, args: &[Value]) -> Result<Value, Error> {
    let (width,): (i64,) = from_args(args)?;
    let (sign, digits) = text.split_at(usize::from(text.starts_with(['+', '-'])));
    let missing = missing(text, width)?;
    Ok(Value::from([sign, &"0".repeat(missing), digits].concat()))
}

fn pad(text: &str, args: &[Value], sides: fn(usize) -> (usize, usize)) -> Result<Value, Error> {
    let (width, fill): (i64, Option<char>) = from_args(args)?;
    let (left, right) = sides(missing(text, width)?);
    padded(text, left, right, fill.unwrap_or(' ')).map(Value::from)
}

fn center(text: &str, args: &[Value]) -> Result<Value, Error> {
    let (width, fill): (i64, Option<char>) = from_args(args)?;
    let missing = missing(text, width)?;
    // Python puts the odd character to the left of a text with an odd width.
    let left = missing / 2 + (missing & usize::try_from(width).unwrap_or_default() & 1);
    padded(text, left, missing - left, fill.unwrap_or(' ')).map(Value::from)
}

/// Returns how many characters a text lacks to have a width.
fn missing(text: &str, width: i64) -> Result<usize, Error> {
    let width = usize::try_from(width).unwrap_or_default();
    let missing = width.saturating_sub(text.chars().count());
    if missing > MAX_BYTES {
        Err(invalid(format!("a text can't have {width} characters")))
    } else {
        Ok(missing)
    }
}

/// Returns the text between so many characters on its left and on its right.
pub(in super::super) fn padded(text: &str, left: usize, right: usize, fill: char) -> Result<String, Error> {
    if left.saturating_add(right).saturating_mul(fill.len_utf8()) > MAX_BYTES {
        return Err(invalid("a text can't have so many characters"));
    }
    let fill = fill.to_string();
    Ok([&fill.repeat(left), text, &fill.repeat(right)].concat())
}

fn expandtabs(text: &str, args: &[Value]) -> Result<Value, Error> {
    let size = bind(&["tabsize"], args)?.get::<Option<usize>>("tabsize")?.unwrap_or(8);
    if size.saturating_mul(text.len()) > MAX_BYTES {
        return Err(invalid("expandtabs: the tabs are too wide"));
    }
    let mut expanded = String::with_capacity(text.len());
    let mut column = 0;
    for char in text.chars() {
        if char == '\t' {
            let blanks = if size == 0 { 0 } else { size - column % size };
            expanded.extend(std::iter::repeat_n(' ', blanks));
            column += blanks;
        } else {
            expanded.push(char);
            column = if matches!(char, '\n' | '\r') { 0 } else { column + 1 };
        }
    }
    Ok(Value::from(expanded))
}

/// The part of a text that a method looks at.
struct Part<'t> {
    text: &'t str,
    /// How many characters stand before it.
    start: usize,
}

impl<'t> Part<'t> {
    /// Returns the part between two indices of characters. `None` if it begins behind the end.
    fn new(text: &'t str, start: Option<i64>, end: Option<i64>) -> Option<Part<'t>> {
        if start.is_none() && end.is_none() {
            return Some(Part { text, start: 0 });
        }
        let count = text.chars().count();
        let place = |index: i64| {
            let distance = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
            if index < 0 { count.saturating_sub(distance) } else { distance }
        };
        let (start, end) = (start.map_or(0, place), end.map_or(count, place).min(count));
        let offset = |index: usize| text.char_indices().nth(index).map_or(text.len(), |(offset, _)| offset);
        (start <= end).then(|| Part { text: &text[offset(start)..offset(end)], start })
    }
}

fn find(text: &str, args: &[Value], side: Side) -> Result<Option<usize>, Error> {
    let (wanted, start, end): (&str, Option<i64>, Option<i64>) = from_args(args)?;
    let Some(part) = Part::new(text, start, end) else { return Ok(None) };
    let offset = if side == Side::Left { part.text.find(wanted) } else { part.text.rfind(wanted) };
    Ok(offset.map(|offset| part.start + part.text[..offset].chars().count()))
}

fn found(place: Option<usize>) -> Result<Value, Error> {
    place.map(Value::from).ok_or_else(|| invalid("index: the text does not have this part"))
}

fn count(text: &str, args: &[Value]) -> Result<Value, Error> {
    let (wanted, start, end): (&str, Option<i64>, Option<i64>) = from_args(args)?;
    Ok(Value::from(Part::new(text, start, end).map_or(0, |part| part.text.matches(wanted).count())))
}

fn affix(text: &str, args: &[Value], has: fn(&str, &str) -> bool) -> Result<Value, Error> {
    let (wanted, start, end): (&Value, Option<i64>, Option<i64>) = from_args(args)?;
    let Some(part) = Part::new(text, start, end) else { return Ok(Value::from(false)) };
    if let Some(wanted) = wanted.as_str() {
        return Ok(Value::from(has(part.text, wanted)));
    }
    if !matches!(wanted.kind(), ValueKind::Seq | ValueKind::Iterable) {
        return Err(invalid(format!(
            "this method takes a text or a tuple of texts, and not {}",
            wanted.kind()
        )));
    }
    let mut any = false;
    for wanted in wanted.try_iter()? {
        any |= has(part.text, wanted.as_str().ok_or_else(|| invalid("this method takes texts"))?);
    }
    Ok(Value::from(any))
}
