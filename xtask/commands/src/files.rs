//! Lists the files in a folder of generated files.

use std::path::Path;
use std::{fs, io};

use driver_api::Error;

use crate::file_error;

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
