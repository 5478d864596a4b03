//! Compares `voicemail.conf`: an object is a mailbox, by context and number, or a time zone.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use asterisk_conf::{ConfigOption, Document, Section};
use bstr::{BStr, ByteSlice as _};

use super::options::{self, Item, Order};
use super::secrets::Secrets;
use super::{Change, FileDiff, OptionChange, sections};

/// The line of a mailbox or a time zone.
struct Line<'t> {
    kind: &'static str,
    section: &'t BStr,
    option: &'t ConfigOption,
}

/// The section and the key of a line in lower case.
type Name<'t> = (Cow<'t, [u8]>, Cow<'t, [u8]>);

/// The identity of a line: its name, and how many lines before it have the same.
type Identity<'t> = (Name<'t>, usize);

/// The fields of a mailbox before its options.
const FIELDS: [&str; 4] = ["password", "name", "email", "pager"];

pub(super) fn compare(
    old: &str,
    new: &str,
    secrets: &Secrets<'_>,
    found: &mut FileDiff,
) -> Result<(), String> {
    let (old_document, new_document) = (sections::document("old", old)?, sections::document("new", new)?);
    sections::compare_section("general", &old_document, &new_document, secrets, found);
    sections::directives(old, new, secrets, found);
    let (old, new) = (lines(&old_document), lines(&new_document));
    let known: HashMap<&Identity<'_>, &Line<'_>> = old.iter().map(|(id, line)| (id, line)).collect();
    let kept: HashSet<&Identity<'_>> = new.iter().map(|(id, _)| id).collect();
    for (_, line) in old.iter().filter(|(id, _)| !kept.contains(id)) {
        found.add(line.kind, line.name(), Change::Removed);
    }
    for (id, line) in &new {
        found.count(line.kind, 1);
        let change = match known.get(id) {
            None => Change::Added,
            Some(old) => Change::Changed(changes(old, line, secrets)),
        };
        found.add(line.kind, line.name(), change);
    }
    Ok(())
}

/// Returns the mailboxes and time zones of a file, in order.
fn lines(document: &Document) -> Vec<(Identity<'_>, Line<'_>)> {
    let mut seen: HashMap<Name<'_>, usize> = HashMap::new();
    let mut lines = Vec::new();
    let has_objects = |section: &&Section| !section.name().eq_ignore_ascii_case(b"general");
    for section in document.visible_sections().filter(has_objects) {
        let is_zones = section.name().eq_ignore_ascii_case(b"zonemessages");
        let kind = if is_zones { "time zone" } else { "mailbox" };
        for option in section.options() {
            let (context, number) = (lower(section.name()), lower(option.key()));
            let name = (context, number);
            let count = seen.entry(name.clone()).or_default();
            lines.push(((name, *count), Line { kind, section: section.name(), option }));
            *count += 1;
        }
    }
    lines
}

fn lower(name: &BStr) -> Cow<'_, [u8]> {
    let has_upper = name.iter().any(u8::is_ascii_uppercase);
    if has_upper { Cow::Owned(name.to_ascii_lowercase()) } else { Cow::Borrowed(name) }
}

impl Line<'_> {
    /// Returns the name of the object: `1000@default`, or that of the time zone.
    fn name(&self) -> String {
        let key = self.option.key();
        if self.kind == "mailbox" { format!("{key}@{}", self.section) } else { key.to_string() }
    }
}

fn changes(old: &Line<'_>, new: &Line<'_>, secrets: &Secrets<'_>) -> Vec<OptionChange> {
    let mut changes = Vec::new();
    let line = Some(new.option.location().line as usize);
    let (old_value, new_value) = (old.option.value(), new.option.value());
    if old_value == new_value {
        return changes;
    }
    if new.kind != "mailbox" {
        let (old, new) = ([Item::whole(old_value)], [Item::whole(new_value)]);
        options::compare("", BStr::new(""), &old, &new, Order::Counts, secrets, &mut changes);
        return changes;
    }
    let (old, new) = (Mailbox::read(old_value), Mailbox::read(new_value));
    for ((field, old), new) in FIELDS.iter().zip(old.fields).zip(new.fields) {
        // The column of the password is the secret one of the line.
        let line = line.filter(|_| *field == "password");
        let (old, new) = ([Item::whole(old)], [Item { line, ..Item::whole(new) }]);
        options::compare(field, BStr::new(field), &old, &new, Order::Counts, secrets, &mut changes);
    }
    let keys = old.options.iter().chain(&new.options).map(|(key, _)| *key);
    let mut seen = HashSet::new();
    let (old_map, new_map) = (by_key(&old.options), by_key(&new.options));
    for key in keys.filter(|key| seen.insert(*key)) {
        let old = old_map.get(key).map(Vec::as_slice).unwrap_or_default();
        let new = new_map.get(key).map(Vec::as_slice).unwrap_or_default();
        let key = BStr::new(key);
        options::compare(&key.to_str_lossy(), key, old, new, Order::Counts, secrets, &mut changes);
    }
    changes
}

/// The parts of a mailbox's line.
struct Mailbox<'t> {
    fields: [&'t [u8]; 4],
    options: Vec<(&'t [u8], &'t [u8])>,
}

impl<'t> Mailbox<'t> {
    fn read(value: &'t [u8]) -> Mailbox<'t> {
        let mut parts = value.splitn(5, |&byte| byte == b',');
        let fields = std::array::from_fn(|_| parts.next().unwrap_or_default());
        let options = parts.next().unwrap_or_default().split(|&byte| byte == b'|');
        let options = options.filter(|option| !option.is_empty());
        let options = options.map(|option| option.split_once_str("=").unwrap_or((option, b""))).collect();
        Mailbox { fields, options }
    }
}

fn by_key<'t>(options: &[(&'t [u8], &'t [u8])]) -> HashMap<&'t [u8], Vec<Item<'t>>> {
    let mut map: HashMap<&[u8], Vec<Item<'_>>> = HashMap::new();
    for &(key, value) in options {
        map.entry(key).or_default().push(Item::whole(value));
    }
    map
}
