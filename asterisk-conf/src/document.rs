//! The result of reading a file: sections with options, in order.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice};

use crate::Diagnostic;
use crate::assignment::Assignment;
use crate::syntax::NAME_LIMIT;

/// Whether Asterisk uses a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Asterisk uses the file. There can be diagnostics, and an included file can be cut.
    Ok,
    /// Asterisk uses nothing of the file.
    Refused,
    /// Asterisk hangs while it reads the file.
    Hangs,
    /// The reader reached one of its [`Limits`](crate::Limits). Asterisk's result is not known.
    LimitReached,
}

impl Status {
    /// Returns `ok`, `refused`, `hangs` or `limit-reached`.
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

/// The identifier of one reading of a file. A file that is included twice is read twice, and has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

impl FileId {
    /// The file that the reader was given.
    pub(crate) const FIRST: FileId = FileId(0);
}

/// A line of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The file. [`Document::file_name`] returns its name.
    pub file: FileId,
    /// The number of the line in Asterisk's messages, from 1. It continues through all files that one `#include` with
    /// a wildcard finds; [`Document::line_in_file`] begins anew in each.
    pub line: u32,
}

/// The sections, diagnostics and commands of a file and its includes.
///
/// The sections are those that Asterisk uses. There are none unless the status is [`Status::Ok`].
#[derive(Debug, Clone)]
pub struct Document {
    status: Status,
    files: Vec<SourceFile>,
    sections: Sections,
    diagnostics: Vec<Diagnostic>,
    commands: Vec<Command>,
    wildcards: Vec<Location>,
}

#[derive(Debug, Clone)]
struct SourceFile {
    name: BString,
    /// The number of lines that Asterisk counted in the files that the same wildcard found before this one.
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
            wildcards: Vec::new(),
        }
    }

    /// Returns whether Asterisk uses the file.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Returns all sections in order, templates too. Sections of the same name are not merged.
    pub fn sections(&self) -> &[Section] {
        &self.sections.all
    }

    /// Returns the sections that Asterisk's modules see: all except templates.
    pub fn visible_sections(&self) -> impl Iterator<Item = &Section> {
        self.sections().iter().filter(|section| !section.is_template)
    }

    /// Returns the section that a module finds by this name: the first that is no template, without regard to case.
    pub fn section(&self, name: impl AsRef<[u8]>) -> Option<&Section> {
        self.sections_named(name).find(|section| !section.is_template)
    }

    /// Returns all sections of this name in order, templates too, without regard to case.
    pub fn sections_named(&self, name: impl AsRef<[u8]>) -> impl Iterator<Item = &Section> {
        self.sections.named(name.as_ref()).filter_map(|index| self.sections.get(index))
    }

    /// Returns the value that a module finds by the names of section and option: the first option of this key in the
    /// first section of this name, both without regard to case.
    pub fn value(&self, section: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Option<&BStr> {
        self.section(section)?.value(key)
    }

    /// Returns the messages that Asterisk would log, in order, and those of the reader.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Returns the commands of `#exec` that Asterisk would run, in order. The reader runs none, so the document does not
    /// have their output.
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// Returns the lines of all `#include` and `#tryinclude` with a wildcard, in order.
    pub fn wildcards(&self) -> &[Location] {
        &self.wildcards
    }

    /// Returns the name under which the file was found.
    pub fn file_name(&self, file: FileId) -> &BStr {
        self.file(file).map_or_else(Default::default, |file| file.name.as_bstr())
    }

    /// Returns the names of all files that were read, the main file first. A file that was read twice occurs twice.
    pub fn file_names(&self) -> impl Iterator<Item = &BStr> {
        self.files.iter().map(|file| file.name.as_bstr())
    }

    /// Returns the number of the line within its file, from 1, as an editor shows it.
    pub fn line_in_file(&self, location: Location) -> u32 {
        let lines_before = self.file(location.file).map_or(0, |file| file.lines_before);
        location.line.saturating_sub(lines_before)
    }

    /// Returns file and line for a message: `pjsip.d/10-users.conf:7`.
    pub fn place(&self, location: Location) -> Place<'_> {
        Place { file: self.file_name(location.file), line: self.line_in_file(location) }
    }

    fn file(&self, file: FileId) -> Option<&SourceFile> {
        self.files.get(usize::try_from(file.0).ok()?)
    }

    /// Sets the status, and drops the sections unless Asterisk uses them.
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

    pub(crate) fn add_wildcard(&mut self, location: Location) {
        self.wildcards.push(location);
    }

    pub(crate) fn sections_mut(&mut self) -> &mut Sections {
        &mut self.sections
    }
}

/// File and line for a message: `pjsip.d/10-users.conf:7`, or `line 7` of a text without a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'d> {
    /// The name of the file.
    pub file: &'d BStr,
    /// The number of the line within the file, from 1.
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

/// Sections in order, with an index by name, since a header may look up any earlier section.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sections {
    all: Vec<Section>,
    /// The indexes of sections, by their name in lower case.
    by_name: HashMap<Vec<u8>, Vec<usize>>,
}

impl Sections {
    /// Appends a section and returns its index.
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

    /// Returns the indexes of the sections of this name in order, without regard to case.
    pub(crate) fn named(&self, name: &[u8]) -> impl Iterator<Item = usize> + use<'_> {
        self.by_name.get(&name.to_ascii_lowercase()).into_iter().flatten().copied()
    }
}

/// A section, as `[name]` opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    name: Arc<[u8]>,
    has_cut_name: bool,
    location: Location,
    pub(crate) is_template: bool,
    pub(crate) inherits: Vec<Arc<[u8]>>,
    pub(crate) options: Vec<ConfigOption>,
}

impl Section {
    /// Creates an empty section. Asterisk cuts the name, even in the middle of a character.
    pub(crate) fn new(name: &[u8], location: Location) -> Self {
        Section {
            name: name.get(..NAME_LIMIT).unwrap_or(name).into(),
            has_cut_name: name.len() > NAME_LIMIT,
            location,
            is_template: false,
            inherits: Vec::new(),
            options: Vec::new(),
        }
    }

    /// Returns the name, at most 79 bytes. It may be empty.
    pub fn name(&self) -> &BStr {
        self.name.as_bstr()
    }

    /// Returns whether the header has a longer name, which Asterisk cuts.
    pub fn has_cut_name(&self) -> bool {
        self.has_cut_name
    }

    pub(crate) fn shared_name(&self) -> Arc<[u8]> {
        Arc::clone(&self.name)
    }

    /// Returns the line of the header that opened the section, not of a header that adds to it by `(+)`.
    pub fn location(&self) -> Location {
        self.location
    }

    /// Returns whether the section is a template, `[name](!)`. Asterisk's modules do not see it.
    pub fn is_template(&self) -> bool {
        self.is_template
    }

    /// Returns the names of the sections whose options were copied into this one, in order.
    pub fn inherits(&self) -> impl Iterator<Item = &BStr> {
        self.inherits.iter().map(|name| name.as_bstr())
    }

    /// Returns the options in order, inherited ones too. An option may be repeated.
    pub fn options(&self) -> &[ConfigOption] {
        &self.options
    }

    /// Returns the value of the first option of this key, without regard to case. A module that asks for one value gets
    /// this one.
    ///
    /// A module that iterates over the options mostly uses the last one: see [`Section::values`].
    pub fn value(&self, key: impl AsRef<[u8]>) -> Option<&BStr> {
        self.options.iter().find(|option| option.has_key(&key)).map(ConfigOption::value)
    }

    /// Returns the last option of this key, without regard to case. It is the one that holds in most modules that iterate
    /// over the options.
    pub fn last_option(&self, key: impl AsRef<[u8]>) -> Option<&ConfigOption> {
        self.options.iter().rev().find(|option| option.has_key(&key))
    }

    /// Returns the values of all options of this key in order, without regard to case.
    pub fn values<'s>(&'s self, key: &'s (impl AsRef<[u8]> + ?Sized)) -> impl Iterator<Item = &'s BStr> {
        self.options.iter().filter(move |option| option.has_key(key)).map(ConfigOption::value)
    }
}

/// An option, `key = value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigOption {
    pub(crate) assignment: Assignment,
    pub(crate) location: Location,
}

impl ConfigOption {
    /// Returns the key in its original spelling. It is not empty.
    pub fn key(&self) -> &BStr {
        self.assignment.key()
    }

    /// Returns whether it has this key, without regard to case.
    pub fn has_key(&self, key: impl AsRef<[u8]>) -> bool {
        self.key().eq_ignore_ascii_case(key.as_ref())
    }

    /// Returns the value without blanks at its ends. It may be empty.
    pub fn value(&self) -> &BStr {
        self.assignment.value()
    }

    /// Returns its line. For an inherited option, this is the line in the section that it comes from.
    pub fn location(&self) -> Location {
        self.location
    }

    /// Returns whether it is written with `=>`. Asterisk's own modules make no difference.
    pub fn is_arrow(&self) -> bool {
        self.assignment.is_arrow
    }

    /// Returns whether it was copied from another section.
    pub fn is_inherited(&self) -> bool {
        self.assignment.is_inherited
    }
}

/// The command of an `#exec`, which Asterisk runs in a shell if `asterisk.conf` has `execincludes = yes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    pub(crate) text: BString,
    pub(crate) location: Location,
}

impl Command {
    /// Returns the text for the shell.
    pub fn text(&self) -> &BStr {
        self.text.as_bstr()
    }

    /// Returns the line of the `#exec`.
    pub fn location(&self) -> Location {
        self.location
    }
}
