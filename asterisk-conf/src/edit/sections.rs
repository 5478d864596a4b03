//! Sections that come and go.

use super::change::Change;
use super::{EditError, Editor, SectionId, format_key, line};
use crate::Writer;

/// The place of a section that is inserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// Behind all others.
    AtEnd,
    /// Above this section and the comment that stands directly above it.
    Before(SectionId),
}

impl Editor {
    /// Removes a section with all its parts, and the comment that stands directly above it.
    ///
    /// # Errors
    ///
    /// [`EditError::Inherited`]: another section inherits from it, so that Asterisk would refuse the file.
    pub fn remove_section(&mut self, section: SectionId) -> Result<(), EditError> {
        let heir = self.index.heirs(section.0).next();
        if let Some(heir) = heir {
            let by = self.name(SectionId(heir)).into_owned();
            return Err(EditError::Inherited { section: self.name(section).into_owned(), by });
        }
        for part in self.parts_of(section).collect::<Vec<_>>() {
            let (start, before) = self.index.top_of(&self.text, part);
            let (end, after) = self.index.bottom_of(&self.text, part);
            let changes = self.changes.entry(part).or_default();
            // Sections that are inserted above it stay.
            changes.retain(|change| change.is_section);
            changes.push(Change {
                range: start..end,
                before,
                after,
                removed_by: Some(self.author),
                ..Change::default()
            });
        }
        self.index.sections[section.0].is_removed = true;
        self.types = None;
        Ok(())
    }

    /// Inserts a section, which may inherit from another one: `[name](base)`. The editor does not find it afterwards.
    ///
    /// # Errors
    ///
    /// As [`Editor::set`], also for the names.
    pub fn insert_section(
        &mut self,
        place: Where,
        name: &str,
        base: Option<&str>,
        options: &[(&str, &str)],
    ) -> Result<(), EditError> {
        let refused = |key: Option<&str>| {
            let key = key.map(str::to_owned);
            move |refusal| EditError::refused(name, key.as_deref(), refusal)
        };
        let mut writer = Writer::new();
        writer.section(None, name, base).map_err(refused(None))?;
        let mut texts = vec![writer.into_text().trim_end().to_owned()];
        for (key, value) in options {
            let prefix = format_key(key).map_err(refused(Some(key)))?;
            texts.push(line(&prefix, value).map_err(refused(Some(key)))?);
        }
        let (part, at, depth) = match place {
            Where::AtEnd => (self.index.parts.len(), self.text.len(), self.index.end_depth),
            Where::Before(section) => {
                let part = self.index.sections[section.0].first;
                let (start, depth) = self.index.top_of(&self.text, part);
                (part, start, depth)
            }
        };
        match place {
            Where::AtEnd if !self.text.trim_end().is_empty() => texts.insert(0, String::new()),
            Where::AtEnd => {}
            Where::Before(_) => texts.push(String::new()),
        }
        let lines = self.lines(texts);
        let change = Change {
            range: at..at,
            before: depth,
            after: depth,
            lines,
            is_section: true,
            ..Change::default()
        };
        let changes = self.changes.entry(part).or_default();
        let behind = changes.partition_point(|other| (other.range.start, other.range.end) <= (at, at));
        changes.insert(behind, change);
        Ok(())
    }
}
