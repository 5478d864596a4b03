//! The front page of every crate: the `//!` comment of its root.

use syn::{Attribute, Meta};

use super::Complaint;
use super::source::{Rust, Source};
use crate::metadata::{Metadata, Package};

const RULE: &str = "docs";

/// The fewest lines of a library's front page.
const FEWEST_LINES: usize = 3;

pub(super) fn check(sources: &[Source], metadata: &Metadata) -> Vec<Complaint> {
    let find = |path: &str| sources.iter().find(|source| source.path == path);
    let mut complaints = Vec::new();
    for package in &metadata.packages {
        let has_lints = has_workspace_lints(package, metadata, sources);
        for target in package.targets.iter().filter(|target| !target.is("custom-build")) {
            if let Some(source) = metadata.in_workspace(&target.src_path).and_then(find) {
                complaints.extend(check_root(source, target.is("lib"), has_lints));
            }
        }
    }
    complaints
}

/// Whether the lints of the workspace warn of missing documentation, and the package has them.
fn has_workspace_lints(package: &Package, metadata: &Metadata, sources: &[Source]) -> bool {
    let text = |path: &str| sources.iter().find(|it| it.path == path).map_or("", |it| it.text.as_str());
    let manifest = metadata.in_workspace(&package.manifest_path).map_or("", text);
    section(manifest, "[lints]").any(|line| line == "workspace = true")
        && section(text("Cargo.toml"), "[workspace.lints.rust]")
            .any(|line| line.starts_with("missing_docs = "))
}

/// The lines of a table in a Cargo.toml.
fn section<'a>(manifest: &'a str, title: &str) -> impl Iterator<Item = &'a str> {
    let lines = manifest.lines().skip_while(move |line| *line != title).skip(1);
    lines.take_while(|line| !line.starts_with('['))
}

fn check_root(source: &Source, is_library: bool, has_lints: bool) -> Vec<Complaint> {
    let Some(rust) = &source.rust else { return Vec::new() };
    let mut complaints = Vec::new();
    let lines = rust.front_page().len();
    if lines == 0 {
        let message = "this root of a crate has no //! comment; say what the crate is for";
        complaints.push(Complaint::error(&source.path, 1, RULE, message));
    } else if is_library && lines < FEWEST_LINES {
        let message = format!("a front page of {lines} lines; say what the crate is for, and where to begin");
        complaints.push(Complaint::hint(&source.path, 1, RULE, message));
    }
    if is_library && !has_lints && !warns_of_missing_docs(rust) {
        let message = "nothing demands documentation; add `[lints] workspace = true` to Cargo.toml, or \
                       #![warn(missing_docs)] to this file";
        complaints.push(Complaint::error(&source.path, 1, RULE, message));
    }
    complaints
}

fn warns_of_missing_docs(rust: &Rust) -> bool {
    let warns = |attribute: &Attribute| match &attribute.meta {
        Meta::List(list) => {
            let is_level = ["warn", "deny", "forbid"].iter().any(|level| list.path.is_ident(level));
            is_level && list.tokens.to_string().split(',').any(|lint| lint.trim() == "missing_docs")
        }
        _ => false,
    };
    rust.file.attrs.iter().any(warns)
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    fn levels(text: &str, is_library: bool, has_lints: bool) -> Vec<Level> {
        let source = Source::new("a/src/lib.rs", text).unwrap();
        check_root(&source, is_library, has_lints).iter().map(|complaint| complaint.level).collect()
    }

    #[test]
    fn a_root_needs_a_front_page() {
        assert_eq!(levels("fn main() {}\n", false, true), [Level::Error]);
        assert_eq!(levels("//! A program.\n", false, true), []);
        assert_eq!(levels("//! A library.\n", true, true), [Level::Hint]);
        assert_eq!(levels("//! A library.\n//!\n//! It does it.\n", true, true), []);
    }

    #[test]
    fn a_library_demands_documentation() {
        let page = "//! A.\n//!\n//! B.\n";
        assert_eq!(levels(page, true, false), [Level::Error]);
        assert_eq!(levels(&format!("{page}#![warn(missing_docs, dead_code)]\n"), true, false), []);
    }

    #[test]
    fn a_table_ends_where_the_next_begins() {
        let manifest = "[lints]\nworkspace = true\n\n[features]\na = []\n";
        assert_eq!(section(manifest, "[lints]").collect::<Vec<_>>(), ["workspace = true", ""]);
        assert_eq!(section(manifest, "[features]").collect::<Vec<_>>(), ["a = []"]);
    }
}
