//! The files of a checkout, as git knows them.

use std::path::Path;
use std::process::Command;

use driver_api::Error;

use crate::command;

/// The files below a folder, by their paths in it, sorted: those that git tracks, and new ones that it does not ignore.
pub(crate) fn files(folder: &Path) -> Result<Vec<String>, Error> {
    let output = run(folder, &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
    let names = output.split_terminator('\0').map(str::to_owned);
    let mut names: Vec<String> = names.filter(|name| folder.join(name).exists()).collect();
    names.sort_unstable();
    Ok(names)
}

/// Runs git in a folder; returns what it prints.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Result<String, Error> {
    let mut git = Command::new("git");
    // In a hook, these variables name the repository of the hook.
    git.env_remove("GIT_DIR").env_remove("GIT_INDEX_FILE").env_remove("GIT_WORK_TREE");
    command::output(git.arg("-C").arg(folder).args(arguments))
}
