//! The licences of other authors in the packages.
//!
//! They are written beside the programs, from where the lists of assets in Cargo.toml take them.

use std::fs;
use std::path::Path;

use driver_api::Error;

use super::manuals::{FOLDER, compress};
use crate::file_error;
use crate::licences::{Linked, report};

/// Writes what the package of the service has of them, beside its program.
pub(super) fn of_service(programs: &Path, linked: &Linked) -> Result<(), Error> {
    write(&programs.join(FOLDER).join("service"), linked)
}

/// Writes what the package of the client has of them, beside its program.
pub(super) fn of_client(programs: &Path) -> Result<(), Error> {
    write(&programs.join(FOLDER).join("client"), &Linked::client())
}

fn write(folder: &Path, linked: &Linked) -> Result<(), Error> {
    let path = folder.join("third-party-licences");
    let text = report(linked)?;
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, text))
        .map_err(|error| file_error(&path, error))?;
    compress([path])
}
