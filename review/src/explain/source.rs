//! Says in words what a line comes from.

use std::borrow::Cow;

use asterisk_conf::{Section, syntax};
use bstr::ByteSlice;
use driver_api::Origin;
use driver_api::asterisk::LineOrigin;
use driver_api::explanation::{Note, Overridden, Removed, Setting, Template, TextSource};

use super::{Index, Knowledge, secrets};
use crate::text::Shown;

/// The column of the tables whose rows are options.
const VALUE: &str = "value";

impl Index<'_> {
    /// Returns a line as people may see it.
    pub(super) fn shown(&self, line: usize, section: &Section, shows_secrets: bool) -> String {
        let text = Shown(self.text(line)).to_string();
        if shows_secrets {
            return text;
        }
        let column = self.origin(line).and_then(|origin| origin.column);
        secrets::line(self.name, &text, column.as_deref(), self.has_mailboxes(section)).into_owned()
    }

    /// Returns whether the options of a section are mailboxes.
    fn has_mailboxes(&self, section: &Section) -> bool {
        let is_context = !["general", "zonemessages"].iter().any(|name| section.name() == name);
        self.name.filename() == "voicemail.conf" && is_context
    }

    /// Returns the key and the value in the text of a line.
    fn option(&self, line: usize) -> Option<(String, String)> {
        let (key, value) = self.text(line).split_once_str("=")?;
        let value = value.strip_prefix(b">").unwrap_or(value);
        let value = value.trim_ascii().to_str_lossy();
        Some((key.trim_ascii().to_str_lossy().into_owned(), syntax::meaning(&value).into_owned()))
    }

    /// Returns all that is known of a line, one thing in each.
    pub(super) fn sources(&self, line: usize, knowledge: Knowledge<'_>) -> Vec<String> {
        let notes: Vec<&Note> = knowledge.explanation.of_line(line).collect();
        let mut sources = Vec::new();
        if let Some(origin) = self.origin(line) {
            let computed = notes.iter().find_map(|note| match note {
                Note::Computed(from) => Some(*from),
                _ => None,
            });
            let columns = notes.iter().find_map(|note| match note {
                Note::Columns(columns) if origin.column.as_deref() != Some(VALUE) => Some(columns.join(", ")),
                _ => None,
            });
            sources.push(match (computed, columns) {
                (Some(from), _) => of_template(&origin) + &computed_from(&origin, from),
                (None, Some(columns)) => format!("{}, columns {columns}", row(&origin.origin, None)),
                (None, None) => self.row_of(line, &origin, knowledge.shows_secrets),
            });
        }
        for note in notes {
            match note {
                Note::Overrides(overridden) => {
                    let key = self.option(line).map(|(key, _)| key).unwrap_or_default();
                    sources.push(overrides(&key, overridden, knowledge.shows_secrets));
                }
                note => sources.extend(noted(note)),
            }
        }
        sources.extend(knowledge.explanation.file.iter().filter_map(noted));
        if sources.is_empty() {
            sources.push(without_source(knowledge).to_owned());
        }
        sources
    }

    /// Returns what a line comes from, in a few words.
    pub(super) fn source(&self, line: usize, knowledge: Knowledge<'_>) -> String {
        if let Some(origin) = self.origin(line) {
            return match &origin.template {
                Some(template) => format!("template {:?}", template.name),
                None => row(&origin.origin, origin.column.as_deref().filter(|column| *column != VALUE)),
            };
        }
        let mut notes = knowledge.explanation.of_line(line).chain(&knowledge.explanation.file);
        notes.find_map(noted_shortly).unwrap_or_else(|| without_source(knowledge).to_owned())
    }

    fn row_of(&self, line: usize, origin: &LineOrigin, shows_secrets: bool) -> String {
        // An option that is a row has that row's value.
        let value = self.option(line).filter(|_| origin.column.as_deref() == Some(VALUE));
        let source = match value {
            Some((key, value)) => {
                let value = masked(&key, &value, shows_secrets);
                format!("{}, {VALUE} {:?}", row(&origin.origin, None), value)
            }
            None => row(&origin.origin, origin.column.as_deref()),
        };
        of_template(origin) + &source
    }
}

/// Returns what is known of a line without row and note.
fn without_source(knowledge: Knowledge<'_>) -> &'static str {
    if knowledge.explanation.is_by_lines { "the program's own" } else { "its row is not recorded" }
}

/// Returns a row with its table.
pub(super) fn row(origin: &Origin, column: Option<&str>) -> String {
    let column = column.map(|column| format!(", column {column}")).unwrap_or_default();
    format!("{} {}{column}", origin.table(), origin.key())
}

fn template(template: &Template) -> String {
    format!("template {:?} ({})", template.name, row(&template.origin, None))
}

/// Returns the template that a row belongs to, to be followed by the row.
fn of_template(origin: &LineOrigin) -> String {
    origin.template.as_deref().map(|template| self::template(template) + ": ").unwrap_or_default()
}

fn computed_from(origin: &LineOrigin, from: Option<&str>) -> String {
    let row = row(&origin.origin, origin.column.as_deref());
    match (&origin.column, from) {
        (_, Some(from)) => format!("computed from {from}, for {row}"),
        (Some(_), None) => format!("computed from {row}"),
        (None, None) => format!("the program's own, for {row}"),
    }
}

fn overrides(key: &str, overridden: &Overridden, shows_secrets: bool) -> String {
    let source = match &overridden.template {
        Some(template) => self::template(template),
        None => row(&overridden.origin, overridden.column.as_deref().filter(|column| *column != VALUE)),
    };
    format!("overrides {source}: {:?}", masked(key, &overridden.value, shows_secrets))
}

fn masked<'v>(key: &str, value: &'v str, shows_secrets: bool) -> Cow<'v, str> {
    if shows_secrets { value.into() } else { secrets::value(key, value, false, false) }
}

/// Returns a note that stands for itself.
pub(super) fn noted(note: &Note) -> Option<String> {
    match note {
        Note::Text(source) => Some(text(source)),
        Note::Setting(setting) => Some(format!("configuration key {}", self::setting(setting))),
        Note::Removed(removed) => Some(without(removed)),
        _ => None,
    }
}

/// Returns which option a section does not have, and why.
pub(super) fn without(removed: &Removed) -> String {
    let setting = setting(&removed.setting);
    format!("without the option {}, which a patch removes: configuration key {setting}", removed.key)
}

/// Returns a note that stands for itself, in a few words.
fn noted_shortly(note: &Note) -> Option<String> {
    match note {
        Note::Text(TextSource { path, is_shipped, line, .. }) => {
            let name = path.rsplit('/').next().unwrap_or(path);
            let file = if *is_shipped { format!("the shipped {name}") } else { path.clone() };
            Some(line_in(*line) + &file)
        }
        // The header does not come from it.
        Note::Removed(_) => None,
        note => noted(note),
    }
}

/// Returns `line 12 of `, to be followed by the name of a text.
fn line_in(line: Option<usize>) -> String {
    line.map(|line| format!("line {line} of ")).unwrap_or_default()
}

fn text(source: &TextSource) -> String {
    let TextSource { path, is_shipped, line, setting } = source;
    let line = line_in(*line);
    let setting = self::setting(setting);
    if *is_shipped {
        format!("{line}the text that confgend ships; {path} would replace it (configuration key {setting})")
    } else {
        format!("{line}{path} (configuration key {setting})")
    }
}

fn setting(setting: &Setting) -> String {
    match &setting.source {
        Some(source) => format!("{} in {source}", setting.key),
        None => format!("{}, which is not set", setting.key),
    }
}
