//! Reads a text as a [`Document`], by the rules of Asterisk's own parser.
//!
//! The rules were measured on Asterisk 22, whose results for 421 small files are in `tests/golden`. Asterisk works on
//! bytes, without an encoding; a *blank* is a byte below 33.
//!
//! | what | where |
//! |---|---|
//! | lines, their limit, NUL | `lines` |
//! | comments, block comments | `comments` |
//! | `[name](items)` | `header`, `filter` |
//! | `key = value`, `key += text` | `option` |
//! | `#include`, `#tryinclude`, `#exec` | `directive` |
//! | limits against hostile texts | `limits` |

pub(crate) mod comments;
mod directive;
mod filter;
pub(crate) mod header;
mod limits;
mod lines;
pub(crate) mod option;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use bstr::{BStr, BString};

use self::comments::Comments;
use self::limits::Budget;
pub use self::limits::Limits;
use self::lines::{Line, Lines};
use crate::document::{Document, FileId, Location, Status};
use crate::files::{Files, NoFiles};
use crate::{Diagnostic, DiagnosticKind};

/// Reads files as Asterisk does.
///
/// ```
/// use asterisk_conf::{MemoryFiles, Reader, Status};
///
/// let files = MemoryFiles::from_iter([("users.conf", "[ann](phone)\ncallerid = Ann\n")]);
/// let text = b"[phone](!)\ncontext = internal\n#include users.conf\n#include nosuch.conf\n";
/// let document = Reader::new(&files).read("phones.conf", text);
///
/// assert_eq!(document.status(), Status::Refused);
/// let diagnostic = &document.diagnostics()[0];
/// assert_eq!(document.place(diagnostic.location()).to_string(), "phones.conf:4");
/// assert_eq!(diagnostic.to_string(), "the file \"nosuch.conf\" is to be included, and does not exist");
/// ```
#[derive(Clone, Copy)]
pub struct Reader<'f> {
    files: &'f dyn Files,
    limits: Limits,
}

impl<'f> Reader<'f> {
    /// Creates a reader that includes files from `files`.
    pub fn new(files: &'f dyn Files) -> Self {
        Reader { files, limits: Limits::default() }
    }

    /// Sets other limits.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Reader { limits, ..self }
    }

    /// Reads a file as Asterisk does when a module asks for it. The name is for messages only; it is not looked up.
    ///
    /// This never fails: [`Document::status`] and [`Document::diagnostics`] report problems of the text.
    pub fn read(&self, name: impl AsRef<[u8]>, text: &[u8]) -> Document {
        self.read_shared(name, &Arc::new(text.to_vec()))
    }

    /// Does the same, and shares the text with the document, which otherwise has a copy.
    pub fn read_shared(&self, name: impl AsRef<[u8]>, text: &Arc<Vec<u8>>) -> Document {
        let mut parser = Parser {
            files: self.files,
            budget: Budget::new(self.limits),
            document: Document::new(),
            current: None,
            include_level: 0,
            included: HashSet::new(),
        };
        let result = parser.file(&mut Input::default(), BStr::new(&name), text);
        parser.finish(result)
    }
}

/// Reads a file without includes as Asterisk does. With an `#include`, its status is [`Status::Refused`].
///
/// ```
/// let document = asterisk_conf::read("[general]\nname = Ann\\; Bob ; a comment\n");
/// assert_eq!(document.value("general", "name").unwrap(), "Ann; Bob");
/// ```
pub fn read(text: impl AsRef<[u8]>) -> Document {
    Reader::new(&NoFiles).read("", text.as_ref())
}

/// The reason why the reader stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// An error ends the file. Its diagnostic was added.
    Cut,
    /// Asterisk hangs. The diagnostic was added.
    Hang,
    /// The limit with this description was reached.
    Limit(&'static str),
}

type Result<T = (), E = Stop> = std::result::Result<T, E>;

/// The state of one reading, through all files.
struct Parser<'f> {
    files: &'f dyn Files,
    budget: Budget,
    document: Document,
    /// The section that was opened last in any file. The options of an included file go to it at first.
    current: Option<usize>,
    /// The depth of includes by Asterisk's count, which it does not decrease after a file that was cut.
    include_level: usize,
    /// The arguments of all `#include`s so far.
    included: HashSet<BString>,
}

/// The state that Asterisk keeps through the files of one wildcard, and resets for each `#include`.
#[derive(Default)]
struct Input {
    /// The current file, or `None` before the first.
    file: Option<FileId>,
    /// The text that the current line is a part of: that of the file, or the line without its comments.
    text: Arc<Vec<u8>>,
    /// The number of the current line, which continues from file to file.
    line: u32,
    /// The section that options go to.
    section: Option<usize>,
    comments: Comments,
}

impl Input {
    fn location(&self) -> Location {
        Location { file: self.file.unwrap_or(FileId::FIRST), line: self.line }
    }
}

impl Parser<'_> {
    fn file(&mut self, input: &mut Input, name: &BStr, text: &Arc<Vec<u8>>) -> Result {
        self.budget.file(text.len())?;
        input.file = Some(self.document.add_file(name, input.line));
        let result = self.lines(input, text);
        if matches!(result, Ok(()) | Err(Stop::Cut)) {
            self.report_open_comment(input)?;
        }
        result
    }

    fn lines(&mut self, input: &mut Input, text: &Arc<Vec<u8>>) -> Result {
        input.text = Arc::clone(text);
        for line in Lines::new(text) {
            input.line = input.line.saturating_add(1);
            match line {
                Line::End => {}
                Line::TooLong(start) => {
                    self.report(DiagnosticKind::LineTooLong, input.location(), start)?;
                }
                Line::Text(text) => self.commented_line(input, text)?,
            }
        }
        Ok(())
    }

    fn commented_line(&mut self, input: &mut Input, line: &[u8]) -> Result {
        // The line number continues through the files of a wildcard, so only the first file may have the mark.
        let line = if input.line == 1 { line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line) } else { line };
        let location = input.location();
        let Ok(text) = input.comments.strip(line, location) else {
            self.report(DiagnosticKind::BlockCommentTooDeep, location, b"")?;
            return Err(Stop::Hang);
        };
        match text {
            None => Ok(()),
            Some(Cow::Borrowed(text)) => self.line(input, stripped(text)),
            Some(Cow::Owned(text)) => {
                let text = Arc::new(text);
                let file = std::mem::replace(&mut input.text, Arc::clone(&text));
                let result = self.line(input, stripped(&text));
                input.text = file;
                result
            }
        }
    }

    fn line(&mut self, input: &mut Input, line: &[u8]) -> Result {
        match line {
            [] => Ok(()),
            [b'[', rest @ ..] => self.header(input, rest),
            [b'#', rest @ ..] => self.directive(input, rest),
            _ => self.option(input, line),
        }
    }

    /// Reports an open block comment. Asterisk does so at the end of each file, though the comment may end in the next
    /// file of a wildcard.
    fn report_open_comment(&mut self, input: &Input) -> Result {
        match input.comments.open() {
            Some((kind, location)) => self.report(kind, location, b""),
            None => Ok(()),
        }
    }

    fn report(&mut self, kind: DiagnosticKind, location: Location, detail: &[u8]) -> Result {
        self.budget.diagnostic()?;
        self.document.add_diagnostic(Diagnostic::new(kind, location, detail));
        Ok(())
    }

    /// Reports an error that ends the file.
    fn cut<T>(&mut self, kind: DiagnosticKind, location: Location, detail: &[u8]) -> Result<T> {
        self.report(kind, location, detail)?;
        Err(Stop::Cut)
    }

    fn finish(mut self, result: Result) -> Document {
        let status = match result {
            Ok(()) => Status::Ok,
            Err(Stop::Cut) => Status::Refused,
            Err(Stop::Hang) => Status::Hangs,
            Err(Stop::Limit(what)) => {
                let place = Location { file: FileId::FIRST, line: 1 };
                self.document.add_diagnostic(Diagnostic::new(
                    DiagnosticKind::LimitReached,
                    place,
                    what.as_bytes(),
                ));
                Status::LimitReached
            }
        };
        self.document.finish(status);
        self.document
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Returns the bytes without the blanks at their ends, which Asterisk strips. For a text,
/// [`syntax::stripped`](crate::syntax::stripped) does the same.
///
/// ```
/// assert_eq!(asterisk_conf::stripped(b" \ta b\r "), "a b");
/// assert_eq!(asterisk_conf::stripped(b" "), "");
/// ```
pub fn stripped(bytes: &[u8]) -> &BStr {
    let start = skip_blanks(bytes);
    let end = start.iter().rposition(|&byte| !is_blank(byte)).map_or(0, |last| last + 1);
    start.get(..end).unwrap_or(start).into()
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&byte| !is_blank(byte)).unwrap_or(text.len());
    text.get(start..).unwrap_or_default()
}

fn is_blank(byte: u8) -> bool {
    byte <= b' '
}
