//! Changes a text and keeps the rest of it byte for byte: comments, empty lines, the blanks around `=`.
//!
//! An [`Editor`] finds the sections of a text without reading all of it, so that a change costs little of what it takes
//! to write the text. Asterisk reads the result as the calls say: the editor knows comments, `[name](template)` and
//! `[name](+)` as the [reader](crate::read) does, and what it writes is escaped or refused by [`syntax`].
//!
//! | file | what is in it |
//! |---|---|
//! | `index` | which lines are headers, and which sections they open, continue and inherit from |
//! | `lines` | the lines below a header |
//! | `key` | the search for the lines of a key |
//! | `sections` | sections that come and go |
//! | `selection` | which sections are meant |
//! | `change` | the changes, and the text with them |
//! | `error` | why a change is refused |

mod change;
mod error;
mod index;
mod key;
mod lines;
mod sections;
mod selection;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;

use bstr::{BString, ByteSlice};

pub use self::change::LineChange;
use self::change::{Change, Line};
pub use self::error::EditError;
use self::index::Index;
use self::key::Key;
use self::lines::{BodyLine, Place};
pub use self::sections::Where;
pub use self::selection::Selection;
use crate::syntax::{self, Refusal};

/// Changes a text: options and whole sections.
///
/// A section is what Asterisk takes for one: `[name](+)` continues it. Its own options are those that stand in it; the
/// editor does not change what it inherits.
///
/// ```
/// use asterisk_conf::edit::{Editor, Selection};
///
/// let text = "[ann]\ntype=auth\npassword = x ; secret\n\n; The trunk.\n[trunk]\ntype = endpoint\nallow=ulaw\n";
/// let mut editor = Editor::new(text)?;
/// for section in editor.select(&Selection::all().of_type("auth")) {
///     editor.remove(section, "password");
/// }
/// for section in editor.select(&Selection::all().like("tr*")?) {
///     editor.set(section, "allow", &["alaw"])?;
///     editor.add(section, "set_var", "A=1;2")?;
/// }
/// assert_eq!(
///     editor.finish(),
///     "[ann]\ntype=auth\n\n; The trunk.\n[trunk]\ntype = endpoint\nallow=alaw\nset_var = A=1\\;2\n"
/// );
/// # Ok::<(), asterisk_conf::edit::EditError>(())
/// ```
pub struct Editor {
    text: String,
    index: Index,
    /// The changes of each header with the lines below it, in the order of the text.
    changes: BTreeMap<usize, Vec<Change>>,
    /// The types of the sections, until an option `type` changes.
    types: Option<Vec<Option<Box<[u8]>>>>,
    author: usize,
}

/// A section of an [`Editor`]. No other editor knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SectionId(usize);

/// A line of an option.
enum Found {
    Old(Place),
    /// A line that was written before: the indexes of the change and of the line in it.
    New(usize, usize),
}

impl Editor {
    /// Finds the sections of a text.
    ///
    /// # Errors
    ///
    /// [`EditError::Unreadable`]: the text has a NUL, more block comments than Asterisk counts, or an end of one that none
    /// begins; or a header continues a section that a filter selects, `[name](+type=aor)`.
    pub fn new(text: impl Into<String>) -> Result<Editor, EditError> {
        let text = text.into();
        let index = Index::of(&text)?;
        Ok(Editor { text, index, changes: BTreeMap::new(), types: None, author: 0 })
    }

    /// Names the author of the changes that follow, by a number of the caller's choice: see [`LineChange`].
    pub fn set_author(&mut self, author: usize) {
        self.author = author;
    }

    /// Returns the sections that are selected, in the order of the text.
    pub fn select(&mut self, selection: &Selection) -> Vec<SectionId> {
        if selection.asks_for_type() {
            self.find_types();
        }
        let types = self.types.as_deref().unwrap_or_default();
        let sections = self.index.sections.iter().enumerate();
        let selected = sections.filter(|(at, section)| {
            let type_value = types.get(*at).and_then(Option::as_deref);
            !section.is_removed && selection.selects(section.name(&self.text), type_value)
        });
        selected.map(|(at, _)| SectionId(at)).collect()
    }

    /// Returns the name of a section.
    pub fn name(&self, section: SectionId) -> Cow<'_, str> {
        self.index.sections[section.0].name(&self.text).to_str_lossy()
    }

    /// Returns the values of the section's own options of this key, in order, without regard to case.
    pub fn values(&self, section: SectionId, key: &str) -> Vec<BString> {
        let found = self.find(section, &Key::new(key)).into_iter();
        found.map(|(part, found)| self.value(part, &found)).collect()
    }

    /// Gives the section exactly these own options of a key. They take the place of the first one that it has, and keep
    /// its spelling; otherwise they follow the section's last option. No values leave no such option.
    ///
    /// Returns whether that changes the section.
    ///
    /// # Errors
    ///
    /// [`EditError::Refused`]: the syntax refuses key or value, or the value has a blank at an end, which Asterisk strips.
    pub fn set<V: AsRef<str>>(
        &mut self,
        section: SectionId,
        key: &str,
        values: &[V],
    ) -> Result<bool, EditError> {
        let lines = self.written(section, key, values)?;
        let found = self.find(section, &Key::new(key));
        let is = found.iter().map(|(part, found)| self.value(*part, found));
        if is.eq(values.iter().map(|value| syntax::meaning(value.as_ref()).as_bytes().as_bstr().to_owned())) {
            return Ok(false);
        }
        let mut found = found.into_iter();
        match found.next() {
            _ if values.is_empty() => return Ok(self.remove(section, key) > 0),
            None => self.append(section, lines),
            Some((part, first)) => {
                let spelled = match &first {
                    Found::Old(place) => self.spelled(section, key, *place, values)?,
                    Found::New(..) => None,
                };
                let rest: Vec<_> = found.collect();
                rest.into_iter().rev().for_each(|(part, found)| self.replace(part, &found, Vec::new(), None));
                self.replace(part, &first, spelled.unwrap_or(lines), None);
            }
        }
        self.forget_types(key);
        Ok(true)
    }

    /// Adds an option behind the section's last one, also if it has others of this key.
    ///
    /// # Errors
    ///
    /// As [`Editor::set`].
    pub fn add(&mut self, section: SectionId, key: &str, value: &str) -> Result<(), EditError> {
        let lines = self.written(section, key, &[value])?;
        self.append(section, lines);
        self.forget_types(key);
        Ok(())
    }

    /// Removes the section's own options of a key, without regard to case. Returns how many there were.
    pub fn remove(&mut self, section: SectionId, key: &str) -> usize {
        let found = self.find(section, &Key::new(key));
        let (count, removed_by) = (found.len(), Some(self.author));
        // From the end, since the removal of a written line moves those behind it.
        found.into_iter().rev().for_each(|(part, found)| self.replace(part, &found, Vec::new(), removed_by));
        if count > 0 {
            self.forget_types(key);
        }
        count
    }

    /// Returns the text with all changes.
    pub fn finish(self) -> String {
        let (text, changes) = self.into_changes();
        change::apply(text, &changes)
    }

    /// Returns the text with all changes, and the changes by lines, in the order of the text.
    pub fn finish_with_lines(self) -> (String, Vec<LineChange>) {
        let (text, changes) = self.into_changes();
        let by_lines = change::by_lines(&text, &changes);
        (change::apply(text, &changes), by_lines)
    }

    fn into_changes(self) -> (String, Vec<Change>) {
        let changes = self.changes.into_values().flatten();
        let mut changes: Vec<Change> = changes.filter(|change| !change.is_nothing()).collect();
        let mut text = self.text;
        change::end_last_line(&mut text, &mut changes);
        (text, changes)
    }

    /// Returns the own options of a key, each with the index of the header above it.
    fn find(&self, section: SectionId, key: &Key) -> Vec<(usize, Found)> {
        let mut found = Vec::new();
        for part in self.parts_of(section) {
            self.find_in(part, key, &mut |option| found.push((part, option)));
        }
        found
    }

    /// Returns the indexes of a section's headers. One that was removed has none.
    fn parts_of(&self, section: SectionId) -> impl Iterator<Item = usize> {
        let is_there = !self.index.sections[section.0].is_removed;
        self.index.parts_of(section.0).filter(move |_| is_there)
    }

    fn find_in(&self, part: usize, key: &Key, take: &mut impl FnMut(Found)) {
        let body = self.index.body(&self.text, part);
        let Some(changes) = self.changes.get(&part) else {
            return body.options(key).for_each(|line| take(Found::Old(line.place)));
        };
        let mut changes = changes.iter().enumerate().peekable();
        let take_written = |(at, change): (usize, &Change), take: &mut dyn FnMut(Found)| {
            let lines =
                change.lines.iter().enumerate().filter(|(_, line)| !change.is_section && line.has_key(key));
            lines.for_each(|(line, _)| take(Found::New(at, line)));
        };
        for line in body.lines() {
            let mut is_replaced = false;
            while let Some(change) = changes.next_if(|(_, change)| change.range.start <= line.place.start) {
                is_replaced |= !change.1.range.is_empty();
                take_written(change, take);
            }
            if !is_replaced && line.has_key(key) {
                take(Found::Old(line.place));
            }
        }
        changes.for_each(|change| take_written(change, take));
    }

    fn value(&self, part: usize, found: &Found) -> BString {
        match found {
            Found::Old(place) => BodyLine::at(&self.text, *place).value().into(),
            Found::New(change, line) => self.changes[&part][*change].lines[*line].value(),
        }
    }

    /// Writes lines in place of one of an option. Without lines, the option may have been removed by an author.
    fn replace(&mut self, part: usize, found: &Found, lines: Vec<Line>, removed_by: Option<usize>) {
        let changes = self.changes.entry(part).or_insert_with(|| Vec::with_capacity(1));
        match *found {
            Found::Old(Place { start, end, before, after }) => {
                let behind =
                    changes.partition_point(|other| (other.range.start, other.range.end) < (start, end));
                let change =
                    Change { range: start..end, before, after, lines, removed_by, ..Change::default() };
                changes.insert(behind, change);
            }
            Found::New(change, line) => {
                let change = &mut changes[change];
                change.lines.splice(line..=line, lines);
                if change.lines.is_empty() && !change.range.is_empty() {
                    change.removed_by = removed_by;
                }
            }
        }
    }

    /// Writes lines behind the last option of a section.
    fn append(&mut self, section: SectionId, mut lines: Vec<Line>) {
        let Some(part) = self.parts_of(section).last() else { return };
        let (at, depth) = self.index.body(&self.text, part).end_of_options();
        let changes = self.changes.entry(part).or_insert_with(|| Vec::with_capacity(1));
        let behind = changes.partition_point(|other| (other.range.start, other.range.end) < (at, at));
        match changes.get_mut(behind) {
            Some(same) if same.range == (at..at) && !same.is_section => same.lines.append(&mut lines),
            _ => changes.insert(
                behind,
                Change { range: at..at, before: depth, after: depth, lines, ..Change::default() },
            ),
        }
    }

    /// Writes the lines of an option with each of these values.
    fn written<V: AsRef<str>>(
        &self,
        section: SectionId,
        key: &str,
        values: &[V],
    ) -> Result<Vec<Line>, EditError> {
        let refused = |refusal| EditError::refused(&self.name(section), Some(key), refusal);
        let prefix = format_key(key).map_err(refused)?;
        let texts = values.iter().map(|value| line(&prefix, value.as_ref()));
        Ok(self.lines(texts.collect::<Result<Vec<_>, _>>().map_err(refused)?))
    }

    /// Writes the same lines in the spelling of a line that they replace, if it can stay.
    fn spelled<V: AsRef<str>>(
        &self,
        section: SectionId,
        key: &str,
        old: Place,
        values: &[V],
    ) -> Result<Option<Vec<Line>>, EditError> {
        let Some(prefix) = BodyLine::at(&self.text, old).before_value() else { return Ok(None) };
        let texts = values.iter().map(|value| line(prefix, value.as_ref()));
        let texts: Result<Vec<_>, _> = texts.collect();
        let texts = texts.map_err(|refusal| EditError::refused(&self.name(section), Some(key), refusal))?;
        Ok(Some(self.lines(texts)))
    }

    fn lines(&self, texts: Vec<String>) -> Vec<Line> {
        texts.into_iter().map(|text| Line { text, author: self.author }).collect()
    }

    fn forget_types(&mut self, key: &str) {
        if key.eq_ignore_ascii_case(TYPE) {
            self.types = None;
        }
    }

    /// Finds the type of each section: its first option `type`, which it may inherit.
    fn find_types(&mut self) {
        if self.types.is_some() {
            return;
        }
        let key = Key::new(TYPE);
        let mut types: Vec<Option<Box<[u8]>>> = vec![None; self.index.sections.len()];
        let mut bases = self.index.bases.iter().peekable();
        for (number, part) in self.index.parts.iter().enumerate() {
            while let Some((_, base)) = bases.next_if(|(of, _)| *of == number) {
                if types[part.section].is_none() {
                    types[part.section] = types.get(*base).cloned().flatten();
                }
            }
            if types[part.section].is_none() && !self.index.sections[part.section].is_removed {
                types[part.section] = self.first_value(number, &key);
            }
        }
        self.types = Some(types);
    }

    fn first_value(&self, part: usize, key: &Key) -> Option<Box<[u8]>> {
        if self.changes.contains_key(&part) {
            let mut first = None;
            self.find_in(part, key, &mut |found| first = first.take().or(Some(found)));
            return Some(Vec::from(self.value(part, &first?)).into());
        }
        self.index.body(&self.text, part).options(key).next().map(|line| line.value().into())
    }
}

/// The option that says what a section is.
const TYPE: &str = "type";

/// Refuses an option that no line can hold exactly. [`Editor::set`] and [`Editor::add`] refuse the same.
///
/// ```
/// use asterisk_conf::Refusal;
/// use asterisk_conf::edit::check_option;
///
/// assert_eq!(check_option("allow", "!all,ulaw"), Ok(()));
/// assert_eq!(check_option("allow", "ulaw\n#exec x"), Err(Refusal::LineBreak));
/// ```
pub fn check_option(key: &str, value: &str) -> Result<(), Refusal> {
    line(&format_key(key)?, value).map(drop)
}

/// Writes the beginning of a line, up to the value.
fn format_key(key: &str) -> Result<String, Refusal> {
    let mut text = String::new();
    syntax::key(&mut text, key)?;
    text.push_str(" = ");
    Ok(text)
}

/// Writes a line, from its beginning up to the value.
fn line(prefix: &str, value: &str) -> Result<String, Refusal> {
    if syntax::stripped(value).len() != value.len() {
        return Err(Refusal::BlankAtEnd);
    }
    let mut line = prefix.to_owned();
    // Behind a bare `=`, Asterisk takes `>` for a part of the sign.
    if line.ends_with('=') && value.starts_with('>') {
        line.push(' ');
    }
    syntax::value(&mut line, value)?;
    line.truncate(line.trim_end_matches(syntax::is_blank).len());
    syntax::fits(&line)?;
    Ok(line)
}
