//! Checks of rows that name a section.

use std::collections::HashSet;

use driver_api::asterisk::syntax;
use driver_api::{Piece, Row, Session};

/// The names of the sections of a file.
pub(crate) struct SectionNames(HashSet<String>);

impl SectionNames {
    /// Starts with the sections that the file always has.
    pub(crate) fn new(fixed: &[&str]) -> SectionNames {
        SectionNames(fixed.iter().map(|&name| name.to_owned()).collect())
    }

    /// Tells whether a section can have this name; if not, warns that the row is left out. Warns of a name
    /// that another section has, too, although both are written: Asterisk takes them for one.
    pub(crate) fn add<T>(&mut self, session: &mut Session<'_>, row: &Row<T>, name: impl Piece) -> bool {
        if !row.keeps(session, syntax::section_name, &name) {
            return false;
        }
        if !self.0.insert(name.text().into_owned()) {
            let message = format!(
                "there is more than one section {:?}, and Asterisk merges or replaces them: keep one, or rename the others",
                name.text()
            );
            row.warn(session, name.column(Some(row.origin())).unwrap_or_default(), message);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use driver_api::{Query, Text};
    use serde::Deserialize;

    use super::*;
    use crate::testing::{Rows, row};

    #[derive(Deserialize)]
    struct Section {
        name: Text,
    }

    const SECTIONS: Query<'_> = Query {
        table: "asterisk_file_section",
        key: &["id"],
        sql: "SELECT id, name FROM asterisk_file_section ORDER BY id",
    };

    #[test]
    fn a_bad_name_is_refused_and_a_repeated_one_is_reported() {
        let names = ["a", "a]", "]", "A", " a", "[a", "", "a", "general", "a]"];
        let rows = (1..).zip(names).fold(Rows::default(), |rows, (id, name)| {
            rows.add("asterisk_file_section", row! { id: id, name: name, asterisk_file_id: 1 })
        });
        let mut database = rows.load();
        let kept: Vec<Row<Section>> = database.in_session(|session| {
            let mut sections = session.query::<Section>(SECTIONS, &[]).unwrap();
            let mut names = SectionNames::new(&["general"]);
            sections.retain(|section| names.add(session, section, &section.name));
            sections
        });
        let warnings = database.warnings;
        let kept: Vec<&str> = kept.iter().map(|section| &*section.name).collect();
        assert_eq!(kept, ["a", "A", "[a", "a", "general"]);
        let left_out = |id, reason| {
            format!("table asterisk_file_section, row id={id}, column name: {reason}; the row is left out")
        };
        let bracket = |id| left_out(id, "there is a \"]\", which ends the name of a section");
        let blank = left_out(5, "there is a blank at an end, which Asterisk strips");
        let twice = |id, name| {
            format!(
                "table asterisk_file_section, row id={id}, column name: there is more than one section {name:?}, and \
                    Asterisk merges or replaces them: keep one, or rename the others"
            )
        };
        assert_eq!(
            warnings,
            [
                bracket(2),
                bracket(3),
                blank,
                left_out(7, "it is empty"),
                twice(8, "a"),
                twice(9, "general"),
                bracket(10)
            ]
        );
    }
}
