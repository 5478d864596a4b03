//! The checks of a folder outside this workspace that gets a driver.

use std::path::{self, Path, PathBuf};
use std::{fs, io};

use driver_api::Error;

use crate::metadata::Metadata;
use xtask_generate::file_error;

/// The absolute path of a folder without `..` and symbolic links, since relative paths can't lead through links. The
/// last part need not exist.
pub(super) fn real(folder: &Path) -> io::Result<PathBuf> {
    let absolute = path::absolute(folder)?;
    match (absolute.parent(), absolute.file_name()) {
        (Some(parent), Some(name)) if absolute.symlink_metadata().is_err() => {
            Ok(parent.canonicalize()?.join(name))
        }
        _ => absolute.canonicalize(),
    }
}

/// Refuses an existing crate that has another name than its folder, or lacks a dependency of a new driver.
pub(super) fn check_crate(folder: &Path, name: &str) -> Result<(), Error> {
    let Some(package) = Metadata::of(folder)?.package_at(&folder.join("Cargo.toml")) else {
        return Err(Error::driver("is a workspace; give the folder of a package in it"));
    };
    if package.name != name {
        let message =
            format!("the package has the name {}; give it the name of its folder, {name}", package.name);
        return Err(Error::driver(message));
    }
    for needed in ["driver-api", "serde", "fixtures"] {
        if !package.dependencies.iter().any(|dependency| dependency.key() == needed) {
            let message =
                "a new driver needs it; copy the line from the Cargo.toml of a new crate, or from the guide";
            return Err(Error::driver(message).context(format!("no dependency {needed}")));
        }
    }
    Ok(())
}

/// Refuses a name that a package and its library can't have.
pub(super) fn check_name(name: &str) -> Result<(), Error> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    let library = name.replace('-', "_");
    if !name.chars().all(is_plain) || syn::parse_str::<syn::Ident>(&library).is_err() {
        let message = "a crate has the name of its folder, which may only have lower-case letters, digits, - and _, like drivers-acme";
        return Err(Error::driver(message));
    }
    let taken = ["confgend", "std", "core", "alloc", "proc_macro", "test", "build", "deps", "examples"];
    if taken.contains(&library.as_str()) || is_dependency(&library) {
        return Err(Error::driver(
            "another crate of the program has this name; choose another one, like drivers-acme",
        ));
    }
    Ok(())
}

/// Whether a crate of this name is among the dependencies of confgend.
fn is_dependency(library: &str) -> bool {
    let lock = include_str!("../../../../Cargo.lock");
    lock.lines()
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        .any(|name| name.replace('-', "_") == library)
}

/// Whether a folder has no entries, or does not exist.
pub(super) fn is_empty(folder: &Path) -> Result<bool, Error> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(file_error(folder, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str) -> String {
        check_name(name).unwrap_err().chain()
    }

    #[test]
    fn names_that_would_not_compile_are_refused() {
        for name in ["std", "proc-macro", "syn", "driver_api", "drivers-asterisk", "confgend", "serde"] {
            assert!(refused(name).contains("has this name; choose another one"), "{name}");
        }
        for name in ["Drivers", "1x", "self", "x y"] {
            assert!(refused(name).contains("a crate has the name of its folder"), "{name}");
        }
    }

    #[test]
    fn a_crate_must_have_what_the_driver_needs() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("drivers-x");
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::write(folder.join("src/lib.rs"), "").unwrap();
        let refused = |manifest: &str| {
            fs::write(folder.join("Cargo.toml"), manifest).unwrap();
            check_crate(&folder, "drivers-x").unwrap_err().chain()
        };
        assert!(refused("[package").starts_with("cargo metadata "));
        assert_eq!(refused("[workspace]\n"), "is a workspace; give the folder of a package in it");
        let other = "[package]\nname = \"acme\"\nversion = \"0.1.0\"\n[workspace]\n";
        assert_eq!(
            refused(other),
            "the package has the name acme; give it the name of its folder, drivers-x"
        );
        let package =
            other.replace("acme", "drivers-x") + "[dependencies]\ndriver-api = \"0.1\"\nserde = \"1\"\n";
        assert!(refused(&package).starts_with("no dependency fixtures: a new driver needs it"));
        fs::write(folder.join("Cargo.toml"), package + "[dev-dependencies]\nfixtures = \"0.1\"\n").unwrap();
        assert!(check_crate(&folder, "drivers-x").is_ok());
    }
}
