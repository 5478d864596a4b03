//! Macros that take any arguments: `varargs` and `kwargs`.

use std::sync::Arc;

use minijinja::value::{Enumerator, Kwargs, Object, Tuple};
use minijinja::{Error, State, Value};

/// A macro whose last two parameters are `varargs` and `kwargs`.
#[derive(Debug)]
struct Variadic(Value);

/// Wraps such a macro.
pub(super) fn variadic(inner: Value) -> Value {
    Value::from_object(Variadic(inner))
}

impl Variadic {
    fn parameters(&self) -> Result<Vec<String>, Error> {
        let names = self.0.get_attr("arguments")?;
        let names = names.try_iter()?.filter_map(|name| name.as_str().map(str::to_owned));
        Ok(names.filter(|name| name != "varargs" && name != "kwargs").collect())
    }
}

impl Object for Variadic {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get_item(key).ok().filter(|value| !value.is_undefined())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["name", "arguments", "caller"])
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let parameters = self.parameters()?;
        let (positional, named) = match args.split_last() {
            Some((last, rest)) if last.is_kwargs() => (rest, Some(Kwargs::try_from(last.clone())?)),
            _ => (args, None),
        };
        let (given, rest) = positional.split_at(positional.len().min(parameters.len()));
        let mut inner: Vec<(&str, Value)> = Vec::new();
        let mut others: Vec<(&str, Value)> = Vec::new();
        for name in named.iter().flat_map(Kwargs::args) {
            let value = named.as_ref().map_or(Ok(Value::UNDEFINED), |named| named.peek(name))?;
            let is_known = name == "caller" || parameters.iter().any(|parameter| parameter == name);
            if is_known { &mut inner } else { &mut others }.push((name, value));
        }
        inner.push(("varargs", Value::from(Tuple::from(rest))));
        inner.push(("kwargs", Value::from_pairs(others)));
        let mut args = given.to_vec();
        args.push(Kwargs::from_iter(inner).into());
        self.0.call(state, &args)
    }
}
