//! The differences as a text for people.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;

use super::groups::{Changed, groups};
use super::{Change, Diff, FileDiff, ObjectDiff, OptionChange};
use crate::text::Shown;
use crate::words::{counted, grouped, plural};

/// How a text looks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    /// Whether it has the colours of a terminal.
    pub has_colors: bool,
    /// Whether all names and all changes are listed. Otherwise, only the first ones are.
    pub shows_all: bool,
}

/// A colour of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Color {
    None,
    Bold,
    Red,
    Green,
    Yellow,
    Cyan,
}

/// How many names a line lists, and how many lines there are for changed objects of one file.
pub(super) const MAX_NAMES: usize = 10;
const MAX_LINES: usize = 20;

/// How many kinds of objects a summary names.
const MAX_KINDS: usize = 8;

/// How many characters of a value are shown, and how many of these stand before the first difference.
const MAX_VALUE: usize = 60;
const BEFORE_DIFFERENCE: usize = 15;

impl Style {
    /// Returns a line, or a part of one, in a colour.
    pub(super) fn paint(self, color: Color, text: &str) -> String {
        let code = match color {
            _ if !self.has_colors => return text.to_owned(),
            Color::None => return text.to_owned(),
            Color::Bold => 1,
            Color::Red => 31,
            Color::Green => 32,
            Color::Yellow => 33,
            Color::Cyan => 36,
        };
        let line = text.trim_end_matches('\n');
        format!("\u{1b}[{code}m{line}\u{1b}[0m{}", &text[line.len()..])
    }

    fn limit(self, limit: usize) -> usize {
        if self.shows_all { usize::MAX } else { limit }
    }
}

impl Diff {
    /// Returns the differences for people: a line for each file, and below it the objects.
    pub fn text(&self, style: Style) -> String {
        let width = self.width();
        let mut text = String::new();
        for file in &self.files {
            let name = file.file.to_string();
            let blanks = " ".repeat(width - name.chars().count());
            let body = FileText { file, style, folded: folded(file), names_context: contexts_differ(file) };
            let _ = writeln!(text, "{}{blanks}{}", style.paint(Color::Bold, &name), body.summary());
            body.write(&mut text);
        }
        text + &format!("{} unchanged\n", counted(self.unchanged, "file"))
    }

    /// Returns one line for each file, with the numbers of objects.
    pub fn stat(&self, style: Style) -> String {
        let width = self.width();
        let mut text = String::new();
        for file in &self.files {
            let of = |wanted: fn(&Change) -> bool| {
                file.objects.iter().filter(|object| wanted(&object.change)).count()
            };
            let counts = [
                ('+', Color::Green, of(|change| *change == Change::Added)),
                ('−', Color::Red, of(|change| *change == Change::Removed)),
                ('~', Color::Yellow, of(|change| matches!(change, Change::Changed(_)))),
            ];
            let shown = counts.into_iter().filter(|(_, _, count)| *count > 0);
            let shown =
                shown.map(|(sign, color, count)| style.paint(color, &format!("{sign}{}", grouped(count))));
            let _ =
                writeln!(text, "{:<width$}{}", file.file.to_string(), shown.collect::<Vec<_>>().join(" "));
        }
        text + &format!(
            "{} changed, {} unchanged\n",
            counted(self.files.len(), "file"),
            grouped(self.unchanged)
        )
    }

    /// Returns the width of the column of the files.
    fn width(&self) -> usize {
        self.files.iter().map(|file| file.file.to_string().chars().count() + 3).max().unwrap_or_default()
    }
}

impl FileDiff {
    /// Returns the differences in a few words: `+3 endpoints, ~1 aor`.
    pub fn summary(&self) -> String {
        let style = Style::default();
        FileText { file: self, style, folded: folded(self), names_context: contexts_differ(self) }.summary()
    }
}

/// Returns the objects that the text leaves out: an AOR or a login that comes or goes with the endpoint of its name.
fn folded(file: &FileDiff) -> HashSet<usize> {
    let key = |object: &ObjectDiff| (object.name.clone(), object.change == Change::Added);
    let is_change = |object: &&ObjectDiff| !matches!(object.change, Change::Changed(_));
    let endpoints: HashSet<_> =
        file.objects.iter().filter(is_change).filter(|object| object.kind == "endpoint").map(key).collect();
    let is_part = |object: &&ObjectDiff| matches!(object.kind.as_ref(), "aor" | "auth");
    let folded = file
        .objects
        .iter()
        .enumerate()
        .filter(|(_, object)| is_part(object) && is_change(object) && endpoints.contains(&key(object)));
    folded.map(|(index, _)| index).collect()
}

/// Returns whether the objects are in several contexts.
fn contexts_differ(file: &FileDiff) -> bool {
    let mut contexts = file.objects.iter().filter_map(|object| object.context.as_deref());
    let first = contexts.next();
    contexts.any(|context| Some(context) != first)
}

/// The text of one file.
struct FileText<'d> {
    file: &'d FileDiff,
    style: Style,
    folded: HashSet<usize>,
    /// Whether names have their context, since the summary does not say it.
    names_context: bool,
}

impl<'d> FileText<'d> {
    fn objects(&self) -> impl Iterator<Item = &'d ObjectDiff> {
        let objects = self.file.objects.iter().enumerate();
        objects.filter(|(index, _)| !self.folded.contains(index)).map(|(_, object)| object)
    }

    /// Returns the numbers of objects that are new, gone and changed, such as `+3 endpoints, −1, ~2 (of 1,042)`.
    fn summary(&self) -> String {
        if let Some(order) = self.only_order() {
            return order;
        }
        let mut parts = Vec::new();
        let mut nouns: Vec<&str> = Vec::new();
        for (sign, is_this) in [('+', Change::Added), ('−', Change::Removed)] {
            let objects = self.objects().filter(|object| object.change == is_this);
            for (kind, count) in by_kind(objects) {
                let has_noun = nouns == [kind];
                parts.push(if has_noun {
                    format!("{sign}{}", grouped(count))
                } else {
                    signed(sign, count, kind)
                });
                if !nouns.contains(&kind) {
                    nouns.push(kind);
                }
            }
        }
        let changed = by_kind(self.objects().filter(|object| matches!(object.change, Change::Changed(_))));
        let is_family = nouns == ["endpoint"] || changed.iter().all(|(kind, _)| nouns == [*kind]);
        let all: usize = changed.iter().map(|(_, count)| count).sum();
        match changed.as_slice() {
            [] => {}
            _ if is_family => parts.push(format!("~{}", grouped(all))),
            kinds if self.has_contexts() || kinds.len() == 1 => {
                for (kind, count) in kinds {
                    parts.push(signed('~', *count, kind));
                    nouns.push(kind);
                }
            }
            _ => {
                parts.push(signed('~', all, "object"));
                nouns.push("object");
            }
        }
        format!("{}{}{}", self.contexts(), parts.join(", "), self.total(&nouns))
    }

    /// Returns the number of all objects, if the summary is about one kind.
    fn total(&self, nouns: &[&str]) -> String {
        let [kind] = nouns else { return String::new() };
        match self.file.totals.get(*kind) {
            Some(total) if !self.has_contexts() => format!(" (of {})", grouped(*total)),
            _ => String::new(),
        }
    }

    /// Returns the summary of a file in which only the order of one object's values changed.
    fn only_order(&self) -> Option<String> {
        let [object] = self.file.objects.as_slice() else { return None };
        let Change::Changed(changes) = &object.change else { return None };
        let [change] = changes.as_slice() else { return None };
        (change.moved > 0).then(|| format!("{} of {}", order(change), escaped(&object.name)))
    }

    fn has_contexts(&self) -> bool {
        self.file.objects.iter().any(|object| object.context.is_some())
    }

    /// Returns the context of all objects, or their number.
    fn contexts(&self) -> String {
        let contexts: BTreeSet<_> =
            self.file.objects.iter().filter_map(|object| object.context.as_ref()).collect();
        match (contexts.first(), contexts.len()) {
            (Some(context), 1) => format!("{}: ", escaped(context)),
            (Some(_), count) => format!("{} contexts: ", grouped(count)),
            (None, _) => String::new(),
        }
    }

    fn write(&self, text: &mut String) {
        for note in &self.file.notes {
            let _ = writeln!(text, "  {}", escaped(note));
        }
        if self.only_order().is_some() {
            return;
        }
        if self.file.is_by_line {
            return self.write_lines(text);
        }
        self.write_names(text, '+', Color::Green, &Change::Added);
        self.write_names(text, '−', Color::Red, &Change::Removed);
        let groups = groups(&self.objects().filter_map(|object| self.changed(object)).collect::<Vec<_>>());
        let limit = self.style.limit(MAX_LINES);
        for group in groups.iter().take(limit) {
            let _ = writeln!(
                text,
                "  {}",
                self.style.paint(Color::Yellow, &format!("~ {}", group.line(self.style)))
            );
        }
        if groups.len() > limit {
            let objects = groups.iter().skip(limit).map(|group| group.names.len()).sum();
            let _ = writeln!(text, "  and {} changed", counted(objects, "more object"));
        }
    }

    /// Writes the differences of a file whose objects are lines.
    fn write_lines(&self, text: &mut String) {
        let limit = self.style.limit(MAX_LINES);
        for object in self.objects().take(limit) {
            let (sign, color) =
                if object.change == Change::Added { ('+', Color::Green) } else { ('−', Color::Red) };
            let line = clipped(&escaped(&object.name), 0);
            let _ = writeln!(text, "  {}", self.style.paint(color, &format!("{sign} {line}")));
        }
        let more = self.objects().count().saturating_sub(limit);
        if more > 0 {
            let _ = writeln!(text, "  and {}", counted(more, "more line"));
        }
    }

    /// Writes the names of the objects that are new or gone, in one line for each kind.
    fn write_names(&self, text: &mut String, sign: char, color: Color, change: &Change) {
        let mut order: Vec<&str> = Vec::new();
        let mut names: HashMap<&str, Vec<String>> = HashMap::new();
        let contexts: HashSet<&String> = (self.objects())
            .filter(|object| object.kind == "context" && object.change == *change)
            .map(|object| &object.name)
            .collect();
        // The name of a context that is new or gone stands for all that is in it.
        let in_context =
            |object: &&ObjectDiff| object.context.as_ref().is_some_and(|name| contexts.contains(name));
        let objects = self.objects().filter(|object| object.change == *change);
        for object in objects.filter(|object| !in_context(object)) {
            let of_kind = names.entry(&object.kind).or_insert_with(|| {
                order.push(&object.kind);
                Vec::new()
            });
            of_kind.push(self.name(object));
        }
        let limit = self.style.limit(MAX_LINES);
        let more: usize = order.iter().skip(limit).filter_map(|kind| names.get(kind)).map(Vec::len).sum();
        for kind in order.into_iter().take(limit) {
            let names = listed(names.get(kind).map(Vec::as_slice).unwrap_or_default(), self.style);
            let line = format!("{sign} {} {names}", escaped(kind));
            let _ = writeln!(text, "  {}", self.style.paint(color, &line));
        }
        if more > 0 {
            let _ = writeln!(
                text,
                "  {}",
                self.style.paint(color, &format!("{sign} {}", counted(more, "more object")))
            );
        }
    }

    /// Returns the name of an object, with its context if need be.
    fn name(&self, object: &ObjectDiff) -> String {
        match &object.context {
            Some(context) if self.names_context => {
                escaped(&format!("{}@{context}", object.name)).into_owned()
            }
            _ => escaped(&object.name).into_owned(),
        }
    }

    fn changed(&self, object: &'d ObjectDiff) -> Option<Changed<'d>> {
        let Change::Changed(changes) = &object.change else { return None };
        let changes = changes.iter().flat_map(shown).collect();
        Some(Changed { kind: &object.kind, name: self.name(object), changes })
    }
}

/// Counts objects by kind, in the order in which the kinds occur. Too many kinds count as one.
fn by_kind<'d>(objects: impl Iterator<Item = &'d ObjectDiff>) -> Vec<(&'d str, usize)> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    let mut indexes: HashMap<&str, usize> = HashMap::new();
    for object in objects {
        let index = *indexes.entry(&object.kind).or_insert_with(|| {
            counts.push((&object.kind, 0));
            counts.len() - 1
        });
        if let Some((_, count)) = counts.get_mut(index) {
            *count += 1;
        }
    }
    if counts.len() > MAX_KINDS {
        return vec![("object", counts.iter().map(|(_, count)| count).sum())];
    }
    counts
}

fn signed(sign: char, count: usize, kind: &str) -> String {
    format!("{sign}{}", counted(count, &escaped(kind)))
}

/// Lists the first names.
pub(super) fn listed(names: &[String], style: Style) -> String {
    let limit = style.limit(MAX_NAMES);
    let first = names.iter().take(limit).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(limit) {
        0 => first,
        more => format!("{first} and {} more", grouped(more)),
    }
}

/// Returns the change of an option as texts.
fn shown(change: &OptionChange) -> Vec<String> {
    if change.moved > 0 {
        return vec![order(change)];
    }
    let option = escaped(&change.option);
    let option = if option.is_empty() { option } else { Cow::Owned(format!("{option} ")) };
    if let ([old], [new]) = (change.old.as_slice(), change.new.as_slice()) {
        let (old, new) = both(old, new);
        return vec![format!("{option}{old} → {new}")];
    }
    let one = |sign: char, values: &[String]| -> Vec<String> {
        values.iter().map(|value| format!("{sign}{option}{}", quoted(&clipped(&escaped(value), 0)))).collect()
    };
    [one('−', &change.old), one('+', &change.new)].concat()
}

/// Returns the text for values that changed their places.
fn order(change: &OptionChange) -> String {
    match change.option.as_str() {
        "" => format!("order of {}", counted(change.moved, "item")),
        pair if pair.contains(" and ") => format!("order of {pair}"),
        option => format!("order of {} {}", grouped(change.moved), plural(&escaped(option))),
    }
}

/// Returns two values, each cut around their first difference.
fn both(old: &str, new: &str) -> (String, String) {
    let (old, new) = (escaped(old), escaped(new));
    let same = old.chars().zip(new.chars()).take_while(|(old, new)| old == new).count();
    let from = same.saturating_sub(BEFORE_DIFFERENCE);
    let is_long = [&old, &new].iter().any(|value| value.chars().count() > MAX_VALUE);
    let from = if is_long { from } else { 0 };
    (quoted(&clipped(&old, from)), quoted(&clipped(&new, from)))
}

/// Cuts a value down to the characters from this one.
fn clipped(value: &str, from: usize) -> String {
    let mut rest = value.chars().skip(from);
    let shown: String = rest.by_ref().take(MAX_VALUE).collect();
    let (before, behind) = (if from > 0 { "…" } else { "" }, if rest.next().is_some() { "…" } else { "" });
    format!("{before}{shown}{behind}")
}

fn quoted(value: &str) -> String {
    if value.is_empty() { "\"\"".to_owned() } else { value.to_owned() }
}

pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        Cow::Owned(Shown(text.as_bytes().into()).to_string())
    } else {
        Cow::Borrowed(text)
    }
}
