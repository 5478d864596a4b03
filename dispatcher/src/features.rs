//! The cargo features: the families that they add, and which of them this build has.

use std::fmt;

use driver_api::{Entry, Namespace};

/// A cargo feature of this library.
pub struct Feature {
    /// Its name.
    pub name: &'static str,
    /// Its addition to a build.
    pub brings: Brings,
    /// Whether this build has it.
    pub built: bool,
}

/// The addition of a cargo feature to a build.
pub enum Brings {
    /// A family: the files of the resource that has the same name as the feature.
    Family,
    /// One more file.
    File(&'static str),
    /// A database engine, with an example of its URIs.
    Engine(&'static str),
    /// Another property, in a few words.
    Property(&'static str),
}

/// The list of families. Each line becomes an item of [`FAMILIES`] and a [`Feature`].
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
        name: "mimalloc",
        brings: Brings::Property("an allocator that gives memory back to the system"),
        built: cfg!(feature = "mimalloc"),
    },
];

/// Returns all features, families first.
pub fn features() -> impl Iterator<Item = &'static Feature> {
    OF_FAMILIES.iter().chain(OTHERS)
}

/// Returns the feature that this build lacks and that adds the namespace. A file with its own feature needs that
/// one, whether or not the build has its family.
pub(crate) fn left_out(namespace: &Namespace) -> Option<&'static Feature> {
    let of_file = |feature: &&Feature| match feature.brings {
        Brings::File(file) => file == namespace.to_string(),
        _ => false,
    };
    let of_resource =
        |feature: &&Feature| matches!(feature.brings, Brings::Family) && feature.name == namespace.resource();
    features().find(of_file).or_else(|| features().find(of_resource)).filter(|feature| !feature.built)
}

/// Returns two lines for people: the features that are compiled in, and those that are left out with what they add.
pub(crate) fn summary() -> String {
    let (built, left_out): (Vec<_>, Vec<_>) = features().partition(|feature| feature.built);
    let built: Vec<String> = built.iter().map(|feature| feature.name.to_owned()).collect();
    let left_out: Vec<String> = left_out.iter().map(ToString::to_string).collect();
    format!("features compiled in: {}\nfeatures left out: {}\n", listed(&built), listed(&left_out))
}

fn listed(features: &[String]) -> String {
    if features.is_empty() { "none".to_owned() } else { features.join(", ") }
}

/// Prints as `sqlite (sqlite:PATH)`: the name, and what the feature adds.
impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name;
        match self.brings {
            Brings::Family => write!(f, "{name} ({name}/*)"),
            Brings::File(added) | Brings::Engine(added) | Brings::Property(added) => {
                write!(f, "{name} ({added})")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_has_the_resource_of_its_feature() {
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
    fn all_features_of_the_manifest_are_listed_and_default() {
        let manifest = include_str!("../Cargo.toml");
        let (_, section) = manifest.split_once("\n[features]\n").unwrap();
        let (section, _) = section.split_once("\n[").unwrap();
        let (defaults, others) = section.trim_start_matches("default = [").split_once(']').unwrap();
        let others = others.lines().filter(|line| !line.starts_with('#'));
        let mut in_manifest: Vec<&str> = others.filter_map(|line| Some(line.split_once(" = ")?.0)).collect();
        let mut by_default: Vec<&str> =
            defaults.split('"').skip(1).step_by(2).filter(|name| !name.contains('/')).collect();
        let mut known: Vec<&str> = features().map(|feature| feature.name).collect();
        for list in [&mut in_manifest, &mut by_default, &mut known] {
            list.sort_unstable();
        }
        assert_eq!(in_manifest, known);
        assert_eq!(by_default, known);
    }

    #[test]
    fn a_feature_prints_with_what_it_adds() {
        let table = [
            ("provd", "provd (provd/*)"),
            ("asterisk-older", "asterisk-older (asterisk/sip.conf)"),
            ("sqlite", "sqlite (sqlite:PATH)"),
            ("mimalloc", "mimalloc (an allocator that gives memory back to the system)"),
        ];
        for (name, shown) in table {
            let feature = features().find(|feature| feature.name == name).unwrap();
            assert_eq!(feature.to_string(), shown);
        }
    }
}
