//! Prints the effective configuration for people, with the source of each value and without passwords.

use driver_api::yaml::{self, Mapping, Value};
use driver_api::{Error, secrets};

use super::hierarchy::Loaded;

/// Formats the configuration as YAML, with a list of its files on top and the source of each value in a comment.
/// Passwords are masked.
pub fn show(loaded: &Loaded) -> Result<String, Error> {
    let mut page = Page(String::from("# Files, the strongest first:\n"));
    for file in &loaded.files {
        page.line(&format!("#   {}", one_line(&file.display().to_string())), 0, None);
    }
    if loaded.files.is_empty() {
        page.line("#   none", 0, None);
    }
    let layers: Vec<Layer<'_>> = loaded.config.layers().collect();
    page.mapping(&masked(loaded.config.values(), false), &layers, 0)?;
    Ok(page.0)
}

/// The name of a source, if it has one, and its values at one path of keys.
type Layer<'a> = (Option<&'a str>, &'a Mapping);

/// The text so far.
struct Page(String);

impl Page {
    fn mapping(&mut self, values: &Mapping, layers: &[Layer<'_>], depth: usize) -> Result<(), Error> {
        let mut entries: Vec<(&Value, &Value)> = values.iter().collect();
        entries.sort_by_key(|(key, _)| key.as_str());
        for (key, value) in entries {
            match value {
                Value::Mapping(inner) if !inner.is_empty() => {
                    let begin = entry(key, Value::Mapping(Mapping::new()))?;
                    self.entry(begin.trim_end_matches(" {}\n"), None, false, depth);
                    self.mapping(inner, &below(layers, key), depth + 1)?;
                }
                value => {
                    let source = layers.iter().find(|(_, values)| values.contains_key(key));
                    let source = source.and_then(|(name, _)| *name);
                    self.entry(&entry(key, value.clone())?, source, value.is_sequence(), depth);
                }
            }
        }
        Ok(())
    }

    /// Writes the lines of an entry. The source is a comment at the end of the last line, or of the line of the
    /// key if its value is a list.
    fn entry(&mut self, text: &str, source: Option<&str>, is_list: bool, depth: usize) {
        let last = text.lines().count().saturating_sub(1);
        let commented =
            if is_list && text.lines().next().is_some_and(|line| line.ends_with(':')) { 0 } else { last };
        for (i, line) in text.lines().enumerate() {
            self.line(line, depth, source.filter(|_| i == commented));
        }
    }

    fn line(&mut self, line: &str, depth: usize, source: Option<&str>) {
        if !line.is_empty() {
            self.0 += &"  ".repeat(depth);
            self.0 += line;
        }
        if let Some(source) = source {
            self.0 += "  # ";
            self.0 += &one_line(source);
        }
        self.0.push('\n');
    }
}

/// Returns the values of the layers below a key.
fn below<'a>(layers: &[Layer<'a>], key: &Value) -> Vec<Layer<'a>> {
    let inner = |(name, values): &Layer<'a>| Some((*name, values.get(key)?.as_mapping()?));
    layers.iter().filter_map(inner).collect()
}

fn entry(key: &Value, value: Value) -> Result<String, Error> {
    yaml::to_string(&Mapping::from_iter([(key.clone(), value)]))
}

/// Replaces the characters that would end a comment.
fn one_line(text: &str) -> String {
    text.replace(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'), "?")
}

/// Masks the passwords among the values, and in the keys: with a blank in the wrong place, a part of an address is a key.
fn masked(values: &Mapping, is_secret: bool) -> Mapping {
    let entries = values.iter().map(|(key, value)| {
        let name = key.as_str().unwrap_or_default();
        // An address is a text. If it is a key, a list or a mapping by mistake, a part of it may stand anywhere.
        let is_secret = is_secret
            || secrets::is_secret(name)
            || secrets::has_address(name)
            || (is_db_uri(name) && (value.is_sequence() || value.is_mapping()));
        let value = masked_value(name, value, is_secret);
        (key.as_str().map_or_else(|| key.clone(), |name| Value::from(shown_key(name, is_secret))), value)
    });
    entries.collect()
}

fn shown_key(key: &str, is_secret: bool) -> String {
    if is_secret { secrets::in_address(key) } else { secrets::in_name(key) }
}

fn is_db_uri(key: &str) -> bool {
    key == "db_uri"
}

fn masked_value(key: &str, value: &Value, is_secret: bool) -> Value {
    match value {
        Value::Mapping(values) => Value::Mapping(masked(values, is_secret)),
        Value::Sequence(items) => items.iter().map(|item| masked_value(key, item, is_secret)).collect(),
        Value::Null => Value::Null,
        _ if is_secret => Value::from(secrets::MASK),
        Value::String(text) => Value::from(secrets::shown(key, text)),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use driver_api::Config;

    use super::*;

    fn shown(config: Config) -> String {
        let registry = drivers::Registry::new(&[]).unwrap();
        let files = vec!["/etc/b\n.yml".into()];
        let text = show(&Loaded { config, notes: Vec::new(), files, registry }).unwrap();
        text.strip_prefix("# Files, the strongest first:\n#   /etc/b?.yml\n").unwrap().to_owned()
    }

    #[test]
    fn each_value_has_its_source() {
        let layer = |name: &str, text| Config::from_yaml(text).unwrap().named(name);
        let mut config = layer("/b.yml", "z: 1\na: {b: no, e: {}}\n'no': [x, {y: 1}]\n'': q\nl: []\n7: 8");
        config.fill_from(&layer("x\ny", "z: 2\na: {c: ~, d: {f: 'on'}}"));
        config.fill_from(&Config::from_yaml("y: 1").unwrap());
        let expected = "\
7: 8  # /b.yml
? ''
: q  # /b.yml
a:
  b: false  # /b.yml
  c: null  # x?y
  d:
    f: 'on'  # x?y
  e: {}  # /b.yml
l: []  # /b.yml
'no':  # /b.yml
- x
- y: 1
y: 1
z: 1  # /b.yml
";
        assert_eq!(shown(config), expected);
    }

    #[test]
    fn the_output_is_yaml_with_the_same_values() {
        let long = "word ".repeat(40);
        let key = "key ".repeat(60);
        let values = [
            "a\nb\n\n c ",
            "é: #",
            "x:",
            "# x",
            long.trim_end(),
            &long,
            &format!("{long}:"),
            "'\"\\",
            "\u{85}\u{2028}\t",
            " ",
            "",
            "null",
        ];
        // In a key, the text behind a colon is masked.
        let entry = |text: &&str| (Value::from(text.replace(':', ";")), Value::from(*text));
        let mut inner: Mapping = values.iter().map(entry).collect();
        inner.insert(
            Value::from(&*key),
            values.iter().map(|text| Value::from(*text)).collect::<Vec<_>>().into(),
        );
        inner.insert(Value::from("list"), vec![Value::Mapping(inner.clone()), Value::Null].into());
        inner.insert(Value::from(format!("{key}2")), Value::Mapping(inner.clone()));
        inner.insert(Value::from(false), Value::from(1.5));
        let outer = Mapping::from_iter([(Value::from("a"), Value::Mapping(inner))]);
        let config = Config::from_value(Value::Mapping(outer)).unwrap().named("file # 'of\" mine: x");
        let text = shown(config.clone());
        assert_eq!(Config::from_yaml(&text).unwrap(), config, "{text}");
    }

    #[test]
    fn no_password_is_shown() {
        let config = "{a: {db_Password: x, API-token: [x, {y: 1}], secrets: {b: true, c: null}, b: [x, ok]}}";
        let expected = "a:\n  API-token:\n  - '***'\n  - y: '***'\n  b:\n  - x\n  - ok\n  db_Password: '***'\n  \
            secrets:\n    b: '***'\n    c: null\n";
        assert_eq!(shown(Config::from_yaml(config).unwrap()), expected);
        // A blank in the wrong place makes a key of a part of the address.
        let config = "db_uri:\n  postgresql://u:s3c: ret@h/d\n  u:s3c: ret\n'postgresql://u:s3c': [x]\n";
        let expected = "db_uri:\n  postgresql://u:***: '***'\n  u:***: '***'\npostgresql://u:***:\n- '***'\n";
        assert_eq!(shown(Config::from_yaml(config).unwrap()), expected);
    }
}
