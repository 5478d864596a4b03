//! The directives `#include FILE`, `#tryinclude FILE` and `#exec COMMAND`.

use std::sync::Arc;

use bstr::{BStr, ByteSlice};

use super::{Input, Parser, Result, Stop, stripped};
use crate::DiagnosticKind;
use crate::document::{Command, Location};
use crate::files::{Content, INCLUDE_LIMIT};

/// The most levels of includes below the main file.
const INCLUDE_LEVELS: usize = 10;

/// The most bytes of a command. On Asterisk 22, a command of 900 bytes runs and one of 990 does not. Its buffer has 1024
/// bytes, some of them for the redirection to a temporary file.
const COMMAND_LIMIT: usize = 970;

/// The cost of looking for a file, in bytes of work.
const SEARCH_COST: usize = 4096;

impl Parser<'_> {
    /// Reads a directive, without its `#`.
    pub(super) fn directive(&mut self, input: &Input, text: &[u8]) -> Result {
        let location = input.location();
        self.budget.entries(1)?;
        // Asterisk compares signed bytes: a byte above ASCII ends the word and is dropped, like a blank.
        let end = text.iter().position(|byte| !matches!(byte, b'!'..=0x7f)).unwrap_or(text.len());
        let (word, behind) = text.split_at(end);
        let argument = stripped(behind.get(1..).unwrap_or_default());
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        if !is("include") && !is("tryinclude") && !is("exec") {
            return self.report(DiagnosticKind::UnknownDirective, location, word);
        }
        if argument.is_empty() {
            return self.report(DiagnosticKind::DirectiveWithoutArgument, location, word);
        }
        let argument = unquoted(argument);
        if is("exec") {
            self.exec(location, argument)
        } else {
            self.include(location, argument, is("tryinclude"))
        }
    }

    /// Adds the command to the document. The reader never runs it, and treats its output as empty unless the caller
    /// knows it.
    fn exec(&mut self, location: Location, command: &[u8]) -> Result {
        if command.len() > COMMAND_LIMIT {
            return self.cut(DiagnosticKind::ExecCommandTooLong, location, command);
        }
        self.document.add_command(Command { text: command.into(), location });
        // Asterisk runs it, and then includes its output as a file.
        if self.is_too_deep(location, command)? {
            return self.cut(DiagnosticKind::IncludeMissing, location, command);
        }
        let files = self.files;
        let Some((name, text)) = files.output(command.as_bstr()) else { return Ok(()) };
        self.one_level_deeper(|parser| {
            let mut input = Input { section: parser.current, ..Input::default() };
            parser.file(&mut input, name.as_bstr(), &Arc::new(text.into_owned())).map(|()| true)
        })?;
        Ok(())
    }

    fn include(&mut self, location: Location, pattern: &[u8], may_be_missing: bool) -> Result {
        if !self.included.insert(pattern.into()) {
            self.report(DiagnosticKind::IncludedTwice, location, pattern)?;
        }
        if pattern.find_byteset(b"*?[{").is_some() {
            self.document.add_wildcard(location);
        }
        let is_found = !self.is_too_deep(location, pattern)?
            && self.one_level_deeper(|parser| parser.files_of(location, pattern.as_bstr()))?;
        if is_found || may_be_missing {
            return Ok(());
        }
        self.cut(DiagnosticKind::IncludeMissing, location, pattern)
    }

    fn is_too_deep(&mut self, location: Location, argument: &[u8]) -> Result<bool> {
        let is_too_deep = self.include_level >= INCLUDE_LEVELS;
        if is_too_deep {
            self.report(DiagnosticKind::IncludeTooDeep, location, argument)?;
        }
        Ok(is_too_deep)
    }

    /// Reads included files, and returns whether there is one.
    fn one_level_deeper(&mut self, read: impl FnOnce(&mut Self) -> Result<bool>) -> Result<bool> {
        self.include_level += 1;
        match read(self) {
            // Asterisk continues the including file, and does not decrease the level of the file that was cut.
            Err(Stop::Cut) => Ok(true),
            Err(stop) => Err(stop),
            Ok(is_found) => {
                self.include_level -= 1;
                Ok(is_found)
            }
        }
    }

    /// Reads the files that a name or wildcard matches. Returns false if there is none.
    fn files_of(&mut self, location: Location, pattern: &BStr) -> Result<bool> {
        self.budget.work(SEARCH_COST)?;
        let names = if pattern.len() > INCLUDE_LIMIT { Vec::new() } else { self.files.find(pattern) };
        let files = self.files;
        let mut input = Input { section: self.current, ..Input::default() };
        let mut is_found = false;
        for name in names {
            match files.read(name.as_bstr()) {
                Content::Text(text) => {
                    is_found = true;
                    self.file(&mut input, name.as_bstr(), &Arc::new(text.into_owned()))?;
                }
                Content::NotAFile => self.report(DiagnosticKind::IncludeNotAFile, location, &name)?,
                Content::Missing => {}
            }
        }
        Ok(is_found)
    }
}

/// Removes one pair of quotes or angle brackets around the argument. Asterisk keeps a single one.
fn unquoted(argument: &[u8]) -> &[u8] {
    match argument {
        [b'"', inside @ .., b'"'] | [b'<', inside @ .., b'>'] => inside,
        _ => argument,
    }
}
