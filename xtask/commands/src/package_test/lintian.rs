//! Has lintian, Debian's checker of packages, look at the packages.

use std::path::PathBuf;
use std::process::Command;

use driver_api::Error;

use crate::{command, debian};

/// Fails if lintian finds an error. Its warnings are printed. Prints a message if lintian can't be installed.
pub(super) fn check(packages: &[PathBuf]) -> Result<(), Error> {
    if !debian::find_or_install("lintian", "lintian") {
        say!(
            "NOT TESTED: what lintian says, because it is not installed; type: sudo apt-get install lintian"
        );
        return Ok(());
    }
    command::run(Command::new("lintian").args(["--allow-root", "--fail-on", "error"]).args(packages))?;
    say!("lintian: {} packages without an error", packages.len());
    Ok(())
}
