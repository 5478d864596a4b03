//! Shows what a whole file is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::source::noted;
use super::{Index, Knowledge};
use crate::words::{counted, grouped};

/// The sections of one kind.
#[derive(Default)]
struct Kind<'t> {
    count: usize,
    tables: BTreeSet<&'t str>,
}

impl Index<'_> {
    /// Shows the sections by kind with the tables that their lines come from, or what else is known of the file.
    pub(super) fn summary(&self, knowledge: Knowledge<'_>) -> String {
        let Knowledge { driver, explanation, .. } = knowledge;
        let lines = counted(self.lines.len(), "line");
        let mut text = format!("{}: {lines}, by the driver {driver}\n", self.name);
        let kinds = self.kinds();
        let without_rows = if explanation.is_by_lines { "the program's own" } else { "no row" };
        let width = kinds.keys().map(|kind| kind.chars().count()).max().unwrap_or_default();
        for (kind, Kind { count, tables }) in &kinds {
            let tables: Vec<&str> = tables.iter().copied().collect();
            let tables = if tables.is_empty() { without_rows.to_owned() } else { tables.join(", ") };
            let _ = writeln!(text, "{:>9} {kind:<width$}  {tables}", grouped(*count));
        }
        for note in explanation.file.iter().filter_map(noted) {
            let _ = writeln!(text, "It is made from {note}.");
        }
        if self.origins.is_empty() && !explanation.is_by_lines {
            let tables = explanation.tables.join(", ");
            let tables =
                if tables.is_empty() { "reads no table".to_owned() } else { format!("reads {tables}") };
            let _ = writeln!(text, "The driver {tables}. The rows of single lines are not recorded.");
        }
        text
    }

    fn kinds(&self) -> BTreeMap<String, Kind<'_>> {
        let mut tables: Vec<BTreeSet<&str>> = vec![BTreeSet::new(); self.sections().len()];
        for (lines, table) in self.origins.tables() {
            for section in lines.filter_map(|line| self.section_at(line)) {
                tables[section].insert(table);
            }
        }
        let mut kinds: BTreeMap<String, Kind<'_>> = BTreeMap::new();
        for (section, tables) in self.sections().iter().zip(tables) {
            let kind = kinds.entry(self.kind(section)).or_default();
            kind.count += 1;
            kind.tables.extend(tables);
        }
        kinds
    }
}
