//! Whether the example in this repository is what the guide makes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use driver_api::Error;

use super::world::{files, git};
use crate::file_error;

/// Compares the files of two folders, or makes those of the example anew.
pub(super) fn compare(made: &Path, example: &Path, update: bool) -> Result<(), Error> {
    if update {
        fs::create_dir_all(example).map_err(|error| file_error(example, error))?;
    }
    // So that what the guide has git ignore is ignored.
    git(made, &["init", "--quiet"])?;
    let names: BTreeSet<String> = files(made)?.into_iter().chain(files(example)?).collect();
    // Which versions of other crates there are today is not the guide's matter.
    let names = names.into_iter().filter(|name| name != "Cargo.lock");
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
        "the guide makes other files than these: {}; if the guide is right, type: cargo xtask guide --update, and \
         delete what it doesn't make",
        different.join(", ")
    );
    Err(Error::driver(message).context(example.display().to_string()))
}

/// A file as it would be in the example, if it is there.
fn read(folder: &Path, name: &str) -> Result<Option<Vec<u8>>, Error> {
    let path = folder.join(name);
    if !path.exists() {
        return Ok(None);
    }
    let bytes = fs::read(&path).map_err(|error| file_error(&path, error))?;
    match String::from_utf8(bytes) {
        // This repository is beside what the guide makes, and above the example.
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
