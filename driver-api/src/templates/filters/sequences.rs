//! Filters of lists and mappings. Those that make a list of all items have a limit; other lists are made item by item:
//! `[0] * 10 ** 8` takes no memory.

use std::cmp::Ordering;

use minijinja::value::{Kwargs, StringInput, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, Value, filters};

use super::super::limits::MAX_BYTES;
use super::super::python::{Args, List, bind, items_of, str};
use super::defined;

pub(super) fn install(environment: &mut Environment<'_>) {
    environment.add_filter("length", length);
    environment.add_filter("count", length);
    environment.add_filter("first", first);
    environment.add_filter("list", |state: &State<'_, '_>, value: &Value| items(state, value).map(new_list));
    environment.add_filter("reverse", |state: &State<'_, '_>, value: &Value| {
        filters::reverse(&short(state, value)?)
    });
    environment.add_filter("sort", sort);
    environment.add_filter("groupby", groupby);
    environment.add_filter("join", join);
    environment.add_filter("sum", sum);
    environment.add_filter("unique", |state: &State<'_, '_>, value: &Value, args: Args| {
        let args = with_path(&bind(&["case_sensitive", "attribute"], &args.into_values())?)?;
        filters::unique(state, short(state, value)?, args)
    });
    environment.add_filter("dictsort", |value: &Value, args: Args| {
        filters::dictsort(value, bind(&["case_sensitive", "by", "reverse"], &args.into_values())?)
    });
    environment.add_filter("min", |state: &State<'_, '_>, value: &Value, args: Args| {
        extreme(state, value, &args.into_values(), Ordering::Less)
    });
    environment.add_filter("max", |state: &State<'_, '_>, value: &Value, args: Args| {
        extreme(state, value, &args.into_values(), Ordering::Greater)
    });
}

fn new_list(items: Vec<Value>) -> Value {
    Value::from_object(List::from(items))
}

/// An undefined value has no items.
fn length(state: &State<'_, '_>, value: &Value) -> Result<usize, Error> {
    defined(state, value)?;
    if value.is_undefined() { Ok(0) } else { filters::length(value) }
}

fn first(state: &State<'_, '_>, value: &Value) -> Result<Value, Error> {
    defined(state, value)?;
    if value.is_undefined() { Ok(Value::UNDEFINED) } else { filters::first(value) }
}

fn items(state: &State<'_, '_>, value: &Value) -> Result<Vec<Value>, Error> {
    defined(state, value)?;
    items_of(value)
}

/// Refuses a list that is too long for a filter that makes a list of it.
fn short(state: &State<'_, '_>, value: &Value) -> Result<Value, Error> {
    defined(state, value)?;
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => items_of(value).map(Value::from),
        _ => Ok(value.clone()),
    }
}

fn sort(state: &State<'_, '_>, value: &Value, args: Args) -> Result<Value, Error> {
    let args = bind(&["reverse", "case_sensitive", "attribute"], &args.into_values())?;
    let sorted = filters::sort(state, short(state, value)?, with_path(&args)?)?;
    items_of(&sorted).map(new_list)
}

fn groupby(state: &State<'_, '_>, value: &Value, args: Args) -> Result<Value, Error> {
    let args = bind(&["attribute", "default", "case_sensitive"], &args.into_values())?;
    filters::groupby(short(state, value)?, None, with_path(&args)?)
}

/// Makes a text of an attribute that is an index.
fn with_path(args: &Kwargs) -> Result<Kwargs, Error> {
    let pair = |name: &str| {
        let value: Value = args.get(name)?;
        let is_index = name == "attribute" && value.is_integer();
        Ok((name.to_owned(), if is_index { Value::from(value.to_string()) } else { value }))
    };
    args.args().map(pair).collect()
}

fn sum(state: &State<'_, '_>, value: &Value, args: Args) -> Result<Value, Error> {
    let args = bind(&["attribute", "start"], &args.into_values())?;
    let items = attributes(state, value, &args)?;
    filters::sum(
        state,
        Value::from(items),
        None,
        args.get("start")?,
        Kwargs::from_iter([] as [(&str, Value); 0]),
    )
}

/// Joins texts. If one is safe, the others are printed as values are.
fn join(state: &mut State<'_, '_>, value: &Value, args: Args) -> Result<Value, Error> {
    let args = bind(&["d", "attribute"], &args.into_values())?;
    let separator = args.get::<Option<Value>>("d")?.unwrap_or_else(|| Value::from(""));
    let items = attributes(state, value, &args)?;
    let texts = items.iter().map(|item| item.as_str().map_or(0, <str>::len));
    if texts.sum::<usize>().saturating_add(items.len().saturating_mul(str(&separator).len())) > MAX_BYTES {
        return Err(Error::new(ErrorKind::InvalidOperation, "join: the text gets too long"));
    }
    let items =
        items.into_iter().map(|item| if item.kind() == ValueKind::Number { str(&item).into() } else { item });
    let separator = StringInput::new(state, &separator)?;
    filters::join(state, &items.collect(), Some(separator), None, Kwargs::from_iter([] as [(&str, Value); 0]))
}

/// Returns the items of a list, or an attribute of each.
fn attributes(state: &State<'_, '_>, value: &Value, args: &Kwargs) -> Result<Vec<Value>, Error> {
    let items = items(state, value)?;
    match args.get::<Option<Value>>("attribute")? {
        Some(path) => items.iter().map(|item| at_path(item, &path)).collect(),
        None => Ok(items),
    }
}

/// Returns the first of the least or the greatest items.
fn extreme(state: &State<'_, '_>, value: &Value, args: &[Value], wanted: Ordering) -> Result<Value, Error> {
    let args = bind(&["case_sensitive", "attribute"], args)?;
    let is_case_sensitive = args.get::<Option<bool>>("case_sensitive")?.unwrap_or_default();
    let attribute: Option<Value> = args.get("attribute")?;
    let key = |item: &Value| -> Result<Value, Error> {
        let key = match &attribute {
            Some(path) if !path.is_none() => at_path(item, path)?,
            _ => item.clone(),
        };
        Ok(match key.as_str() {
            Some(text) if !is_case_sensitive => Value::from(text.to_lowercase()),
            _ => key,
        })
    };
    let mut best: Option<(Value, Value)> = None;
    for item in items(state, value)? {
        let key = key(&item)?;
        if best.as_ref().is_none_or(|(best, _)| key.cmp(best) == wanted) {
            best = Some((key, item));
        }
    }
    Ok(best.map_or(Value::UNDEFINED, |(_, item)| item))
}

/// Returns the attribute `a.b.0` of an item.
fn at_path(item: &Value, path: &Value) -> Result<Value, Error> {
    let Some(path) = path.as_str() else { return item.get_item(path) };
    path.split('.').try_fold(item.clone(), |value, part| match part.parse::<usize>() {
        Ok(index) => value.get_item(&Value::from(index)),
        Err(_) => value.get_attr(part),
    })
}
