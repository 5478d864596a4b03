//! A section of `contexts.conf`, which has the lines of one kind of context and of each extension in it.

use std::borrow::Cow;

use driver_api::asterisk::Writer;
use driver_api::templates::TextFile;
use driver_api::{Origin, Piece};

/// An option of a section.
#[derive(Debug, Clone)]
pub(super) struct ConfOption {
    pub(super) name: String,
    pub(super) value: String,
    /// The number of its line in `contexts.conf`.
    pub(super) line: usize,
}

/// A section, with placeholders.
#[derive(Debug, Clone)]
pub(super) struct Section {
    /// The lines of the context itself.
    context_lines: Vec<ConfOption>,
    /// The lines of an extension.
    extension_lines: Vec<Line>,
}

/// A line of an extension: `%%EXTEN%%,1,…` or a line below it. It is parsed once, since there are many extensions.
#[derive(Debug, Clone)]
struct Line {
    first: bool,
    parts: Vec<Part>,
    /// The number of its line in `contexts.conf`.
    conf_line: usize,
}

/// A line of a context.
pub(super) struct ContextLine<'s> {
    pub(super) name: &'s str,
    pub(super) value: String,
    /// The number of the line in `contexts.conf` that it is made from.
    pub(super) conf_line: usize,
}

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Value(Placeholder),
}

#[derive(Debug, Clone, Copy)]
enum Placeholder {
    Context,
    Exten,
    Priority,
    Action,
    TenantUuid,
}

const PLACEHOLDERS: [(&str, Placeholder); 5] = [
    ("%%CONTEXT%%", Placeholder::Context),
    ("%%EXTEN%%", Placeholder::Exten),
    ("%%PRIORITY%%", Placeholder::Priority),
    ("%%ACTION%%", Placeholder::Action),
    ("%%TENANT_UUID%%", Placeholder::TenantUuid),
];

/// The values of the placeholders in the lines of an extension.
pub(super) struct ExtensionValues<'a> {
    /// The row of the extension.
    pub(super) origin: &'a Origin,
    pub(super) context: &'a str,
    pub(super) exten: &'a str,
    /// The action, after the column that it comes from.
    pub(super) action: (&'a str, &'a str),
    pub(super) tenant_uuid: &'a str,
}

impl Section {
    pub(super) fn new(options: &[ConfOption]) -> Section {
        let (extension_lines, context_lines) =
            options.iter().cloned().partition::<Vec<ConfOption>, _>(|option| option.name == "objtpl");
        let extension_lines = extension_lines.iter().map(|line| Line::new(&line.value, line.line)).collect();
        Section { context_lines, extension_lines }
    }

    /// Returns the lines of the context of this name.
    pub(super) fn context_lines(&self, context: &str) -> impl Iterator<Item = ContextLine<'_>> {
        self.context_lines.iter().map(move |option| ContextLine {
            name: &option.name,
            value: option.value.replace("%%CONTEXT%%", context),
            conf_line: option.line,
        })
    }

    /// Writes the lines of an extension and an empty line.
    pub(super) fn write_extension(&self, writer: &mut Writer, conf: &TextFile, values: &ExtensionValues<'_>) {
        let is_explained = writer.explains_section();
        for line in &self.extension_lines {
            let notes = is_explained.then(|| conf.note(line.conf_line));
            let mut lines = writer.at_origin(values.origin).noting(notes.as_slice());
            let value = Expanded { line, values };
            if line.first {
                lines.option("exten", value);
            } else {
                lines.same(value);
            }
        }
        writer.blank();
    }
}

impl Line {
    fn new(text: &str, conf_line: usize) -> Line {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((at, &(name, placeholder))) = next_placeholder(rest) {
            parts.push(Part::Text(rest[..at].to_owned()));
            parts.push(Part::Value(placeholder));
            rest = &rest[at + name.len()..];
        }
        parts.push(Part::Text(rest.to_owned()));
        Line { first: text.starts_with("%%EXTEN%%"), parts, conf_line }
    }
}

/// Finds the first placeholder in a text, and its position.
fn next_placeholder(text: &str) -> Option<(usize, &'static (&'static str, Placeholder))> {
    let found = PLACEHOLDERS.iter().filter_map(|placeholder| Some((text.find(placeholder.0)?, placeholder)));
    found.min_by_key(|(at, _)| *at)
}

impl<'a> ExtensionValues<'a> {
    /// Returns the value of a placeholder, after the column of the extension's row that it comes from.
    fn value(&self, placeholder: Placeholder) -> (Option<&'a str>, &'a str) {
        match placeholder {
            Placeholder::Context => (None, self.context),
            Placeholder::Exten => (Some("exten"), self.exten),
            Placeholder::Priority => (None, "1"),
            Placeholder::Action => (Some(self.action.0), self.action.1),
            Placeholder::TenantUuid => (None, self.tenant_uuid),
        }
    }
}

/// A line with its values. A placeholder within a value stays as it is.
struct Expanded<'e, 'a> {
    line: &'e Line,
    values: &'e ExtensionValues<'a>,
}

impl Piece for Expanded<'_, '_> {
    fn text(&self) -> Cow<'_, str> {
        if let [Part::Text(text)] = &self.line.parts[..] {
            return text.into();
        }
        let mut text = String::with_capacity(96);
        text.extend(self.line.parts.iter().map(|part| match part {
            Part::Text(text) => text,
            Part::Value(placeholder) => self.values.value(*placeholder).1,
        }));
        text.into()
    }

    /// The first column among the values.
    fn column<'c>(&'c self, _: Option<&'c Origin>) -> Option<&'c str> {
        self.line.parts.iter().find_map(|part| match part {
            Part::Text(_) => None,
            Part::Value(placeholder) => self.values.value(*placeholder).0,
        })
    }
}

#[cfg(test)]
mod tests {
    use driver_api::{Config, EngineRow, Error, Query, Row, Rows, Session, Snapshot, Value};
    use serde::Deserialize;

    use super::*;

    /// A database with one row, whose id is 7.
    struct OneRow;

    impl Snapshot for OneRow {
        fn run(&mut self, _: &str, _: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
            rows.columns(&["id"])?;
            rows.row(&OneRow)
        }
    }

    impl EngineRow for OneRow {
        fn value(&self, _: usize) -> Result<Value<'_>, Error> {
            Ok(Value::Integer(7))
        }
    }

    #[derive(Deserialize)]
    struct Extension {}

    /// Writes an extension of that row in the context `c1`. Returns the text and the warnings.
    fn written(section: &Section, exten: &str, action: &str) -> (String, Vec<String>) {
        let mut snapshot = OneRow;
        let mut session = Session::new(&mut snapshot);
        let query = Query { table: "extensions", key: &["id"], sql: "" };
        let rows: Vec<Row<Extension>> = session.query(query, &[]).unwrap();
        let mut writer = Writer::new(&session);
        let (origin, action) = (rows[0].origin(), ("typeval", action));
        let values = ExtensionValues { origin, context: "c1", exten, action, tenant_uuid: "T%%ACTION%%" };
        let conf =
            TextFile::at_key(&Config::default(), "templates.contextsconf", "/nonexistent", "").unwrap();
        section.write_extension(&mut writer, &conf, &values);
        let text = writer.finish(&mut session);
        (text, session.take_warnings().iter().map(ToString::to_string).collect())
    }

    fn option(name: &str, value: &str) -> ConfOption {
        ConfOption { name: name.to_owned(), value: value.to_owned(), line: 1 }
    }

    fn section(template: &str) -> Section {
        Section::new(&[option("objtpl", template)])
    }

    /// Returns the line that a template gives.
    fn line(template: &str, exten: &str, action: &str) -> String {
        let (text, warnings) = written(&section(template), exten, action);
        assert_eq!(warnings, [""; 0]);
        text.strip_suffix("\n\n").expect("an empty line at the end").to_owned()
    }

    #[test]
    fn placeholders_are_replaced_by_values() {
        for (template, expected) in [
            ("%%EXTEN%%,%%PRIORITY%%,Answer()", "exten = 100,1,Answer()"),
            ("n,Hangup()", "same  =     n,Hangup()"),
            ("foo %%EXTEN%% %%EXTEN%%", "same  =     foo 100 100"),
            ("%%EXTEN%%/123,hint,x", "exten = 100/123,hint,x"),
            ("%%exten%% %%CONTEXT%% %%OTHER%%", "same  =     %%exten%% c1 %%OTHER%%"),
            ("", "same  ="),
            ("n,%%ACTION%%", "same  =     n,Go(%%EXTEN%%)"),
            ("%%CONTEXT%%%%EXTEN%%", "same  =     c1100"),
            ("%%EX%%CONTEXT%%TEN%%", "same  =     %%EXc1TEN%%"),
            ("%%TENANT_UUID%%", "same  =     T%%ACTION%%"),
        ] {
            assert_eq!(line(template, "100", "Go(%%EXTEN%%)"), expected, "{template}");
        }
    }

    #[test]
    fn a_placeholder_in_a_value_stays() {
        assert_eq!(line("%%EXTEN%%,1", "%%ACTION%%", "Go"), "exten = %%ACTION%%,1");
        assert_eq!(line("%%EXTEN%%", "%%CONTEXT%%", ""), "exten = %%CONTEXT%%");
        assert_eq!(line("%%AC%%EXTEN%%ION%%", "T", "Go"), "same  =     %%ACTION%%");
    }

    #[test]
    fn an_extension_without_lines_is_an_empty_line() {
        let section = Section::new(&[option("a", "%%CONTEXT%%")]);
        let lines: Vec<_> = section.context_lines("%%EXTEN%%").map(|line| (line.name, line.value)).collect();
        assert_eq!(lines, [("a", "%%EXTEN%%".to_owned())]);
        assert_eq!(written(&section, "1", ""), ("\n".to_owned(), Vec::new()));
    }

    #[test]
    fn a_line_that_is_too_long_names_row_and_column() {
        let long = "x".repeat(8200);
        for (template, exten, action, place) in [
            ("%%EXTEN%%,%%CONTEXT%%", &*long, "", ", column exten"),
            ("n,%%CONTEXT%%,%%ACTION%%", "1", &*long, ", column typeval"),
            ("n,%%CONTEXT%%,%%ACTION%%%%EXTEN%%", "1", &*long, ", column typeval"),
            (&*long, "1", "", ""),
        ] {
            let (text, warnings) = written(&section(template), exten, action);
            assert_eq!(text, "\n");
            let [warning] = &warnings[..] else { panic!("{warnings:?}") };
            let expected = format!("table extensions, row id=7{place}: its line is longer than ");
            assert!(warning.starts_with(&expected), "{warning}");
        }
    }
}
