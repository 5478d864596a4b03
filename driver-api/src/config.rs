use std::iter;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_yaml::{Mapping, Value};

use crate::{Error, ErrorKind, secrets, yaml};

/// The merged configuration: one tree, from which each driver reads the part that it needs.
///
/// It keeps its layers, the files and built-in defaults that it was merged from, so that a message can name the file
/// of a value. Two configurations are equal if their values are.
///
/// A driver [gets](Config::get) its keys from the complete configuration when it is built:
///
/// ```
/// use driver_api::{Config, Error};
///
/// let mut config = Config::from_yaml("followme: {seconds: 20, prompt: no}")?.named("conf.d/10-acme.yml");
/// config.fill_from(&Config::from_yaml("followme: {seconds: 30, music: default}")?.named("built-in"));
///
/// assert_eq!(config.get("followme.seconds")?, Some(20));
/// assert_eq!(config.get("followme.prompt")?, Some(false));
/// assert_eq!(config.get("followme.music")?, Some("default".to_owned()));
/// assert_eq!(config.get::<String>("followme.context")?, None);
/// assert_eq!(config.source("followme.seconds"), Some("conf.d/10-acme.yml"));
///
/// let error = config.get::<u32>("followme.music").unwrap_err().to_string();
/// assert!(error.starts_with("built-in: configuration key followme.music: invalid type: "), "{error}");
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Config {
    values: Mapping,
    /// The layers, the strongest first.
    layers: Vec<Layer>,
}

/// The values of one source.
#[derive(Debug, Clone)]
struct Layer {
    /// The path of a file, or another name of the source.
    name: Option<String>,
    values: Mapping,
}

impl PartialEq for Config {
    fn eq(&self, other: &Config) -> bool {
        self.values == other.values
    }
}

impl Config {
    /// Parses a YAML 1.1 document with [`yaml::parse`]. An empty document is an empty configuration; a list or a
    /// scalar at the top is an error.
    ///
    /// ```
    /// use driver_api::Config;
    ///
    /// assert_eq!(Config::from_yaml("# nothing yet")?, Config::default());
    /// let error = Config::from_yaml("[followme]").unwrap_err();
    /// assert_eq!(error.to_string(), "expected a mapping of keys at the top, found a list");
    /// # Ok::<(), driver_api::Error>(())
    /// ```
    pub fn from_yaml(text: &str) -> Result<Config, Error> {
        Config::from_value(yaml::parse(text)?)
    }

    /// Creates a configuration from a parsed document, by the same rules.
    pub fn from_value(document: Value) -> Result<Config, Error> {
        let values = match document {
            Value::Null => Mapping::new(),
            Value::Mapping(mapping) => mapping,
            other => {
                return Err(Error::new(
                    ErrorKind::Config,
                    format!("expected a mapping of keys at the top, found {}", kind_of(&other)),
                ));
            }
        };
        Ok(Config { layers: vec![Layer { name: None, values: values.clone() }], values })
    }

    /// Names the source of the values: the path of a file, or another name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Config {
        let name = name.into();
        for layer in &mut self.layers {
            layer.name = Some(name.clone());
        }
        self
    }

    /// Reads the value at a path of keys such as `templates.modulesconf`. Returns `None` if a key is missing or the
    /// value is null. A value of another type is an error that names its source and path.
    ///
    /// ```
    /// use driver_api::Config;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct FollowMe {
    ///     seconds: u32,
    ///     #[serde(default)]
    ///     numbers: Vec<String>,
    /// }
    ///
    /// let config = Config::from_yaml("followme: {seconds: 20, numbers: ['0612345678', 42]}")?;
    /// assert_eq!(config.get("followme.seconds")?, Some(20));
    ///
    /// let error = config.get::<FollowMe>("followme").err().unwrap().to_string();
    /// assert!(error.starts_with("configuration key followme.numbers[1]: invalid type: "), "{error}");
    /// # Ok::<(), driver_api::Error>(())
    /// ```
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Error> {
        let value = self.value(path)?;
        let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
        serde_path_to_error::deserialize(value).map(Some).map_err(|error| {
            let inner = error.path().to_string();
            let path = if inner == "." { path.to_owned() } else { format!("{path}.{inner}") };
            // The message shows the value.
            let message = if secrets::is_secret(&path) || secrets::is_address(&path) {
                "the value has another type than expected".to_owned()
            } else {
                secrets::in_text(&error.into_inner().to_string())
            };
            self.error(&path, message)
        })
    }

    /// The value at a path of keys, which may be null; `None` where a key is missing.
    pub(crate) fn value(&self, path: &str) -> Result<Option<&Value>, Error> {
        let mut keys = path.split('.');
        let first = keys.next().unwrap_or_default();
        let mut value = self.values.get(first);
        let mut walked = first.len();
        for key in keys {
            value = match value {
                None | Some(Value::Null) => return Ok(None),
                Some(Value::Mapping(mapping)) => mapping.get(key),
                Some(other) => {
                    let message = format!("expected a mapping, found {}", kind_of(other));
                    return Err(self.error(&path[..walked], message));
                }
            };
            walked += 1 + key.len();
        }
        Ok(value)
    }

    /// Reads the value at a path of keys as [`get`](Config::get) does, and returns an error if there is none. It is for
    /// keys with a default in [`Entry::defaults`](crate::Entry::defaults).
    pub fn require<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.get(path)?.ok_or_else(|| self.error(path, "a value is missing"))
    }

    /// Returns an error about the value at this path, which names the path and the source. It is for values that have
    /// the right type but make no sense.
    ///
    /// ```
    /// use driver_api::Config;
    ///
    /// let config = Config::from_yaml("followme: {seconds: 0}")?.named("config.yml");
    /// let error = config.error("followme.seconds", "a phone that rings for no time is never heard");
    /// let place = "config.yml: configuration key followme.seconds";
    /// assert_eq!(error.to_string(), format!("{place}: a phone that rings for no time is never heard"));
    /// # Ok::<(), driver_api::Error>(())
    /// ```
    pub fn error(&self, path: &str, message: impl Into<String>) -> Error {
        let error = Error::new(ErrorKind::Config, message).context(format!("configuration key {path}"));
        // An item of a list has the source of the list.
        let ends = path.rmatch_indices('.').map(|(dot, _)| dot);
        match iter::once(path.len()).chain(ends).find_map(|end| self.source(&path[..end])) {
            Some(source) => error.context(source),
            None => error,
        }
    }

    /// Returns the name of the strongest layer that has a value at this path of keys, or `None` if there is no value or
    /// its layer has no name. Keys may contain dots, as the keys of `plugins` do.
    pub fn source(&self, path: &str) -> Option<&str> {
        find(&self.values, path)?;
        self.layers.iter().find(|layer| find(&layer.values, path).is_some())?.name.as_deref()
    }

    /// Returns all values.
    pub fn values(&self) -> &Mapping {
        &self.values
    }

    /// Returns the name and the values of each layer, the strongest first.
    pub fn layers(&self) -> impl Iterator<Item = (Option<&str>, &Mapping)> {
        self.layers.iter().map(|layer| (layer.name.as_deref(), &layer.values))
    }

    /// Adds the keys of `weaker` that this configuration does not have. Mappings are merged key by key; any other
    /// value, an explicit null too, overrides the one in `weaker`.
    ///
    /// ```
    /// use driver_api::Config;
    ///
    /// let mut config = Config::from_yaml("followme: {music: null, numbers: [1]}")?;
    /// config.fill_from(&Config::from_yaml("followme: {music: default, numbers: [2, 3], seconds: 30}")?);
    /// assert_eq!(config, Config::from_yaml("followme: {music: null, numbers: [1], seconds: 30}")?);
    ///
    /// let weakest = config.layers().last().unwrap().1;
    /// assert_eq!(weakest["followme"]["music"], "default");
    /// # Ok::<(), driver_api::Error>(())
    /// ```
    pub fn fill_from(&mut self, weaker: &Config) {
        fill(&mut self.values, &weaker.values);
        self.layers.extend_from_slice(&weaker.layers);
    }

    /// Makes relative paths absolute, from this folder: all values below `templates`, and in each definition below
    /// `drivers` the template, the files that the command reads, and its program, unless this is a name without a slash.
    pub fn resolve_paths(&mut self, folder: &Path) {
        let layers = self.layers.iter_mut().map(|layer| &mut layer.values);
        for values in layers.chain([&mut self.values]) {
            if let Some(Value::Mapping(templates)) = values.get_mut("templates") {
                templates.values_mut().for_each(|path| resolve(path, folder));
            }
            let Some(Value::Mapping(drivers)) = values.get_mut("drivers") else { continue };
            for driver in drivers.values_mut().filter_map(Value::as_mapping_mut) {
                if let Some(path) = driver.get_mut("template") {
                    resolve(path, folder);
                }
                match driver.get_mut("reads") {
                    Some(Value::Sequence(paths)) => paths.iter_mut().for_each(|path| resolve(path, folder)),
                    Some(path) => resolve(path, folder),
                    None => {}
                }
                let program = driver.get_mut("command").and_then(|command| match command {
                    Value::Sequence(words) => words.first_mut(),
                    word => Some(word),
                });
                if let Some(program) = program.filter(|it| it.as_str().is_some_and(|it| it.contains('/'))) {
                    resolve(program, folder);
                }
            }
        }
    }
}

fn resolve(value: &mut Value, folder: &Path) {
    if let Value::String(path) = value {
        *path = folder.join(&*path).to_string_lossy().into_owned();
    }
}

/// Finds a value by its path of keys, which may contain dots.
fn find<'a>(values: &'a Mapping, path: &str) -> Option<&'a Value> {
    let nested = path.match_indices('.').find_map(|(dot, _)| match values.get(&path[..dot]) {
        Some(Value::Mapping(inner)) => find(inner, &path[dot + 1..]),
        _ => None,
    });
    nested.or_else(|| values.get(path))
}

fn fill(stronger: &mut Mapping, weaker: &Mapping) {
    for (key, value) in weaker {
        match (stronger.get_mut(key), value) {
            (None, _) => {
                stronger.insert(key.clone(), value.clone());
            }
            (Some(Value::Mapping(stronger)), Value::Mapping(weaker)) => fill(stronger, weaker),
            (Some(_), _) => {}
        }
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Sequence(_) => "a list",
        Value::Mapping(_) => "a mapping",
        Value::Tagged(_) => "a value with a tag",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_bad_value_is_reported_with_its_path() {
        let config =
            Config::from_yaml("templates: {contextsconf: [1]}\nlist: [1, x]\nport: a\nnone:\n").unwrap();
        let error = |result: Result<Option<u16>, Error>| result.unwrap_err().chain();
        assert_eq!(
            error(config.get("port")),
            "configuration key port: invalid type: string \"a\", expected u16"
        );
        assert_eq!(
            error(config.get("port.number")),
            "configuration key port: expected a mapping, found a text"
        );
        assert_eq!(
            error(config.get("templates.contextsconf.x")),
            "configuration key templates.contextsconf: expected a mapping, found a list"
        );
        let map = config.get::<BTreeMap<String, String>>("templates").unwrap_err().chain();
        assert_eq!(
            map,
            "configuration key templates.contextsconf: invalid type: sequence, expected a string"
        );
        let list = config.get::<Vec<i64>>("list").unwrap_err().chain();
        assert_eq!(list, "configuration key list.[1]: invalid type: string \"x\", expected i64");
    }

    #[test]
    fn an_error_shows_no_password() {
        let config = Config::from_yaml(
            "password: 12345678\nauth: {token: s3cret}\nurl: postgresql://u:12345\nport: postgresql://u:s3c@ret@h",
        );
        let config = config.unwrap();
        for path in ["password", "auth.token", "url"] {
            let error = config.get::<Vec<u16>>(path).unwrap_err().chain();
            assert_eq!(error, format!("configuration key {path}: the value has another type than expected"));
        }
        let error = config.get::<u16>("port").unwrap_err().chain();
        assert!(error.contains("postgresql://u:***@h") && !error.contains("s3c"), "{error}");
    }

    #[test]
    fn a_missing_key_and_a_null_are_none() {
        let config = Config::from_yaml("a: {b: 1}\nnone:\n").unwrap();
        assert_eq!(config.get::<i64>("a.b").unwrap(), Some(1));
        for path in ["b", "a.c", "none", "none.x", "b.c.d"] {
            assert_eq!(config.get::<i64>(path).unwrap(), None, "{path}");
        }
        assert_eq!(Config::from_yaml("").unwrap(), Config::default());
        assert_eq!(config.require::<i64>("a.b").unwrap(), 1);
        let missing = config.named("c.yml").require::<i64>("none").unwrap_err().chain();
        assert_eq!(missing, "c.yml: configuration key none: a value is missing");
    }

    #[test]
    fn mappings_merge_and_other_values_override() {
        let mut config = Config::from_yaml("a: {b: 1, c: null}\nd: [1]\ne: x").unwrap();
        let weaker = Config::from_yaml("a: {b: 2, c: 2, f: 2}\nd: [2, 3]\ne: {g: 1}\nh: 2").unwrap();
        config.fill_from(&weaker);
        let expected = Config::from_yaml("a: {b: 1, c: null, f: 2}\nd: [1]\ne: x\nh: 2").unwrap();
        assert_eq!(config, expected);
    }

    #[test]
    fn every_value_knows_its_source() {
        let layer = |name: &str, text| Config::from_yaml(text).unwrap().named(name);
        let mut config = layer("10.yml", "a: {b: 1, n: null}\nlist: [1, x]\ne: x");
        config.fill_from(&layer("main.yml", "a: 7\nplugins: {a.x.conf: acme}\ne: {f: 1}\n1: x"));
        config.fill_from(&Config::from_yaml("a: {z: 1}").unwrap());
        config.fill_from(&layer("built-in", "a: {b: 2, c: {d: 3}, n: 4, z: 2}\nplugins: {a.y.conf: wazo}"));
        let sources = [
            ("a", Some("10.yml")),
            ("a.b", Some("10.yml")),
            ("a.n", Some("10.yml")),
            ("a.c", Some("built-in")),
            ("a.c.d", Some("built-in")),
            ("a.z", None),
            ("plugins.a.x.conf", Some("main.yml")),
            ("plugins.a.y.conf", Some("built-in")),
            ("plugins.a.z.conf", None),
            ("e.f", None),
            ("e", Some("10.yml")),
            ("none", None),
            ("", None),
        ];
        for (path, source) in sources {
            assert_eq!(config.source(path), source, "{path}");
        }
        let error = config.get::<Vec<i64>>("list").unwrap_err().chain();
        assert_eq!(error, "10.yml: configuration key list.[1]: invalid type: string \"x\", expected i64");
        let error = config.get::<bool>("a.c.d").unwrap_err().chain();
        assert_eq!(error, "built-in: configuration key a.c.d: invalid type: integer `3`, expected a boolean");
        let error = config.get::<BTreeMap<String, bool>>("plugins").unwrap_err().chain();
        assert!(error.starts_with("main.yml: configuration key plugins.a.x.conf: invalid type: "), "{error}");
        assert_eq!(config.error("none", "missing").chain(), "configuration key none: missing");
    }

    #[test]
    fn template_paths_are_relative_to_the_configuration_file() {
        let mut config = Config::from_yaml("templates: {a: b, c: /d, e: 1}\nother: b").unwrap();
        config.resolve_paths(Path::new("/etc"));
        let expected = Config::from_yaml("templates: {a: /etc/b, c: /d, e: 1}\nother: b").unwrap();
        assert_eq!(config, expected);
        assert_eq!(config.layers().next().unwrap(), (None, expected.values()));
    }

    #[test]
    fn the_top_is_a_mapping() {
        for (text, found) in [("[1]", "a list"), ("x", "a text")] {
            let error = Config::from_yaml(text).unwrap_err().to_string();
            assert_eq!(error, format!("expected a mapping of keys at the top, found {found}"));
        }
    }
}
