//! Each dependency of a crate is named in its sources: what nobody names is compiled for nothing.

use std::collections::BTreeSet;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::Complaint;
use super::dependencies::line_of;
use super::source::Source;
use crate::metadata::{Dependency, Metadata, Package};

const RULE: &str = "unused-dependency";

/// The names in the sources of a crate.
#[derive(Default)]
struct Names {
    /// Outside of tests.
    code: BTreeSet<String>,
    tests: BTreeSet<String>,
}

pub(super) fn check(sources: &[Source], metadata: &Metadata) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for package in &metadata.packages {
        let manifest = metadata.in_workspace(&package.manifest_path).unwrap_or_default();
        let text = sources.iter().find(|source| source.path == manifest).map_or("", |source| &source.text);
        let names = names(sources, package, metadata);
        complaints.extend(package.dependencies.iter().filter_map(|dependency| {
            let message = complaint(&package.name, dependency, &names)?;
            Some(Complaint::error(manifest, line_of(text, dependency.key()), RULE, message))
        }));
    }
    complaints
}

/// The message about a dependency, if something is wrong with it.
fn complaint(package: &str, dependency: &Dependency, names: &Names) -> Option<String> {
    let name = dependency.key();
    let identifier = name.replace('-', "_");
    let is_for_tests = dependency.kind.as_deref() == Some("dev");
    if names.code.contains(&identifier) || is_for_tests && names.tests.contains(&identifier) {
        None
    } else if names.tests.contains(&identifier) {
        Some(format!("only tests of {package} name {name}; move it to [dev-dependencies]"))
    } else {
        Some(format!("no source of {package} names {name}; remove it"))
    }
}

fn names(sources: &[Source], package: &Package, metadata: &Metadata) -> Names {
    let mut names = Names::default();
    for source in sources {
        let Some(rust) = &source.rust else { continue };
        if owner(&metadata.workspace_root.join(&source.path), metadata)
            == Some(package.manifest_path.as_path())
        {
            collect(rust.tokens.clone(), source.is_test(), &mut names);
        }
    }
    names
}

/// The manifest of the package that a file belongs to: the one in the deepest folder.
fn owner<'m>(path: &Path, metadata: &'m Metadata) -> Option<&'m Path> {
    let owners = metadata.packages.iter().filter(|package| path.starts_with(package.folder()));
    let deepest = owners.max_by_key(|package| package.folder().components().count())?;
    Some(&deepest.manifest_path)
}

/// Collects the identifiers in these tokens. The item after `#[cfg(test)]` is a test, and so is the example in a comment.
fn collect(tokens: TokenStream, is_test: bool, names: &mut Names) {
    let mut is_in_test = is_test;
    for token in tokens {
        match token {
            TokenTree::Ident(identifier) => {
                let set = if is_in_test { &mut names.tests } else { &mut names.code };
                set.insert(identifier.to_string());
            }
            TokenTree::Group(group) => {
                let ends_item = group.delimiter() == Delimiter::Brace;
                let begins_test =
                    group.delimiter() == Delimiter::Bracket && group.stream().to_string() == "cfg (test)";
                collect(group.stream(), is_in_test, names);
                is_in_test = is_test || begins_test || is_in_test && !ends_item;
            }
            TokenTree::Literal(literal) => names.tests.extend(paths(&literal.to_string())),
            TokenTree::Punct(punct) if punct.as_char() == ';' => is_in_test = is_test,
            TokenTree::Punct(_) => {}
        }
    }
}

/// The names before `::` in a text, such as a line of a comment.
fn paths(text: &str) -> impl Iterator<Item = String> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let before = text.split("::").map(move |part| &part[part.trim_end_matches(is_name).len()..]);
    before.filter(|name| !name.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(manifest: &str, files: &[(&str, &str)], dependencies: &str) -> Vec<String> {
        let metadata: Metadata = serde_json::from_str(&format!(
            r#"{{"workspace_root": "/w", "packages": [
                {{"name": "a", "version": "1.0.0", "manifest_path": "/w/a/Cargo.toml", "targets": [],
                  "dependencies": [{dependencies}]}},
                {{"name": "b", "version": "1.0.0", "manifest_path": "/w/a/b/Cargo.toml", "targets": [],
                  "dependencies": []}}]}}"#
        ))
        .unwrap();
        let files = std::iter::once(("a/Cargo.toml", manifest)).chain(files.iter().copied());
        let sources: Vec<Source> = files.map(|(path, text)| Source::new(path, text).unwrap()).collect();
        check(&sources, &metadata).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_dependency_that_no_source_names_is_an_error() {
        let manifest = "[dependencies]\nserde-json = \"1\"\n";
        let dependency = r#"{"name": "serde-json", "kind": null}"#;
        let unused = ["a/Cargo.toml:2: unused-dependency: no source of a names serde-json; remove it"];
        let source = "use serde_json::Value;\n";
        assert_eq!(complaints(manifest, &[("a/src/lib.rs", source)], dependency), [""; 0]);
        // In the other package, and in a comment.
        assert_eq!(complaints(manifest, &[("a/b/src/lib.rs", source)], dependency), unused);
        assert_eq!(
            complaints(manifest, &[("a/src/lib.rs", "/// serde_json\nfn a() {}\n")], dependency),
            unused
        );
    }

    #[test]
    fn a_dependency_of_tests_alone_is_a_dev_dependency() {
        let manifest = "[dependencies]\nserde = \"1\"\n";
        let of_code = r#"{"name": "serde", "kind": null}"#;
        let moved =
            ["a/Cargo.toml:2: unused-dependency: only tests of a name serde; move it to [dev-dependencies]"];
        let test = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() { serde::c(); } }\nfn d() {}\n";
        assert_eq!(complaints(manifest, &[("a/src/lib.rs", test)], of_code), moved);
        assert_eq!(complaints(manifest, &[("a/tests/it.rs", "use serde::C;\n")], of_code), moved);
        assert_eq!(complaints(manifest, &[("a/src/lib.rs", "/// #[serde::d]\nfn e() {}\n")], of_code), moved);
        let of_tests = r#"{"name": "serde", "kind": "dev"}"#;
        assert_eq!(complaints(manifest, &[("a/src/lib.rs", test)], of_tests), [""; 0]);
        let after = "#[cfg(test)]\nuse a::b;\nfn d() { serde::c() }\n";
        assert_eq!(complaints(manifest, &[("a/src/lib.rs", after)], of_code), [""; 0]);
    }
}
