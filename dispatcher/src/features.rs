//! The cargo features: which families they bring, and what a build has and leaves out.

use std::fmt;

use driver_api::{Entry, Namespace};

/// A cargo feature of this library.
pub struct Feature {
    /// Its name.
    pub name: &'static str,
    /// What a build has by it.
    pub brings: Brings,
    /// Whether this build has it.
    pub built: bool,
}

/// What a cargo feature brings.
pub enum Brings {
    /// A family: the files of the resource that is called as the feature.
    Family,
    /// One more file.
    File(&'static str),
    /// A database engine: databases with URIs like this one.
    Engine(&'static str),
    /// Something else, in a few words.
    Property(&'static str),
}

/// The one list of families. Each line makes an item of [`FAMILIES`] and a [`Feature`].
macro_rules! families {
    ($($feature:literal: $drivers:path,)+) => {
        /// The families that the cargo features enable.
        pub static FAMILIES: &[&[Entry]] = &[$(#[cfg(feature = $feature)] $drivers,)+];

        const OF_FAMILIES: &[Feature] =
            &[$(Feature { name: $feature, brings: Brings::Family, built: cfg!(feature = $feature) },)+];
    };
}

families! {
    "asterisk": drivers_asterisk::DRIVERS,
    "dird": drivers_dird::DRIVERS,
    "phoned": drivers_phoned::DRIVERS,
    "provd": drivers_provd::DRIVERS,
    "wazo": drivers_wazo::DRIVERS,
}

const OTHERS: &[Feature] = &[
    Feature {
        name: "asterisk-older",
        brings: Brings::File("asterisk/sip.conf"),
        built: cfg!(feature = "asterisk-older"),
    },
    Feature {
        name: "postgres",
        brings: Brings::Engine("postgresql://HOST/NAME"),
        built: cfg!(feature = "postgres"),
    },
    Feature { name: "sqlite", brings: Brings::Engine("sqlite:PATH"), built: cfg!(feature = "sqlite") },
    Feature {
        name: "jemalloc",
        brings: Brings::Property("an allocator that gives memory back to the system"),
        built: cfg!(feature = "jemalloc"),
    },
];

/// All features: families first, then what else there is.
pub fn features() -> impl Iterator<Item = &'static Feature> {
    OF_FAMILIES.iter().chain(OTHERS)
}

/// The feature that a build lacks which has no driver of this namespace. A file that has a feature of its
/// own needs that, whether or not the rest of its family is there.
pub(crate) fn left_out(namespace: &Namespace) -> Option<&'static Feature> {
    let of_file = |feature: &&Feature| match feature.brings {
        Brings::File(file) => file == namespace.to_string(),
        _ => false,
    };
    let of_resource =
        |feature: &&Feature| matches!(feature.brings, Brings::Family) && feature.name == namespace.resource();
    features().find(of_file).or_else(|| features().find(of_resource)).filter(|feature| !feature.built)
}

/// Two lines for people: what is compiled in, and what is not and what that costs.
pub(crate) fn summary() -> String {
    let (built, left_out): (Vec<_>, Vec<_>) = features().partition(|feature| feature.built);
    let built: Vec<String> = built.iter().map(|feature| feature.name.to_owned()).collect();
    let left_out: Vec<String> = left_out.iter().map(ToString::to_string).collect();
    format!("features compiled in: {}\nfeatures left out: {}\n", listed(&built), listed(&left_out))
}

fn listed(features: &[String]) -> String {
    if features.is_empty() { "none".to_owned() } else { features.join(", ") }
}

/// As `sqlite (sqlite:PATH)`: with what a build does not have without it.
impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name;
        match self.brings {
            Brings::Family => write!(f, "{name} ({name}/*)"),
            Brings::File(what) | Brings::Engine(what) | Brings::Property(what) => {
                write!(f, "{name} ({what})")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use driver_api::Config;

    use super::*;
    use crate::Registry;

    #[test]
    fn each_family_has_the_resource_that_its_feature_is_called_as() {
        let built: Vec<_> = OF_FAMILIES.iter().filter(|feature| feature.built).collect();
        assert_eq!(FAMILIES.len(), built.len());
        for (family, feature) in FAMILIES.iter().zip(built) {
            assert!(!family.is_empty(), "{feature}");
            for entry in *family {
                let namespace: Namespace = entry.namespace.parse().unwrap();
                assert_eq!(namespace.resource(), feature.name);
            }
        }
    }

    #[test]
    fn no_driver_changes_the_defaults_of_another() {
        let merged = Registry::new(FAMILIES).unwrap().defaults().unwrap();
        for entry in FAMILIES.iter().copied().flatten() {
            let mut own = Config::from_yaml(entry.defaults).unwrap();
            own.fill_from(&merged);
            assert_eq!(own, merged, "{}", entry.namespace);
        }
    }

    #[test]
    fn all_features_of_the_manifest_are_known_and_on_by_default() {
        let manifest = include_str!("../Cargo.toml");
        let (_, section) = manifest.split_once("\n[features]\n").unwrap();
        let (section, _) = section.split_once("\n[").unwrap();
        let lines = section.lines().filter(|line| !line.starts_with('#'));
        let (defaults, others): (Vec<&str>, Vec<&str>) =
            lines.filter(|line| !line.is_empty()).partition(|line| line.starts_with("default = "));
        let mut in_manifest: Vec<&str> =
            others.iter().map(|line| line.split_once(" = ").unwrap().0).collect();
        let mut by_default: Vec<&str> = defaults[0].split('"').skip(1).step_by(2).collect();
        let mut known: Vec<&str> = features().map(|feature| feature.name).collect();
        for list in [&mut in_manifest, &mut by_default, &mut known] {
            list.sort_unstable();
        }
        assert_eq!(in_manifest, known);
        assert_eq!(by_default, known);
    }

    #[test]
    fn a_file_with_a_feature_of_its_own_is_there_by_that() {
        for feature in features() {
            if let Brings::File(file) = feature.brings {
                let found = Registry::new(FAMILIES).unwrap().find(file);
                assert_eq!(found.is_ok(), feature.built, "{feature}");
            }
        }
    }

    #[test]
    fn a_feature_that_is_left_out_comes_with_what_it_costs() {
        let table = [
            ("provd", "provd (provd/*)"),
            ("asterisk-older", "asterisk-older (asterisk/sip.conf)"),
            ("sqlite", "sqlite (sqlite:PATH)"),
            ("jemalloc", "jemalloc (an allocator that gives memory back to the system)"),
        ];
        for (name, shown) in table {
            let feature = features().find(|feature| feature.name == name).unwrap();
            assert_eq!(feature.to_string(), shown);
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
