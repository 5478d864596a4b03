//! Filters and tests as Jinja2 has them: `MiniJinja` lacks some, and takes other arguments in others.

mod html;
mod json;
mod numbers;
mod sequences;
mod texts;
mod wrap;

use minijinja::value::{StringInput, ValueKind};
use minijinja::{Environment, Error, State, Value};

use super::python::{Args, bind, given_or, is_view, str};

/// Adds the filters and tests to an environment.
pub(super) fn install(environment: &mut Environment<'_>) {
    texts::install(environment);
    html::install(environment);
    numbers::install(environment);
    sequences::install(environment);
    environment.add_filter("tojson", json::tojson);
    environment.add_filter("string", string);
    environment.add_filter("pprint", |value: &Value| json::pretty(value));
    environment.add_filter("default", default);
    environment.add_filter("d", default);
    environment.add_test("callable", |value: &Value| is_callable(value));
    // Everything that has a length and items counts: also a text or a mapping.
    environment.add_test("sequence", |value: &Value| match value.kind() {
        ValueKind::Seq | ValueKind::Map | ValueKind::String => true,
        // A sum of lists.
        ValueKind::Iterable => value.len().is_some() && !is_view(value),
        _ => false,
    });
    environment.add_test("iterable", |value: &Value| !value.is_none() && value.try_iter().is_ok());
}

/// Refuses an undefined value where the environment does so.
fn defined(state: &State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_undefined() { StringInput::new(state, value).map(|_| ()) } else { Ok(()) }
}

/// Returns the text of a value.
fn text(state: &State<'_, '_>, value: &Value) -> Result<String, Error> {
    defined(state, value).map(|()| str(value))
}

/// Returns a text that is as safe as the value that it is made of.
fn as_safe_as(value: &Value, text: String) -> Value {
    if value.is_safe() { Value::from_safe_string(text) } else { Value::from(text) }
}

fn string(state: &State<'_, '_>, value: &Value) -> Result<Value, Error> {
    if value.kind() == ValueKind::String { Ok(value.clone()) } else { text(state, value).map(Value::from) }
}

fn default(value: &Value, args: Args) -> Result<Value, Error> {
    let args = bind(&["default_value", "boolean"], &args.into_values())?;
    let boolean = args.get::<Option<Value>>("boolean")?.is_some_and(|boolean| boolean.is_true());
    if value.is_undefined() || (boolean && !value.is_true()) {
        return given_or(&args, "default_value", "");
    }
    Ok(value.clone())
}

/// Functions and macros are the only objects without items, or with the attribute `arguments`.
fn is_callable(value: &Value) -> bool {
    let is_macro = value.get_attr("arguments").is_ok_and(|value| !value.is_undefined());
    value.kind() == ValueKind::Plain || (value.kind() == ValueKind::Map && is_macro)
}
