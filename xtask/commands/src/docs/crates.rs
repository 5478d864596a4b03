//! The picture of the crates: those of the program `confgend`, with who uses whom, from cargo's metadata.

use std::collections::{BTreeMap, BTreeSet};

use super::diagram::{Diagram, Direction};
use crate::metadata::Metadata;

/// The package of the program.
const PROGRAM: &str = "dispatcher";

/// The crates that each crate uses, by name.
type Uses<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// Draws the crates. An arrow points to the crate that is used. An arrow that others imply is left out; crates with the
/// same arrows share a box.
pub(super) fn svg(metadata: &Metadata) -> String {
    diagram(&without_implied(&uses(metadata))).svg()
}

/// The crates of this workspace that the program contains, with the crates that each names in its Cargo.toml.
fn uses(metadata: &Metadata) -> Uses<'_> {
    let of = |name: &str| metadata.packages.iter().find(|package| package.name == name);
    let mut uses = Uses::new();
    let mut next = vec![PROGRAM];
    while let Some(package) = next.pop().and_then(of) {
        let dependencies = package.dependencies.iter().filter(|dependency| dependency.kind.is_none());
        let ours: BTreeSet<&str> = dependencies.filter_map(|it| Some(of(it.key())?.name.as_str())).collect();
        next.extend(ours.iter().filter(|name| !uses.contains_key(*name)));
        uses.insert(&package.name, ours);
    }
    uses
}

/// Leaves out each use that another one implies: whoever uses `b`, which uses `c`, need not point to `c`.
fn without_implied<'a>(uses: &Uses<'a>) -> Uses<'a> {
    let is_implied = |from: &str, to: &str| {
        uses[from].iter().filter(|other| **other != to).any(|other| reaches(uses, other, to))
    };
    uses.iter()
        .map(|(from, all)| (*from, all.iter().copied().filter(|to| !is_implied(from, to)).collect()))
        .collect()
}

fn reaches(uses: &Uses<'_>, from: &str, to: &str) -> bool {
    uses[from].iter().any(|next| *next == to || reaches(uses, next, to))
}

fn diagram(uses: &Uses<'_>) -> Diagram {
    let pointing_at = |name: &str| -> BTreeSet<&str> {
        uses.iter().filter(|(_, all)| all.contains(name)).map(|(user, _)| *user).collect()
    };
    // The boxes by what their crates have in common.
    let mut groups: BTreeMap<(BTreeSet<&str>, &BTreeSet<&str>), Vec<&str>> = BTreeMap::new();
    for (name, all) in uses {
        groups.entry((pointing_at(name), all)).or_default().push(name);
    }
    let boxes: Vec<Vec<&str>> = groups.into_values().collect();
    let place = |name: &str| boxes.iter().position(|names| names.contains(&name));
    let mut arrows = BTreeSet::new();
    for (from, all) in uses {
        arrows.extend(all.iter().filter_map(|to| place(from).zip(place(to))));
    }
    let sentence = |(from, all): (&&str, &BTreeSet<&str>)| {
        let all: Vec<&str> = all.iter().copied().collect();
        (!all.is_empty()).then(|| format!("{from} uses {}.", all.join(", ")))
    };
    Diagram {
        direction: Direction::Right,
        description: uses.iter().filter_map(sentence).collect::<Vec<_>>().join(" "),
        boxes: boxes.iter().map(|names| names.iter().map(|name| (*name).to_owned()).collect()).collect(),
        arrows: arrows.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root;

    fn uses_of(pairs: &[(&'static str, &[&'static str])]) -> Uses<'static> {
        pairs.iter().map(|(name, all)| (*name, all.iter().copied().collect())).collect()
    }

    #[test]
    fn an_implied_use_has_no_arrow() {
        let uses = uses_of(&[("a", &["b", "c", "d"]), ("b", &["c"]), ("c", &["d"]), ("d", &[])]);
        let expected = uses_of(&[("a", &["b"]), ("b", &["c"]), ("c", &["d"]), ("d", &[])]);
        assert_eq!(without_implied(&uses), expected);
    }

    #[test]
    fn crates_with_the_same_arrows_share_a_box() {
        let uses = uses_of(&[("a", &["b", "c"]), ("b", &["d"]), ("c", &["d"]), ("d", &[])]);
        let diagram = diagram(&uses);
        assert_eq!(diagram.boxes, [vec!["a"], vec!["b", "c"], vec!["d"]]);
        assert_eq!(diagram.arrows, [(0, 1), (1, 2)]);
        assert_eq!(diagram.description, "a uses b, c. b uses d. c uses d.");
    }

    #[test]
    fn the_program_contains_no_tools_for_developers() {
        let metadata = Metadata::of(root()).unwrap();
        let uses = uses(&metadata);
        assert!(uses["drivers-asterisk"].contains("driver-api") && uses.contains_key("lookups"));
        assert!(!uses.contains_key("fixtures") && !uses.contains_key("xtask-commands"));
    }
}
