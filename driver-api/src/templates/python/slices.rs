//! Slices: `names[1:]`, `exten[-2:]`, `names[::-1]`.

use minijinja::value::{Tuple, ValueKind};
use minijinja::{Error, Value};

use super::invalid;
use super::lists::{List, items_of};

/// Returns the items from `start` to before `end`, each `stride` behind the last one.
pub(super) fn slice(
    value: &Value,
    start: Option<i64>,
    end: Option<i64>,
    stride: Option<i64>,
) -> Result<Value, Error> {
    let stride = stride.unwrap_or(1);
    if stride == 0 {
        return Err(invalid("the step of a slice can't be 0"));
    }
    match value.kind() {
        ValueKind::String => {
            let chars: Vec<char> = value.as_str().unwrap_or_default().chars().collect();
            let indices = indices(chars.len(), start, end, stride);
            Ok(Value::from(indices.map(|index| chars[index]).collect::<String>()))
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let items = items_of(value)?;
            let part: Vec<Value> =
                indices(items.len(), start, end, stride).map(|index| items[index].clone()).collect();
            Ok(if value.is_tuple() {
                Value::from(Tuple::from(part))
            } else {
                Value::from_object(List::from(part))
            })
        }
        kind => Err(invalid(format!("a value of type {kind} has no slices"))),
    }
}

fn indices(length: usize, start: Option<i64>, end: Option<i64>, stride: i64) -> impl Iterator<Item = usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    // Backwards, an index may be one before the first.
    let (least, most) = if stride > 0 { (0, length) } else { (-1, length - 1) };
    let place =
        |index: i64| (if index < 0 { index.saturating_add(length) } else { index }).clamp(least, most);
    let start = start.map_or(if stride > 0 { least } else { most }, place);
    let end = end.map_or(if stride > 0 { most } else { least }, place);
    let next = move |index: &i64| index.checked_add(stride);
    let is_before = move |index: &i64| if stride > 0 { *index < end } else { *index > end };
    std::iter::successors(Some(start), next)
        .take_while(is_before)
        .filter_map(|index| usize::try_from(index).ok())
}
