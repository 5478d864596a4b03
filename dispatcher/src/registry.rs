use std::collections::BTreeMap;

use driver_api::{Config, Driver, Entry, Error, ErrorKind, Namespace};

use crate::RESOURCES;

/// The driver that serves a namespace for which the operator selects none.
const DEFAULT: &str = "wazo";

/// Which drivers there are for each namespace.
pub struct Registry {
    drivers: BTreeMap<Namespace, Vec<&'static Entry>>,
}

impl Registry {
    /// Puts families together. Two drivers of one namespace must have different names.
    pub fn new(families: &[&'static [Entry]]) -> Result<Registry, Error> {
        let mut drivers: BTreeMap<Namespace, Vec<&'static Entry>> = BTreeMap::new();
        for entry in families.iter().copied().flatten() {
            let of_namespace = drivers.entry(entry.namespace.parse()?).or_default();
            if of_namespace.iter().any(|other| other.name == entry.name) {
                let message = format!("two drivers of {} are called {}", entry.namespace, entry.name);
                return Err(Error::new(ErrorKind::Config, message));
            }
            of_namespace.push(entry);
        }
        Ok(Registry { drivers })
    }

    /// All namespaces, sorted.
    pub fn namespaces(&self) -> impl Iterator<Item = &Namespace> {
        self.drivers.keys()
    }

    /// The drivers of a namespace, in the order of the families.
    pub fn drivers(&self, namespace: &Namespace) -> &[&'static Entry] {
        self.drivers.get(namespace).map_or(&[], Vec::as_slice)
    }

    /// What the drivers assume where the operator says nothing.
    pub fn defaults(&self) -> Result<Config, Error> {
        let mut defaults = Config::default();
        for entry in self.drivers.values().flatten() {
            let own = Config::from_yaml(entry.defaults).map_err(|error| {
                error.in_(format!("defaults of the driver {} of {}", entry.name, entry.namespace))
            })?;
            defaults.fill_from(&own);
        }
        Ok(defaults)
    }

    /// Checks a namespace that somebody asks for.
    pub fn find(&self, text: &str) -> Result<Namespace, Error> {
        let namespace: Namespace = text.parse()?;
        if self.drivers.contains_key(&namespace) {
            return Ok(namespace);
        }
        let left_out = RESOURCES.iter().find(|(resource, built)| *resource == namespace.resource() && !built);
        let hint = match left_out {
            Some((feature, _)) => format!("; this build leaves out the feature `{feature}`"),
            None => nearest(&namespace.to_string(), self.drivers.keys().map(ToString::to_string)),
        };
        Err(Error::new(ErrorKind::Config, format!("no driver writes {namespace}{hint}")))
    }

    /// The driver that serves a namespace: the one that `plugins` in the configuration names; else the
    /// one called `wazo`; else the only one.
    pub fn select(&self, namespace: &Namespace, plugins: &Plugins) -> Result<&'static Entry, Error> {
        let drivers = self.drivers(namespace);
        let by_name = |name: &str| drivers.iter().copied().find(|entry| entry.name == name);
        if let Some(name) = plugins.0.get(namespace) {
            return by_name(name).ok_or_else(|| {
                let hint = nearest(name, drivers.iter().map(|entry| entry.name.to_owned()));
                let message = format!("there is no driver called {name:?}{hint}");
                Error::new(ErrorKind::Config, message)
                    .in_(format!("configuration key plugins.{}", namespace.dotted()))
            });
        }
        match drivers {
            [only] => Ok(only),
            _ => by_name(DEFAULT).ok_or_else(|| {
                let names: Vec<&str> = drivers.iter().map(|entry| entry.name).collect();
                let message = format!("select one of its drivers ({}) under plugins", names.join(", "));
                Error::new(ErrorKind::Config, message)
            }),
        }
    }

    /// Builds the driver that serves a namespace.
    pub fn build(&self, namespace: &Namespace, config: &Config) -> Result<Box<dyn Driver>, Error> {
        let entry = self.select(namespace, &Plugins::read(config)?)?;
        (entry.new)(config)
    }
}

/// What the operator selects: namespaces and the names of their drivers.
pub struct Plugins(BTreeMap<Namespace, String>);

impl Plugins {
    /// Reads the key `plugins`. A namespace without name is as good as not mentioned.
    pub fn read(config: &Config) -> Result<Plugins, Error> {
        let plugins: BTreeMap<String, Option<String>> = config.get("plugins")?.unwrap_or_default();
        let mut selected = BTreeMap::new();
        for (namespace, name) in plugins {
            if let Some(name) = name.filter(|name| !name.is_empty()) {
                let namespace =
                    namespace.parse().map_err(|error: Error| error.in_("configuration key plugins"))?;
                selected.insert(namespace, name);
            }
        }
        Ok(Plugins(selected))
    }

    /// The namespaces for which the registry has no driver at all, as a site may keep them from an
    /// older version.
    pub fn unknown<'a>(&'a self, registry: &'a Registry) -> impl Iterator<Item = &'a Namespace> {
        self.0.keys().filter(|namespace| registry.drivers(namespace).is_empty())
    }
}

/// `; did you mean x?`, or nothing if no candidate is near.
fn nearest(text: &str, candidates: impl Iterator<Item = String>) -> String {
    let scored = candidates.map(|candidate| (strsim::jaro_winkler(text, &candidate), candidate));
    match scored.max_by(|(a, _), (b, _)| a.total_cmp(b)) {
        Some((score, candidate)) if score > 0.75 => format!("; did you mean {candidate}?"),
        _ => "; see `confgend list`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use driver_api::Session;

    use super::*;
    use crate::FAMILIES;

    struct Empty;

    impl Driver for Empty {
        fn generate(&self, _: &mut Session<'_>) -> Result<String, Error> {
            Ok(String::new())
        }
    }

    const fn entry(namespace: &'static str, name: &'static str) -> Entry {
        Entry { namespace, name, defaults: "", new: |_| Ok(Box::new(Empty)) }
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
    fn families_are_sorted_unique_and_well_named() {
        for family in FAMILIES {
            assert!(family.is_sorted_by_key(|entry| (entry.namespace, entry.name)));
        }
        let registry = Registry::new(FAMILIES).unwrap();
        registry.defaults().unwrap();
        assert_eq!(registry.namespaces().count(), FAMILIES.iter().map(|family| family.len()).sum::<usize>());
        for namespace in registry.namespaces() {
            assert!(RESOURCES.contains(&(namespace.resource(), true)), "{namespace}");
        }
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
    fn mistakes_come_with_a_hint() {
        let error = |namespace, plugins| selected(namespace, plugins).unwrap_err();
        assert_eq!(error("a/won.conf", ""), "no driver writes a/won.conf; did you mean a/one.conf?");
        assert_eq!(error("zz/q", ""), "no driver writes zz/q; see `confgend list`");
        assert_eq!(
            error("a/one.conf", "plugins: {a.one.conf: acm}"),
            "configuration key plugins.a.one.conf: there is no driver called \"acm\"; did you mean acme?"
        );
        assert!(error("a/one.conf", "plugins: x").starts_with("configuration key plugins: invalid type"));
        assert!(
            error("a/one.conf", "plugins: {x: y}").starts_with("configuration key plugins: \"x\" is not")
        );
    }

    #[test]
    fn two_drivers_of_one_name_are_refused() {
        let error = Registry::new(&[OURS, OURS]).map(|_| ()).unwrap_err().to_string();
        assert_eq!(error, "two drivers of a.one.conf are called wazo");
    }

    #[test]
    #[cfg(not(feature = "provd"))]
    fn a_family_that_is_left_out_is_named() {
        let error = Registry::new(FAMILIES).unwrap().find("provd/network.yml").unwrap_err().to_string();
        assert_eq!(error, "no driver writes provd/network.yml; this build leaves out the feature `provd`");
    }
}
