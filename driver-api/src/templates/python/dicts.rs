//! Dictionaries that a template can change: `extensions.update({user.name: user.exten})`.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;
use minijinja::value::{Enumerator, Kwargs, Object, ObjectRepr, Tuple, ValueKind, from_args};
use minijinja::{Error, ErrorKind, State, Value};

use super::super::limits::MAX_DEPTH;
use super::lists::{self, check_length, items_of, refuse_circle};
use super::{Args, invalid, text};

/// A dictionary of a template. It keeps the order of its keys.
#[derive(Debug, Default)]
pub(super) struct Dict(Mutex<IndexMap<Value, Value>>);

impl Dict {
    fn pairs(&self) -> MutexGuard<'_, IndexMap<Value, Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn insert(self: &Arc<Self>, key: Value, value: Value) -> Result<(), Error> {
        let value = lists::owned(value)?;
        refuse_circle(&value, &|inner| lists::is_same(self, inner))?;
        if !is_hashable(&key, MAX_DEPTH) {
            return Err(invalid("a list or a dictionary can't be a key"));
        }
        check_length(self.pairs().len() + 1)?;
        self.pairs().insert(key, value);
        Ok(())
    }

    fn update(self: &Arc<Self>, args: &[Value]) -> Result<Value, Error> {
        let (others, named): (Option<Value>, Kwargs) = from_args(args)?;
        for (key, value) in pairs_of(&others.unwrap_or_else(|| Value::from_pairs([] as [(Value, Value); 0])))?
        {
            self.insert(key, value)?;
        }
        for name in named.args() {
            self.insert(Value::from(name), named.peek(name)?)?;
        }
        Ok(Value::from(()))
    }

    fn pop(&self, args: &[Value]) -> Result<Value, Error> {
        let (key, default): (&Value, Option<Value>) = from_args(args)?;
        let default = default.or_else(|| (args.len() > 1).then(|| Value::from(())));
        let value = is_hashable(key, MAX_DEPTH).then(|| self.pairs().shift_remove(key)).flatten().or(default);
        value.ok_or_else(|| invalid(format!("pop: the dictionary has no key {key:?}")))
    }

    fn set_default(self: &Arc<Self>, args: &[Value]) -> Result<Value, Error> {
        let (key, default): (&Value, Option<Value>) = from_args(args)?;
        if let Some(value) = self.get_value(key) {
            return Ok(value);
        }
        let value = default.unwrap_or_else(|| Value::from(()));
        self.insert(key.clone(), value.clone())?;
        Ok(value)
    }
}

impl Object for Dict {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        is_hashable(key, MAX_DEPTH).then(|| self.pairs().get(key).cloned()).flatten()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.pairs().keys().cloned().collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.pairs().len())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "update" => self.update(args),
            "pop" => self.pop(args),
            "setdefault" => self.set_default(args),
            "popitem" => {
                let () = from_args(args)?;
                let pair = self.pairs().pop().map(|(key, value)| Value::from(Tuple::from([key, value])));
                pair.ok_or_else(|| invalid("popitem: the dictionary is empty"))
            }
            "clear" => {
                let () = from_args(args)?;
                self.pairs().clear();
                Ok(Value::from(()))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write_repr(f, &Value::from_dyn_object(self.clone()))
    }
}

/// Tells whether a value may be a key, which is compared while the dictionary is locked: it has no list or dictionary in
/// it, which may be this one.
fn is_hashable(value: &Value, depth: usize) -> bool {
    match value.kind() {
        ValueKind::Map => false,
        ValueKind::Seq | ValueKind::Iterable => {
            let mut items = value.try_iter().into_iter().flatten();
            value.is_tuple() && depth > 0 && items.all(|item| is_hashable(&item, depth - 1))
        }
        _ => true,
    }
}

/// Which of a dictionary's parts a [`View`] has.
#[derive(Debug, Clone, Copy)]
pub(super) enum ViewKind {
    Keys,
    Values,
    Items,
}

impl ViewKind {
    /// Returns the beginning of its text.
    pub(super) fn open(self) -> &'static str {
        match self {
            ViewKind::Keys => "dict_keys([",
            ViewKind::Values => "dict_values([",
            ViewKind::Items => "dict_items([",
        }
    }
}

/// The result of `keys()`, `values()` or `items()`.
#[derive(Debug)]
pub(super) struct View {
    pub(super) kind: ViewKind,
    items: Vec<Value>,
}

impl View {
    fn of(kind: ViewKind, map: &Value, args: &[Value]) -> Result<Value, Error> {
        let () = from_args(args)?;
        let item = |(key, value)| match kind {
            ViewKind::Keys => key,
            ViewKind::Values => value,
            ViewKind::Items => Value::from(Tuple::from([key, value])),
        };
        let items = pairs_of(map)?.into_iter().map(item).collect();
        Ok(Value::from_object(View { kind, items }))
    }
}

impl Object for View {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.items.clone())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.items.len())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write_repr(f, &Value::from_dyn_object(self.clone()))
    }
}

/// Tells whether `keys()`, `values()` or `items()` returned the value.
pub(in super::super) fn is_view(value: &Value) -> bool {
    value.downcast_object_ref::<View>().is_some()
}

/// Calls a method of any mapping, which may be a value of the driver. Returns `None` for methods of others.
pub(super) fn method(value: &Value, name: &str, args: &[Value]) -> Option<Result<Value, Error>> {
    Some(match name {
        "keys" => View::of(ViewKind::Keys, value, args),
        "values" => View::of(ViewKind::Values, value, args),
        "items" => View::of(ViewKind::Items, value, args),
        "copy" => from_args::<()>(args).and_then(|()| dict_of(value)),
        _ => return lists::refused_change(name, "dictionary", "dict"),
    })
}

/// Returns a dictionary of a template with the pairs of a mapping.
pub(super) fn dict_of(value: &Value) -> Result<Value, Error> {
    let pairs = pairs_of(value)?.into_iter().collect();
    Ok(Value::from_object(Dict(Mutex::new(pairs))))
}

/// The function `dict`: of a mapping, of pairs, of named values.
pub(super) fn dict(args: Args) -> Result<Value, Error> {
    let dict = Arc::new(Dict::default());
    dict.update(&args.into_values())?;
    Ok(Value::from_dyn_object(dict))
}

/// Returns the pairs of a mapping, or of a list of pairs.
fn pairs_of(value: &Value) -> Result<Vec<(Value, Value)>, Error> {
    let is_map = value.kind() == ValueKind::Map;
    let pair = |item: Value| {
        if is_map {
            let value = value.get_item(&item)?;
            return Ok((item, value));
        }
        match <[Value; 2]>::try_from(items_of(&item)?) {
            Ok([key, value]) => Ok((key, value)),
            Err(_) => Err(invalid("a dictionary is made of a mapping, or of pairs")),
        }
    };
    items_of(value)?.into_iter().map(pair).collect()
}
