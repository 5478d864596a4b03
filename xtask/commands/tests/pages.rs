//! Tables of pages that list all of something.

use dispatcher::{FAMILIES, Registry};

#[test]
fn the_page_of_files_names_each_with_its_family() {
    let page = include_str!("../../../docs/namespaces.md");
    let rows = page.lines().filter_map(|line| {
        let (namespace, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        let family = rest.split_once(" | ")?.0;
        family.starts_with("drivers-").then(|| format!("{namespace} in {family}"))
    });
    let registry = Registry::new(FAMILIES).expect("the families go together");
    let drivers =
        registry.namespaces().map(|namespace| format!("{namespace} in drivers-{}", namespace.resource()));
    assert_eq!(rows.collect::<Vec<_>>(), drivers.collect::<Vec<_>>());
}

#[test]
fn the_page_of_commands_names_each() {
    let page = include_str!("../../../docs/commands.md");
    let first_cells = page.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let mut listed: Vec<&str> =
        first_cells.flat_map(|cell| cell.split(", ")).map(|name| name.trim_matches('`')).collect();
    listed.retain(|name| !name.starts_with("cargo "));
    listed.sort_unstable();
    let commands = dispatcher::command_line().commands;
    let mut commands: Vec<&str> = commands.iter().map(|command| command.name).collect();
    commands.sort_unstable();
    assert_eq!(listed, commands);
}
