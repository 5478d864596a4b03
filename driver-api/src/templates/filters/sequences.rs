//! Filters of lists and mappings. Those that make a list of all items have a limit; other lists are made item by item:
//! `[0] * 10 ** 8` takes no memory.

use std::cmp::Ordering;

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, Value, filters};

use super::super::limits::MAX_BYTES;
use super::super::python::{Args, List, bind, items_of, str};

pub(super) fn install(environment: &mut Environment<'_>) {
    environment.add_filter("length", length);
    environment.add_filter("count", length);
    environment.add_filter("first", |value: &Value| or_undefined(value, filters::first));
    environment.add_filter("list", |value: &Value| items_of(value).map(new_list));
    environment.add_filter("reverse", |value: &Value| filters::reverse(&short(value)?));
    environment.add_filter("sort", sort);
    environment.add_filter("groupby", groupby);
    environment.add_filter("join", join);
    environment.add_filter("sum", sum);
    environment.add_filter("unique", |state: &State<'_, '_>, value: &Value, args: Args| {
        let args = with_path(&bind(&["case_sensitive", "attribute"], &args.into_values())?)?;
        filters::unique(state, short(value)?, args)
    });
    environment.add_filter("dictsort", |value: &Value, args: Args| {
        filters::dictsort(value, bind(&["case_sensitive", "by", "reverse"], &args.into_values())?)
    });
    environment
        .add_filter("min", |value: &Value, args: Args| extreme(value, &args.into_values(), Ordering::Less));
    environment.add_filter("max", |value: &Value, args: Args| {
        extreme(value, &args.into_values(), Ordering::Greater)
    });
}

fn new_list(items: Vec<Value>) -> Value {
    Value::from_object(List::from(items))
}

/// An undefined value has no items.
fn length(value: &Value) -> Result<usize, Error> {
    if value.is_undefined() { Ok(0) } else { filters::length(value) }
}

fn or_undefined(value: &Value, filter: fn(&Value) -> Result<Value, Error>) -> Result<Value, Error> {
    if value.is_undefined() { Ok(Value::UNDEFINED) } else { filter(value) }
}

/// Refuses a list that is too long for a filter that makes a list of it.
fn short(value: &Value) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => items_of(value).map(Value::from),
        _ => Ok(value.clone()),
    }
}

fn sort(state: &State<'_, '_>, value: &Value, args: Args) -> Result<Value, Error> {
    let args = bind(&["reverse", "case_sensitive", "attribute"], &args.into_values())?;
    let sorted = filters::sort(state, short(value)?, with_path(&args)?)?;
    items_of(&sorted).map(new_list)
}

fn groupby(value: &Value, args: Args) -> Result<Value, Error> {
    let args = bind(&["attribute", "default", "case_sensitive"], &args.into_values())?;
    filters::groupby(short(value)?, None, with_path(&args)?)
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
    let items = attributes(value, &args)?;
    filters::sum(
        state,
        Value::from(items),
        None,
        args.get("start")?,
        Kwargs::from_iter([] as [(&str, Value); 0]),
    )
}

fn join(value: &Value, args: Args) -> Result<String, Error> {
    let args = bind(&["d", "attribute"], &args.into_values())?;
    let separator = args.get::<Option<Value>>("d")?.map_or_else(String::new, |separator| str(&separator));
    let mut text = String::new();
    for (index, item) in attributes(value, &args)?.iter().enumerate() {
        text.push_str(if index > 0 { &separator } else { "" });
        text.push_str(&str(item));
        if text.len() > MAX_BYTES {
            return Err(Error::new(ErrorKind::InvalidOperation, "join: the text gets too long"));
        }
    }
    Ok(text)
}

/// Returns the items of a list, or an attribute of each.
fn attributes(value: &Value, args: &Kwargs) -> Result<Vec<Value>, Error> {
    let items = items_of(value)?;
    match args.get::<Option<Value>>("attribute")? {
        Some(path) => items.iter().map(|item| at_path(item, &path)).collect(),
        None => Ok(items),
    }
}

/// Returns the first of the least or the greatest items.
fn extreme(value: &Value, args: &[Value], wanted: Ordering) -> Result<Value, Error> {
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
    for item in items_of(value)? {
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
