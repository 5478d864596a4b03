//! Compares files of sections: an object is a section, by its name and, where the file has types, its type.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use asterisk_conf::{Document, Reader, Section, Status, catalogue};
use bstr::{BStr, ByteSlice as _};

use super::plain::{self, Chunk};
use super::secrets::{Secret, Secrets};
use super::{Change, FileDiff, OptionChange, options};
use crate::site::{Unseen, limits};

/// A text, as Asterisk reads it.
pub(super) enum Parsed<'t> {
    /// The sections do not depend on each other, and are read one by one.
    Chunks(Vec<Chunk<'t>>),
    /// The whole text was read.
    Document(Document),
}

/// A section of one side.
#[derive(Clone, Copy)]
enum Part<'t> {
    Chunk(&'t Chunk<'t>),
    Section(&'t Section),
}

/// The identity of an object: kind, name, and how many objects before it have the same.
type Identity<'t> = (Cow<'t, str>, Cow<'t, [u8]>, usize);

/// An object of one side.
struct Object<'t> {
    identity: Identity<'t>,
    part: Part<'t>,
}

pub(super) fn compare(
    file: &str,
    old: &str,
    new: &str,
    secrets: &Secrets<'_>,
    found: &mut FileDiff,
) -> Result<(), String> {
    let (old_parsed, new_parsed) = (parse("old", old)?, parse("new", new)?);
    let (old_objects, new_objects) = (objects(file, &old_parsed), objects(file, &new_parsed));
    let known: HashMap<&Identity<'_>, Part<'_>> =
        old_objects.iter().map(|object| (&object.identity, object.part)).collect();
    let kept: HashSet<&Identity<'_>> = new_objects.iter().map(|object| &object.identity).collect();
    for object in old_objects.iter().filter(|object| !kept.contains(&object.identity)) {
        found.add(object.kind(), object.name(), Change::Removed);
    }
    for object in &new_objects {
        found.count(object.kind(), 1);
        let change = match known.get(&object.identity) {
            None => Change::Added,
            Some(old) => Change::Changed(changes(*old, object.part, secrets)),
        };
        found.add(object.kind(), object.name(), change);
    }
    directives(old, new, secrets, found);
    Ok(())
}

/// Reads a text as Asterisk does. The error says why it can't be read.
pub(super) fn parse<'t>(which: &str, text: &'t str) -> Result<Parsed<'t>, String> {
    match plain::split(text.as_bytes()) {
        Some(chunks) => Ok(Parsed::Chunks(chunks)),
        None => document(which, text).map(Parsed::Document),
    }
}

/// Reads a whole text as Asterisk does. The error says why it can't be read.
pub(super) fn document(which: &str, text: &str) -> Result<Document, String> {
    // The files that a text includes belong to neither side.
    let document = Reader::new(&Unseen).limits(limits(text.len())).read("", text.as_bytes());
    if document.status() == Status::Ok {
        return Ok(document);
    }
    let cause = document
        .diagnostics()
        .last()
        .map(|diagnostic| format!(": {}: {diagnostic}", document.place(diagnostic.location())));
    let reads = match document.status() {
        Status::LimitReached => "is not read",
        _ => "is refused by Asterisk",
    };
    Err(format!("the {which} text {reads}, so lines are compared{}", cause.unwrap_or_default()))
}

/// Returns the objects of a text, in order.
fn objects<'t>(file: &str, parsed: &'t Parsed<'t>) -> Vec<Object<'t>> {
    let kinds = Kinds::of(file);
    let parts: Vec<Part<'t>> = match parsed {
        Parsed::Chunks(chunks) => chunks.iter().map(Part::Chunk).collect(),
        Parsed::Document(document) => document.visible_sections().map(Part::Section).collect(),
    };
    let mut seen: HashMap<(Cow<'t, str>, Cow<'t, [u8]>), usize> = HashMap::new();
    let mut objects = Vec::with_capacity(parts.len());
    for part in parts {
        let (kind, name) = (kinds.kind(part), kinds.identity(part.name()));
        let nth = match seen.entry((kind.clone(), name.clone())) {
            Entry::Occupied(mut entry) => {
                *entry.get_mut() += 1;
                *entry.get()
            }
            Entry::Vacant(entry) => *entry.insert(0),
        };
        objects.push(Object { identity: (kind, name, nth), part });
    }
    objects
}

/// The meaning of the sections of a file.
struct Kinds {
    /// The kind of a section with a name of its own; none if the option `type` says it.
    by_name: Option<&'static str>,
    ignores_case: bool,
}

/// Returns whether a `type` is an option like any other in the sections of a file.
fn has_no_types(file: &catalogue::File) -> bool {
    file.reader != catalogue::Reader::Nothing && !file.selects_by_type()
}

impl Kinds {
    fn of(file: &str) -> Kinds {
        let by_name = match file {
            "queues.conf" => Some("queue"),
            "musiconhold.conf" => Some("music class"),
            "res_parking.conf" => Some("parking lot"),
            "queueskillrules.conf" => Some("skill rule"),
            _ => catalogue::file(file).filter(|file| has_no_types(file)).map(|_| "section"),
        };
        Kinds { by_name, ignores_case: file == "queues.conf" }
    }

    fn kind<'t>(&self, part: Part<'t>) -> Cow<'t, str> {
        match self.by_name {
            Some(_) if part.name().eq_ignore_ascii_case(b"general") => Cow::Borrowed("section"),
            Some(kind) => Cow::Borrowed(kind),
            None => part.type_value().unwrap_or(Cow::Borrowed("section")),
        }
    }

    fn identity<'t>(&self, name: &'t BStr) -> Cow<'t, [u8]> {
        if self.ignores_case { name.to_ascii_lowercase().into() } else { Cow::Borrowed(name.as_bytes()) }
    }
}

impl<'t> Part<'t> {
    fn name(self) -> &'t BStr {
        match self {
            Part::Chunk(chunk) => chunk.name,
            Part::Section(section) => section.name(),
        }
    }

    fn type_value(self) -> Option<Cow<'t, str>> {
        let value = match self {
            Part::Chunk(chunk) => chunk.type_value(),
            Part::Section(section) => section.value("type").map(|value| Cow::Borrowed(value.as_bytes())),
        }?;
        (!value.is_empty()).then(|| match value {
            Cow::Borrowed(value) => value.to_str_lossy(),
            Cow::Owned(value) => Cow::Owned(value.to_str_lossy().into_owned()),
        })
    }

    /// Reads the section, and passes it on with its first line.
    fn read<R>(self, act: impl FnOnce(&Section, usize) -> R) -> Option<R> {
        match self {
            Part::Section(section) => Some(act(section, 1)),
            Part::Chunk(chunk) => {
                let document = asterisk_conf::read(chunk.text);
                document.sections().first().map(|section| act(section, chunk.line))
            }
        }
    }
}

impl Object<'_> {
    fn kind(&self) -> Cow<'static, str> {
        match &self.identity.0 {
            Cow::Borrowed("section") => Cow::Borrowed("section"),
            kind => Cow::Owned(kind.clone().into_owned()),
        }
    }

    fn name(&self) -> String {
        self.part.name().to_str_lossy().into_owned()
    }
}

/// Compares two sections. Those with equal texts are not read.
fn changes(old: Part<'_>, new: Part<'_>, secrets: &Secrets<'_>) -> Vec<OptionChange> {
    if let (Part::Chunk(old), Part::Chunk(new)) = (old, new)
        && old.text == new.text
    {
        return Vec::new();
    }
    let changes = old.read(|old, _| new.read(|new, line| options::changes(old, new, line, secrets)));
    changes.flatten().unwrap_or_default()
}

/// Compares the sections of a name, of which Asterisk sees the first.
pub(super) fn compare_section(
    name: &str,
    old: &Document,
    new: &Document,
    secrets: &Secrets<'_>,
    found: &mut FileDiff,
) {
    let change = match (old.section(name), new.section(name)) {
        (None, None) => return,
        (Some(_), None) => Change::Removed,
        (None, Some(_)) => Change::Added,
        (Some(old), Some(new)) => Change::Changed(options::changes(old, new, 1, secrets)),
    };
    found.count("section", usize::from(change != Change::Removed));
    found.add("section", name, change);
}

/// Compares the directives, such as `#include`. Their order counts: the first of two files may define what the other one
/// uses or repeats.
pub(super) fn directives(old: &str, new: &str, secrets: &Secrets<'_>, found: &mut FileDiff) {
    fn of(text: &str) -> Vec<&str> {
        text.lines().map(str::trim).filter(|line| line.starts_with('#')).collect()
    }
    let (old, new) = (of(old), of(new));
    let (in_old, in_new): (HashSet<_>, HashSet<_>) = (old.iter().collect(), new.iter().collect());
    for line in old.iter().filter(|line| !in_new.contains(line)) {
        found.add("directive", secrets.shown(line, Secret::InText), Change::Removed);
    }
    for line in new.iter().filter(|line| !in_old.contains(line)) {
        found.add("directive", secrets.shown(line, Secret::InText), Change::Added);
    }
    let order = options::order_of_lines("directive", &old, &new);
    found.add("file", found.file.filename().to_owned(), Change::Changed(order.into_iter().collect()));
}
