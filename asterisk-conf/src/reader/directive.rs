//! A line `#include FILE`, `#tryinclude FILE` or `#exec COMMAND`.

use bstr::{BStr, ByteSlice};

use super::{Input, Parser, Result, Stop, stripped};
use crate::DiagnosticKind;
use crate::document::{Command, Location};
use crate::files::{Content, INCLUDE_LIMIT};

/// How deep files can include each other, below the file that is read first.
const INCLUDE_LEVELS: usize = 10;

/// The most bytes of a command. Measured on Asterisk 22: 900 run, 990 don't. Its buffer has room for 1024 bytes,
/// of which a redirection to a temporary file takes some.
const COMMAND_LIMIT: usize = 970;

/// The cost of looking for a file, in bytes of work.
const SEARCH_COST: usize = 4096;

impl Parser<'_> {
    /// Reads a directive, without its `#`.
    pub(super) fn directive(&mut self, input: &Input, text: &[u8]) -> Result {
        let location = input.location();
        self.budget.entries(1)?;
        // Asterisk compares signed bytes: one above ASCII ends the word, as a blank does, and is dropped with it.
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

    /// Notes a command, and never runs it. It reads as one that writes nothing.
    fn exec(&mut self, location: Location, command: &[u8]) -> Result {
        if command.len() > COMMAND_LIMIT {
            return self.cut(DiagnosticKind::ExecCommandTooLong, location, command);
        }
        self.document.add_command(Command { text: command.into(), location });
        // Asterisk runs it all the same, and then includes what it wrote.
        if self.is_too_deep(location, command)? {
            return self.cut(DiagnosticKind::IncludeMissing, location, command);
        }
        Ok(())
    }

    fn include(&mut self, location: Location, pattern: &[u8], may_be_missing: bool) -> Result {
        if !self.included.insert(pattern.into()) {
            self.report(DiagnosticKind::IncludedTwice, location, pattern)?;
        }
        let is_found =
            !self.is_too_deep(location, pattern)? && self.included_files(location, pattern.as_bstr())?;
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

    /// Reads the files that a name or wildcard stands for; false if there is none.
    fn included_files(&mut self, location: Location, pattern: &BStr) -> Result<bool> {
        self.include_level += 1;
        match self.files_of(location, pattern) {
            // The file that includes goes on behind one that was cut, whose level is not given back.
            Err(Stop::Cut) => Ok(true),
            Err(stop) => Err(stop),
            Ok(is_found) => {
                self.include_level -= 1;
                Ok(is_found)
            }
        }
    }

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
                    self.file(&mut input, name.as_bstr(), &text)?;
                }
                Content::NotAFile => self.report(DiagnosticKind::IncludeNotAFile, location, &name)?,
                Content::Missing => {}
            }
        }
        Ok(is_found)
    }
}

/// The argument without one pair of quotes or angle brackets around it. Half a pair stays.
fn unquoted(argument: &[u8]) -> &[u8] {
    match argument {
        [b'"', inside @ .., b'"'] | [b'<', inside @ .., b'>'] => inside,
        _ => argument,
    }
}
