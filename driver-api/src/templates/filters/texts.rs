//! Filters of texts.

use minijinja::value::StringInput;
use minijinja::{Environment, Error, ErrorKind, State, Value, filters};

use super::super::limits::MAX_BYTES;
use super::super::python::{Args, bind, lines, padded, str};
use super::wrap::{self, Wrap};
use super::{as_safe_as, text};

pub(super) fn install(environment: &mut Environment<'_>) {
    environment.add_filter("center", center);
    environment.add_filter("indent", indent);
    environment.add_filter("replace", replace);
    environment.add_filter("truncate", truncate);
    environment.add_filter("wordcount", wordcount);
    environment.add_filter("wordwrap", wordwrap);
}

fn center(state: &State<'_, '_>, value: &Value, args: Args) -> Result<Value, Error> {
    let width = bind(&["width"], &args.into_values())?.get::<Option<usize>>("width")?.unwrap_or(80);
    let text = text(state, value)?;
    let missing = width.saturating_sub(text.chars().count());
    // Python puts the odd character to the left of a text with an odd width.
    let left = missing / 2 + (missing & width & 1);
    padded(&text, left, missing - left, ' ').map(|text| as_safe_as(value, text))
}

/// Indents all lines but the first one and empty ones.
fn indent(state: &State<'_, '_>, value: &Value, args: Args) -> Result<Value, Error> {
    let args = bind(&["width", "first", "blank"], &args.into_values())?;
    let width = args.get::<Option<Value>>("width")?.unwrap_or_else(|| Value::from(4));
    let indention = match width.as_str() {
        Some(text) => text.to_owned(),
        None => padded("", usize::try_from(width)?, 0, ' ')?,
    };
    let first = args.get::<Option<bool>>("first")?.unwrap_or_default();
    let blank = args.get::<Option<bool>>("blank")?.unwrap_or_default();
    // With a line end more, a text that ends with one has an empty last line.
    let text = text(state, value)? + "\n";
    let lines = lines(&text);
    if indention.len().saturating_mul(lines.len()) > MAX_BYTES {
        return Err(Error::new(ErrorKind::InvalidOperation, "indent: the indention is too wide"));
    }
    let mut indented = String::new();
    for (index, line) in lines.into_iter().enumerate() {
        let is_indented = if index == 0 { first } else { blank || !line.is_empty() };
        indented.push_str(if index == 0 { "" } else { "\n" });
        indented.push_str(if is_indented { &indention } else { "" });
        indented.push_str(line);
    }
    Ok(as_safe_as(value, indented))
}

/// Without a count, a part of a safe text is replaced by a text that is printed as a value is.
fn replace(state: &mut State<'_, '_>, value: &Value, args: Args) -> Result<Value, Error> {
    let args = bind(&["old", "new", "count"], &args.into_values())?;
    let [old, new] = [args.get::<Value>("old")?, args.get::<Value>("new")?];
    let text = text(state, value)?;
    let most = args.get::<Option<i64>>("count")?.and_then(|count| usize::try_from(count).ok());
    let places = text.matches(&*str(&old)).count().min(most.unwrap_or(usize::MAX));
    if places.saturating_mul(str(&new).len()) > MAX_BYTES {
        return Err(Error::new(ErrorKind::InvalidOperation, "replace: the text gets too long"));
    }
    let Some(most) = most else {
        let [text, old, new] = [value, &old, &new].map(|value| StringInput::new(state, value));
        return filters::replace(state, text?, old?, new?);
    };
    Ok(Value::from(text.replacen(&*str(&old), &str(&new), most)))
}

fn truncate(state: &State<'_, '_>, value: &Value, args: Args) -> Result<String, Error> {
    let args = bind(&["length", "killwords", "end", "leeway"], &args.into_values())?;
    let length = args.get::<Option<usize>>("length")?.unwrap_or(255);
    let kills_words = args.get::<Option<bool>>("killwords")?.unwrap_or_default();
    let end = args.get::<Option<String>>("end")?.unwrap_or_else(|| "...".to_owned());
    let leeway = args.get::<Option<usize>>("leeway")?.unwrap_or(5);
    let text = text(state, value)?;
    let Some(kept) = length.checked_sub(end.chars().count()) else {
        let message = format!("truncate: the length {length} is less than that of {end:?}");
        return Err(Error::new(ErrorKind::InvalidOperation, message));
    };
    if text.chars().count() <= length.saturating_add(leeway) {
        return Ok(text);
    }
    let cut: String = text.chars().take(kept).collect();
    let words = cut.rsplit_once(' ').map_or(&*cut, |(words, _)| words);
    Ok((if kills_words { &cut } else { words }).to_owned() + &end)
}

fn wordcount(state: &State<'_, '_>, value: &Value) -> Result<usize, Error> {
    let text = text(state, value)?;
    let is_between = |char: char| !(char.is_alphanumeric() || char == '_');
    Ok(text.split(is_between).filter(|word| !word.is_empty()).count())
}

fn wordwrap(state: &State<'_, '_>, value: &Value, args: Args) -> Result<String, Error> {
    let args = bind(&["width", "break_long_words", "wrapstring", "break_on_hyphens"], &args.into_values())?;
    let wrap = Wrap {
        width: args.get::<Option<usize>>("width")?.unwrap_or(79),
        breaks_long_words: args.get::<Option<bool>>("break_long_words")?.unwrap_or(true),
        breaks_on_hyphens: args.get::<Option<bool>>("break_on_hyphens")?.unwrap_or(true),
    };
    if wrap.width == 0 {
        return Err(Error::new(ErrorKind::InvalidOperation, "wordwrap: the width must be more than 0"));
    }
    let end = args.get::<Option<String>>("wrapstring")?.unwrap_or_else(|| "\n".to_owned());
    let text = text(state, value)?;
    let wrapped: Vec<String> =
        lines(&text).into_iter().map(|line| wrap::lines(line, &wrap).join(&end)).collect();
    Ok(wrapped.join(&end))
}
