//! Finds PostgreSQL's server, or installs it.

use std::process::Command;

use driver_api::Error;

/// Sees to it that the server's programs are there: looks for them, and where it may, installs
/// Debian's package.
pub(crate) fn ensure() -> Result<(), Error> {
    if let Some(folder) = fixtures::postgres::find_binaries() {
        say!("PostgreSQL: {}", folder.display());
        return Ok(());
    }
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if root && Command::new("apt-get").arg("--version").output().is_ok() {
        say!("PostgreSQL: no server here; installing Debian's package postgresql");
        let install = |arguments: &[&str]| {
            Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive").status()
        };
        let _ = install(&["update", "-q"]);
        let _ = install(&["install", "-q", "-y", "--no-install-recommends", "postgresql"]);
        if let Some(folder) = fixtures::postgres::find_binaries() {
            say!("PostgreSQL: {}", folder.display());
            return Ok(());
        }
    }
    Err(Error::driver(
        "the tests need PostgreSQL's server, which is not here; type: sudo apt-get install postgresql",
    ))
}
