//! The header of a section: `[name]`, `[name](items)`.

use std::sync::Arc;

use bstr::ByteSlice;

use super::filter::{Filter, Verdict};
use super::{Input, Parser, Result, Stop};
use crate::DiagnosticKind;
use crate::document::{ConfigOption, Location, Section};

/// The parts of a header.
pub(crate) struct Header<'t> {
    /// The whole name, of which Asterisk keeps the first bytes.
    pub(crate) name: &'t [u8],
    /// The text between the parentheses, if there are any.
    pub(crate) items: Option<&'t [u8]>,
}

impl<'t> Header<'t> {
    /// Reads a header without its `[`. An error has the detail of its diagnostic.
    pub(crate) fn read(header: &'t [u8]) -> Result<Header<'t>, (DiagnosticKind, Vec<u8>)> {
        let Some((name, behind)) = split_at(header, b']') else {
            return Err((DiagnosticKind::NoClosingBracket, [b"[", header].concat()));
        };
        let Some(behind) = behind.strip_prefix(b"(") else { return Ok(Header { name, items: None }) };
        let (items, _) =
            split_at(behind, b')').ok_or_else(|| (DiagnosticKind::NoClosingParen, name.to_vec()))?;
        Ok(Header { name, items: Some(items) })
    }
}

fn split_at(text: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let at = text.find_byte(byte)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// The section that a header opens.
enum Target {
    /// A new section. It is not yet in the document, so it can't inherit from itself.
    New(Section),
    /// The index of an existing section, to which the header adds.
    Old(usize),
}

impl Parser<'_> {
    /// Reads a header, without its `[`.
    pub(super) fn header(&mut self, input: &mut Input, header: &[u8]) -> Result {
        let location = input.location();
        let Header { name, items } = match Header::read(header) {
            Ok(header) => header,
            Err((kind, detail)) => return self.cut(kind, location, &detail),
        };
        self.budget.section()?;
        let mut target = Target::New(Section::new(name, location));
        for item in items.into_iter().flat_map(|items| items.split_str(",")) {
            target = self.item(target, name, item, location)?;
        }
        if let Some(section) = input.section {
            // Sections are many, and few get more options later.
            self.section_mut(section)?.options.shrink_to_fit();
        }
        let index = match target {
            Target::New(section) => self.document.sections_mut().push(section),
            Target::Old(index) => index,
        };
        input.section = Some(index);
        self.current = Some(index);
        Ok(())
    }

    /// Applies one item of the parentheses behind the name.
    fn item(&mut self, target: Target, name: &[u8], item: &[u8], location: Location) -> Result<Target> {
        match item {
            b"!" => self.mark_as_template(target),
            [b'+', filter @ ..] => self.append(target, name, filter, location),
            base => self.inherit(target, base, location),
        }
    }

    fn mark_as_template(&mut self, mut target: Target) -> Result<Target> {
        match &mut target {
            Target::New(section) => section.is_template = true,
            Target::Old(index) => self.section_mut(*index)?.is_template = true,
        }
        Ok(target)
    }

    /// Applies `+FILTER`: the options go to an earlier section, also those inherited by the items before.
    fn append(&mut self, target: Target, name: &[u8], filter: &[u8], location: Location) -> Result<Target> {
        let Some(index) = self.section_for(name, filter, location)? else {
            return self.cut(DiagnosticKind::AppendToMissingSection, location, name);
        };
        if let Target::New(section) = target {
            let old = self.section_mut(index)?;
            old.is_template |= section.is_template;
            old.options.extend(section.options);
        }
        Ok(Target::Old(index))
    }

    /// Finds the first section that has the name and passes the filter. Asterisk does not cut the name here.
    fn section_for(&mut self, name: &[u8], filter: &[u8], location: Location) -> Result<Option<usize>> {
        let filter = Filter::new(filter, &mut self.budget)?;
        let candidates = self.candidates(name);
        self.budget.work(candidates.len() * size_of::<usize>())?;
        for index in candidates {
            let Some(section) = self.document.sections_mut().get(index) else { continue };
            match filter.verdict(section, &mut self.budget)? {
                Verdict::Fits => return Ok(Some(index)),
                Verdict::Fails => {}
                Verdict::BadRegex(pattern) => {
                    self.report(DiagnosticKind::BadFilterRegex, location, pattern)?;
                }
            }
        }
        Ok(None)
    }

    /// Returns the sections of a name. An empty name matches all sections.
    fn candidates(&mut self, name: &[u8]) -> Vec<usize> {
        let sections = self.document.sections_mut();
        if name.is_empty() { (0..sections.len()).collect() } else { sections.named(name).collect() }
    }

    /// Copies the options of an earlier section, which need not be a template, into this one.
    fn inherit(&mut self, mut target: Target, base: &[u8], location: Location) -> Result<Target> {
        let found = {
            let sections = self.document.sections_mut();
            let index = if base.is_empty() { Some(0) } else { sections.named(base).next() };
            index.and_then(|index| Some((index, sections.get(index)?)))
        };
        let Some((base_index, found)) = found else {
            return self.cut(DiagnosticKind::InheritFromMissingSection, location, base);
        };
        self.budget.entries(1 + found.options.len())?;
        let name = found.shared_name();
        let is_itself = matches!(target, Target::Old(index) if index == base_index);
        if is_itself && !found.options.is_empty() {
            self.report(DiagnosticKind::InheritFromItself, location, &name)?;
            return Err(Stop::Hang);
        }
        let copies = found.options.iter().map(inherited);
        match &mut target {
            Target::New(section) => copy_into(section, name, copies),
            Target::Old(index) => {
                let copies: Vec<_> = copies.collect();
                copy_into(self.section_mut(*index)?, name, copies);
            }
        }
        Ok(target)
    }

    /// Returns a section by its index.
    pub(super) fn section_mut(&mut self, index: usize) -> Result<&mut Section> {
        self.document.sections_mut().get_mut(index).ok_or(Stop::Cut)
    }
}

fn copy_into(section: &mut Section, base: Arc<[u8]>, options: impl IntoIterator<Item = ConfigOption>) {
    section.inherits.push(base);
    section.options.extend(options);
}

fn inherited(option: &ConfigOption) -> ConfigOption {
    let mut option = option.clone();
    option.assignment.is_inherited = true;
    option
}
