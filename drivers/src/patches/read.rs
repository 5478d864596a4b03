//! Reads the patches of a file from the configuration.

use driver_api::asterisk::edit::{self, EditError};
use driver_api::asterisk::is_configuration;
use driver_api::explanation::Setting;
use driver_api::settings::{Field, Shape};
use driver_api::yaml::{Mapping, Value};
use driver_api::{Config, Error, ErrorKind, Namespace};

use super::{PATCHES, Patch, Patches, named};

/// The form of a patch, for people and editors.
pub(super) fn shape() -> Shape {
    let options = || Shape::map("options", Shape::OneOrMore(Box::new(Shape::Text)));
    let section = "The name of the sections, or a pattern: * is any text, ? a character, [ab] one of these. Without it: all.";
    let section_type = "The value of their option type. Without it: all.";
    let set = "Options with the value, or the list of values, that they then have.";
    Shape::Fields {
        accepts: "a patch, such as {section_type: auth, remove: [password]}",
        fields: vec![
            Field::optional("section", Shape::Text, section),
            Field::optional("section_type", Shape::Text, section_type),
            Field::optional("remove", Shape::List(Box::new(Shape::Text)), "Options that go."),
            Field::optional("set", options(), set),
            Field::optional(
                "add",
                options(),
                "Options that follow the last one, beside others of the same name.",
            ),
        ],
    }
}

/// Returns the entries of the key.
pub(super) fn all(config: &Config) -> Result<impl Iterator<Item = (&Value, &Value)>, Error> {
    let entries = match config.values().get(PATCHES) {
        None | Some(Value::Null) => None,
        Some(Value::Mapping(entries)) => Some(entries.iter()),
        Some(_) => return Err(config.error(PATCHES, "expected a mapping of files to lists of patches")),
    };
    Ok(entries.into_iter().flatten())
}

/// Returns the names of the files of the configuration that have an entry, the strongest first.
pub(super) fn layers<'c>(config: &'c Config, entry: &'c str) -> impl Iterator<Item = &'c str> {
    let with_entry = config.layers().filter(move |(_, values)| {
        let entries = values.get(PATCHES).and_then(Value::as_mapping);
        entries.is_some_and(|entries| entries.contains_key(entry))
    });
    with_entry.filter_map(|(name, _)| name)
}

impl Patches {
    /// Reads the patches of a file.
    ///
    /// # Errors
    ///
    /// The error names file and key of a patch that can't be read, or that no line of the file can hold.
    pub(crate) fn read(config: &Config, file: &Namespace) -> Result<Patches, Error> {
        let mut patches = Patches { patches: Vec::new(), settings: Vec::new() };
        let mut first: Option<At> = None;
        for (name, list) in all(config)? {
            let Some(name) = name.as_str().filter(|name| is_name_of(name, file)) else { continue };
            let at = At(Setting::new(config, &format!("{PATCHES}.{name}")));
            if let Some(first) = &first {
                let other = &first.0.key;
                return Err(
                    at.error(format!("the same file has the key {other}; put all its patches into one list"))
                );
            }
            let list = match list {
                Value::Null => continue,
                Value::Sequence(list) => list,
                _ => return Err(at.error("expected a list of patches")),
            };
            if !is_configuration(file) {
                return Err(at.error("only files in Asterisk's syntax, asterisk/*.conf, can have patches"));
            }
            for (number, patch) in list.iter().enumerate() {
                let at = at.item(number);
                patches.patches.push(read_patch(patch, &at)?);
                patches.settings.push(at.0);
            }
            first = Some(at);
        }
        Ok(patches)
    }
}

fn is_name_of(name: &str, file: &Namespace) -> bool {
    name.parse().is_ok_and(|it: Namespace| it == *file)
}

/// A place in the configuration, for errors.
struct At(Setting);

impl At {
    fn item(&self, number: usize) -> At {
        self.with(&format!("[{number}]"))
    }

    fn below(&self, key: &str) -> At {
        self.with(&format!(".{key}"))
    }

    fn with(&self, more: &str) -> At {
        At(Setting { key: format!("{}{more}", self.0.key), source: self.0.source.clone() })
    }

    /// Values are not shown: one may be a password.
    fn error(&self, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Config, message).context(named(&self.0))
    }

    /// Returns a text of the configuration. Numbers and booleans are refused: in YAML, 0600 is 384, and `no` is false.
    fn text(&self, value: &Value) -> Result<String, Error> {
        let text = value
            .as_str()
            .ok_or_else(|| self.error("expected a text; put it in quotes, as in 'no' or '10'"))?;
        Ok(text.to_owned())
    }

    fn mapping<'v>(&self, value: &'v Value, what: &str) -> Result<&'v Mapping, Error> {
        value.as_mapping().ok_or_else(|| self.error(format!("expected {what}")))
    }

    fn list<'v>(&self, value: &'v Value, what: &str) -> Result<&'v [Value], Error> {
        value.as_sequence().map(Vec::as_slice).ok_or_else(|| self.error(format!("expected {what}")))
    }
}

fn read_patch(value: &Value, at: &At) -> Result<Patch, Error> {
    let mut patch = Patch::default();
    for (key, value) in at.mapping(value, "a patch, such as {section_type: auth, remove: [password]}")? {
        let key = key.as_str().unwrap_or_default();
        let at = at.below(key);
        match key {
            "section" => {
                let selection = patch.selection.like(&name(value, &at)?);
                patch.selection = selection.map_err(|error: EditError| at.error(error.to_string()))?;
            }
            "section_type" => patch.selection = patch.selection.of_type(&name(value, &at)?),
            "remove" => patch.remove = keys(value, &at)?,
            "set" => patch.set = options(value, &at)?,
            "add" => patch.add = options(value, &at)?,
            _ => {
                return Err(
                    at.error("a patch has no such key; it has section, section_type, remove, set and add")
                );
            }
        }
    }
    if patch.remove.is_empty() && patch.set.is_empty() && patch.add.is_empty() {
        return Err(at.error("the patch changes nothing: it needs remove, set or add"));
    }
    Ok(patch)
}

fn name(value: &Value, at: &At) -> Result<String, Error> {
    let name = at.text(value)?;
    if name.is_empty() { Err(at.error("it is empty; leave the key out for all sections")) } else { Ok(name) }
}

/// Reads a list of keys.
fn keys(value: &Value, at: &At) -> Result<Vec<String>, Error> {
    let list = at.list(value, "a list of options, such as [password]")?;
    let keys = list.iter().enumerate().map(|(number, key)| {
        let at = at.item(number);
        let key = at.text(key)?;
        edit::check_option(&key, "").map_err(|refusal| at.error(refusal.to_string()))?;
        Ok(key)
    });
    keys.collect()
}

/// Reads options, each with a value or a list of values.
fn options(value: &Value, at: &At) -> Result<Vec<(String, Vec<String>)>, Error> {
    let options = at.mapping(value, "a mapping of options, such as {rtp_symmetric: 'no'}")?.iter().map(
        |(key, value)| {
            let key = key.as_str().ok_or_else(|| at.error("a key is no text; put it in quotes"))?;
            let at = at.below(key);
            let values = match value {
                Value::Sequence(values) if values.is_empty() => {
                    return Err(at.error("the list is empty; name the option under remove"));
                }
                Value::Sequence(values) => values.as_slice(),
                value => std::slice::from_ref(value),
            };
            let values = values.iter().map(|value| {
                let value = at.text(value)?;
                edit::check_option(key, &value).map_err(|refusal| at.error(refusal.to_string()))?;
                Ok(value)
            });
            Ok((key.to_owned(), values.collect::<Result<_, Error>>()?))
        },
    );
    options.collect()
}
