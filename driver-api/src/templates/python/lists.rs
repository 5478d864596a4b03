//! Lists that a template can change: `names.append(user.name)`.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind, from_args};
use minijinja::{Error, ErrorKind, State, Value};

use super::super::limits::{MAX_DEPTH, MAX_ITEMS};
use super::{bind, invalid, text};

/// A list of a template.
#[derive(Debug, Default)]
pub(in super::super) struct List(Mutex<Vec<Value>>);

impl From<Vec<Value>> for List {
    fn from(items: Vec<Value>) -> List {
        List(Mutex::new(items))
    }
}

impl List {
    fn items(&self) -> MutexGuard<'_, Vec<Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn insert(self: &Arc<Self>, index: Option<i64>, value: Value) -> Result<Value, Error> {
        let value = owned(value)?;
        refuse_circle(&value, &|inner| is_same(self, inner))?;
        let mut items = self.items();
        check_length(items.len() + 1)?;
        let index = index.map_or(items.len(), |index| position(index, items.len()));
        items.insert(index, value);
        Ok(Value::from(()))
    }

    fn extend(self: &Arc<Self>, values: &Value) -> Result<Value, Error> {
        // The values may be this list's own.
        let values = items_of(values)?.into_iter().map(owned).collect::<Result<Vec<_>, _>>()?;
        for value in &values {
            refuse_circle(value, &|inner| is_same(self, inner))?;
        }
        check_length(self.items().len() + values.len())?;
        self.items().extend(values);
        Ok(Value::from(()))
    }

    fn pop(&self, index: i64) -> Result<Value, Error> {
        let mut items = self.items();
        let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let index = if index < 0 { index + length } else { index };
        match usize::try_from(index) {
            Ok(index) if index < items.len() => Ok(items.remove(index)),
            _ => Err(invalid("pop: the list has no such item")),
        }
    }

    fn remove(&self, value: &Value) -> Result<Value, Error> {
        let position = self.snapshot().iter().position(|item| item == value);
        let position = position.ok_or_else(|| invalid("remove: the list has no such item"))?;
        self.items().remove(position);
        Ok(Value::from(()))
    }

    fn sort(&self, args: &[Value]) -> Result<Value, Error> {
        let args = bind(&["reverse"], args)?;
        // Comparing may read this list, so it is not locked meanwhile.
        let mut items = self.snapshot();
        items.sort();
        if args.get::<Option<bool>>("reverse")?.unwrap_or_default() {
            items.reverse();
        }
        *self.items() = items;
        Ok(Value::from(()))
    }

    fn snapshot(&self) -> Vec<Value> {
        self.items().clone()
    }
}

impl Object for List {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.items().get(key.as_usize()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.items().len())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "append" => {
                let (value,): (Value,) = from_args(args)?;
                self.insert(None, value)
            }
            "insert" => {
                let (index, value): (i64, Value) = from_args(args)?;
                self.insert(Some(index), value)
            }
            "extend" => {
                let (values,): (&Value,) = from_args(args)?;
                self.extend(values)
            }
            "pop" => {
                let (index,): (Option<i64>,) = from_args(args)?;
                self.pop(index.unwrap_or(-1))
            }
            "remove" => {
                let (value,): (&Value,) = from_args(args)?;
                self.remove(value)
            }
            "sort" => self.sort(args),
            "reverse" => {
                let () = from_args(args)?;
                self.items().reverse();
                Ok(Value::from(()))
            }
            "clear" => {
                let () = from_args(args)?;
                self.items().clear();
                Ok(Value::from(()))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write_repr(f, &Value::from_dyn_object(self.clone()))
    }
}

/// The methods that change a list, or a dictionary.
const CHANGES: [&str; 12] = [
    "append",
    "clear",
    "extend",
    "insert",
    "pop",
    "popitem",
    "remove",
    "reverse",
    "setdefault",
    "sort",
    "update",
    "__setitem__",
];

/// Calls a method of any list, which may be a value of the driver. Returns `None` for methods of others.
pub(super) fn method(value: &Value, name: &str, args: &[Value]) -> Option<Result<Value, Error>> {
    Some(match name {
        "index" => index(value, args),
        "copy" => from_args::<()>(args).and_then(|()| items_of(value)).map(list_from),
        "count" if value.kind() == ValueKind::Iterable => count(value, args),
        _ => return refused_change(name, "list", "list"),
    })
}

/// Returns the error for a method that would change a value of the driver, which others read.
pub(super) fn refused_change(name: &str, what: &str, copy: &str) -> Option<Result<Value, Error>> {
    CHANGES.contains(&name).then(|| {
        let message =
            format!("{name} can't change this {what}, which the template did not make: copy it with {copy}");
        Err(Error::new(ErrorKind::UnknownMethod, message))
    })
}

fn index(value: &Value, args: &[Value]) -> Result<Value, Error> {
    let (wanted,): (&Value,) = from_args(args)?;
    let place = value.try_iter()?.position(|item| item == *wanted);
    place.map(Value::from).ok_or_else(|| invalid("index: the list has no such item"))
}

fn count(value: &Value, args: &[Value]) -> Result<Value, Error> {
    let (wanted,): (&Value,) = from_args(args)?;
    Ok(Value::from(value.try_iter()?.filter(|item| item == wanted).count()))
}

/// Returns a list of a template with the items of a value: the filter `list`.
pub(super) fn list(value: &Value) -> Result<Value, Error> {
    items_of(value).map(list_from)
}

fn list_from(items: Vec<Value>) -> Value {
    Value::from_object(List::from(items))
}

/// Returns the items of a list, the keys of a dictionary or the characters of a text.
pub(in super::super) fn items_of(value: &Value) -> Result<Vec<Value>, Error> {
    check_length(value.len().unwrap_or_default())?;
    let mut items = Vec::new();
    for item in value.try_iter()? {
        check_length(items.len() + 1)?;
        items.push(item);
    }
    Ok(items)
}

pub(super) fn check_length(length: usize) -> Result<(), Error> {
    if length > MAX_ITEMS {
        return Err(invalid(format!("the list has {length} items: look for a list that is repeated")));
    }
    Ok(())
}

/// Returns the place that an index means: from the end if it is negative, and at the ends if it is beyond them.
fn position(index: i64, length: usize) -> usize {
    let from_end = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
    if index < 0 { length.saturating_sub(from_end) } else { from_end.min(length) }
}

/// Tells whether a value is this object itself.
pub(super) fn is_same<T: Send + Sync + 'static>(object: &Arc<T>, value: &Value) -> bool {
    value.downcast_object::<T>().is_some_and(|other| Arc::ptr_eq(object, &other))
}

/// Returns the value, or a list of its items if it shows those of others: `a + b` would change with `a`.
pub(super) fn owned(value: Value) -> Result<Value, Error> {
    let is_view = value.kind() == ValueKind::Iterable && value.len().is_some();
    if is_view { list(&value) } else { Ok(value) }
}

/// Refuses a value that has the changed object in it: nobody could print or compare it.
pub(super) fn refuse_circle(value: &Value, is_changed: &dyn Fn(&Value) -> bool) -> Result<(), Error> {
    if contains(value, is_changed, MAX_DEPTH, &mut { MAX_ITEMS }) {
        return Err(invalid("a list or a dictionary can't be put into itself, or is too deep"));
    }
    Ok(())
}

fn contains(value: &Value, is_wanted: &dyn Fn(&Value) -> bool, depth: usize, items: &mut usize) -> bool {
    if is_wanted(value) || depth == 0 || *items == 0 {
        return true;
    }
    let is_map = value.kind() == ValueKind::Map;
    if !is_map && !matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) || value.len().is_none() {
        return false;
    }
    value.try_iter().into_iter().flatten().any(|item| {
        *items = items.saturating_sub(1);
        let inner = if is_map { value.get_item(&item).unwrap_or_default() } else { item };
        contains(&inner, is_wanted, depth - 1, items)
    })
}
