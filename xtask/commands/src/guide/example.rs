//! Compares the example in this repository with the crate that the guide makes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use driver_api::Error;

use crate::{file_error, git};

/// Compares the files of two folders, or updates those of the example.
pub(super) fn compare(made: &Path, example: &Path, update: bool) -> Result<(), Error> {
    if update {
        fs::create_dir_all(example).map_err(|error| file_error(example, error))?;
    }
    // In a repository, git ignores the files that the crate's .gitignore names.
    git::run(made, &["init", "--quiet"])?;
    let names: BTreeSet<String> = git::files(made)?.into_iter().chain(git::files(example)?).collect();
    let mut different = Vec::new();
    for name in names {
        let (new, old) = (read(made, &name)?, read(example, &name)?);
        if new == old {
            continue;
        }
        match new {
            Some(text) if update => write(&example.join(&name), &text)?,
            _ => different.push(name),
        }
    }
    if different.is_empty() {
        return Ok(());
    }
    let message = format!(
        "these files differ from those that the guide makes: {}; if the guide is right, type: cargo xtask guide \
         --update, and delete the files that it doesn't make",
        different.join(", ")
    );
    Err(Error::driver(message).context(example.display().to_string()))
}

/// Reads a file with its paths as in the example; `None` if it does not exist.
fn read(folder: &Path, name: &str) -> Result<Option<Vec<u8>>, Error> {
    let path = folder.join(name);
    if !path.exists() {
        return Ok(None);
    }
    let bytes = fs::read(&path).map_err(|error| file_error(&path, error))?;
    match String::from_utf8(bytes) {
        // The guide makes the crate beside this repository, and the example is inside of it.
        Ok(text) if name.ends_with("Cargo.toml") => {
            Ok(Some(text.replace("../confgend/", "../../").into_bytes()))
        }
        Ok(text) => Ok(Some(text.into_bytes())),
        Err(error) => Ok(Some(error.into_bytes())),
    }
}

fn write(path: &Path, text: &[u8]) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| file_error(folder, error))?;
    }
    fs::write(path, text).map_err(|error| file_error(path, error))
}
