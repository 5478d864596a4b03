//! The cargo features of the program, beside those of the drivers.

use drivers::{Brings, Feature};

const OTHERS: &[Feature] = &[
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
    drivers::features().chain(OTHERS)
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

#[cfg(test)]
mod tests {
    use super::*;

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
            (
                "asterisk-older",
                "asterisk-older (asterisk/meetme.conf, asterisk/queuerules.conf, asterisk/sip.conf)",
            ),
            ("sqlite", "sqlite (sqlite:PATH)"),
            ("mimalloc", "mimalloc (an allocator that gives memory back to the system)"),
        ];
        for (name, shown) in table {
            let feature = features().find(|feature| feature.name == name).unwrap();
            assert_eq!(feature.to_string(), shown);
        }
    }
}
