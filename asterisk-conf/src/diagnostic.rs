//! The complaints of Asterisk when it reads a file, and those that the reader adds.

use std::fmt;

use bstr::{BStr, BString, ByteSlice};

use crate::Location;

/// How Asterisk's log ranks a message. The rank does not say what happens to the file: see [`Effect`].
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
    /// Everything is read as it stands.
    Nothing,
    /// The line is passed over.
    LineSkipped,
    /// The lines that follow are passed over.
    RestLost,
    /// The file is refused as a whole, if a module asked for it by name. A file that another one includes is cut
    /// at the line: what stands before it counts, and the file that includes it goes on.
    FileRefused,
    /// Asterisk does not come back, or the reader gave up.
    NotRead,
}

/// The kind of a diagnostic. Measured on Asterisk 22, but for the kinds whose documentation says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DiagnosticKind {
    /// The header of a section has no `]`.
    NoClosingBracket,
    /// The header of a section has `(` behind its `]`, and no `)`.
    NoClosingParen,
    /// No section of the name that a header inherits from stands before it.
    InheritFromMissingSection,
    /// No section has the name of a header with `(+)`, or passes its filter.
    AppendToMissingSection,
    /// An option, or prose, before the first section.
    LineBeforeAnySection,
    /// A backslash at the start of a line, before a blank, before a byte that is not ASCII, or alone.
    InvalidEscape,
    /// No file has the name, or fits the wildcard, of an `#include`.
    IncludeMissing,
    /// The command of an `#exec` is longer than Asterisk's buffer.
    ExecCommandTooLong,
    /// A filter of `(+FILTER)` is no regular expression.
    BadFilterRegex,
    /// A line of more than [`LINE_LIMIT`](crate::syntax::LINE_LIMIT) bytes.
    LineTooLong,
    /// A line that is neither header, directive nor comment, and has no `=`.
    NoEquals,
    /// A line with nothing before its `=`.
    NoKey,
    /// A line that begins with `#`, and not with a directive that Asterisk knows.
    UnknownDirective,
    /// A directive alone on its line.
    DirectiveWithoutArgument,
    /// A block comment that is still open at the end of the file.
    UnterminatedBlockComment,
    /// A `--;` where no block comment is open. Asterisk has no message of its own for it: it says
    /// `unterminated-block-comment`, with a line number that means nothing.
    UnopenedBlockComment,
    /// The same `#include` for the second time.
    IncludedTwice,
    /// The name of an `#include` is that of a folder, or something else that is no file.
    IncludeNotAFile,
    /// More files than Asterisk allows include each other.
    IncludeTooDeep,
    /// More block comments than Asterisk allows are open: it hangs, and fills its log.
    BlockCommentTooDeep,
    /// A section that is appended to inherits from itself: Asterisk copies options for ever, until its memory is
    /// used up. Read in Asterisk's source, not measured; Asterisk has no message for it.
    InheritFromItself,
    /// The reader gave up, since one of its [`Limits`](crate::Limits) was reached. Asterisk has no such limit.
    LimitReached,
}

impl DiagnosticKind {
    /// A name for the kind that stays the same, for programs: `no-closing-bracket`.
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

    /// How Asterisk ranks it.
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

    /// The consequence for the file.
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

/// One complaint about a file. It displays as a part of a sentence, without file and line, which
/// [`Document::place`](crate::Document::place) names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    kind: DiagnosticKind,
    location: Location,
    detail: BString,
}

/// The most bytes that a diagnostic keeps of the text that it is about.
const DETAIL_LIMIT: usize = 80;

impl Diagnostic {
    pub(crate) fn new(kind: DiagnosticKind, location: Location, detail: &[u8]) -> Self {
        let detail = detail.get(..DETAIL_LIMIT).unwrap_or(detail).into();
        Diagnostic { kind, location, detail }
    }

    /// The kind of thing that is wrong.
    pub fn kind(&self) -> DiagnosticKind {
        self.kind
    }

    /// How Asterisk ranks it.
    pub fn level(&self) -> Level {
        self.kind.level()
    }

    /// Where it is. Asterisk's own message does not always say so: see [`Diagnostic::line_in_log`].
    pub fn location(&self) -> Location {
        self.location
    }

    /// The number of the line in Asterisk's own message, if there is one. A block comment that was not opened has
    /// the number 0 there.
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

    /// The text that is wrong: a name, a word or the start of a line, at most 80 bytes of it.
    pub fn detail(&self) -> &BStr {
        self.detail.as_bstr()
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Debug of `BStr` escapes what would disturb a terminal.
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
