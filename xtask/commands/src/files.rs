//! Lists the files in a folder of generated files, and copies those of this checkout.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use driver_api::Error;

use crate::{file_error, git, root};

/// The files below a folder, by their paths in it, sorted.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for resource in entries(folder)? {
        for file in entries(&folder.join(&resource))? {
            names.push(format!("{resource}/{file}"));
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn entries(folder: &Path) -> Result<Vec<String>, Error> {
    let list = || -> io::Result<Vec<String>> {
        fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    };
    list().map_err(|error| file_error(folder, error))
}

/// Copies the files of this checkout into a folder, as git knows them.
pub(crate) fn copy_checkout(folder: &Path) -> Result<(), Error> {
    git::files(root())?.iter().try_for_each(|file| copy(&root().join(file), &folder.join(file)))
}

/// Copies a file with its modification time, from which cargo knows whether it has changed. A link stays a link.
fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(|error| file_error(folder, error))?;
    }
    let copy = || {
        if from.is_symlink() {
            return symlink(fs::read_link(from)?, to);
        }
        fs::copy(from, to)?;
        File::open(to)?.set_modified(fs::metadata(from)?.modified()?)
    };
    copy().map_err(|error| file_error(from, error))
}
