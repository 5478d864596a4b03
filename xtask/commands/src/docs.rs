//! `cargo xtask docs`: the parts of documents that are generated, so that they say what the program does.

mod crates;
mod diagram;
mod difference;
mod request;
mod svg;
mod terminal;

use std::fs;

use argh::FromArgs;
use dispatcher::config::all_keys;
use dispatcher::{FAMILIES, Registry};
use driver_api::Error;
use driver_api::settings::Key;
use driver_api::yaml::{self, Value};
use service::LOG_FIELDS;

use crate::metadata::Metadata;
use crate::{file_error, root};

/// Write the generated parts of documents: the tables of keys and of the fields of the log in docs/operations.md, and the
/// pictures *.svg in docs/images.
#[derive(FromArgs)]
#[argh(subcommand, name = "docs")]
pub(crate) struct Docs {}

impl Docs {
    #[expect(clippy::unused_self, reason = "every command runs like this")]
    pub(crate) fn run(&self) -> Result<(), Error> {
        let path = root().join(OPERATIONS);
        let text = fs::read_to_string(&path).map_err(|error| file_error(&path, error))?;
        write(OPERATIONS, &text, &with_tables(&text)?)?;
        for Picture { path, svg } in pictures(&Metadata::of(root())?)? {
            write(path, &fs::read_to_string(root().join(path)).unwrap_or_default(), &svg)?;
        }
        Ok(())
    }
}

/// Writes a file of this checkout, unless it has this text.
fn write(name: &str, old: &str, new: &str) -> Result<(), Error> {
    if old == new {
        return Ok(());
    }
    let path = root().join(name);
    fs::write(&path, new).map_err(|error| file_error(&path, error))?;
    say!("written: {name}");
    Ok(())
}

/// A picture that is generated as a whole.
pub(crate) struct Picture {
    /// From the root of the checkout.
    pub(crate) path: &'static str,
    pub(crate) svg: String,
}

/// Draws the pictures of today.
pub(crate) fn pictures(metadata: &Metadata) -> Result<[Picture; 3], Error> {
    Ok([
        Picture { path: "docs/images/crates.svg", svg: crates::svg(metadata) },
        Picture { path: "docs/images/diff.svg", svg: difference::svg()? },
        Picture { path: "docs/images/request.svg", svg: request::svg(root())? },
    ])
}

/// The document with the tables.
pub(crate) const OPERATIONS: &str = "docs/operations.md";

const BEGIN: &str = "<!-- `cargo xtask docs` writes the following table. -->\n";
const END: &str = "<!-- The end of the generated table. -->\n";

/// Returns the document with today's tables, which stand in this order: the keys, and the fields of the log.
pub(crate) fn with_tables(document: &str) -> Result<String, Error> {
    let keys: String = all_keys(&Registry::new(FAMILIES)?)?.iter().map(row).collect();
    let fields: String = LOG_FIELDS.iter().map(row_of_field).collect();
    let tables = [
        format!("| key | default | accepted | meaning |\n|---|---|---|---|\n{keys}"),
        format!("| field | meaning |\n|---|---|\n{fields}"),
    ];
    let (mut text, mut rest) = (String::new(), document);
    for table in tables {
        let (before, after) = around_table(rest).ok_or_else(|| {
            let message = format!("a line is missing: {} or {}", BEGIN.trim_end(), END.trim_end());
            Error::driver(message).context(OPERATIONS)
        })?;
        text.extend([before, BEGIN, "\n", &table, "\n", END]);
        rest = after;
    }
    Ok(text + rest)
}

/// Returns what stands before and behind the first generated table.
fn around_table(document: &str) -> Option<(&str, &str)> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some((before, after))
}

/// The sections of documents that say more, each with the beginning of the paths of its keys.
const MORE: &[(&str, &str)] = &[
    ("any_release", "#releases"),
    ("apply.", "#the-reload-itself"),
    ("check.gate", "#files-that-asterisk-would-refuse"),
    ("check.rules", "#what-asterisk-would-refuse"),
    ("database.", "#database"),
    ("drivers", "custom-drivers.md"),
    ("guard.", "#files-that-lost-their-content"),
    ("history.", "#history-rollback-and-pins"),
    ("http.", "#the-status-page"),
    ("listen_socket", "#the-unix-socket"),
    ("log_format", "#fields-for-programs"),
    ("patches", "#patches"),
    ("reload.", "#commands"),
    ("templates.", "templates.md"),
    ("watch", "#without-being-asked"),
];

fn row(key: &Key) -> String {
    let restart = if key.needs_restart { " **R**" } else { "" };
    let more = MORE.iter().find(|(begin, _)| key.path.starts_with(begin));
    let more = more.map_or_else(String::new, |(_, link)| format!(" [More]({link})"));
    let cells = [default(&key.default), escaped(&key.shape.to_string()), escaped(&key.help) + &more];
    format!("| `{}`{restart} | {} |\n", key.path, cells.join(" | "))
}

fn row_of_field((name, help): &(&str, &str)) -> String {
    format!("| `{name}` | {help} |\n")
}

fn default(value: &Value) -> String {
    match value {
        Value::Mapping(mapping) if mapping.is_empty() => "`{}`".to_owned(),
        Value::Mapping(mapping) => format!("a mapping of {} keys", mapping.len()),
        Value::Sequence(items) => {
            let items: Vec<String> = items.iter().map(in_one_line).collect();
            format!("`[{}]`", items.join(", "))
        }
        scalar => format!("`{}`", in_one_line(scalar)),
    }
}

fn in_one_line(scalar: &Value) -> String {
    yaml::to_string(scalar).unwrap_or_default().trim_end().to_owned()
}

/// Escapes what Markdown would read as something else in a cell.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('*', "\\*").replace('<', "\\<")
}

#[cfg(test)]
mod tests {
    use driver_api::settings::Shape;

    use super::*;

    #[test]
    fn a_row_has_default_values_and_meaning() {
        let key = Key::new("guard.action", "warn", Shape::Words(vec!["warn", "hold"]), "What | happens.");
        let link = "[More](#files-that-lost-their-content)";
        let expected = format!("| `guard.action` | `warn` | warn or hold | What \\| happens. {link} |\n");
        assert_eq!(row(&key), expected);
        let restarted = Key { needs_restart: true, ..key };
        assert!(row(&restarted).starts_with("| `guard.action` **R** | "));
    }

    #[test]
    fn every_section_has_a_key() {
        let keys = all_keys(&Registry::new(FAMILIES).unwrap()).unwrap();
        for (begin, _) in MORE {
            assert!(keys.iter().any(|key| key.path.starts_with(begin)), "{begin}");
        }
    }

    #[test]
    fn the_rest_of_the_document_stays() {
        let document = format!("# A\n\n{BEGIN}old\n{END}\nmore\n{BEGIN}{END}end\n");
        let current = with_tables(&document).unwrap();
        assert!(current.starts_with(&format!("# A\n\n{BEGIN}\n| key |")));
        assert!(current.contains(&format!("|\n\n{END}\nmore\n{BEGIN}\n| field |")));
        assert!(current.ends_with(&format!("|\n\n{END}end\n")));
        assert_eq!(with_tables(&current).unwrap(), current);
        assert!(with_tables(&format!("# A\n{BEGIN}{END}")).is_err());
    }
}
