//! What is found out about a value before it is written.

use std::fmt::Display;

use driver_api::{Session, Warning};

/// Warns of each of these values of a row, each with its column, in which Asterisk sees a comment. They are
/// written as they are.
pub(crate) fn warn_of_comments<'a>(
    session: &mut Session<'_>,
    table: &str,
    key: impl Display,
    values: impl IntoIterator<Item = (&'a str, &'a str)>,
) {
    for (column, value) in values {
        if has_comment(value) {
            session.warn(Warning::new(table, COMMENT).row(&key).column(column));
        }
    }
}

/// Whether Asterisk takes a part of this text for a comment. A semicolon is one of the text only behind a
/// backslash.
pub(crate) fn has_comment(text: &str) -> bool {
    text.starts_with(';') || text.as_bytes().windows(2).any(|pair| pair[0] != b'\\' && pair[1] == b';')
}

/// What a warning says then.
pub(crate) const COMMENT: &str = "there is a semicolon: Asterisk takes what follows it for a comment";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_behind_a_backslash_is_no_comment() {
        for text in [";", ";a", "a;", "a;b", "\\;;", "é;"] {
            assert!(has_comment(text), "{text}");
        }
        for text in ["", "a", "\\;", "a\\;b", "é"] {
            assert!(!has_comment(text), "{text}");
        }
    }
}
