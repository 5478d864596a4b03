//! Static files: sections that an administrator edits through the API and that the database keeps as
//! file, section and variable rows.

use driver_api::{Error, Query, Session, Value, Warning};
use serde::Deserialize;

use crate::writer::Writer;

/// Returns a whole file that is nothing but its static sections.
pub(crate) fn generate(session: &mut Session<'_>, file: &str) -> Result<String, Error> {
    let mut writer = Writer::new();
    write(&mut writer, session, file, &[])?;
    Ok(writer.finish(session))
}

/// Writes the sections of a static file. A section of `required` that the database does not have is
/// written empty, after the others.
///
/// A file that has anything at all ends with an empty line.
pub(crate) fn write(
    writer: &mut Writer,
    session: &mut Session<'_>,
    file: &str,
    required: &[&str],
) -> Result<(), Error> {
    let rows: Vec<Variable> = session.query(VARIABLES, &[Value::Text(file)])?;
    if rows.is_empty() {
        session.warn(Warning {
            table: "asterisk_file".to_owned(),
            key: String::new(),
            column: String::new(),
            message: format!("there is no row named {file}, so its static part is empty"),
        });
    }
    for section in rows.chunk_by(|a, b| a.section == b.section) {
        write_section(writer, session, section);
    }
    let mut written = rows.iter().any(|row| row.section.is_some());
    for name in required {
        if !rows.iter().any(|row| row.name.as_deref() == Some(name)) {
            writer.section(name);
            writer.blank();
            written = true;
        }
    }
    if written && !rows.is_empty() {
        writer.blank();
    }
    Ok(())
}

fn write_section(writer: &mut Writer, session: &mut Session<'_>, rows: &[Variable]) {
    let [Variable { section: Some(section), name: Some(name), .. }, ..] = rows else { return };
    if !session.keeps_line("asterisk_file_section", format_args!("id={section}"), &[("name", name)]) {
        return;
    }
    writer.section(name);
    for row in rows {
        let (Some(variable), Some(key)) = (row.variable, &row.key) else { continue };
        let value = row.value.as_deref().unwrap_or_default();
        let columns = [("key", key.as_str()), ("value", value)];
        if session.keeps_line("asterisk_file_variable", format_args!("id={variable}"), &columns) {
            writer.option(key, value);
        }
    }
}

/// A file without sections is one row, a section without variables too.
const VARIABLES: Query<'_> = Query {
    table: "asterisk_file",
    key: &["section", "variable"],
    sql: "SELECT s.id AS section, s.name, v.id AS variable, v.key, v.value
        FROM asterisk_file f
        LEFT JOIN asterisk_file_section s ON s.asterisk_file_id = f.id
        LEFT JOIN asterisk_file_variable v ON v.asterisk_file_section_id = s.id
        WHERE f.name = $1
        ORDER BY s.priority NULLS LAST, s.id, v.priority NULLS LAST, v.id",
};

#[derive(Deserialize)]
struct Variable {
    section: Option<i64>,
    name: Option<String>,
    variable: Option<i64>,
    key: Option<String>,
    value: Option<String>,
}
