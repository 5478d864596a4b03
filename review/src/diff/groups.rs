//! Puts objects with equal changes together.

use std::collections::HashMap;

use super::text::{MAX_NAMES, Style, escaped, listed};
use crate::words::{counted, grouped};

/// How many changes of one object are shown.
const MAX_CHANGES: usize = 12;

/// An object that changed, with its changes as texts.
pub(super) struct Changed<'d> {
    pub(super) kind: &'d str,
    pub(super) name: String,
    pub(super) changes: Vec<String>,
}

/// Objects of one kind with the same changes.
pub(super) struct Group<'d> {
    kind: &'d str,
    pub(super) names: Vec<String>,
    changes: String,
}

impl Group<'_> {
    /// Returns the line of the group. Many objects are only counted.
    pub(super) fn line(&self, style: Style) -> String {
        let objects = match self.names.len() {
            count if count > MAX_NAMES => counted(count, &escaped(self.kind)),
            _ => format!("{} {}", escaped(self.kind), listed(&self.names, style)),
        };
        format!("{objects}: {}", self.changes)
    }
}

/// Groups objects by their changes. A change that many objects have is a line of its own, also if some of them have other
/// changes beside it.
pub(super) fn groups<'d>(objects: &[Changed<'d>]) -> Vec<Group<'d>> {
    let all = |object: &Changed<'_>| object.changes.clone();
    let same_all = count(objects, |object| vec![joined(&object.changes)]);
    let same_one = count(objects, all);
    let is_many = |counts: &HashMap<(&str, String), usize>, kind, change: String| {
        counts.get(&(kind, change)).is_some_and(|count| *count > MAX_NAMES)
    };
    let mut groups = Groups::default();
    for object in objects {
        let whole = joined(&object.changes);
        if is_many(&same_all, object.kind, whole.clone()) {
            groups.add(object, whole);
            continue;
        }
        let (many, own): (Vec<&String>, Vec<&String>) =
            object.changes.iter().partition(|change| is_many(&same_one, object.kind, (*change).clone()));
        for change in many {
            groups.add(object, change.clone());
        }
        if !own.is_empty() {
            groups.add(object, joined(&own));
        }
    }
    groups.groups
}

/// Counts how many objects of a kind have a text.
fn count<'d>(
    objects: &[Changed<'d>],
    texts: impl Fn(&Changed<'d>) -> Vec<String>,
) -> HashMap<(&'d str, String), usize> {
    let mut counts = HashMap::new();
    for object in objects {
        for text in texts(object) {
            *counts.entry((object.kind, text)).or_default() += 1;
        }
    }
    counts
}

/// Groups in the order of their first objects.
#[derive(Default)]
struct Groups<'d> {
    groups: Vec<Group<'d>>,
    indexes: HashMap<(&'d str, String), usize>,
}

impl<'d> Groups<'d> {
    fn add(&mut self, object: &Changed<'d>, changes: String) {
        let groups = &mut self.groups;
        let index = *self.indexes.entry((object.kind, changes.clone())).or_insert_with(|| {
            groups.push(Group { kind: object.kind, names: Vec::new(), changes });
            groups.len() - 1
        });
        if let Some(group) = self.groups.get_mut(index) {
            group.names.push(object.name.clone());
        }
    }
}

fn joined<T: AsRef<str>>(changes: &[T]) -> String {
    let first: Vec<&str> = changes.iter().take(MAX_CHANGES).map(AsRef::as_ref).collect();
    match changes.len().saturating_sub(MAX_CHANGES) {
        0 => first.join("; "),
        more => format!("{}; and {} more", first.join("; "), grouped(more)),
    }
}
