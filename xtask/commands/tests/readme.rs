//! The table of namespaces in the README lists exactly the drivers.

use dispatcher::{FAMILIES, Registry};

#[test]
fn the_readme_names_every_namespace_and_its_family() {
    let readme = include_str!("../../../README.md");
    let rows = readme.lines().filter_map(|line| {
        let (namespace, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        let family = rest.split_once(" | ")?.0;
        family.starts_with("drivers-").then(|| format!("{namespace} in {family}"))
    });
    let registry = Registry::new(FAMILIES).expect("the families go together");
    let drivers =
        registry.namespaces().map(|namespace| format!("{namespace} in drivers-{}", namespace.resource()));
    assert_eq!(rows.collect::<Vec<_>>(), drivers.collect::<Vec<_>>());
}
