//! The warnings and errors that Asterisk logs when it reads a file, and those that the reader adds.

use std::fmt;

use bstr::{BStr, BString, ByteSlice};

use crate::Location;

/// The level of a message in Asterisk's log. It does not tell the consequence for the file: see [`Effect`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `WARNING` in Asterisk's log.
    Warning,
    /// `ERROR` in Asterisk's log.
    Error,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Warning => "warning",
            Level::Error => "error",
        })
    }
}

/// The consequence of a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Asterisk reads all of the file.
    Nothing,
    /// Asterisk skips the line.
    LineSkipped,
    /// Asterisk skips the lines that follow.
    RestLost,
    /// Asterisk refuses the whole file if a module asked for it. It cuts an included file at the line: it uses the lines
    /// before, and continues with the file that includes it.
    FileRefused,
    /// Asterisk hangs, or the reader reached a limit.
    NotRead,
}

/// The kind of a diagnostic. All were measured on Asterisk 22, unless the documentation of a kind says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DiagnosticKind {
    /// The header of a section has no `]`.
    NoClosingBracket,
    /// The header of a section has `(` behind its `]`, but no `)`.
    NoClosingParen,
    /// A header inherits from a section that does not precede it.
    InheritFromMissingSection,
    /// No section has the name of a header with `(+)` and passes its filter.
    AppendToMissingSection,
    /// An option or other text before the first section.
    LineBeforeAnySection,
    /// A backslash at the start of a line, before a blank, before a byte that is not ASCII, or alone.
    InvalidEscape,
    /// No file matches the name or wildcard of an `#include`.
    IncludeMissing,
    /// The command of an `#exec` is longer than Asterisk's buffer.
    ExecCommandTooLong,
    /// A filter of `(+FILTER)` is not a valid regular expression.
    BadFilterRegex,
    /// A line of more than [`LINE_LIMIT`](crate::syntax::LINE_LIMIT) bytes.
    LineTooLong,
    /// A line that is no header, directive or comment, and has no `=`.
    NoEquals,
    /// A line without a key before its `=`.
    NoKey,
    /// A line that begins with `#` but not with a directive that Asterisk knows.
    UnknownDirective,
    /// A directive without an argument.
    DirectiveWithoutArgument,
    /// A block comment that is still open at the end of the file.
    UnterminatedBlockComment,
    /// A `--;` where no block comment is open. Asterisk logs the message of an unterminated block comment for it, with a
    /// meaningless line number.
    UnopenedBlockComment,
    /// The same `#include` for the second time.
    IncludedTwice,
    /// The name of an `#include` is a folder, or something else that is not a file.
    IncludeNotAFile,
    /// The includes are nested deeper than Asterisk allows.
    IncludeTooDeep,
    /// The block comments are nested deeper than Asterisk allows: it hangs, and fills its log.
    BlockCommentTooDeep,
    /// A header with `(+)` inherits from its own section: Asterisk copies options until its memory is used up. This is
    /// from Asterisk's source, not measured; Asterisk has no message for it.
    InheritFromItself,
    /// The reader reached one of its [`Limits`](crate::Limits). Asterisk has no such limits.
    LimitReached,
}

impl DiagnosticKind {
    /// Returns a stable name for programs, such as `no-closing-bracket`.
    pub fn name(self) -> &'static str {
        match self {
            DiagnosticKind::NoClosingBracket => "no-closing-bracket",
            DiagnosticKind::NoClosingParen => "no-closing-paren",
            DiagnosticKind::InheritFromMissingSection => "inherit-from-missing-section",
            DiagnosticKind::AppendToMissingSection => "append-to-missing-section",
            DiagnosticKind::LineBeforeAnySection => "line-before-any-section",
            DiagnosticKind::InvalidEscape => "invalid-escape",
            DiagnosticKind::IncludeMissing => "include-missing",
            DiagnosticKind::ExecCommandTooLong => "exec-command-too-long",
            DiagnosticKind::BadFilterRegex => "bad-filter-regex",
            DiagnosticKind::LineTooLong => "line-too-long",
            DiagnosticKind::NoEquals => "no-equals",
            DiagnosticKind::NoKey => "no-key",
            DiagnosticKind::UnknownDirective => "unknown-directive",
            DiagnosticKind::DirectiveWithoutArgument => "directive-without-argument",
            DiagnosticKind::UnterminatedBlockComment | DiagnosticKind::UnopenedBlockComment => {
                "unterminated-block-comment"
            }
            DiagnosticKind::IncludedTwice => "included-twice",
            DiagnosticKind::IncludeNotAFile => "include-not-a-file",
            DiagnosticKind::IncludeTooDeep => "include-too-deep",
            DiagnosticKind::BlockCommentTooDeep => "block-comment-too-deep",
            DiagnosticKind::InheritFromItself => "inherit-from-itself",
            DiagnosticKind::LimitReached => "limit-reached",
        }
    }

    /// Returns its level in Asterisk's log.
    pub fn level(self) -> Level {
        match self {
            DiagnosticKind::InvalidEscape
            | DiagnosticKind::IncludeMissing
            | DiagnosticKind::ExecCommandTooLong
            | DiagnosticKind::BadFilterRegex
            | DiagnosticKind::BlockCommentTooDeep
            | DiagnosticKind::InheritFromItself
            | DiagnosticKind::LimitReached => Level::Error,
            _ => Level::Warning,
        }
    }

    /// Returns the consequence for the file.
    pub fn effect(self) -> Effect {
        match self {
            DiagnosticKind::NoClosingBracket
            | DiagnosticKind::NoClosingParen
            | DiagnosticKind::InheritFromMissingSection
            | DiagnosticKind::AppendToMissingSection
            | DiagnosticKind::LineBeforeAnySection
            | DiagnosticKind::InvalidEscape
            | DiagnosticKind::IncludeMissing
            | DiagnosticKind::ExecCommandTooLong => Effect::FileRefused,
            DiagnosticKind::LineTooLong
            | DiagnosticKind::NoEquals
            | DiagnosticKind::NoKey
            | DiagnosticKind::UnknownDirective
            | DiagnosticKind::DirectiveWithoutArgument => Effect::LineSkipped,
            DiagnosticKind::UnterminatedBlockComment | DiagnosticKind::UnopenedBlockComment => {
                Effect::RestLost
            }
            DiagnosticKind::BadFilterRegex
            | DiagnosticKind::IncludedTwice
            | DiagnosticKind::IncludeNotAFile
            | DiagnosticKind::IncludeTooDeep => Effect::Nothing,
            DiagnosticKind::BlockCommentTooDeep
            | DiagnosticKind::InheritFromItself
            | DiagnosticKind::LimitReached => Effect::NotRead,
        }
    }
}

impl fmt::Display for DiagnosticKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A warning or error about a file. Its message does not include file and line, which
/// [`Document::place`](crate::Document::place) returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    kind: DiagnosticKind,
    location: Location,
    detail: BString,
}

/// The most bytes of the wrong text that a diagnostic keeps.
const DETAIL_LIMIT: usize = 80;

impl Diagnostic {
    pub(crate) fn new(kind: DiagnosticKind, location: Location, detail: &[u8]) -> Self {
        let detail = detail.get(..DETAIL_LIMIT).unwrap_or(detail).into();
        Diagnostic { kind, location, detail }
    }

    /// Returns its kind.
    pub fn kind(&self) -> DiagnosticKind {
        self.kind
    }

    /// Returns its level in Asterisk's log.
    pub fn level(&self) -> Level {
        self.kind.level()
    }

    /// Returns its line. Asterisk's own message may have another one or none: see [`Diagnostic::line_in_log`].
    pub fn location(&self) -> Location {
        self.location
    }

    /// Returns the line number in Asterisk's own message, if it has one. For a block comment that was not opened it
    /// is 0.
    pub fn line_in_log(&self) -> Option<u32> {
        match self.kind {
            DiagnosticKind::UnopenedBlockComment => Some(0),
            DiagnosticKind::IncludeMissing
            | DiagnosticKind::ExecCommandTooLong
            | DiagnosticKind::BadFilterRegex
            | DiagnosticKind::IncludedTwice
            | DiagnosticKind::IncludeNotAFile
            | DiagnosticKind::IncludeTooDeep => None,
            kind => (kind.effect() != Effect::NotRead).then_some(self.location.line),
        }
    }

    /// Returns the wrong text: a name, a word or the start of a line, at most 80 bytes.
    pub fn detail(&self) -> &BStr {
        self.detail.as_bstr()
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `Debug` of `BStr` escapes control characters, which would disturb a terminal.
        let detail = self.detail();
        match self.kind {
            DiagnosticKind::NoClosingBracket => write!(f, "the header {detail:?} has no closing \"]\""),
            DiagnosticKind::NoClosingParen => {
                write!(f, "the header of section {detail:?} has no closing \")\"")
            }
            DiagnosticKind::InheritFromMissingSection => {
                write!(
                    f,
                    "the section inherits from {detail:?}, and no section of this name stands before it"
                )
            }
            DiagnosticKind::AppendToMissingSection => {
                write!(f, "the header adds to section {detail:?}, and no such section stands before it")
            }
            DiagnosticKind::LineBeforeAnySection => {
                write!(f, "the line {detail:?} stands before the first section")
            }
            DiagnosticKind::InvalidEscape => {
                write!(
                    f,
                    "the line {detail:?} begins with a backslash that no printable ASCII character follows"
                )
            }
            DiagnosticKind::IncludeMissing => {
                write!(f, "the file {detail:?} is to be included, and does not exist")
            }
            DiagnosticKind::ExecCommandTooLong => {
                write!(f, "the command of #exec is too long; it begins with {detail:?}")
            }
            DiagnosticKind::BadFilterRegex => {
                write!(f, "the filter {detail:?} of a \"(+…)\" is no regular expression")
            }
            DiagnosticKind::LineTooLong => {
                write!(
                    f,
                    "the line has more than 8190 bytes, and Asterisk skips it; it begins with {detail:?}"
                )
            }
            DiagnosticKind::NoEquals => write!(f, "the line {detail:?} has no \"=\", and Asterisk skips it"),
            DiagnosticKind::NoKey => {
                write!(f, "the line {detail:?} has no key before its \"=\", and Asterisk skips it")
            }
            DiagnosticKind::UnknownDirective => {
                write!(f, "Asterisk does not know the directive #{detail}, and skips the line")
            }
            DiagnosticKind::DirectiveWithoutArgument => {
                write!(f, "the directive #{detail} has no argument, and Asterisk skips it")
            }
            DiagnosticKind::UnterminatedBlockComment => f.write_str(
                "the block comment that \";--\" opens here has no end, and hides the rest of the file",
            ),
            DiagnosticKind::UnopenedBlockComment => f.write_str(
                "a \"--;\" stands outside any block comment, and Asterisk skips every line behind it",
            ),
            DiagnosticKind::IncludedTwice => {
                write!(f, "the file {detail:?} is included more than once, and its content counts each time")
            }
            DiagnosticKind::IncludeNotAFile => write!(f, "{detail:?} is to be included, and is no file"),
            DiagnosticKind::IncludeTooDeep => {
                write!(
                    f,
                    "{detail:?} is included by a file that is ten includes deep, the most that Asterisk reads"
                )
            }
            DiagnosticKind::BlockCommentTooDeep => f.write_str(
                "the 129th block comment opens inside the others: Asterisk hangs here, and fills its log",
            ),
            DiagnosticKind::InheritFromItself => {
                write!(f, "the section {detail:?} inherits from itself: Asterisk uses up all memory here")
            }
            DiagnosticKind::LimitReached => write!(f, "there is too much to read: {detail}"),
        }
    }
}
