//! Adds lines to the description of a finished package. cargo-deb can only take a description from Cargo.toml.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use driver_api::Error;

use crate::command;
use crate::file_error;

/// Unpacks the package, and packs it again with these lines at the end of its description.
pub(super) fn add(package: &Path, lines: &str, compression: &[&str]) -> Result<(), Error> {
    let scratch = tempfile::tempdir().map_err(|error| file_error(&env::temp_dir(), error))?;
    let folder = scratch.path().join("package");
    command::output(Command::new("dpkg-deb").arg("--raw-extract").arg(package).arg(&folder))?;
    let file = folder.join("DEBIAN/control");
    fs::read_to_string(&file)
        .and_then(|control| fs::write(&file, with_description(&control, lines)))
        .map_err(|error| file_error(&file, error))?;
    let mut dpkg_deb = Command::new("dpkg-deb");
    dpkg_deb.args(compression).args(["--root-owner-group", "--build"]).arg(&folder).arg(package);
    command::output(&mut dpkg_deb).map(drop)
}

/// The text of a control file with these lines at the end of the description.
fn with_description(control: &str, lines: &str) -> String {
    let mut text = String::new();
    let mut is_in_description = false;
    // The lines of a field after the first begin with a blank. The empty line ends the last field.
    for line in control.lines().chain([""]) {
        if is_in_description && !line.starts_with(' ') {
            text += lines;
        }
        is_in_description = line.starts_with("Description:") || is_in_description && line.starts_with(' ');
        if !line.is_empty() {
            text += line;
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_where_the_description_ends() {
        let lines = " .\n More.\n";
        let control = "Package: a\nDescription: what\n it does\nProvides: b\n";
        let more = "Package: a\nDescription: what\n it does\n .\n More.\nProvides: b\n";
        assert_eq!(with_description(control, lines), more);
        // The form that cargo-deb writes.
        assert_eq!(
            with_description("Depends: c\nDescription: what\n\n", lines),
            "Depends: c\nDescription: what\n .\n More.\n"
        );
    }
}
