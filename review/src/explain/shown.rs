//! Shows the lines of an answer with what they come from.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use driver_api::asterisk::LineOrigin;
use driver_api::explanation::Note;

use super::source::without;
use super::{Answer, Index, Knowledge, Place, line_of};
use crate::text::Shown;
use crate::words::{grouped, plural};

/// The widest line behind which its origin stands in the same column as those of the others.
const MAX_WIDTH: usize = 56;

/// The number of sections with a line from the same row and column, and their kind, by line.
type Uses = HashMap<usize, (usize, String)>;

/// The sections that have a line from a row, by the key of the row.
type SectionsByKey = HashMap<String, HashSet<usize>>;

impl Index<'_> {
    /// Shows all that is known about the lines of an answer, as text for people.
    pub fn show(&self, answer: &Answer, knowledge: Knowledge<'_>) -> String {
        if answer.places.is_empty() {
            return self.summary(knowledge);
        }
        let has_headings = answer.places.len() > 1 || !answer.is_detailed;
        let uses = if answer.is_detailed { self.uses(answer) } else { Uses::new() };
        let mut text = String::new();
        for place in &answer.places {
            if has_headings {
                let between = if text.is_empty() { "" } else { "\n" };
                let _ = writeln!(text, "{between}{}", self.heading(place));
            }
            if answer.is_detailed {
                self.show_in_detail(place, knowledge, &uses, &mut text);
            } else {
                self.list(place, knowledge, &mut text);
            }
        }
        text
    }

    fn heading(&self, place: &Place) -> String {
        let section = &self.sections()[place.section];
        let line = place.lines.first().copied().unwrap_or_else(|| line_of(section.location()));
        format!("{}:{line}: {} {}", self.name, self.kind(section), Shown(section.name()))
    }

    fn show_in_detail(&self, place: &Place, knowledge: Knowledge<'_>, uses: &Uses, text: &mut String) {
        let section = &self.sections()[place.section];
        for &line in &place.lines {
            let _ = writeln!(text, "{}", self.shown(line, section, knowledge.shows_secrets));
            for source in self.sources(line, knowledge) {
                let _ = writeln!(text, "    {source}");
            }
            if self.section_at(line) != Some(place.section) {
                let _ = writeln!(text, "    in line {line}, from which the section has it");
            }
            if let Some((count, kind)) = uses.get(&line) {
                let _ = writeln!(text, "    in effect for {} {}", grouped(*count), plural(kind));
            }
        }
    }

    fn list(&self, place: &Place, knowledge: Knowledge<'_>, text: &mut String) {
        let section = &self.sections()[place.section];
        let lines: Vec<(String, usize)> = place
            .lines
            .iter()
            .map(|&line| (self.shown(line, section, knowledge.shows_secrets), line))
            .collect();
        let widths = lines.iter().map(|(line, _)| line.chars().count());
        let width = widths.filter(|width| *width <= MAX_WIDTH).max().unwrap_or_default();
        for (shown, line) in lines {
            let _ = writeln!(text, "{shown:<width$}  {}", self.source(line, knowledge));
        }
        let notes = place.lines.iter().flat_map(|line| knowledge.explanation.of_line(*line));
        for note in notes {
            if let Note::Removed(removed) = note {
                let _ = writeln!(text, "{}", without(removed));
            }
        }
        let inherits: Vec<String> = section.inherits().map(|name| Shown(name).to_string()).collect();
        if !inherits.is_empty() {
            let _ = writeln!(text, "and the options of {}", inherits.join(", "));
        }
    }

    /// Counts, for each line of an answer that comes from a row, the sections of the same kind that have a line from
    /// that row and column. Leaves out lines whose row makes a line of their own section alone.
    fn uses(&self, answer: &Answer) -> Uses {
        let lines = || answer.places.iter().flat_map(|place| &place.lines).copied();
        let asked: Vec<LineOrigin> = lines().filter_map(|line| self.origin(line)).collect();
        // The key of a row is a text that has to be made, so only rows of these tables are compared.
        let mut wanted: HashMap<(&str, Option<&str>), RefCell<SectionsByKey>> = HashMap::new();
        for origin in &asked {
            let keys = wanted.entry((origin.origin.table(), origin.column.as_deref())).or_default();
            keys.get_mut().entry(origin.origin.key()).or_default();
        }
        if wanted.is_empty() {
            return Uses::new();
        }
        for origin in self.origins.iter() {
            let Some(keys) = wanted.get(&(origin.origin.table(), origin.column.as_deref())) else { continue };
            if let Some(sections) = keys.borrow_mut().get_mut(&origin.origin.key()) {
                sections.extend(self.section_at(origin.line));
            }
        }
        let count = |origin: &LineOrigin| {
            let keys = wanted.get(&(origin.origin.table(), origin.column.as_deref()))?.borrow();
            let kind = self.kind(self.sections().get(self.section_at(origin.line)?)?);
            let sections = keys.get(&origin.origin.key())?.iter();
            let count = sections.filter(|&&section| self.kind(&self.sections()[section]) == kind).count();
            (count > 1).then_some((origin.line, (count, kind)))
        };
        asked.iter().filter_map(count).collect()
    }
}
