//! The lines `key = value`, `key => value` and `key += text`.

use bstr::ByteSlice;

use super::{Input, Parser, Result, stripped};
use crate::DiagnosticKind;
use crate::assignment::Assignment;
use crate::document::ConfigOption;

/// The parts of the line of an option.
pub(crate) struct Assigned<'t> {
    /// The key without the blanks at its ends. It may be empty.
    pub(crate) key: &'t [u8],
    /// The text behind the sign, with its blanks.
    pub(crate) value: &'t [u8],
    /// Whether the sign is `+=`.
    pub(crate) is_append: bool,
    /// Whether the sign is `=>`.
    pub(crate) is_arrow: bool,
}

impl<'t> Assigned<'t> {
    /// Reads a line without comments and without blanks at its ends, which is no header or directive.
    pub(crate) fn read(line: &'t [u8]) -> Result<Assigned<'t>, DiagnosticKind> {
        let escaped = line.strip_prefix(b"\\");
        // Asterisk compares signed bytes, so those above ASCII are less than a blank.
        if escaped.is_some_and(|text| !matches!(text, [b'!'..=0x7f, ..])) {
            return Err(DiagnosticKind::InvalidEscape);
        }
        let text = escaped.unwrap_or(line);
        let (key, value) =
            split_at_equals(text, usize::from(escaped.is_some())).ok_or(DiagnosticKind::NoEquals)?;
        // An escaped `+` does not make a `+=`.
        if let Some(key) = key.strip_suffix(b"+").filter(|key| escaped.is_none() || !key.is_empty()) {
            return Ok(Assigned { key: stripped(key), value, is_append: true, is_arrow: false });
        }
        let object = value.strip_prefix(b">");
        let (value, is_arrow) = (object.unwrap_or(value), object.is_some());
        Ok(Assigned { key: stripped(key), value, is_append: false, is_arrow })
    }
}

impl Parser<'_> {
    /// Reads a line that is not empty, and no header or directive.
    pub(super) fn option(&mut self, input: &Input, line: &[u8]) -> Result {
        let location = input.location();
        let Some(section) = input.section else {
            return self.cut(DiagnosticKind::LineBeforeAnySection, location, line);
        };
        match Assigned::read(line) {
            Ok(Assigned { key, value, is_append: true, .. }) => {
                self.append_to_option(input, section, key, value)
            }
            Ok(Assigned { key, value, is_arrow, .. }) => {
                self.add_option(input, section, key, value, is_arrow)
            }
            Err(kind @ DiagnosticKind::InvalidEscape) => self.cut(kind, location, line),
            Err(kind) => self.report(kind, location, line),
        }
    }

    fn add_option(
        &mut self,
        input: &Input,
        section: usize,
        key: &[u8],
        value: &[u8],
        is_arrow: bool,
    ) -> Result {
        let location = input.location();
        if key.is_empty() {
            return self.report(DiagnosticKind::NoKey, location, stripped(value));
        }
        self.budget.entries(1)?;
        let assignment = Assignment::of(&input.text, key, stripped(value), is_arrow);
        let option = ConfigOption { assignment, location };
        self.section_mut(section)?.options.push(option);
        Ok(())
    }

    /// Reads `key += text`. Asterisk takes the old value from the last option of exactly this key. Then it replaces the
    /// first option that has this key and value without regard to case, which may be another one.
    fn append_to_option(&mut self, input: &Input, section: usize, key: &[u8], text: &[u8]) -> Result {
        let options = &self.section_mut(section)?.options;
        let options_len = options.len();
        let old = options.iter().rev().find(|option| option.key() == key).cloned();
        self.budget.work(options_len)?;
        let Some(old) = old else { return self.add_option(input, section, key, text, false) };
        let old = old.value();
        self.budget.work(old.len() + text.len())?;
        let Some(index) = self.first_option(section, key, old)? else { return Ok(()) };
        if let Some(option) = self.section_mut(section)?.options.get_mut(index) {
            let value = [old, text].concat();
            option.assignment =
                Assignment::of(&input.text, key, stripped(&value), option.assignment.is_arrow);
        }
        Ok(())
    }

    /// Finds the first option with this key and value, without regard to case. An empty value matches any.
    fn first_option(&mut self, section: usize, key: &[u8], value: &[u8]) -> Result<Option<usize>> {
        let Some(section) = self.document.sections_mut().get(section) else { return Ok(None) };
        for (index, option) in section.options.iter().enumerate() {
            self.budget.work(1)?;
            if !option.has_key(key) {
                continue;
            }
            self.budget.work(value.len())?;
            if value.is_empty() || option.value().eq_ignore_ascii_case(value) {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }
}

/// Splits the text at the first `=` from the index `from` on.
fn split_at_equals(text: &[u8], from: usize) -> Option<(&[u8], &[u8])> {
    let at = from + text.get(from..)?.find_byte(b'=')?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}
