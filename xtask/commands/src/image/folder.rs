//! The files of the image in a folder, from where the last stage of the Containerfile copies them.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use driver_api::Error;

use super::contents::Entry;
use crate::file_error;

/// Writes the files with their owners and modes into a folder that does not exist yet.
pub(super) fn write(folder: &Path, contents: &[Entry]) -> Result<(), Error> {
    fs::create_dir(folder).map_err(|error| file_error(folder, error))?;
    for entry in contents {
        let path = folder.join(&entry.path);
        write_entry(&path, entry).map_err(|error| file_error(&path, error))?;
    }
    say!("{} files and folders in {}", contents.len(), folder.display());
    Ok(())
}

fn write_entry(path: &Path, entry: &Entry) -> io::Result<()> {
    match &entry.bytes {
        Some(bytes) => fs::write(path, bytes)?,
        None => fs::create_dir(path)?,
    }
    chown(path, Some(entry.owner), Some(entry.owner))?;
    // After the change of the owner, which takes away some bits.
    fs::set_permissions(path, Permissions::from_mode(entry.mode))
}
