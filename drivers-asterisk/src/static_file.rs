//! Static files: sections that an administrator edits through the API. The database has a row for each file,
//! section and variable.

use std::collections::{HashMap, HashSet};

use driver_api::asterisk::{Writer, syntax};
use driver_api::{Error, Query, Row, Session, Text, Value, Warning};
use serde::Deserialize;

/// Returns a file that has static sections only.
pub(crate) fn generate(session: &mut Session<'_>, file: &str) -> Result<String, Error> {
    let mut writer = Writer::new(session);
    write(&mut writer, session, file, &[])?;
    Ok(writer.finish(session))
}

/// Writes the static sections of a file, then each section of `required` that the database lacks, empty. Unless
/// it writes nothing, an empty line follows. Returns the sections of the database that are written.
pub(crate) fn write(
    writer: &mut Writer,
    session: &mut Session<'_>,
    file: &str,
    required: &[&str],
) -> Result<Sections, Error> {
    let mut sections: Vec<Row<Section>> = session.query(SECTIONS, &[Value::Text(file)])?;
    let variables: Vec<Row<Variable>> = session.query(VARIABLES, &[Value::Text(file)])?;
    if sections.is_empty() {
        let message = format!("there is no row named {file}, so its static part is empty");
        session.warn(Warning::new("asterisk_file", message));
    }
    let mut variables_of: HashMap<i64, Vec<&Row<Variable>>> = HashMap::new();
    for variable in &variables {
        variables_of.entry(variable.section).or_default().push(variable);
    }
    let is_empty = sections.is_empty();
    let names: HashSet<String> =
        sections.iter().filter_map(|section| section.name.as_deref().map(str::to_owned)).collect();
    sections.retain(|section| {
        section.id.is_some() && section.keeps(session, syntax::section_name, &section.name)
    });
    let mut written = !sections.is_empty();
    for section in &sections {
        writer.at(section).section(&section.name);
        let variables = section.id.and_then(|id| variables_of.remove(&id));
        for variable in variables.into_iter().flatten() {
            writer.at(variable).option(&variable.key, &variable.value);
        }
    }
    for name in required {
        if !names.contains(*name) {
            writer.own().section(*name);
            writer.blank();
            written = true;
        }
    }
    if written && !is_empty {
        writer.blank();
    }
    Ok(Sections(sections))
}

/// The static sections of a file.
pub(crate) struct Sections(Vec<Row<Section>>);

impl Sections {
    /// Warns if other sections inherit from a section of this name and there is none. `heirs` says which do.
    pub(crate) fn expect(&self, session: &mut Session<'_>, file: &str, name: &str, heirs: &str) {
        let is_it = |section: &Row<Section>| {
            section.name.as_deref().is_some_and(|other| other.eq_ignore_ascii_case(name))
        };
        if !self.0.iter().any(is_it) {
            let message = format!(
                "{file} has no section {name}, from which {heirs} inherit, so Asterisk refuses the whole file: add \
                    the section"
            );
            session.warn(Warning::new("asterisk_file_section", message));
        }
    }
}

/// A file without sections is one row.
const SECTIONS: Query<'_> = Query {
    table: "asterisk_file_section",
    key: &["id"],
    sql: "SELECT s.id, s.name
        FROM asterisk_file f
        LEFT JOIN asterisk_file_section s ON s.asterisk_file_id = f.id
        WHERE f.name = $1
        ORDER BY s.priority NULLS LAST, s.id",
};

#[derive(Deserialize)]
struct Section {
    id: Option<i64>,
    name: Option<Text>,
}

const VARIABLES: Query<'_> = Query {
    table: "asterisk_file_variable",
    key: &["id"],
    sql: "SELECT v.id, s.id AS section, v.key, v.value
        FROM asterisk_file_variable v
        JOIN asterisk_file_section s ON s.id = v.asterisk_file_section_id
        JOIN asterisk_file f ON f.id = s.asterisk_file_id
        WHERE f.name = $1
        ORDER BY v.priority NULLS LAST, v.id",
};

#[derive(Deserialize)]
struct Variable {
    section: i64,
    key: Text,
    value: Option<Text>,
}

#[cfg(test)]
mod tests {
    use driver_api::Driver;

    use crate::confbridge::Confbridge;
    use crate::hep::Hep;
    use crate::pjsip::Pjsip;
    use crate::rtp::Rtp;
    use crate::testing::{Rows, Written, row, unindented};

    /// A database with this file, which is empty.
    fn file(name: &str) -> Rows {
        Rows::default().add("asterisk_file", row! { id: 1, name: name })
    }

    impl Rows {
        fn section(self, id: i64, name: &str, priority: Option<i64>) -> Rows {
            let row = row! { id: id, name: name, priority: priority, asterisk_file_id: 1 };
            self.add("asterisk_file_section", row)
        }

        fn variable<'a>(self, section: i64, key: &str, value: impl Into<Option<&'a str>>) -> Rows {
            let row = row! { key: key, value: value.into(), asterisk_file_section_id: section };
            self.add("asterisk_file_variable", row)
        }

        fn ranked_variable(self, section: i64, key: &str, value: &str, priority: i64) -> Rows {
            let row = row! { key: key, value: value, priority: priority, asterisk_file_section_id: section };
            self.add("asterisk_file_variable", row)
        }
    }

    #[test]
    fn sections_and_variables_are_sorted_by_priority_then_id() {
        let rows = file("rtp.conf")
            .section(1, "ice_host_candidates", None)
            .section(2, "extra", None)
            .section(3, "general", Some(0))
            .section(4, "second", Some(0))
            .variable(1, "192.0.2.1", "203.0.113.1,include_local_address")
            .variable(3, "rtpend", "20000")
            .ranked_variable(3, "rtpstart", "10000", 1)
            .add(
                "asterisk_file_variable",
                row! { key: "strictrtp", value: (), priority: 2, asterisk_file_section_id: 3 },
            )
            .variable(3, "note", "a;b ")
            .ranked_variable(4, "k", " v ", 3)
            .ranked_variable(4, "k", "2", 3);
        let written = rows.write(&Rtp);
        let expected = unindented(
            "
            [general]
            rtpstart = 10000
            strictrtp =
            rtpend = 20000
            note = a\\;b

            [second]
            k =  v
            k = 2

            [ice_host_candidates]
            192.0.2.1 = 203.0.113.1,include_local_address

            [extra]
            ",
        );
        assert_eq!(written.text, expected + "\n\n");
        assert_eq!(written.warnings, [""; 0]);
    }

    #[test]
    fn negative_priorities_come_first_and_null_last() {
        let priorities = [(1, None), (2, Some(7)), (3, Some(0)), (4, Some(-1)), (5, None)];
        let sections = priorities.iter().fold(file("hep.conf"), |rows, &(id, priority)| {
            rows.section(id, &format!("s{id}"), priority).variable(id, "k", "v")
        });
        let text = sections.write(&Hep).text;
        let order: Vec<&str> = text.lines().filter(|line| line.starts_with('[')).collect();
        assert_eq!(order, ["[s4]", "[s3]", "[s2]", "[s1]", "[s5]"]);
        let variables = file("hep.conf")
            .section(1, "s", None)
            .variable(1, "last", "")
            .ranked_variable(1, "positive", "", 1)
            .ranked_variable(1, "zero", "", 0)
            .ranked_variable(1, "negative", "", -5);
        let text = variables.write(&Hep).text;
        assert_eq!(text, "[s]\nnegative =\nzero =\npositive =\nlast =\n\n");
    }

    #[test]
    fn a_line_is_stripped_as_a_whole_and_otherwise_raw() {
        for (key, value, line) in [
            ("k", None, "k ="),
            ("k", Some(""), "k ="),
            ("k", Some(" "), "k ="),
            ("k", Some("None"), "k = None"),
            ("c", Some("  3 "), "c =   3"),
            (" k ", Some("v"), "k  = v"),
            ("k", Some("a;b]"), "k = a\\;b]"),
        ] {
            let written = file("hep.conf").section(1, "general", None).variable(1, key, value).write(&Hep);
            assert_eq!(written.text, format!("[general]\n{line}\n\n"), "{key:?} {value:?}");
            assert_eq!(written.warnings, [""; 0]);
        }
        let twice = file("hep.conf").section(1, "sp ace", None).variable(1, "k", "1").variable(1, "k", "2");
        assert_eq!(twice.write(&Hep).text, "[sp ace]\nk = 1\nk = 2\n\n");
    }

    #[test]
    fn a_file_without_sections_is_empty() {
        assert_eq!(file("hep.conf").section(1, "general", None).write(&Hep).text, "[general]\n\n");
        let empty = file("hep.conf").write(&Hep);
        assert_eq!((empty.text.as_str(), empty.warnings.len()), ("", 0));
    }

    #[test]
    fn a_missing_row_is_reported() {
        // The name of a file is case-sensitive.
        let rows = file("Hep.conf").section(1, "general", None);
        let cases: [(&str, &dyn Driver); 4] = [
            ("hep.conf", &Hep),
            ("rtp.conf", &Rtp),
            ("confbridge.conf", &Confbridge),
            ("pjsip.conf", &Pjsip),
        ];
        for (name, driver) in cases {
            let Written { text, warnings } = rows.write(driver);
            let warning =
                format!("table asterisk_file: there is no row named {name}, so its static part is empty");
            assert_eq!(warnings, [warning]);
            assert!(!text.contains("[general]"), "{text}");
        }
        assert_eq!(rows.write(&Hep).text, "");
    }

    #[test]
    fn required_sections_follow_those_that_are_there() {
        let both = file("pjsip.conf").section(1, "global", None).section(2, "system", None);
        let system = file("pjsip.conf").section(1, "system", None).variable(1, "a", "b");
        let acl = file("pjsip.conf").section(1, "acl", None).variable(1, "a", "b");
        let case = file("pjsip.conf").section(1, "Global", None).section(2, "system", None);
        for (rows, text) in [
            (both, "[global]\n\n[system]\n\n"),
            (Rows::default(), "[global]\n\n\n[system]\n\n"),
            (file("pjsip.conf"), "[global]\n\n\n[system]\n\n\n"),
            (system, "[system]\na = b\n\n[global]\n\n\n"),
            (acl, "[acl]\na = b\n\n[global]\n\n\n[system]\n\n\n"),
            (case, "[Global]\n\n[system]\n\n[global]\n\n\n"),
        ] {
            // Three empty lines separate the parts that follow, all of them empty.
            assert_eq!(rows.write(&Pjsip).text, format!("{text}\n\n\n"));
        }
    }

    #[test]
    fn a_variable_or_section_with_a_line_break_is_left_out() {
        let rows = file("hep.conf")
            .section(1, "a\n[x]", Some(0))
            .variable(1, "of", "the broken section")
            .section(2, "header_stays", Some(1))
            .variable(2, "k", "v\rw = x")
            .section(3, "general", Some(2))
            .variable(3, "before", "1")
            .variable(3, "k\n", "v")
            .variable(3, "k", "a\0b")
            .variable(3, "after", "2");
        let written = rows.write(&Hep);
        assert_eq!(written.text, "[header_stays]\n\n[general]\nbefore = 1\nafter = 2\n\n");
        let left_out = |(row, what): (&str, &str)| {
            format!("table asterisk_file_{row}: the value has a line break; {what} is left out")
        };
        assert_eq!(
            written.warnings,
            [
                ("section, row id=1, column name", "the row"),
                ("variable, row id=2, column value", "the option \"k\""),
                ("variable, row id=4, column key", "the option \"k\\n\""),
                ("variable, row id=5, column value", "the option \"k\""),
            ]
            .map(left_out)
        );
    }

    #[test]
    fn a_file_with_a_broken_section_alone_is_empty() {
        assert_eq!(file("hep.conf").section(1, "a\nb", None).write(&Hep).text, "");
        // The required section is written in place of the broken one.
        let rows = file("pjsip.conf").section(1, "global\n", None).section(2, "system", None);
        assert_eq!(rows.write(&Pjsip).text, "[system]\n\n[global]\n\n\n\n\n\n");
    }
}
