//! The crates in a program.

use std::collections::BTreeSet;

use driver_api::Error;

use super::Linked;
use crate::metadata::{Metadata, Package};
use crate::{command, root};

/// The crates of other authors in a program, sorted by name and version. Crates that only run at the time of the build,
/// such as build scripts and procedural macros, are not in it.
pub(super) fn crates(linked: &Linked) -> Result<Vec<Package>, Error> {
    let names = names(linked)?;
    let ours = Metadata::of(root())?.packages;
    let ours: BTreeSet<_> = ours.into_iter().map(|package| package.manifest_path).collect();
    let is_linked = |package: &Package| names.contains(&(package.name.clone(), package.version.clone()));
    let mut crates = Metadata::with_dependencies(&linked.manifest)?.packages;
    crates.retain(|package| is_linked(package) && !ours.contains(&package.manifest_path));
    crates.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    Ok(crates)
}

/// The names and versions of all crates in a program. `cargo tree` knows which crates these features need, and `cargo
/// metadata` does not.
fn names(linked: &Linked) -> Result<BTreeSet<(String, String)>, Error> {
    let mut cargo = command::cargo();
    // In the folder of the crate, cargo reads the crate's configuration.
    cargo.current_dir(linked.manifest.parent().unwrap_or(root()));
    cargo.args(["tree", "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"]);
    cargo.arg("--manifest-path").arg(&linked.manifest);
    if let Some(features) = &linked.features {
        cargo.args(["--no-default-features", "--features", features]);
    }
    let tree = command::output(&mut cargo)?;
    Ok(tree.lines().filter_map(name_and_version).collect())
}

/// Reads `ring v0.17.14 (*)`. A path follows the version of a crate that is not from a registry.
fn name_and_version(line: &str) -> Option<(String, String)> {
    let mut words = line.split(' ');
    Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crates_of(features: &str) -> Vec<String> {
        let crates = crates(&Linked::service(features.to_owned())).unwrap();
        crates.into_iter().map(|package| package.name).collect()
    }

    #[test]
    fn a_program_with_fewer_features_has_fewer_crates() {
        let has = |crates: &[String], name: &str| crates.iter().any(|it| it == name);
        let (all, small) = (crates_of("default"), crates_of("provd,postgres"));
        let expected = ["libsqlite3-sys", "minijinja", "ring", "tokio-postgres"];
        assert_eq!(expected.map(|name| has(&all, name)), [true; 4]);
        assert_eq!(["libsqlite3-sys", "mimalloc"].map(|name| has(&small, name)), [false; 2]);
        // Ours, one for tests, one for build scripts, and a procedural macro.
        assert_eq!(["driver-api", "insta", "cc", "serde_derive"].map(|name| has(&all, name)), [false; 4]);
    }

    #[test]
    fn a_line_of_the_tree_has_name_and_version() {
        let found = |line| name_and_version(line).unwrap();
        let pair = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        assert_eq!(found("ring v0.17.14 (*)"), pair("ring", "0.17.14"));
        assert_eq!(found("zstd-sys v2.1.3+zstd.1.5.7"), pair("zstd-sys", "2.1.3+zstd.1.5.7"));
        assert_eq!(found("lookups v0.1.0 (/home/a/lookups)"), pair("lookups", "0.1.0"));
        assert_eq!(name_and_version(""), None);
    }
}
