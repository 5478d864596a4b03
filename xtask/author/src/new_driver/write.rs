//! Writes the files and the snapshots of a new driver.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

use driver_api::Error;

use super::package::Package;
use crate::command;
use xtask_generate::{file_error, root};

/// A file to write.
pub(super) struct NewFile {
    /// The path in the crate.
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// Writes the files below a folder, and prints their paths. If one can't be written, it restores all of them.
pub(super) fn files(folder: &Path, files: &[NewFile]) -> Result<(), Error> {
    let mut before = Vec::new();
    for NewFile { path, text } in files {
        let file = folder.join(path);
        let parent = file.parent().unwrap_or(&file);
        let formatted = has_extension(path, "rs").then(|| formatted(folder, text).ok()).flatten();
        // Without rustfmt, the source is written unformatted.
        let text = formatted.as_ref().unwrap_or(text);
        before.push((file.clone(), fs::read(&file).ok()));
        if let Err(error) = fs::create_dir_all(parent).and_then(|()| fs::write(&file, text)) {
            restore(&before);
            return Err(file_error(&file, error).context("no file was changed"));
        }
        say!("  {}", path.display());
    }
    Ok(())
}

/// Restores files to their former content. An error is ignored, since another one is reported already.
fn restore(before: &[(PathBuf, Option<Vec<u8>>)]) {
    for (file, text) in before {
        let _ = match text {
            Some(text) => fs::write(file, text),
            None => fs::remove_file(file),
        };
    }
}

/// A source in the format of rustfmt. It is passed on standard input, because with a path, rustfmt would also format the
/// modules of the file.
fn formatted(folder: &Path, text: &str) -> io::Result<String> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024"])
        .current_dir(if folder.is_dir() { folder } else { root() })
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let written = rustfmt.stdin.take().map_or(Ok(()), |mut input| input.write_all(text.as_bytes()));
    let output = rustfmt.wait_with_output()?;
    written?;
    let is_done = output.status.success();
    let text = if is_done { String::from_utf8(output.stdout).ok() } else { None };
    text.ok_or_else(|| io::Error::other("rustfmt failed"))
}

/// Runs the tests, which write the missing snapshots, and prints the paths of these. Existing snapshots stay.
pub(super) fn snapshots(package: &Package) -> Result<(), Error> {
    let before = snapshot_names(&package.folder);
    let mut test = command::cargo();
    test.args(["test", "--quiet", "--package", &package.name, "--test", "snapshots"]);
    if package.is_ours {
        // Beside this program, which has no such test, the crate has dependencies with features that are compiled already.
        test.args(["--package", env!("CARGO_PKG_NAME")]);
    }
    test.current_dir(&package.folder).env("INSTA_UPDATE", "unseen").env("INSTA_OUTPUT", "none");
    let output = command::capture(&mut test)?;
    if !output.status.success() {
        say!("{}{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
        let message =
            format!("the files above are written, but this command fails: {}", command::shown(&test));
        return Err(Error::driver(message));
    }
    for snapshot in snapshot_names(&package.folder).difference(&before) {
        say!("  tests/snapshots/{snapshot}");
    }
    Ok(())
}

/// The names of the snapshots in a crate.
fn snapshot_names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder.join("tests/snapshots")).into_iter().flatten().flatten();
    let snapshots = entries.filter(|entry| has_extension(&entry.path(), "snap"));
    snapshots.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|it| it == extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_are_written_or_none() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().to_owned();
        fs::write(folder.join("lib.rs"), "old").unwrap();
        fs::write(folder.join("tests"), "no folder").unwrap();
        let new = |path: &str| NewFile { path: path.into(), text: "new".into() };
        let error = files(&folder, &["lib.rs", "foo", "tests/snapshots"].map(new)).unwrap_err().chain();
        assert!(error.starts_with("no file was changed: "), "{error}");
        assert_eq!(fs::read_to_string(folder.join("lib.rs")).unwrap(), "old");
        assert!(!folder.join("foo").exists());
    }

    #[test]
    fn only_new_files_are_formatted() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().to_owned();
        fs::write(folder.join("other.rs"), "fn  x( ){}").unwrap();
        let list = NewFile { path: "lib.rs".into(), text: "mod  other;\n".into() };
        files(&folder, &[list]).unwrap();
        assert_eq!(fs::read_to_string(folder.join("other.rs")).unwrap(), "fn  x( ){}");
        assert_eq!(fs::read_to_string(folder.join("lib.rs")).unwrap(), "mod other;\n");
    }
}
