use std::path::Path;

use serde::de::DeserializeOwned;
use serde_yaml::{Mapping, Value};

use crate::{Error, ErrorKind, yaml};

/// The merged configuration: one tree, from which each driver takes the part that it needs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config(Mapping);

impl Config {
    /// Reads a YAML 1.1 document. An empty one is an empty configuration; a list or a scalar at the
    /// top is an error.
    pub fn from_yaml(text: &str) -> Result<Config, Error> {
        match yaml::parse(text)? {
            Value::Null => Ok(Config::default()),
            Value::Mapping(mapping) => Ok(Config(mapping)),
            other => Err(Error::new(
                ErrorKind::Config,
                format!("expected a mapping of keys at the top, found {}", kind_of(&other)),
            )),
        }
    }

    /// Reads the value at a path of keys such as `templates.modulesconf`. It is `None` where a key is
    /// missing or the value is null; a value of another type is an error that names its path.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Error> {
        let mut keys = path.split('.');
        let mut value = keys.next().and_then(|key| self.0.get(key));
        let mut walked = path.split('.').next().unwrap_or_default().len();
        for key in keys {
            value = match value {
                None | Some(Value::Null) => return Ok(None),
                Some(Value::Mapping(mapping)) => mapping.get(key),
                Some(other) => {
                    let message = format!("expected a mapping, found {}", kind_of(other));
                    return Err(Error::new(ErrorKind::Config, message).in_(key_place(&path[..walked])));
                }
            };
            walked += 1 + key.len();
        }
        let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
        serde_path_to_error::deserialize(value).map(Some).map_err(|error| {
            let inner = error.path().to_string();
            let path = if inner == "." { path.to_owned() } else { format!("{path}.{inner}") };
            Error::new(ErrorKind::Config, error.into_inner().to_string()).in_(key_place(&path))
        })
    }

    /// Fills from `weaker` the keys that this configuration does not have: mappings are merged key by
    /// key, everything else, an explicit null too, stands as it is.
    pub fn fill_from(&mut self, weaker: &Config) {
        fill(&mut self.0, &weaker.0);
    }

    /// Takes relative paths from this folder. The keys below `templates` are paths, whichever they are.
    pub fn resolve_paths(&mut self, folder: &Path) {
        let Some(Value::Mapping(templates)) = self.0.get_mut("templates") else { return };
        for (_, value) in templates.iter_mut() {
            if let Value::String(path) = value {
                *path = folder.join(&*path).to_string_lossy().into_owned();
            }
        }
    }

    /// Sets a key at the top.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.into(), value.into());
    }
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

fn key_place(path: &str) -> String {
    format!("configuration key {path}")
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
    fn what_is_missing_or_null_is_none() {
        let config = Config::from_yaml("a: {b: 1}\nnone:\n").unwrap();
        assert_eq!(config.get::<i64>("a.b").unwrap(), Some(1));
        for path in ["b", "a.c", "none", "none.x", "b.c.d"] {
            assert_eq!(config.get::<i64>(path).unwrap(), None, "{path}");
        }
        assert_eq!(Config::from_yaml("").unwrap(), Config::default());
    }

    #[test]
    fn mappings_merge_and_everything_else_stands() {
        let mut config = Config::from_yaml("a: {b: 1, c: null}\nd: [1]\ne: x").unwrap();
        let weaker = Config::from_yaml("a: {b: 2, c: 2, f: 2}\nd: [2, 3]\ne: {g: 1}\nh: 2").unwrap();
        config.fill_from(&weaker);
        let expected = Config::from_yaml("a: {b: 1, c: null, f: 2}\nd: [1]\ne: x\nh: 2").unwrap();
        assert_eq!(config, expected);
    }

    #[test]
    fn the_top_is_a_mapping() {
        for (text, found) in [("[1]", "a list"), ("x", "a text")] {
            let error = Config::from_yaml(text).unwrap_err().to_string();
            assert_eq!(error, format!("expected a mapping of keys at the top, found {found}"));
        }
    }
}
