//! The page of the configuration, from its keys.

use dispatcher::config::all_keys;
use dispatcher::{FAMILIES, Registry};
use driver_api::Error;
use driver_api::settings::{Field, Key, Shape};
use driver_api::yaml::{self, Value};
use roff::{bold, roman};

use super::Page;
use super::page::Text;

pub(super) fn page() -> Result<Page, Error> {
    let mut text = Text::new("confgend.yml", 5, "configuration of confgend");
    text.heading("SYNOPSIS");
    text.line([roman("/etc/wazo-confgend/config.yml, /etc/wazo-confgend/conf.d/*.yml")]);
    text.heading("DESCRIPTION");
    for paragraph in DESCRIPTION {
        text.paragraph(paragraph);
    }
    text.heading("KEYS");
    let keys = all_keys(&Registry::new(FAMILIES)?)?;
    for key in &keys {
        add(&mut text, key);
    }
    text.heading("KEYS OF MAPPINGS");
    for key in &keys {
        if let Some(fields) = fields(&key.shape) {
            text.subheading(&format!("In {}", key.path));
            add_fields(&mut text, "", fields);
        }
    }
    text.heading("EXAMPLE");
    text.paragraph("A file /etc/wazo-confgend/conf.d/10-site.yml:");
    text.lines(EXAMPLE.lines());
    text.see_also(&[("confgend", 1), ("confgend-config", 1), ("confgend-serve", 1)]);
    Ok(text.finish())
}

const DESCRIPTION: &[&str] = &[
    "The configuration has three layers, the weakest first: the built-in defaults; the main file, config.yml or the one \
     that --config names; and the files of the folder conf.d beside it, whose names end with .yml. In that folder, the \
     file whose name comes first is the strongest. Mappings are merged key by key. Any other value comes from the \
     strongest file that has it.",
    "Files are YAML 1.1. A key such as guard.action is the key action in the mapping guard. A relative path starts at \
     the folder of its file. !exec before a mapping with the key command runs that command, and stands for its output.",
    "Null means the default, where nothing else is said. Times are in seconds, and may have a fraction. A new value \
     counts at a reload of the service, where nothing else is said.",
    "confgend config shows the values in force, each with the file that it comes from, and checks them. confgend config \
     --schema prints these keys as JSON Schema, with which editors check and complete the files.",
];

const EXAMPLE: &str = "\
db_uri: postgresql://confgend:secret@localhost/asterisk
guard:
  action: hold
enabled_asterisk_modules:
  app_followme.so: true
";

fn add(text: &mut Text, key: &Key) {
    let restart = if key.needs_restart { " A new value counts after a restart." } else { "" };
    let facts = format!("{}{restart} Accepted: {}. Default: {}.", key.help, key.shape, default(&key.default));
    text.item([bold(key.path.as_str())], &facts);
}

fn add_fields(text: &mut Text, above: &str, fields: &[Field]) {
    for field in fields {
        let path = format!("{above}{}", field.name);
        text.item([bold(path.as_str())], &format!("{} Accepted: {}.", field.help, field.shape));
        if let Some(inner) = self::fields(&field.shape) {
            add_fields(text, &format!("{path}.*."), inner);
        }
    }
}

/// The keys of the mappings in a value, if only certain ones are accepted.
fn fields(shape: &Shape) -> Option<&[Field]> {
    match shape {
        Shape::Fields { fields, .. } => Some(fields),
        Shape::Map { values, .. }
        | Shape::List(values)
        | Shape::OneOrMore(values)
        | Shape::Nullable(values) => fields(values),
        _ => None,
    }
}

fn default(value: &Value) -> String {
    match value {
        Value::Mapping(mapping) if mapping.len() > 3 => {
            format!("{} keys, as confgend config shows", mapping.len())
        }
        Value::Sequence(items) => {
            let items: Vec<String> = items.iter().map(in_one_line).collect();
            format!("[{}]", items.join(", "))
        }
        other => in_one_line(other),
    }
}

fn in_one_line(value: &Value) -> String {
    yaml::to_string(value).unwrap_or_default().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use dispatcher::config::only;
    use driver_api::Config;

    use super::*;

    #[test]
    fn the_page_has_every_key() {
        let text = page().unwrap().text.replace('\\', "");
        for key in all_keys(&Registry::new(FAMILIES).unwrap()).unwrap() {
            assert!(text.contains(&format!(".TP\nfB{}fR\n", key.path)), "{}", key.path);
        }
        for key in ["queries.*.sql", "section_type", "username"] {
            assert!(text.contains(&format!(".TP\nfB{key}fR\n")), "{key}");
        }
        assert!(text.contains("Accepted: warn or hold. Default: warn."));
    }

    #[test]
    fn the_example_is_a_configuration() {
        let registry = Registry::new(FAMILIES).unwrap();
        let mut config = Config::from_yaml(EXAMPLE).unwrap();
        assert_eq!(dispatcher::config::unknown(&config, &registry).unwrap(), [""; 0]);
        config.fill_from(&only(None, &registry).unwrap());
        let problems = dispatcher::config::problems(&config, &registry, &mut Vec::new());
        assert_eq!(problems.iter().map(Error::chain).collect::<Vec<_>>(), [""; 0]);
    }
}
