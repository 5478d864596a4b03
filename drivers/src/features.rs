//! The cargo features of the drivers: the families that they add, and which of them this build has.

use std::fmt;

use driver_api::{Entry, Namespace};

/// A cargo feature of a program with drivers.
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
    /// More files of a resource whose family has a feature of its own.
    Files(&'static [&'static str]),
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

const OF_FILES: &[Feature] = &[Feature {
    name: "asterisk-older",
    brings: Brings::Files(&["asterisk/meetme.conf", "asterisk/queuerules.conf", "asterisk/sip.conf"]),
    built: cfg!(feature = "asterisk-older"),
}];

const OF_DEFINITIONS: &[Feature] = &[Feature {
    name: "custom",
    brings: Brings::Property("drivers that the configuration defines"),
    built: cfg!(feature = "custom"),
}];

/// Returns the features of families and of their files, families first, and that of drivers in the configuration.
pub fn features() -> impl Iterator<Item = &'static Feature> {
    OF_FAMILIES.iter().chain(OF_FILES).chain(OF_DEFINITIONS)
}

/// Returns the feature that this build lacks and that adds the namespace. A file with its own feature needs that
/// one, whether or not the build has its family.
pub(crate) fn left_out(namespace: &Namespace) -> Option<&'static Feature> {
    let of_file = |feature: &&Feature| match feature.brings {
        Brings::Files(files) => files.contains(&namespace.to_string().as_str()),
        _ => false,
    };
    let of_resource =
        |feature: &&Feature| matches!(feature.brings, Brings::Family) && feature.name == namespace.resource();
    features().find(of_file).or_else(|| features().find(of_resource)).filter(|feature| !feature.built)
}

/// Prints as `sqlite (sqlite:PATH)`: the name, and what the feature adds.
impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name;
        match self.brings {
            Brings::Family => write!(f, "{name} ({name}/*)"),
            Brings::Files(files) => write!(f, "{name} ({})", files.join(", ")),
            Brings::Engine(added) | Brings::Property(added) => write!(f, "{name} ({added})"),
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
}
