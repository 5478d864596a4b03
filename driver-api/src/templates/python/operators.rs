//! The operator `%`, and the filter `format`, which formats as it does.

use minijinja::value::{Tuple, ValueKind};
use minijinja::{Error, State, Value};

use super::{Args, invalid, printf};

/// Returns the remainder of numbers, or a text with values in it.
pub(super) fn modulo(state: &State<'_, '_>, left: &Value, right: &Value) -> Result<Value, Error> {
    let Some(text) = left.as_str() else { return remainder(state, left, right) };
    match right.downcast_object_ref::<Tuple>() {
        Some(tuple) => printf::format(state, text, tuple, None),
        None if right.kind() == ValueKind::Map => printf::format(state, text, &[], Some(right)),
        None => printf::format(state, text, std::slice::from_ref(right), None),
    }
}

pub(super) fn format(state: &State<'_, '_>, text: &str, args: Args) -> Result<Value, Error> {
    let args = args.into_values();
    match args.as_slice() {
        [named] if named.is_kwargs() => printf::format(state, text, &[], Some(named)),
        args => printf::format(state, text, args, None),
    }
}

fn remainder(state: &State<'_, '_>, left: &Value, right: &Value) -> Result<Value, Error> {
    if [left, right].iter().any(|value| !matches!(value.kind(), ValueKind::Number | ValueKind::Bool)) {
        return Err(invalid(format!("% has no meaning for {} and {}", left.kind(), right.kind())));
    }
    let remainder = state.env().compile_expression("left % right")?;
    remainder.eval(minijinja::context! { left, right })
}
