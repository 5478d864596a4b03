//! The directions between the crates of the workspace.

use super::Complaint;
use super::source::Source;
use crate::metadata::{Dependency, Metadata};

const RULE: &str = "dependencies";

/// The crates of the workspace that each of them may depend on. A name that ends with `*` stands for all that begin so.
const ALLOWED: &[(&str, &[&str])] = &[
    ("apply", &["command", "driver-api", "service"]),
    ("asterisk-conf", &[]),
    ("client", &[]),
    ("command", &[]),
    ("database", &["driver-api"]),
    (
        "dispatcher",
        &[
            "apply",
            "asterisk-conf",
            "command",
            "database",
            "driver-api",
            "drivers",
            "fixtures-data",
            "review",
            "service",
        ],
    ),
    ("driver-api", &["asterisk-conf"]),
    ("drivers", &["driver-api", "drivers-*"]),
    ("drivers-custom", &["command", "driver-api"]),
    ("drivers-*", &["asterisk-conf", "driver-api", "lookups"]),
    ("fixtures", &["asterisk-conf", "database", "driver-api", "fixtures-data"]),
    // The program has it, too, and must not become larger by a test kit.
    ("fixtures-data", &["driver-api"]),
    ("lookups", &["driver-api"]),
    ("review", &["asterisk-conf", "driver-api"]),
    ("service", &["driver-api"]),
    // Every command waits for the first, and a newcomer's first command for the last.
    ("xtask", &[]),
    ("xtask-author", &["database", "driver-api", "drivers", "fixtures", "xtask-generate"]),
    ("xtask-commands", &["*"]),
    ("xtask-generate", &["database", "driver-api", "drivers", "fixtures"]),
    // The program that it measures is what a driver is run with, and no more.
    ("xtask-measure", &["database", "driver-api", "drivers", "fixtures"]),
];

/// Foreign crates of which one crate of ours shows the others what they need: so its next release does not break them.
const BEHIND: &[(&str, &str, &str)] = &[("serde_yaml", "driver-api", "driver_api::yaml")];

pub(super) fn check(sources: &[Source], metadata: &Metadata) -> Vec<Complaint> {
    let names: Vec<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let mut complaints = Vec::new();
    for package in &metadata.packages {
        let normal = package.dependencies.iter().filter(|it| it.kind.is_none());
        let ours: Vec<&str> = normal.map(Dependency::key).filter(|it| names.contains(it)).collect();
        let manifest = metadata.in_workspace(&package.manifest_path).unwrap_or_default();
        let text = sources.iter().find(|source| source.path == manifest).map_or("", |source| &source.text);
        let name = package.name.as_str();
        let foreign = package.dependencies.iter().filter_map(|it| behind(name, it.key()));
        complaints.extend(broken(name, &ours).into_iter().chain(foreign).map(|(dependency, message)| {
            Complaint::error(manifest, line_of(text, dependency), RULE, message)
        }));
    }
    complaints
}

/// The dependencies that a crate must not have, each with a message. A crate that is not in the table has no rule yet.
fn broken<'a>(name: &str, dependencies: &[&'a str]) -> Vec<(&'a str, String)> {
    let Some((_, allowed)) = ALLOWED.iter().find(|(pattern, _)| matches(pattern, name)) else {
        let message = format!(
            "the crate {name} has no rule; add it to ALLOWED in xtask/commands/src/tidy/dependencies.rs"
        );
        return vec![("", message)];
    };
    let is_broken = |dependency: &&&str| !allowed.iter().any(|pattern| matches(pattern, dependency));
    let message = |dependency| {
        let allowed =
            if allowed.is_empty() { "no other crate of ours".to_owned() } else { allowed.join(", ") };
        format!(
            "{name} must not depend on {dependency}, only on {allowed}; move the code, or pass what it needs"
        )
    };
    dependencies.iter().filter(is_broken).map(|dependency| (*dependency, message(dependency))).collect()
}

/// The dependency, with a message, if the crate must not have it since another one shows what it needs.
fn behind<'a>(name: &str, dependency: &'a str) -> Option<(&'a str, String)> {
    let (_, owner, module) = BEHIND.iter().find(|(foreign, _, _)| *foreign == dependency)?;
    (name != *owner).then(|| {
        (dependency, format!("{name} must not depend on {dependency}, only {owner} may; use {module}"))
    })
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |beginning| name.starts_with(beginning))
}

/// The line of a manifest that names a dependency.
pub(super) fn line_of(manifest: &str, dependency: &str) -> usize {
    let names_it = |line: &str| {
        line.strip_prefix(dependency)
            .is_some_and(|rest| !dependency.is_empty() && rest.starts_with(['.', ' ', '=']))
    };
    manifest.lines().position(names_it).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken_by(name: &str, dependencies: &[&str]) -> Vec<String> {
        broken(name, dependencies).into_iter().map(|(dependency, _)| dependency.to_owned()).collect()
    }

    #[test]
    fn a_dependency_against_the_direction_is_refused() {
        assert_eq!(broken_by("driver-api", &["asterisk-conf", "database"]), ["database"]);
        assert_eq!(
            broken_by("drivers-dird", &["driver-api", "drivers-asterisk", "database"]),
            ["drivers-asterisk", "database"]
        );
        assert_eq!(broken_by("client", &["driver-api"]), ["driver-api"]);
        assert_eq!(broken_by("drivers", &["drivers-wazo", "service"]), ["service"]);
        assert_eq!(broken_by("xtask-generate", &["drivers", "dispatcher"]), ["dispatcher"]);
    }

    #[test]
    fn dependencies_in_the_direction_are_fine() {
        assert_eq!(broken_by("dispatcher", &["asterisk-conf", "database", "drivers"]), [""; 0]);
        assert_eq!(broken_by("drivers", &["drivers-wazo", "drivers-new"]), [""; 0]);
        assert_eq!(broken_by("drivers-new", &["driver-api", "asterisk-conf"]), [""; 0]);
        assert_eq!(broken_by("xtask-commands", &["dispatcher", "fixtures"]), [""; 0]);
    }

    #[test]
    fn only_driver_api_depends_on_the_yaml_crate() {
        let (dependency, message) = behind("drivers-dird", "serde_yaml").unwrap();
        assert_eq!(dependency, "serde_yaml");
        assert!(message.ends_with("only driver-api may; use driver_api::yaml"), "{message}");
        assert_eq!([behind("driver-api", "serde_yaml"), behind("drivers-dird", "serde")], [None, None]);
    }

    #[test]
    fn a_crate_without_a_rule_is_an_error() {
        let [(dependency, message)] = broken("toolbox", &["database"]).try_into().unwrap();
        assert_eq!(dependency, "");
        assert!(message.starts_with("the crate toolbox has no rule; add it to ALLOWED"), "{message}");
    }

    #[test]
    fn a_complaint_is_about_the_line_of_the_manifest() {
        let manifest = "[dependencies]\ndriver-api-x = \"1\"\ndriver-api.workspace = true\n";
        assert_eq!(
            [line_of(manifest, "driver-api"), line_of(manifest, ""), line_of(manifest, "x")],
            [3, 1, 1]
        );
    }
}
