//! The packages that are published: what crates.io asks of a manifest, and that each package is whole without the rest
//! of the checkout. `cargo xtask publish` builds them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use regex_lite::Regex;

use super::Complaint;
use super::links::beside;
use super::source::Source;
use crate::metadata::{Dependency, Metadata, Package};

const RULE: &str = "publish";

/// Files that every package has.
const FILES: &[&str] = &["LICENSE", "README.md"];

static INCLUDED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"include_(?:str|bytes)!\("([^"]+)"\)"#).expect("a valid pattern"));

pub(super) fn check(sources: &[Source], files: &[String], metadata: &Metadata) -> Vec<Complaint> {
    let ours: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let published: Vec<&Package> =
        metadata.packages.iter().filter(|package| package.published_name().is_some()).collect();
    let names: BTreeSet<&str> = published.iter().map(|package| package.name.as_str()).collect();
    let mut complaints = Vec::new();
    for package in published {
        let manifest = metadata.in_workspace(&package.manifest_path).unwrap_or_default();
        let mut messages = missing(package);
        let ours = package.dependencies.iter().filter(|dependency| ours.contains(dependency.key()));
        messages.extend(ours.filter_map(|dependency| unpublished(dependency, &package.version, &names)));
        let folder = Path::new(manifest).parent().unwrap_or(Path::new(""));
        let has = |file: &Path| files.iter().any(|it| Path::new(it) == file);
        for file in FILES.iter().filter(|file| !has(&folder.join(file))) {
            messages
                .push(format!("the package has no file {file}; crates.io shows it, or its users need it"));
        }
        complaints.extend(messages.into_iter().map(|message| Complaint::error(manifest, 1, RULE, message)));
        let own = sources.iter().filter(|source| Path::new(&source.path).starts_with(folder.join("src")));
        complaints.extend(own.flat_map(|source| included_from_outside(source, folder)));
    }
    complaints
}

/// The keys that the manifest lacks.
fn missing(package: &Package) -> Vec<String> {
    let keys = [
        ("description", package.description.is_some()),
        ("homepage", package.homepage.is_some()),
        ("repository", package.repository.is_some()),
        ("license", package.license.is_some()),
        ("readme", package.readme.is_some()),
        // crates.io takes five of each, and no more.
        ("keywords", (1..=5).contains(&package.keywords.len())),
        ("categories", (1..=5).contains(&package.categories.len())),
    ];
    let keys = keys.iter().filter(|(_, is_there)| !is_there);
    keys.map(|(key, _)| format!("a published package needs one to five values of {key}")).collect()
}

/// The message about a dependency that crates.io would not find.
fn unpublished(dependency: &Dependency, version: &str, names: &BTreeSet<&str>) -> Option<String> {
    let name = dependency.key();
    let is_by_path_alone = dependency.req == "*";
    // cargo leaves these out of the package.
    if dependency.kind.as_deref() == Some("dev") && is_by_path_alone {
        return None;
    }
    if !names.contains(name) {
        return Some(format!("{name} is not published, so a published package must not need it"));
    }
    (dependency.req != format!("^{version}"))
        .then(|| format!("{name} needs version = \"{version}\" in [workspace.dependencies], beside its path"))
}

/// Complains about files that a source includes, and that are not in the folder of its package.
fn included_from_outside(source: &Source, folder: &Path) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (line, number) in source.text.lines().zip(1..) {
        for included in INCLUDED.captures_iter(line) {
            let path = beside(&source.path, &included[1]);
            if !path.is_some_and(|path| Path::new(&path).starts_with(folder)) {
                let message =
                    format!("{} is not in the package, which is published; link to it", &included[1]);
                complaints.push(Complaint::error(&source.path, number, RULE, message));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependency(json: &str) -> Dependency {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_dependency_has_to_be_on_crates_io() {
        let names = BTreeSet::from(["driver-api"]);
        let message = |json: &str| unpublished(&dependency(json), "0.2.0", &names);
        assert_eq!(message(r#"{"name": "driver-api", "req": "^0.2.0"}"#), None);
        let old = message(r#"{"name": "driver-api", "req": "^0.1.0"}"#).unwrap();
        assert!(old.starts_with(r#"driver-api needs version = "0.2.0""#), "{old}");
        let private = message(r#"{"name": "review", "req": "^0.2.0"}"#).unwrap();
        assert!(private.starts_with("review is not published"), "{private}");
        assert_eq!(message(r#"{"name": "review", "req": "*", "kind": "dev"}"#), None);
    }

    #[test]
    fn a_package_includes_only_its_own_files() {
        let text =
            "const A: &str = include_str!(\"a.txt\");\nconst B: &str = include_str!(\"../../b.txt\");\n";
        let source = Source::new("a/src/lib.rs", text).unwrap();
        let complaints = included_from_outside(&source, Path::new("a"));
        let lines: Vec<usize> = complaints.iter().map(|complaint| complaint.line).collect();
        assert_eq!(lines, [2]);
    }
}
