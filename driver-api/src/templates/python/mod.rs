//! Values as Python has them: their texts, methods, operators and functions.

mod arguments;
mod dicts;
mod functions;
mod lists;
mod macros;
mod numbers;
mod operators;
mod printf;
mod slices;
mod splitting;
mod strings;
mod text;

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, State, Value};
use minijinja_contrib::pycompat;

use super::translate;

pub(super) use arguments::{Args, bind, given_or};
pub(super) use dicts::is_view;
pub(super) use lists::{List, items_of};
pub(super) use numbers::{narrow, parse_float, parse_int, repr as float_repr, whole_part};
pub(super) use splitting::lines;
pub(super) use strings::padded;
pub(super) use text::{str, write_str};

/// Gives the values of an environment the methods, operators and functions of Python.
pub(super) fn install(environment: &mut Environment<'_>) {
    environment.set_unknown_method_callback(method);
    environment.add_filter(translate::MOD, operators::modulo);
    environment.add_filter(translate::SLICE, slices::slice);
    environment.add_filter("format", operators::format);
    environment.add_filter(translate::LIST, lists::list);
    environment.add_filter(translate::DICT, dicts::dict_of);
    environment.add_filter(translate::VARIADIC, macros::variadic);
    environment.add_function("dict", dicts::dict);
    environment.add_function("cycler", functions::cycler);
    environment.add_function("joiner", functions::joiner);
    // It would print all variables, and Jinja2 does not have it.
    environment.remove_global("debug");
}

/// Calls a method that only Python's values have: `sort_map.get(…)`, `name.startswith(…)`.
fn method(state: &mut State<'_, '_>, value: &Value, name: &str, args: &[Value]) -> Result<Value, Error> {
    if is_macro_of(value, name) {
        return value.get_attr(name)?.call(state, args);
    }
    let own = match value.kind() {
        ValueKind::String => strings::method(value.as_str().unwrap_or_default(), name, args),
        ValueKind::Map => dicts::method(value, name, args),
        ValueKind::Seq | ValueKind::Iterable => lists::method(value, name, args),
        ValueKind::Number => numbers::method(value, name, args),
        _ => None,
    };
    own.unwrap_or_else(|| pycompat::unknown_method_callback(state, value, name, args))
}

/// Tells whether a value is an imported template that has a macro of this name.
fn is_macro_of(value: &Value, name: &str) -> bool {
    let member = value.as_object().and_then(|object| object.get_value(&Value::from(name)));
    member.is_some_and(|member| member.get_attr("arguments").is_ok_and(|names| !names.is_undefined()))
}

/// Returns the error of an operation that a value does not allow.
fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}
