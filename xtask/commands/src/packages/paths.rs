//! The paths in compiled programs, which must not be those of the machine that compiles.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, iter};

use crate::root;

/// The variable with the arguments of rustc, which cargo prefers to `RUSTFLAGS`, and what separates them.
const ENCODED: (&str, char) = ("CARGO_ENCODED_RUSTFLAGS", '\u{1f}');

/// Lets cargo compile programs whose messages name files by paths that are the same on each machine. The flags that the
/// packager's environment has stay.
pub(super) fn remap(cargo: &mut Command) {
    let flags = remaps(root(), cargo_home().as_deref());
    let (variable, separator) = ENCODED;
    cargo.env(variable, given().into_iter().chain(flags).collect::<Vec<_>>().join(&separator.to_string()));
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
    let checkout = iter::once(remap(checkout, "/usr/src/confgend"));
    checkout.chain(cargo_home.map(|home| remap(home, "/usr/src/cargo"))).collect()
}

/// The folder in which cargo keeps the sources of crates.
fn cargo_home() -> Option<PathBuf> {
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")))
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
}
