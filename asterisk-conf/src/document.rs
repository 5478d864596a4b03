//! The document that Asterisk makes of a file: sections with options, in order.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice};

use crate::Diagnostic;

/// Whether Asterisk uses a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Asterisk uses what it read. There can be diagnostics all the same, and an included file can be cut.
    Ok,
    /// Asterisk uses nothing of the file.
    Refused,
    /// Asterisk does not come back from reading the file.
    Hangs,
    /// The reader gave up: see [`Limits`](crate::Limits). Asterisk's own result is not known.
    LimitReached,
}

impl Status {
    /// `ok`, `refused`, `hangs` or `limit-reached`.
    pub fn name(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Refused => "refused",
            Status::Hangs => "hangs",
            Status::LimitReached => "limit-reached",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One reading of a file. A file that is included twice is read twice, and has two of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

impl FileId {
    /// The file that the reader was given.
    pub(crate) const FIRST: FileId = FileId(0);
}

/// A line of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The file, whose name is [`Document::file_name`].
    pub file: FileId,
    /// The number of the line as Asterisk's messages have it, beginning at 1. It runs on through the files that
    /// one `#include` with a wildcard finds; [`Document::line_in_file`] does not.
    pub line: u32,
}

/// A file, its includes and what became of them.
///
/// The sections are those that Asterisk uses: there are none unless the status is [`Status::Ok`].
#[derive(Debug, Clone)]
pub struct Document {
    status: Status,
    files: Vec<SourceFile>,
    sections: Sections,
    diagnostics: Vec<Diagnostic>,
    commands: Vec<Command>,
}

#[derive(Debug, Clone)]
struct SourceFile {
    name: BString,
    /// How many lines Asterisk counted in the files that the same wildcard found before this one.
    lines_before: u32,
}

impl Document {
    pub(crate) fn new() -> Self {
        Document {
            status: Status::Ok,
            files: Vec::new(),
            sections: Sections::default(),
            diagnostics: Vec::new(),
            commands: Vec::new(),
        }
    }

    /// Whether Asterisk uses the file.
    pub fn status(&self) -> Status {
        self.status
    }

    /// All sections in order, templates too. Two sections of one name stay two.
    pub fn sections(&self) -> &[Section] {
        &self.sections.all
    }

    /// The sections that Asterisk's modules see: all but templates.
    pub fn visible_sections(&self) -> impl Iterator<Item = &Section> {
        self.sections().iter().filter(|section| !section.is_template)
    }

    /// The section that a module finds by its name: the first of that name, without case, that is no template.
    pub fn section(&self, name: impl AsRef<[u8]>) -> Option<&Section> {
        self.sections_named(name).find(|section| !section.is_template)
    }

    /// All sections of that name, without case, in order, templates too.
    pub fn sections_named(&self, name: impl AsRef<[u8]>) -> impl Iterator<Item = &Section> {
        self.sections.named(name.as_ref()).filter_map(|index| self.sections.get(index))
    }

    /// The value that a module gets by the names of section and option: of the first option of that key in the
    /// first section of that name, both without case.
    pub fn value(&self, section: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Option<&BStr> {
        self.section(section)?.value(key)
    }

    /// The complaints of Asterisk, in order.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The commands of `#exec` that Asterisk runs, in order. The reader never runs one, so what they would add to
    /// the document is missing from it.
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// The name under which the file was found.
    pub fn file_name(&self, file: FileId) -> &BStr {
        self.file(file).map_or_else(Default::default, |file| file.name.as_bstr())
    }

    /// The names of the files that were read, the one that the reader was given first. A file that was read twice
    /// is there twice.
    pub fn file_names(&self) -> impl Iterator<Item = &BStr> {
        self.files.iter().map(|file| file.name.as_bstr())
    }

    /// The number of the line within its file, beginning at 1, as an editor shows it.
    pub fn line_in_file(&self, location: Location) -> u32 {
        let lines_before = self.file(location.file).map_or(0, |file| file.lines_before);
        location.line.saturating_sub(lines_before)
    }

    /// File and line for people: `pjsip.d/10-users.conf:7`.
    pub fn place(&self, location: Location) -> Place<'_> {
        Place { file: self.file_name(location.file), line: self.line_in_file(location) }
    }

    fn file(&self, file: FileId) -> Option<&SourceFile> {
        self.files.get(usize::try_from(file.0).ok()?)
    }

    /// Ends the reading. Sections that Asterisk does not use are no part of the document.
    pub(crate) fn finish(&mut self, status: Status) {
        self.status = status;
        if status != Status::Ok {
            self.sections = Sections::default();
        }
    }

    pub(crate) fn add_file(&mut self, name: &BStr, lines_before: u32) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(SourceFile { name: name.into(), lines_before });
        id
    }

    pub(crate) fn add_diagnostic(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    pub(crate) fn add_command(&mut self, command: Command) {
        self.commands.push(command);
    }

    pub(crate) fn sections_mut(&mut self) -> &mut Sections {
        &mut self.sections
    }
}

/// File and line for people: `pjsip.d/10-users.conf:7`, or `line 7` of a text without a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'d> {
    /// The name of the file.
    pub file: &'d BStr,
    /// The number of the line within the file, beginning at 1.
    pub line: u32,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.is_empty() {
            return write!(f, "line {}", self.line);
        }
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Sections in order, with an index by name: finding one must not take time for each of the others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sections {
    all: Vec<Section>,
    /// By the name in lower case.
    by_name: HashMap<Vec<u8>, Vec<usize>>,
}

impl Sections {
    /// Adds a section behind all others, and returns its index.
    pub(crate) fn push(&mut self, section: Section) -> usize {
        let index = self.all.len();
        self.by_name.entry(section.name.to_ascii_lowercase()).or_default().push(index);
        self.all.push(section);
        index
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Section> {
        self.all.get(index)
    }

    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut Section> {
        self.all.get_mut(index)
    }

    /// The indexes of the sections of that name, without case, in order.
    pub(crate) fn named(&self, name: &[u8]) -> impl Iterator<Item = usize> + use<'_> {
        self.by_name.get(&name.to_ascii_lowercase()).into_iter().flatten().copied()
    }
}

/// A section, as `[name]` opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    name: Arc<[u8]>,
    location: Location,
    pub(crate) is_template: bool,
    pub(crate) inherits: Vec<Arc<[u8]>>,
    pub(crate) options: Vec<ConfigOption>,
}

impl Section {
    pub(crate) fn new(name: &[u8], location: Location) -> Self {
        Section { name: name.into(), location, is_template: false, inherits: Vec::new(), options: Vec::new() }
    }

    /// The name, at most 79 bytes; possibly empty.
    pub fn name(&self) -> &BStr {
        self.name.as_bstr()
    }

    pub(crate) fn shared_name(&self) -> Arc<[u8]> {
        Arc::clone(&self.name)
    }

    /// The line of the header that opened the section; not of one that adds to it by `(+)`.
    pub fn location(&self) -> Location {
        self.location
    }

    /// Whether the section is a template, `[name](!)`. Asterisk's modules do not see it.
    pub fn is_template(&self) -> bool {
        self.is_template
    }

    /// The names of the sections whose options were copied into this one, in order.
    pub fn inherits(&self) -> impl Iterator<Item = &BStr> {
        self.inherits.iter().map(|name| name.as_bstr())
    }

    /// The options in order, inherited ones too. An option may be repeated.
    pub fn options(&self) -> &[ConfigOption] {
        &self.options
    }

    /// The value of the first option of that key, without case: what a module gets that asks for one value.
    ///
    /// A module that walks through the options mostly uses the last one: see [`Section::values`].
    pub fn value(&self, key: impl AsRef<[u8]>) -> Option<&BStr> {
        self.options.iter().find(|option| option.has_key(&key)).map(ConfigOption::value)
    }

    /// The values of all options of that key, without case, in order.
    pub fn values<'s>(&'s self, key: &'s (impl AsRef<[u8]> + ?Sized)) -> impl Iterator<Item = &'s BStr> {
        self.options.iter().filter(move |option| option.has_key(key)).map(ConfigOption::value)
    }
}

/// An option, `key = value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigOption {
    // Shared with the options that others inherit from this one.
    pub(crate) key: Arc<[u8]>,
    pub(crate) value: Arc<[u8]>,
    pub(crate) location: Location,
    pub(crate) is_arrow: bool,
    pub(crate) is_inherited: bool,
}

impl ConfigOption {
    /// The key, as it is spelled; not empty.
    pub fn key(&self) -> &BStr {
        self.key.as_bstr()
    }

    /// Whether it has this key, without case.
    pub fn has_key(&self, key: impl AsRef<[u8]>) -> bool {
        self.key.eq_ignore_ascii_case(key.as_ref())
    }

    /// The value, without blanks at its ends; possibly empty.
    pub fn value(&self) -> &BStr {
        self.value.as_bstr()
    }

    /// The line where it stands; of an inherited one, where it stands in the section that it comes from.
    pub fn location(&self) -> Location {
        self.location
    }

    /// Whether it is written with `=>`. That makes no difference to Asterisk's own modules.
    pub fn is_arrow(&self) -> bool {
        self.is_arrow
    }

    /// Whether it was copied from another section.
    pub fn is_inherited(&self) -> bool {
        self.is_inherited
    }
}

/// A command of an `#exec`, which Asterisk runs by a shell when `asterisk.conf` says `execincludes = yes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    pub(crate) text: BString,
    pub(crate) location: Location,
}

impl Command {
    /// The text for the shell.
    pub fn text(&self) -> &BStr {
        self.text.as_bstr()
    }

    /// The line of the `#exec`.
    pub fn location(&self) -> Location {
        self.location
    }
}
