//! Maps each namespace to its drivers, and selects one as the configuration says. It doesn't build or run them:
//! that is `writer.rs`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use driver_api::settings::{self, Key, Shape};
use driver_api::yaml::{Mapping, Value};
use driver_api::{Config, Entry, Error, ErrorKind, Namespace, secrets};

use crate::features;

/// The driver that serves a namespace for which the operator selects none.
const DEFAULT: &str = "wazo";

/// The name of that driver in configurations from before September 2019.
const OLD_DEFAULT: &str = "xivo";

/// The drivers of each namespace.
#[derive(Clone)]
pub struct Registry {
    drivers: BTreeMap<Namespace, Vec<&'static Entry>>,
    /// All drivers, in the order of the families.
    entries: Vec<&'static Entry>,
}

impl Registry {
    /// Collects the drivers of all families. Two drivers of one namespace must have different names.
    pub fn new(families: &[&'static [Entry]]) -> Result<Registry, Error> {
        let mut registry = Registry { drivers: BTreeMap::new(), entries: Vec::new() };
        for entry in families.iter().copied().flatten() {
            registry.add(entry, "its Entry")?;
        }
        Ok(registry)
    }

    /// Adds a driver; `place` is where its name stands.
    fn add(&mut self, entry: &'static Entry, place: &str) -> Result<(), Error> {
        let namespace = entry
            .namespace
            .parse()
            .map_err(|error: Error| error.context(format!("Entry of the driver {}", entry.name)))?;
        let of_namespace = self.drivers.entry(namespace).or_default();
        if of_namespace.iter().any(|other| other.name == entry.name) {
            let message = format!(
                "two drivers of {} are called {}; one of them needs another name in {place}",
                entry.namespace, entry.name
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
        of_namespace.push(entry);
        self.entries.push(entry);
        Ok(())
    }

    /// Returns the drivers with those that the configuration defines, and the definitions that add no driver.
    pub fn with_definitions(&self, config: &Config) -> (Registry, Vec<Error>) {
        let mut registry = self.clone();
        let (entries, mut problems) = definitions(config);
        for entry in entries {
            problems.extend(registry.add(entry, "its key name").err());
        }
        (registry, problems)
    }

    /// All namespaces, sorted.
    pub fn namespaces(&self) -> impl Iterator<Item = &Namespace> {
        self.drivers.keys()
    }

    /// The drivers of a namespace, in the order of the families.
    pub fn drivers(&self, namespace: &Namespace) -> &[&'static Entry] {
        self.drivers.get(namespace).map_or(&[], Vec::as_slice)
    }

    /// Merges the defaults of all drivers. If two have the same key, the default of the earlier family counts, so a
    /// family that is added does not change the defaults of ours.
    pub fn defaults(&self) -> Result<Config, Error> {
        let mut defaults = Config::default();
        for entry in &self.entries {
            let own = entry.built_in().map_err(|error| {
                error.context(format!("defaults of the driver {} of {}", entry.name, entry.namespace))
            })?;
            defaults.fill_from(&own);
        }
        Ok(defaults)
    }

    /// Returns the keys of the configuration that the drivers read, each once, sorted.
    ///
    /// # Errors
    ///
    /// The defaults of a driver are no YAML mapping.
    pub fn keys(&self) -> Result<Vec<Key>, Error> {
        let mut keys: BTreeMap<String, Key> = BTreeMap::new();
        for key in self.entries.iter().flat_map(|entry| (entry.keys)()) {
            keys.entry(key.path.clone()).or_insert(key);
        }
        // A driver may have defaults that nothing else declares.
        for entry in self.entries.iter().filter(|entry| !entry.defaults.is_empty()) {
            for (path, default) in leaves(entry.built_in()?.values(), "") {
                let is_declared = |(declared, _): (&String, &Key)| {
                    path.strip_prefix(declared.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                };
                if !keys.iter().any(is_declared) {
                    keys.insert(path.clone(), Key::new(&path, default, Shape::Any, ""));
                }
            }
        }
        Ok(keys.into_values().collect())
    }

    /// Parses a namespace, and checks that it has a driver. The error has a hint.
    pub fn find(&self, text: &str) -> Result<Namespace, Error> {
        let namespace: Namespace = text.parse()?;
        if self.drivers.contains_key(&namespace) {
            return Ok(namespace);
        }
        let hint = match features::left_out(&namespace) {
            Some(feature) => format!("this build leaves out the feature `{}`", feature.name),
            None => nearest(&namespace.to_string(), self.drivers.keys().map(ToString::to_string)),
        };
        let name = secrets::in_name(&namespace.to_string());
        Err(Error::new(ErrorKind::Config, format!("no driver writes {name}; {hint}")))
    }

    /// Selects the driver of a namespace: the one that `plugins` in the configuration names, if it exists; else
    /// the only one; else the one called `wazo`.
    pub fn select(&self, namespace: &Namespace, plugins: &Plugins) -> Result<&'static Entry, Error> {
        let selected = plugins.name_for(namespace).and_then(|name| self.by_name(namespace, name));
        selected.map_or_else(|| self.default_driver(namespace), Ok)
    }

    fn by_name(&self, namespace: &Namespace, name: &str) -> Option<&'static Entry> {
        let called = |name| self.drivers(namespace).iter().copied().find(|entry| entry.name == name);
        called(name).or_else(|| if name == OLD_DEFAULT { called(DEFAULT) } else { None })
    }

    fn default_driver(&self, namespace: &Namespace) -> Result<&'static Entry, Error> {
        match self.drivers(namespace) {
            [only] => Ok(only),
            drivers => self.by_name(namespace, DEFAULT).ok_or_else(|| {
                let message =
                    format!("select one of its drivers ({}) under plugins", names(drivers).join(", "));
                Error::new(ErrorKind::Config, message)
            }),
        }
    }
}

/// Returns the paths and the values of all keys that have no mapping, or an empty one.
fn leaves(values: &Mapping, above: &str) -> Vec<(String, Value)> {
    let of_key = |(key, value): (&Value, &Value)| {
        let path = settings::path(above, key.as_str()?);
        Some(match value {
            Value::Mapping(inner) if !inner.is_empty() => leaves(inner, &path),
            value => vec![(path, value.clone())],
        })
    };
    values.iter().filter_map(of_key).flatten().collect()
}

/// Returns the keys of the configuration by which it defines drivers, if this build has such.
pub fn definition_keys() -> Vec<Key> {
    #[cfg(feature = "custom")]
    return vec![drivers_custom::key()];
    #[cfg(not(feature = "custom"))]
    return Vec::new();
}

/// Returns the paths of the templates and programs of the drivers that a configuration defines. A change of such a file
/// may change what the driver writes.
pub fn files_of_definitions(config: &Config) -> Vec<PathBuf> {
    #[cfg(feature = "custom")]
    return drivers_custom::files(config);
    #[cfg(not(feature = "custom"))]
    return {
        let _ = config;
        Vec::new()
    };
}

/// Returns the drivers that a configuration defines, and the definitions that are none.
#[cfg(feature = "custom")]
pub fn definitions(config: &Config) -> (Vec<&'static Entry>, Vec<Error>) {
    drivers_custom::entries(config)
}

#[cfg(not(feature = "custom"))]
fn definitions(_: &Config) -> (Vec<&'static Entry>, Vec<Error>) {
    (Vec::new(), Vec::new())
}

/// Shows the namespaces with the names of their drivers.
impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let drivers = self.drivers.iter().map(|(namespace, drivers)| (namespace.to_string(), names(drivers)));
        f.debug_map().entries(drivers).finish()
    }
}

fn names(drivers: &[&'static Entry]) -> Vec<String> {
    drivers.iter().map(|entry| entry.name.to_owned()).collect()
}

/// The key `plugins`: namespaces and the names of the drivers that the operator selects for them.
pub struct Plugins(Vec<Selection>);

/// One entry of the key `plugins`.
struct Selection {
    /// The source and the key, for messages.
    context: String,
    /// The key, which may not be a valid namespace.
    namespace: String,
    /// The name of the driver.
    name: String,
}

impl Plugins {
    /// The key, as people read about it.
    pub fn key() -> Key {
        let accepts = "a mapping of files to names of drivers".to_owned();
        let shape = Shape::Map { accepts, values: Box::new(Shape::Nullable(Box::new(Shape::Text))) };
        let help = "Which driver writes a file, where several can or another one is wanted.";
        Key::new("plugins", Value::Mapping(Mapping::new()), shape, help)
    }

    /// Reads the key `plugins`. An entry with an empty name is ignored.
    pub fn read(config: &Config) -> Result<Plugins, Error> {
        let plugins: BTreeMap<String, Option<String>> = config.get("plugins")?.unwrap_or_default();
        let entries = plugins.into_iter().filter_map(|(namespace, name)| {
            let name = name.filter(|name| !name.is_empty())?;
            let key = format!("plugins.{namespace}");
            let source = config.source(&key).map_or_else(String::new, |source| format!("{source}: "));
            Some(Selection {
                context: format!("{source}configuration key {}", secrets::in_name(&key)),
                namespace,
                name,
            })
        });
        Ok(Plugins(entries.collect()))
    }

    /// Returns the name of the driver for a namespace. An entry with the name of today precedes one with an old name.
    fn name_for(&self, namespace: &Namespace) -> Option<&str> {
        let is_it = |entry: &&Selection| entry.namespace.parse().is_ok_and(|it: Namespace| it == *namespace);
        let selections = self.0.iter().filter(is_it);
        selections
            .min_by_key(|entry| Namespace::is_old_name(&entry.namespace))
            .map(|entry| entry.name.as_str())
    }

    /// Returns a warning for each entry that selects no driver, such as one from an older version, which says which
    /// driver is used instead; and for each that has an old name of a file.
    pub fn warnings(&self, registry: &Registry) -> Vec<String> {
        self.0
            .iter()
            .filter_map(|entry| Some(format!("{}: {}", entry.context, entry.problem(registry)?)))
            .collect()
    }
}

impl Selection {
    fn problem(&self, registry: &Registry) -> Option<String> {
        let namespace = match registry.find(&self.namespace) {
            Ok(namespace) => namespace,
            Err(error) => return Some(format!("the entry has no effect: {error}")),
        };
        let name = secrets::in_name(&self.name);
        if registry.by_name(&namespace, &self.name).is_some() {
            let is_old = Namespace::is_old_name(&self.namespace);
            return is_old
                .then(|| format!("this is the old name of {namespace}; write {}", namespace.dotted()));
        }
        let instead = registry.default_driver(&namespace).map_or("none", |entry| entry.name);
        let hint = nearest(&self.name, names(registry.drivers(&namespace)).into_iter());
        Some(format!("there is no driver called {name:?}, so {instead} is used; {hint}"))
    }
}

/// Returns `did you mean x?`, or where to look if no candidate is similar.
fn nearest(text: &str, candidates: impl Iterator<Item = String>) -> String {
    let scored = candidates.map(|candidate| (strsim::jaro_winkler(text, &candidate), candidate));
    match scored.max_by(|(a, _), (b, _)| a.total_cmp(b)) {
        Some((score, candidate)) if score > 0.75 => format!("did you mean {candidate}?"),
        _ => "see `confgend list`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use driver_api::{Driver, Session};

    use super::*;
    use crate::features::{Brings, FAMILIES, features};

    struct Empty;

    impl Driver for Empty {
        fn generate(&self, _: &mut Session<'_>) -> Result<String, Error> {
            Ok(String::new())
        }
    }

    const fn entry(namespace: &'static str, name: &'static str) -> Entry {
        Entry::new(namespace, name, |_| Ok(Box::new(Empty)))
    }

    static OURS: &[Entry] = &[entry("a.one.conf", "wazo"), entry("a.two.conf", "wazo")];
    static OTHERS: &[Entry] = &[
        entry("a.one.conf", "acme"),
        entry("a.three.conf", "acme"),
        entry("a.four.conf", "b"),
        entry("a.four.conf", "c"),
    ];

    fn selected(namespace: &str, plugins: &str) -> Result<&'static str, String> {
        let registry = Registry::new(&[OURS, OTHERS]).unwrap();
        let config = Config::from_yaml(plugins).unwrap();
        let select = || registry.select(&registry.find(namespace)?, &Plugins::read(&config)?);
        select().map(|entry| entry.name).map_err(|error| error.chain())
    }

    #[test]
    fn the_operator_selects_the_driver() {
        assert_eq!(selected("a/one.conf", ""), Ok("wazo"));
        assert_eq!(selected("a/one.conf", "plugins: {a.one.conf: acme}"), Ok("acme"));
        assert_eq!(selected("a/one.conf", "plugins: {a/one.conf: acme, a.two.conf: }"), Ok("acme"));
        assert_eq!(selected("a/one.conf", "plugins: {a.one.conf: ''}"), Ok("wazo"));
        assert_eq!(selected("a/three.conf", ""), Ok("acme"));
        assert_eq!(
            selected("a/four.conf", "plugins:"),
            Err("select one of its drivers (b, c) under plugins".into())
        );
    }

    #[test]
    fn errors_have_a_hint() {
        let error = |namespace, plugins| selected(namespace, plugins).unwrap_err();
        assert_eq!(error("a/won.conf", ""), "no driver writes a/won.conf; did you mean a/one.conf?");
        assert_eq!(error("zz/q", ""), "no driver writes zz/q; see `confgend list`");
        assert!(error("a/one.conf", "plugins: x").starts_with("configuration key plugins: invalid type"));
        assert!(
            error("a/one.conf", "plugins: {a.b: [1]}").starts_with("configuration key plugins.a.b: invalid")
        );
    }

    #[test]
    fn an_entry_that_selects_nothing_gets_a_warning() {
        let registry = Registry::new(&[OURS, OTHERS]).unwrap();
        let warnings = |yaml: &str| {
            let plugins = Plugins::read(&Config::from_yaml(yaml).unwrap().named("c.yml")).unwrap();
            plugins.warnings(&registry)
        };
        let key = "c.yml: configuration key plugins";
        let table = [
            (
                "a.one.conf: acm",
                "a.one.conf: there is no driver called \"acm\", so wazo is used; did you mean acme?",
            ),
            (
                "a.three.conf: q",
                "a.three.conf: there is no driver called \"q\", so acme is used; see `confgend list`",
            ),
            (
                "a.four.conf: q",
                "a.four.conf: there is no driver called \"q\", so none is used; see `confgend list`",
            ),
            (
                "a.won.conf: wazo",
                "a.won.conf: the entry has no effect: no driver writes a/won.conf; did you mean a/one.conf?",
            ),
            (
                "x: wazo",
                "x: the entry has no effect: \"x\" is not a namespace: it has no file name; write it like asterisk/pjsip.conf",
            ),
        ];
        for (entry, warning) in table {
            assert_eq!(warnings(&format!("plugins: {{{entry}}}")), [format!("{key}.{warning}")]);
        }
        assert!(warnings("plugins: {a.one.conf: acme, a/two.conf: wazo, x: '', y: }").is_empty());
        assert_eq!(selected("a/one.conf", "plugins: {a.one.conf: acm, x: y}"), Ok("wazo"));
        assert!(selected("a/four.conf", "plugins: {a.four.conf: q}").is_err());
    }

    #[test]
    fn the_old_name_of_our_drivers_selects_them() {
        static XIVO: &[Entry] = &[entry("a.one.conf", "xivo")];
        assert_eq!(selected("a/one.conf", "plugins: {a.one.conf: xivo}"), Ok("wazo"));
        let registry = Registry::new(&[OURS, OTHERS]).unwrap();
        let plugins = Plugins::read(&Config::from_yaml("plugins: {a.one.conf: xivo}").unwrap()).unwrap();
        assert_eq!(plugins.warnings(&registry), [""; 0]);
        // A driver that is called so comes first.
        let registry = Registry::new(&[OURS, XIVO]).unwrap();
        assert_eq!(registry.by_name(&"a/one.conf".parse().unwrap(), "xivo").unwrap().name, "xivo");
    }

    #[test]
    fn an_old_name_of_a_file_finds_its_driver() {
        static WAZO: &[Entry] = &[entry("wazo.uuid.yml", "wazo"), entry("wazo.uuid.yml", "acme")];
        let registry = Registry::new(&[WAZO]).unwrap();
        let file = registry.find("xivo/uuid.yml").unwrap();
        assert_eq!(file.to_string(), "wazo/uuid.yml");
        let selected = |yaml: &str| {
            let plugins = Plugins::read(&Config::from_yaml(yaml).unwrap()).unwrap();
            (registry.select(&file, &plugins).unwrap().name, plugins.warnings(&registry))
        };
        let warning = "configuration key plugins.xivo.uuid.yml: this is the old name of wazo/uuid.yml; write wazo.uuid.yml";
        assert_eq!(selected("plugins: {xivo.uuid.yml: acme}"), ("acme", vec![warning.to_owned()]));
        let both = "plugins: {xivo.uuid.yml: acme, wazo.uuid.yml: wazo}";
        assert_eq!(selected(both), ("wazo", vec![warning.to_owned()]));
    }

    #[test]
    fn a_driver_with_a_bad_namespace_is_named() {
        static BAD: &[Entry] = &[entry("followme", "acme")];
        let error = Registry::new(&[OURS, BAD]).map(|_| ()).unwrap_err().chain();
        assert!(error.starts_with("Entry of the driver acme: \"followme\" is not a namespace: "), "{error}");
    }

    #[test]
    fn the_defaults_of_the_earlier_family_count() {
        const fn with(namespace: &'static str, defaults: &'static str) -> Entry {
            entry(namespace, "acme").defaults(defaults)
        }
        static FIRST: &[Entry] = &[with("b.z.conf", "modules: {a: 1, b: 2}")];
        static SECOND: &[Entry] =
            &[with("a.a.conf", "modules: {b: 3, c: 4}"), with("a.b.conf", "modules: 5")];
        let defaults = Registry::new(&[FIRST, SECOND]).unwrap().defaults().unwrap();
        assert_eq!(defaults, Config::from_yaml("modules: {a: 1, b: 2, c: 4}").unwrap());
    }

    #[test]
    fn a_default_without_declaration_is_a_key() {
        fn keys() -> Vec<Key> {
            vec![Key::new("modules", Value::Mapping(Mapping::new()), Shape::Any, "Modules.")]
        }
        static DRIVERS: &[Entry] = &[
            entry("a.z.conf", "acme").defaults("z: {a: 1, b: {c: [2]}}\nmodules: {d: 3}"),
            entry("a.y.conf", "acme").keys(keys),
        ];
        let keys = Registry::new(&[DRIVERS]).unwrap().keys().unwrap();
        let shown: Vec<(&str, &str)> = keys.iter().map(|key| (&*key.path, &*key.help)).collect();
        assert_eq!(shown, [("modules", "Modules."), ("z.a", ""), ("z.b.c", "")]);
    }

    #[test]
    fn every_key_of_our_drivers_is_documented() {
        for key in Registry::new(FAMILIES).unwrap().keys().unwrap() {
            assert!(key.help.ends_with('.') && key.shape != Shape::Any, "{key:?}");
        }
    }

    #[test]
    fn two_drivers_with_the_same_name_are_refused() {
        let error = Registry::new(&[OURS, OURS]).map(|_| ()).unwrap_err().to_string();
        let message =
            "two drivers of a.one.conf are called wazo; one of them needs another name in its Entry";
        assert_eq!(error, message);
    }

    #[test]
    fn no_driver_changes_the_defaults_of_another() {
        let merged = Registry::new(FAMILIES).unwrap().defaults().unwrap();
        for entry in FAMILIES.iter().copied().flatten() {
            let mut own = entry.built_in().unwrap();
            own.fill_from(&merged);
            assert_eq!(own, merged, "{}", entry.namespace);
        }
    }

    #[test]
    fn an_optional_file_has_a_driver_if_its_feature_is_built() {
        for feature in features() {
            let Brings::Files(files) = feature.brings else { continue };
            for file in files {
                let found = Registry::new(FAMILIES).unwrap().find(file);
                assert_eq!(found.is_ok(), feature.built, "{feature}");
            }
        }
    }

    #[test]
    #[cfg(not(feature = "asterisk-older"))]
    fn a_file_that_is_left_out_names_its_feature() {
        let error = Registry::new(FAMILIES).unwrap().find("asterisk/sip.conf").unwrap_err().to_string();
        let hint = "this build leaves out the feature `asterisk-older`";
        assert_eq!(error, format!("no driver writes asterisk/sip.conf; {hint}"));
    }

    #[test]
    #[cfg(not(feature = "provd"))]
    fn a_family_that_is_left_out_is_named() {
        let error = Registry::new(FAMILIES).unwrap().find("provd/network.yml").unwrap_err().to_string();
        assert_eq!(error, "no driver writes provd/network.yml; this build leaves out the feature `provd`");
    }
}
