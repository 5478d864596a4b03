//! Compiles the programs of packages and of the container image for use.
//!
//! cargo-deb would compile the whole workspace, since it can't know which crate makes the files of a pattern such as
//! `man1/*`. In that selection, the features of all crates are united, and a program has what its packager left out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use driver_api::Error;

use super::{RELEASE, paths};
use crate::command::{self, cargo};
use crate::{root, target};

/// Compiles `confgend` with these features, separated by commas, and no others. Returns the program. The target is that of
/// this machine, or the one of the triple.
pub(crate) fn service(features: &str, triple: Option<&str>) -> Result<PathBuf, Error> {
    let program =
        release("dispatcher", "confgend", &["--no-default-features", "--features", features], triple)?;
    check(&program, features)?;
    Ok(program)
}

/// Compiles `wazo-confgen`. Returns the program.
pub(crate) fn client(triple: Option<&str>) -> Result<PathBuf, Error> {
    release("client", "wazo-confgen", &[], triple)
}

fn release(package: &str, program: &str, features: &[&str], triple: Option<&str>) -> Result<PathBuf, Error> {
    let mut cargo = cargo();
    cargo.args(["build", "--quiet", "--locked", "--profile", RELEASE]);
    cargo.args(["--package", package, "--bin", program]).args(features);
    paths::remap(&mut cargo)?;
    let mut folder = target();
    if let Some(triple) = triple {
        // Without the names of functions, which cargo-deb would remove from a program of a package.
        cargo.args(["--target", triple]).env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
        folder.push(triple);
    }
    command::run(&mut cargo)?;
    let path = folder.join(RELEASE).join(program);
    paths::check(&path)?;
    Ok(path)
}

/// Fails if a program says that it was compiled with other features.
fn check(program: &Path, features: &str) -> Result<(), Error> {
    // This configuration excludes the files of this machine.
    let config = root().join("dispatcher/tests/it/alone.yml");
    let output = command::capture(Command::new(program).args(["list", "--config"]).arg(config))?;
    let complaint = difference(&String::from_utf8_lossy(&output.stderr), features);
    complaint.map_or(Ok(()), |complaint| Err(Error::driver(complaint).context(program.display().to_string())))
}

/// The difference between the features that `confgend list` prints and these.
fn difference(printed: &str, features: &str) -> Option<String> {
    let compiled = printed.lines().find_map(|line| line.strip_prefix("features compiled in: "));
    let compiled: BTreeSet<&str> = compiled.unwrap_or_default().split(", ").collect();
    let wanted: BTreeSet<&str> = features.split(',').collect();
    // The default features are not listed one by one. Nothing can be left out of a package that has all.
    let is_right = features == "default" || compiled == wanted;
    (!is_right).then(|| format!("was compiled with {compiled:?}, and not with {wanted:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_has_the_features_that_its_packager_chose() {
        let printed = "features compiled in: provd, postgres, mimalloc\nfeatures left out: sqlite\n";
        assert_eq!(difference(printed, "provd,postgres,mimalloc"), None);
        assert_eq!(difference(printed, "default"), None);
        let found = difference(printed, "provd,mimalloc").unwrap();
        assert!(
            found.starts_with("was compiled with {\"mimalloc\", \"postgres\", \"provd\"}, and not with"),
            "{found}"
        );
        assert!(difference("", "provd,mimalloc").is_some());
    }
}
