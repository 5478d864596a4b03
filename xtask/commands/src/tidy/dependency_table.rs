//! The table of foreign crates: each says what it does here and why it is worth it, and each is used.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::Complaint;
use super::source::Source;
use crate::metadata::Metadata;

const RULE: &str = "dependency-table";
const MANIFEST: &str = "Cargo.toml";
const TABLE: &str = "docs/decisions/dependencies.md";

/// The crates of the workspace that use a foreign one.
#[derive(Default)]
struct Users<'a> {
    crates: BTreeSet<&'a str>,
    /// Those that need it for their tests alone.
    tests: BTreeSet<&'a str>,
}

/// Prints as `driver-api, review; tests of dispatcher`.
impl fmt::Display for Users<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |names: &BTreeSet<&str>| names.iter().copied().collect::<Vec<_>>().join(", ");
        let separator = if self.crates.is_empty() || self.tests.is_empty() { "" } else { "; " };
        let prefix = if self.tests.is_empty() { "" } else { "tests of " };
        write!(f, "{}{separator}{prefix}{}", list(&self.crates), list(&self.tests))
    }
}

/// A row of the table.
struct Row<'a> {
    line: usize,
    users: &'a str,
    is_complete: bool,
}

pub(super) fn check(sources: &[Source], metadata: &Metadata) -> Vec<Complaint> {
    let text = |path| sources.iter().find(|source| source.path == path).map_or("", |it| it.text.as_str());
    let ours: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let mut defined = defined(text(MANIFEST));
    defined.retain(|name, _| !ours.contains(name));
    let mut users = users(metadata);
    users.retain(|name, _| !ours.contains(name));
    compare(&defined, &users, &rows(text(TABLE)))
}

fn compare(
    defined: &BTreeMap<&str, usize>,
    users: &BTreeMap<&str, Users<'_>>,
    rows: &BTreeMap<&str, Row<'_>>,
) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut complain = |path, line, message| complaints.push(Complaint::error(path, line, RULE, message));
    for (name, line) in defined {
        let Some(users) = users.get(name) else {
            complain(MANIFEST, *line, format!("no crate uses {name}; remove it"));
            continue;
        };
        let Some(row) = rows.get(name) else {
            let message =
                format!("{name} has no row in {TABLE}; say there what it does, and why it is worth it");
            complain(MANIFEST, *line, message);
            continue;
        };
        let users = users.to_string();
        if row.users != users {
            complain(TABLE, row.line, format!("the row of {name} must name its users: {users}"));
        }
        if !row.is_complete {
            let message = format!("the row of {name} lacks what it does here, or why it is worth it");
            complain(TABLE, row.line, message);
        }
    }
    for name in users.keys().filter(|name| !defined.contains_key(*name)) {
        let message = format!("the version of {name} belongs into [workspace.dependencies]");
        complain(MANIFEST, 1, message);
    }
    for (name, row) in rows.iter().filter(|(name, _)| !defined.contains_key(*name)) {
        let message = format!("{name} is no dependency in {MANIFEST}; remove the row");
        complain(TABLE, row.line, message);
    }
    complaints
}

/// The names in `[workspace.dependencies]`, each with its line.
fn defined(manifest: &str) -> BTreeMap<&str, usize> {
    let lines = manifest.lines().zip(1..).skip_while(|(line, _)| *line != "[workspace.dependencies]").skip(1);
    lines
        .take_while(|(line, _)| !line.starts_with('['))
        .filter_map(|(line, number)| Some((line.split_once(['.', ' ', '='])?.0, number)))
        .filter(|(name, _)| !name.is_empty() && !name.starts_with('#'))
        .collect()
}

fn users(metadata: &Metadata) -> BTreeMap<&str, Users<'_>> {
    let mut all: BTreeMap<&str, Users<'_>> = BTreeMap::new();
    for package in &metadata.packages {
        for dependency in &package.dependencies {
            let users = all.entry(dependency.key()).or_default();
            let is_for_tests = dependency.kind.as_deref() == Some("dev");
            let set = if is_for_tests { &mut users.tests } else { &mut users.crates };
            set.insert(&package.name);
        }
    }
    for users in all.values_mut() {
        users.tests.retain(|name| !users.crates.contains(name));
    }
    all
}

/// The rows of the table by the crate in their first cell.
fn rows(table: &str) -> BTreeMap<&str, Row<'_>> {
    table
        .lines()
        .zip(1..)
        .filter_map(|(line, number)| {
            let mut cells = line.strip_prefix("| `")?.split('|').map(str::trim);
            let name = cells.next()?.strip_suffix('`')?;
            let users = cells.next().unwrap_or_default();
            let is_complete = cells.filter(|cell| !cell.is_empty()).count() == 2;
            Some((name, Row { line: number, users, is_complete }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST_TEXT: &str = "[workspace]\n\n[workspace.dependencies]\n# The tree.\nserde = \"1\"\ntokio = { version = \"1\" }\n\n[profile.dev]\ndebug = false\n";

    fn users<'a>(crates: &[&'a str], tests: &[&'a str]) -> Users<'a> {
        Users { crates: crates.iter().copied().collect(), tests: tests.iter().copied().collect() }
    }

    fn complaints(users: &BTreeMap<&str, Users<'_>>, table: &str) -> Vec<String> {
        let complaints = compare(&defined(MANIFEST_TEXT), users, &rows(table));
        complaints.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_complete_table_has_no_complaint() {
        let used = BTreeMap::from([
            ("serde", users(&["driver-api", "review"], &["dispatcher"])),
            ("tokio", users(&[], &["service"])),
        ]);
        let table = "| crate | used by | what | why |\n|---|---|---|---|\n\
                     | `serde` | driver-api, review; tests of dispatcher | rows | all use it |\n\
                     | `tokio` | tests of service | waits | timers |\n";
        assert_eq!(complaints(&used, table), [""; 0]);
    }

    #[test]
    fn each_dependency_has_a_row_and_each_row_a_dependency() {
        let used = BTreeMap::from([("serde", users(&["review"], &[])), ("tokio", users(&["service"], &[]))]);
        let table = "| `serde` | review | rows | all use it |\n| `clap` | xtask | arguments | help |\n";
        let expected = [
            "Cargo.toml:6: dependency-table: tokio has no row in docs/decisions/dependencies.md; say there what it \
             does, and why it is worth it",
            "docs/decisions/dependencies.md:2: dependency-table: clap is no dependency in Cargo.toml; remove the row",
        ];
        assert_eq!(complaints(&used, table), expected);
    }

    #[test]
    fn a_row_names_the_users_and_says_why() {
        let used =
            BTreeMap::from([("serde", users(&["review"], &["client"])), ("tokio", users(&["service"], &[]))]);
        let table = "| `serde` | review | rows | all use it |\n| `tokio` | service | waits | |\n";
        let expected = [
            "docs/decisions/dependencies.md:1: dependency-table: the row of serde must name its users: review; tests of client",
            "docs/decisions/dependencies.md:2: dependency-table: the row of tokio lacks what it does here, or why it is worth it",
        ];
        assert_eq!(complaints(&used, table), expected);
    }

    #[test]
    fn a_dependency_is_used_and_has_its_version_in_the_workspace() {
        let used = BTreeMap::from([("serde", users(&["review"], &[])), ("clap", users(&["review"], &[]))]);
        let expected = [
            "Cargo.toml:6: dependency-table: no crate uses tokio; remove it",
            "Cargo.toml:1: dependency-table: the version of clap belongs into [workspace.dependencies]",
        ];
        assert_eq!(
            complaints(&used, "| `serde` | review | rows | all use it |\n| `tokio` | | | |\n"),
            expected
        );
    }

    #[test]
    fn a_crate_with_a_library_and_its_tests_uses_it_once() {
        let metadata: Metadata = serde_json::from_str(
            r#"{"workspace_root": "/w", "packages": [{"name": "review", "version": "1.0.0",
                "manifest_path": "/w/Cargo.toml", "targets": [], "keywords": [], "categories": [],
                "dependencies": [
                    {"name": "serde", "kind": null, "req": "*"}, {"name": "serde", "kind": "dev", "req": "*"},
                    {"name": "insta", "kind": "dev", "req": "*"}]}]}"#,
        )
        .unwrap();
        let users = super::users(&metadata);
        assert_eq!([users["serde"].to_string(), users["insta"].to_string()], ["review", "tests of review"]);
    }
}
