//! Where the lines of a file come from: rows, templates, files of an operator, keys of the configuration.
//!
//! A caller indexes the text of a file with its origins ([`Index::new`]), [finds](Index::find) what somebody asks about,
//! has the driver explain the section of the [`Answer`], and [shows](Index::show) all that is known.

mod find;
mod secrets;
mod shown;
mod source;
mod summary;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use asterisk_conf::{Document, MemoryFiles, Reader, Section, catalogue};
use bstr::{BStr, ByteSlice};
use driver_api::Namespace;
use driver_api::asterisk::{LineOrigin, LineOrigins};
use driver_api::explanation::Explanation;

use crate::GeneratedFile;
use crate::site::{is_configuration, limits};

/// A question about a file. Without section and line, it is about the whole file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Question<'q> {
    /// The section: its name, `TYPE/NAME`, or `EXTENSION@CONTEXT` and `MAILBOX@CONTEXT`.
    pub section: Option<&'q str>,
    /// The option in the section; for an extension, its priority.
    pub option: Option<&'q str>,
    /// The number of a line, from 1, in place of a section.
    pub line: Option<usize>,
}

/// The lines that a question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    places: Vec<Place>,
    /// Whether each line is shown with all that is known of it, since the question names it.
    is_detailed: bool,
}

/// Lines of one section.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// The index of the section.
    section: usize,
    /// The numbers of the lines.
    lines: Vec<usize>,
}

/// The file has nothing of the name that somebody asks for. The message names what is near.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotFound(String);

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotFound {}

/// A file with its sections and the origins of its lines.
pub struct Index<'f> {
    name: &'f Namespace,
    lines: Vec<&'f [u8]>,
    origins: &'f LineOrigins,
    document: Document,
}

/// The knowledge that an answer shows beside the lines.
#[derive(Debug, Clone, Copy)]
pub struct Knowledge<'k> {
    /// The name of the driver that wrote the file.
    pub driver: &'k str,
    /// The driver's notes about the section of the answer.
    pub explanation: &'k Explanation,
    /// Whether passwords are shown.
    pub shows_secrets: bool,
}

impl<'f> Index<'f> {
    /// Reads a file as Asterisk does. A file that Asterisk does not read has no sections.
    pub fn new(name: &'f Namespace, file: &'f GeneratedFile) -> Index<'f> {
        let text = if is_configuration(name) { Arc::clone(&file.text) } else { Arc::default() };
        let files = MemoryFiles::default();
        let document = Reader::new(&files).limits(limits(text.len())).read_shared(name.to_string(), &text);
        Index { name, lines: file.text.lines().collect(), origins: &file.origins, document }
    }

    fn sections(&self) -> &[Section] {
        self.document.sections()
    }

    /// Returns the kind of a section, such as `endpoint`.
    fn kind(&self, section: &Section) -> String {
        let type_value = section.value("type");
        let known = catalogue::file(self.name.filename()).and_then(|file| {
            let type_value = type_value.filter(|_| file.selects_by_type()).map(|value| value.to_str_lossy());
            let found = file.section(&section.name().to_str_lossy(), type_value.as_deref());
            found.ok().and_then(|section| section.kinds().first().map(|kind| kind.name.to_owned()))
        });
        let of_type = || type_value.map(|value| crate::text::Shown(value).to_string());
        known.or_else(of_type).unwrap_or_else(|| "section".to_owned())
    }

    /// Returns the index of the section that a line stands in.
    fn section_at(&self, line: usize) -> Option<usize> {
        self.sections().partition_point(|section| line_of(section.location()) <= line).checked_sub(1)
    }

    /// Returns the text of a line; the first is 1.
    fn text(&self, line: usize) -> &'f BStr {
        line.checked_sub(1).and_then(|at| self.lines.get(at)).copied().unwrap_or_default().as_bstr()
    }

    fn origin(&self, line: usize) -> Option<LineOrigin> {
        self.origins.of_line(line).next()
    }
}

impl Answer {
    /// Returns the answer about the whole file.
    fn summary() -> Answer {
        Answer { places: Vec::new(), is_detailed: false }
    }
}

impl Index<'_> {
    /// Returns the name of the section that the driver is to explain, if the answer is about one.
    pub fn explained_section(&self, answer: &Answer) -> Option<String> {
        let place = answer.places.first()?;
        self.sections().get(place.section).map(|section| section.name().to_str_lossy().into_owned())
    }
}

/// Returns the number of a line of a file without includes.
fn line_of(location: asterisk_conf::Location) -> usize {
    location.line as usize
}
