//! Finds the PostgreSQL server and PgBouncer, or installs them.

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

/// Does the same for PgBouncer, to which the tests connect.
pub(crate) fn ensure_pgbouncer() -> Result<(), Error> {
    if debian::find_or_install("pgbouncer", "pgbouncer") {
        return Ok(());
    }
    let message = "PgBouncer is not installed, and the tests need it; type: sudo apt-get install pgbouncer";
    Err(Error::driver(message))
}
