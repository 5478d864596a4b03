//! The paths and times in compiled programs, which must not be those of the machine that compiles.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, iter};

use bstr::ByteSlice as _;
use driver_api::Error;

use super::date;
use crate::metadata::Metadata;
use crate::{file_error, root};

/// The paths that stand in the place of the checkout and of cargo's folder in a program.
const CHECKOUT: &str = "/usr/src/confgend";
const CARGO_HOME: &str = "/usr/src/cargo";

/// The variable by which a program knows, when it is compiled, that it will be in a package. The cases of the package take
/// the place of those in the checkout.
const PACKAGED: &str = "CONFGEND_PACKAGED";

/// The variable with the arguments of rustc, which cargo prefers to `RUSTFLAGS`, and what separates them.
const ENCODED: (&str, char) = ("CARGO_ENCODED_RUSTFLAGS", '\u{1f}');

/// Has cargo compile programs whose messages name files by paths that are the same on each machine, and whose C code, such
/// as mimalloc's, has the date of the packages for that of its compilation. The flags that the packager's environment has
/// stay.
pub(crate) fn remap(cargo: &mut Command) -> Result<(), Error> {
    let flags = remaps(root(), cargo_home().as_deref());
    let (variable, separator) = ENCODED;
    cargo.env(PACKAGED, "1");
    cargo.env(variable, given().into_iter().chain(flags).collect::<Vec<_>>().join(&separator.to_string()));
    cargo.env(date::VARIABLE, date::seconds()?);
    Ok(())
}

/// The flags that the environment has already.
fn given() -> Vec<String> {
    let (variable, separator) = ENCODED;
    let split = |flags: &str, separator| {
        let flags = flags.split(separator).filter(|flag| !flag.is_empty());
        flags.map(str::to_owned).collect()
    };
    match (env::var(variable), env::var("RUSTFLAGS")) {
        (Ok(flags), _) => split(&flags, separator),
        (Err(_), Ok(flags)) => split(&flags, ' '),
        (Err(_), Err(_)) => Vec::new(),
    }
}

fn remaps(checkout: &Path, cargo_home: Option<&Path>) -> Vec<String> {
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    let checkout = iter::once(remap(checkout, CHECKOUT));
    checkout.chain(cargo_home.map(|home| remap(home, CARGO_HOME))).collect()
}

/// The folder in which cargo keeps the sources of crates.
fn cargo_home() -> Option<PathBuf> {
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")))
}

/// Fails if a program has a path of this machine in it.
pub(crate) fn check(program: &Path) -> Result<(), Error> {
    let bytes = fs::read(program).map_err(|error| file_error(program, error))?;
    let crates = Metadata::of(root())?.packages;
    let crates = crates.iter().map(|package| package.folder().to_owned());
    let paths = crates.chain(cargo_home().map(|home| home.join("registry")));
    match found(&bytes, paths) {
        Some(path) => Err(Error::driver(format!(
            "has the path {} of this machine in it, such as by env!(\"CARGO_MANIFEST_DIR\"); another folder would give \
             another program",
            path.display()
        ))
        .context(program.display().to_string())),
        None => Ok(()),
    }
}

/// The first of the paths that a program contains, and that is none of those that [`remap`] writes.
fn found(program: &[u8], paths: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    let ours = |path: &PathBuf| path.starts_with(CHECKOUT) || path.starts_with(CARGO_HOME);
    paths.into_iter().find(|path| !ours(path) && program.contains_str(path.as_os_str().as_encoded_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_of_the_builder_is_in_the_program() {
        let expected = [
            "--remap-path-prefix=/home/a/confgend=/usr/src/confgend",
            "--remap-path-prefix=/home/a/.cargo=/usr/src/cargo",
        ];
        assert_eq!(remaps(Path::new("/home/a/confgend"), Some(Path::new("/home/a/.cargo"))), expected);
        assert_eq!(remaps(Path::new("/home/a/confgend"), None), expected[..1]);
    }

    #[test]
    fn a_path_of_the_builder_is_found_in_a_program() {
        let found =
            |program: &str| found(program.as_bytes(), ["/a/b", "/usr/src/confgend/c"].map(PathBuf::from));
        assert_eq!(found("\0/a/b/src/lib.rs\0"), Some(PathBuf::from("/a/b")));
        assert_eq!(found("\0/usr/src/confgend/c/src/lib.rs\0"), None);
    }
}
