use std::path::Path;

use super::engine::{Engine, context_of};
use crate::asterisk::syntax;
use crate::{Error, ErrorKind};

/// The syntax of the text that a template makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// A configuration file of Asterisk. Semicolons in printed values are escaped.
    Asterisk,
    /// Any other text. The template is responsible for quotes and escapes.
    Plain,
}

impl Syntax {
    /// Returns an engine that prints values into such a text.
    pub(super) fn engine<'a>(self) -> Engine<'a> {
        Engine::new(move |out, _, value| {
            match self {
                Syntax::Asterisk => syntax::escape(out, value),
                Syntax::Plain => out.push_str(value),
            }
            Ok(())
        })
    }

    /// Refuses the text of a whole file in which a line is a directive or has a mark of a block comment. Semicolons in
    /// values are escaped, so such a line is a mistake of the template.
    pub(super) fn checked(self, path: &Path, text: String) -> Result<String, Error> {
        match self {
            Syntax::Plain => Ok(text),
            Syntax::Asterisk => match syntax::lines(&text) {
                Ok(()) => Ok(text),
                Err((line, refusal)) => {
                    let message =
                        format!("line {line} of the text that it renders can't be written: {refusal}");
                    Err(Error::new(ErrorKind::Template, message).context(context_of(path)))
                }
            },
        }
    }
}
