//! Compares `extensions.conf`: an object is an extension with its priorities, a hint, or a context with its includes.

use asterisk_conf::Location;
use bstr::BStr;

use super::options::{self, Item, Order};
use super::secrets::Secrets;
use super::{Change, FileDiff, OptionChange, sections};
use crate::dialplan::{Context, Dialplan, Extension, Hint, Include, Key, Name, Priority, SettingKind};

pub(super) fn compare(
    old: &str,
    new: &str,
    secrets: &Secrets<'_>,
    found: &mut FileDiff,
) -> Result<(), String> {
    let (old_document, new_document) = (sections::document("old", old)?, sections::document("new", new)?);
    for name in ["general", "globals"] {
        sections::compare_section(name, &old_document, &new_document, secrets, found);
    }
    let (before, after) = (Dialplan::read(&old_document), Dialplan::read(&new_document));
    let mut comparison = Comparison { secrets, found };
    for context in before.contexts.iter().filter(|context| after.context(context.name).is_none()) {
        comparison.found.add("context", context.name.to_string(), Change::Removed);
        comparison.removed(context, None);
    }
    for context in &after.contexts {
        match before.context(context.name) {
            None => {
                comparison.found.add("context", context.name.to_string(), Change::Added);
                comparison.kept_or_added(None, context);
            }
            Some(before) => {
                comparison.removed(before, Some(context));
                comparison.kept_or_added(Some(before), context);
            }
        }
    }
    sections::directives(old, new, secrets, found);
    Ok(())
}

struct Comparison<'c, 's> {
    secrets: &'c Secrets<'s>,
    found: &'c mut FileDiff,
}

impl Comparison<'_, '_> {
    /// Adds what the new context lacks.
    fn removed(&mut self, old: &Context<'_>, new: Option<&Context<'_>>) {
        let context = old.name.to_string();
        for extension in &old.extensions {
            if new.and_then(|new| new.extension(&extension_key(extension.name))).is_none() {
                self.found.add_in(Some(&context), "extension", shown(extension.name), Change::Removed);
            }
        }
        for hint in &old.hints {
            if new.and_then(|new| new.hint(&hint_key(hint.name))).is_none() {
                self.found.add_in(Some(&context), "hint", shown(hint.name), Change::Removed);
            }
        }
    }

    /// Adds what the new context has, and the old one has not or has in another form.
    fn kept_or_added(&mut self, old: Option<&Context<'_>>, new: &Context<'_>) {
        let context = new.name.to_string();
        self.found.count("context", 1);
        self.found.count("extension", new.extensions.len());
        self.found.count("hint", new.hints.len());
        if let Some(old) = old {
            let changes = self.settings(old, new);
            self.found.add_in(None, "context", context.clone(), Change::Changed(changes));
        }
        for extension in &new.extensions {
            let before = old.and_then(|old| old.extension(&extension_key(extension.name)));
            let change =
                before.map_or(Change::Added, |before| Change::Changed(self.priorities(before, extension)));
            self.found.add_in(Some(&context), "extension", shown(extension.name), change);
        }
        for hint in &new.hints {
            let before = old.and_then(|old| old.hint(&hint_key(hint.name)));
            let change = before.map_or(Change::Added, |before| Change::Changed(self.hint(before, hint)));
            self.found.add_in(Some(&context), "hint", shown(hint.name), change);
        }
    }

    /// Compares the includes and the other settings of a context.
    fn settings(&self, old: &Context<'_>, new: &Context<'_>) -> Vec<OptionChange> {
        let mut changes = Vec::new();
        let texts = |includes: &[Include<'_>]| -> Vec<(Vec<u8>, Location)> {
            let text = |include: &Include<'_>| (joined(include.context, include.times), include.location);
            includes.iter().map(text).collect()
        };
        let (before, after) = (texts(&old.includes), texts(&new.includes));
        self.compare("include", &items(&before), &items(&after), Order::Counts, &mut changes);
        for (name, kind, order) in [
            ("switch", SettingKind::Switch, Order::Counts),
            ("ignorepat", SettingKind::IgnorePattern, Order::Free),
            ("autohints", SettingKind::AutoHints, Order::Counts),
        ] {
            let values = |context: &Context<'_>| -> Vec<(Vec<u8>, Location)> {
                let settings = context.settings.iter().filter(|setting| setting.kind == kind);
                settings.map(|setting| (setting.value.to_vec(), setting.location)).collect()
            };
            let (before, after) = (values(old), values(new));
            self.compare(name, &items(&before), &items(&after), order, &mut changes);
        }
        changes
    }

    /// Compares the priorities of an extension by their numbers.
    fn priorities(&self, old: &Extension<'_>, new: &Extension<'_>) -> Vec<OptionChange> {
        let mut changes = Vec::new();
        let numbers = |extension: &Extension<'_>| -> Vec<i32> {
            extension.priorities.iter().map(|priority| priority.number).collect()
        };
        let mut all = [numbers(old), numbers(new)].concat();
        all.sort_unstable();
        all.dedup();
        for number in all {
            let (before, after) = (old.priority(number), new.priority(number));
            let is_same = |(before, after): (&Priority<'_>, &Priority<'_>)| {
                before.label == after.label
                    && before.application == after.application
                    && before.arguments == after.arguments
            };
            if !before.zip(after).is_some_and(is_same) {
                let (before, after) = (steps(before), steps(after));
                let label = format!("priority {number}");
                self.compare(&label, &items(&before), &items(&after), Order::Counts, &mut changes);
            }
        }
        changes
    }

    /// Compares the devices of a hint, whose order does not count.
    fn hint(&self, old: &Hint<'_>, new: &Hint<'_>) -> Vec<OptionChange> {
        let mut changes = Vec::new();
        let devices = |hint: &Hint<'_>| -> Vec<(Vec<u8>, Location)> {
            hint.devices().map(|device| (device.to_vec(), hint.location)).collect()
        };
        let (before, after) = (devices(old), devices(new));
        self.compare("", &items(&before), &items(&after), Order::Free, &mut changes);
        let presence = |hint: &Hint<'_>| -> Vec<(Vec<u8>, Location)> {
            hint.presence.map(|presence| (presence.to_vec(), hint.location)).into_iter().collect()
        };
        let (before, after) = (presence(old), presence(new));
        self.compare("presence", &items(&before), &items(&after), Order::Counts, &mut changes);
        changes
    }

    fn compare(
        &self,
        option: &str,
        old: &[Item<'_>],
        new: &[Item<'_>],
        order: Order,
        changes: &mut Vec<OptionChange>,
    ) {
        options::compare(option, BStr::new(""), old, new, order, self.secrets, changes);
    }
}

fn items(values: &[(Vec<u8>, Location)]) -> Vec<Item<'_>> {
    let line = |location: &Location| Some(location.line as usize);
    values.iter().map(|(value, location)| Item { line: line(location), ..Item::whole(value) }).collect()
}

/// Returns the text of a step, with its label.
fn steps(priority: Option<&Priority<'_>>) -> Vec<(Vec<u8>, Location)> {
    let text = |priority: &Priority<'_>| {
        let label = priority.label.map(|label| format!("({label}) ")).unwrap_or_default();
        let text = format!("{label}{}({})", priority.application, priority.arguments);
        (text.into_bytes(), priority.location)
    };
    priority.map(text).into_iter().collect()
}

fn joined(first: &BStr, second: Option<&BStr>) -> Vec<u8> {
    second.map_or_else(|| first.to_vec(), |second| format!("{first},{second}").into_bytes())
}

fn extension_key(name: Name<'_>) -> Key<'_> {
    Key::of_extension(name.number, name.caller)
}

fn hint_key(name: Name<'_>) -> Key<'_> {
    Key::of_hint(name.number, name.caller)
}

/// Returns the name of an extension as it is written.
fn shown(name: Name<'_>) -> String {
    name.caller.map_or_else(|| name.number.to_string(), |caller| format!("{}/{caller}", name.number))
}
