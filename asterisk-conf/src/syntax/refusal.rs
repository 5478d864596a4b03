//! The reasons why a place refuses a text.

use std::fmt;

/// The reason why Asterisk would not read a text as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// A line feed; a NUL, which cuts off the line; or a carriage return, which ends a line for readers other than
    /// Asterisk.
    LineBreak,
    /// An empty name or key.
    Empty,
    /// A blank at an end of a name, key or field, which Asterisk strips.
    BlankAtEnd,
    /// A `]`, which ends the name of a section.
    Bracket,
    /// A `=`, which ends a key.
    EqualsSign,
    /// A `,`, which ends a field, an argument or an extension.
    Comma,
    /// A backslash at the end, which escapes the character that follows.
    Backslash,
    /// A `|`, which ends an option of a mailbox.
    Pipe,
    /// A `&`, which ends a device in a list.
    Ampersand,
    /// `${` or `$[`, which Asterisk evaluates.
    Expression,
    /// A parenthesis, bracket or quote that is not in a pair, so that Asterisk loses the arguments behind it.
    Unbalanced,
    /// A `#` at the start of a line, which makes a directive of it.
    Directive,
    /// `;--` or `--;`, which begin and end a block comment, in finished text that is not escaped.
    BlockComment,
    /// A name of more than [`NAME_LIMIT`](super::NAME_LIMIT) bytes.
    LongName,
    /// A line of more than [`LINE_LIMIT`](super::LINE_LIMIT) bytes.
    LongLine,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::LineBreak => "the value has a line break",
            Refusal::Empty => "it is empty",
            Refusal::BlankAtEnd => "there is a blank at an end, which Asterisk strips",
            Refusal::Bracket => "there is a \"]\", which ends the name of a section",
            Refusal::EqualsSign => "there is a \"=\", which ends the name of an option",
            Refusal::Comma => "there is a comma, and what follows it would be the next field",
            Refusal::Backslash => {
                "there is a backslash at the end, which takes its meaning from the comma behind it"
            }
            Refusal::Pipe => "there is a \"|\", and what follows it would be the next option",
            Refusal::Ampersand => "there is a \"&\", and what follows it would be the next device",
            Refusal::Expression => "there is \"${\" or \"$[\", which Asterisk evaluates",
            Refusal::Unbalanced => {
                "a parenthesis, bracket or quote has no counterpart, and the arguments behind it would be lost"
            }
            Refusal::Directive => "a line begins with \"#\", which Asterisk takes for a directive",
            Refusal::BlockComment => "there is \";--\" or \"--;\", which hides the lines that follow",
            Refusal::LongName => "it is longer than the 79 bytes that Asterisk keeps of a name",
            Refusal::LongLine => "its line is longer than the 8190 bytes that Asterisk reads",
        })
    }
}

impl std::error::Error for Refusal {}
