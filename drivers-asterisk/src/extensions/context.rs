//! The contexts of the database, with their includes and extensions.

use std::collections::HashMap;

use driver_api::asterisk::{Writer, syntax};
use driver_api::templates::TextFile;
use driver_api::{Error, OneLine, Query, Row, Session};
use serde::Deserialize;

use super::contexts_conf::ContextsConf;
use super::dialplan_parts;
use super::section::{ExtensionValues, Section};
use crate::line_parts;
use crate::parallel::in_parallel;

/// The contexts that are written, by name. The rest of the module refers to a context by its index here.
pub(super) struct Contexts {
    all: Vec<Context>,
    by_name: HashMap<String, usize>,
}

pub(super) struct Context {
    row: Row<ContextRow>,
    section: Section,
    includes: Vec<Row<Include>>,
    /// By number.
    extensions: Vec<Row<Extension>>,
}

const CONTEXTS: Query<'_> = Query {
    table: "context",
    key: &["name"],
    sql: r#"SELECT name, contexttype, tenant_uuid FROM context WHERE commented = 0 ORDER BY name COLLATE "C""#,
};

#[derive(Deserialize)]
struct ContextRow {
    name: OneLine,
    contexttype: String,
    tenant_uuid: OneLine,
}

/// The included context need not exist, and is not checked.
const INCLUDES: Query<'_> = Query {
    table: "contextinclude",
    key: &["context", "include"],
    sql: "SELECT context, include, priority FROM contextinclude",
};

#[derive(Deserialize)]
struct Include {
    context: String,
    include: OneLine,
    priority: i64,
}

/// An extension with lines is written if one of them is enabled. Both engines make a set of each `IN`, once; an `EXISTS`
/// would search all lines for each extension.
const EXTENSIONS: Query<'_> = Query {
    table: "extensions",
    key: &["id"],
    sql: "SELECT e.id, e.context, e.exten, e.type, e.typeval
        FROM extensions e
        WHERE e.commented = 0 AND e.typeval <> '0' AND CAST(e.type AS TEXT) <> 'parking'
            AND (e.id NOT IN (SELECT extension_id FROM line_extension)
                OR e.id IN (
                    SELECT le.extension_id FROM line_extension le JOIN linefeatures l ON l.id = le.line_id
                    WHERE l.commented = 0))",
};

#[derive(Deserialize)]
struct Extension {
    id: i64,
    context: String,
    exten: OneLine,
    #[serde(rename = "type")]
    kind: OneLine,
    typeval: OneLine,
}

impl Contexts {
    pub(super) fn read(session: &mut Session<'_>, conf: &ContextsConf) -> Result<Contexts, Error> {
        let mut rows: Vec<Row<ContextRow>> = session.query(CONTEXTS, &[])?;
        rows.retain(|row| keeps_context(session, row));
        let mut all: Vec<Context> = rows.into_iter().filter_map(|row| Context::new(row, conf)).collect();
        let by_name: HashMap<String, usize> =
            all.iter().enumerate().map(|(at, context)| (context.row.name.to_string(), at)).collect();
        let mut includes: Vec<Row<Include>> = session.query(INCLUDES, &[])?;
        includes.sort_unstable_by(|a, b| {
            (a.priority, &a.include, &a.context).cmp(&(b.priority, &b.include, &b.context))
        });
        for include in includes {
            if let Some(&context) = by_name.get(&include.context)
                && include.keeps(session, dialplan_parts::included_context, &include.include)
            {
                all[context].includes.push(include);
            }
        }
        let mut extensions: Vec<Row<Extension>> = session.query(EXTENSIONS, &[])?;
        extensions.sort_unstable_by(|a, b| (&a.exten, a.id).cmp(&(&b.exten, b.id)));
        for extension in extensions {
            if let Some(&context) = by_name.get(&extension.context)
                && keeps_extension(session, &extension)
            {
                all[context].extensions.push(extension);
            }
        }
        Ok(Contexts { all, by_name })
    }

    /// Returns the index of the context of this name, if it is written.
    pub(super) fn index(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Returns all contexts, by index.
    pub(super) fn all(&self) -> &[Context] {
        &self.all
    }
}

impl Context {
    /// Returns `None` for a context that `contexts.conf` leaves out.
    fn new(row: Row<ContextRow>, conf: &ContextsConf) -> Option<Context> {
        let section = conf.of_context(&row.name, &row.contexttype)?.clone();
        Some(Context { row, section, includes: Vec::new(), extensions: Vec::new() })
    }

    pub(super) fn name(&self) -> &str {
        &self.row.name
    }

    /// Warns about the name of the context.
    pub(super) fn warn_of_name(&self, session: &mut Session<'_>, message: &str) {
        self.row.warn(session, "name", message);
    }

    /// Writes the context with its extensions.
    pub(super) fn write(&self, writer: &mut Writer, conf: &TextFile) {
        writer.at(&self.row).section(&self.row.name);
        for line in self.section.context_lines(&self.row.name) {
            let notes = writer.explains_section().then(|| conf.note(line.conf_line));
            writer.at(&self.row).noting(notes.as_slice()).option(line.name, line.value);
        }
        for include in &self.includes {
            writer.at(include).option("include", &include.include);
        }
        writer.blank();
        in_parallel(writer, &self.extensions, |writer, extension| {
            let action = extension.action();
            let values = ExtensionValues {
                origin: extension.origin(),
                context: &self.row.name,
                exten: &extension.exten,
                action: ("typeval", &action),
                tenant_uuid: &self.row.tenant_uuid,
            };
            self.section.write_extension(writer, conf, &values);
        });
    }
}

/// Checks that the name can be that of a section, and that name and tenant can be arguments in its lines.
fn keeps_context(session: &mut Session<'_>, row: &Row<ContextRow>) -> bool {
    row.keeps(session, syntax::section_name, &row.name)
        && row.keeps(session, line_parts::argument, &row.name)
        && row.keeps(session, line_parts::argument, &row.tenant_uuid)
}

fn keeps_extension(session: &mut Session<'_>, row: &Row<Extension>) -> bool {
    row.keeps(session, dialplan_parts::extension, &row.exten)
        && row.keeps(session, line_parts::argument, &row.kind)
        && row.keeps(session, line_parts::argument, &row.typeval)
}

impl Extension {
    fn action(&self) -> String {
        let Extension { id, typeval, .. } = self;
        match &*self.kind {
            "user" => format!("GoSub(user,s,1({typeval},,{id}))"),
            "incall" => format!("GoSub(did,s,1({typeval},))"),
            kind => format!("GoSub({kind},s,1({typeval},))"),
        }
    }
}
