//! The way in which a file came about, beside the rows of its lines.
//!
//! A session that is [`explaining`](crate::Session::explaining) collects it, and `confgend explain` shows it. It is
//! empty for all other sessions, and drivers that make notes pay for them only there.

use std::sync::Arc;

use asterisk_conf::edit::LineChange;

use crate::asterisk::moved;
use crate::{Config, Origin};

/// How a file came about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The tables that the driver's queries name, each once, in the order of the queries.
    pub tables: Vec<String>,
    /// The sources of the whole file, such as a template.
    pub file: Vec<Note>,
    /// The sources of single lines, in the order of the lines. Lines of other sections than the explained one may lack
    /// their notes.
    pub lines: Vec<LineNote>,
    /// Whether a [`Writer`](crate::asterisk::Writer) wrote the file: a line without row and note is then the program's
    /// own.
    pub is_by_lines: bool,
}

/// A note about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineNote {
    /// The number of the line in the file; the first is 1.
    pub line: usize,
    /// The note.
    pub note: Note,
}

/// One thing that a line comes from, beside its row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The program computes the line for the row, and no column has its value. It may say from what.
    Computed(Option<&'static str>),
    /// The line has values of several columns of its row.
    Columns(Vec<String>),
    /// The line takes the place of another value.
    Overrides(Overridden),
    /// The line comes from a text that an operator may replace.
    Text(TextSource),
    /// The line comes from a value of the configuration.
    Setting(Setting),
    /// The line is the header of a section from which a value of the configuration removes an option.
    Removed(Removed),
}

/// An option that a value of the configuration removes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The key of the option.
    pub key: String,
    /// The value of the configuration.
    pub setting: Setting,
}

/// The object from which another one inherits a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The name that people know it by.
    pub name: String,
    /// Its row.
    pub origin: Origin,
}

/// A value that is not in effect, since a stronger one takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overridden {
    /// The value.
    pub value: String,
    /// The row that it comes from.
    pub origin: Origin,
    /// The column of the value, if it is one.
    pub column: Option<String>,
    /// The template that the row belongs to.
    pub template: Option<Arc<Template>>,
}

/// A text from which lines are made: a file of an operator, or one that the program ships.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextSource {
    /// The path of the file.
    pub path: String,
    /// Whether there is no such file, so that the shipped text is used.
    pub is_shipped: bool,
    /// The number of the line in the text; the first is 1.
    pub line: Option<usize>,
    /// The configuration key that names the file or its folder.
    pub setting: Setting,
}

/// A key of the configuration, and the file that has its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The path of keys.
    pub key: String,
    /// The name of the file, or of another layer of the configuration. `None` if there is no value, or it has no name.
    pub source: Option<String>,
}

impl Setting {
    /// Returns the key with the source of its value. A driver has the configuration only while it is built.
    pub fn new(config: &Config, key: &str) -> Setting {
        Setting { key: key.to_owned(), source: config.source(key).map(str::to_owned) }
    }
}

impl Explanation {
    /// Returns the notes about a line; the first line is 1.
    pub fn of_line(&self, line: usize) -> impl Iterator<Item = &Note> {
        let from = self.lines.partition_point(|note| note.line < line);
        self.lines[from..].iter().take_while(move |note| note.line == line).map(|note| &note.note)
    }

    /// Moves the notes with the lines of an edited text.
    pub(crate) fn edit(&mut self, changes: &[LineChange]) {
        let notes = std::mem::take(&mut self.lines).into_iter();
        self.lines =
            notes.filter_map(|note| Some(LineNote { line: moved(note.line, changes)?, ..note })).collect();
    }

    /// Adds notes about lines, and keeps the order of the lines.
    pub(crate) fn add_lines(&mut self, notes: impl IntoIterator<Item = LineNote>) {
        self.lines.extend(notes);
        self.lines.sort_by_key(|note| note.line);
    }

    /// Adds a table, unless it is there.
    pub(crate) fn add_table(&mut self, table: &str) {
        if !self.tables.iter().any(|known| known == table) {
            self.tables.push(table.to_owned());
        }
    }
}
