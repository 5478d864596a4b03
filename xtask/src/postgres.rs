//! Finds PostgreSQL's server, or installs it.

use driver_api::Error;

use crate::debian;

/// Sees to it that the server's programs are there: looks for them, and where it may, installs
/// Debian's package.
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
            "the tests need PostgreSQL's server, which is not here; type: sudo apt-get install postgresql",
        )),
    }
}
