//! Finds the PostgreSQL server, or installs it.

use driver_api::Error;

use crate::debian;

/// Ensures that the programs of the server are installed. Installs Debian's package if they are missing and this user
/// may install packages.
pub(crate) fn ensure() -> Result<(), Error> {
    if fixtures::postgres::find_binaries().is_none() {
        debian::install("postgresql");
    }
    match fixtures::postgres::find_binaries() {
        Some(folder) => {
            say!("PostgreSQL: {}", folder.display());
            Ok(())
        }
        None => Err(Error::driver(
            "the PostgreSQL server is not installed, and the tests need it; type: sudo apt-get install postgresql",
        )),
    }
}
