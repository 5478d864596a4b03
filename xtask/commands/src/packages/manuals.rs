//! The manual pages and the completion of shells in the packages.
//!
//! They are written beside the programs, from where the lists of assets in Cargo.toml take them.

use std::fs;
use std::path::Path;
use std::process::Command;

use dispatcher::Shell;
use driver_api::Error;

use super::Parts;
use crate::man::{self, Page};
use crate::{command, file_error};

/// The folder of the files, beside the programs.
pub(super) const FOLDER: &str = "package";

/// The scripts of shells, by the names under which these look for them.
const SCRIPTS: &[(&str, Shell)] =
    &[("confgend", Shell::Bash), ("_confgend", Shell::Zsh), ("confgend.fish", Shell::Fish)];

/// Writes what the package of the service has of them, beside its program.
pub(super) fn of_service(programs: &Path, parts: Parts) -> Result<(), Error> {
    let mut command_line = dispatcher::command_line();
    // The command for definitions is in builds that take them.
    command_line.commands.retain(|command| parts.has_custom || command.name != "try");
    let mut pages = man::of_service(&command_line)?;
    if parts.has_custom {
        pages.push(man::of_bridge()?);
    }
    let folder = programs.join(FOLDER).join("service");
    write_pages(&folder, &pages)?;
    for (name, shell) in SCRIPTS {
        let path = folder.join(name);
        fs::write(&path, shell.script(&command_line)).map_err(|error| file_error(&path, error))?;
    }
    Ok(())
}

/// Writes what the package of the client has of them, beside its program.
pub(super) fn of_client(programs: &Path) -> Result<(), Error> {
    write_pages(&programs.join(FOLDER).join("client"), &man::of_client())
}

/// Writes pages to a folder, which has no others then.
fn write_pages(folder: &Path, pages: &[Page]) -> Result<(), Error> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| file_error(folder, error))?;
    }
    pages.iter().try_for_each(|page| page.write(folder))?;
    // Without the time, so that the same page gives the same bytes. cargo-deb compresses only files of the checkout.
    let paths = pages.iter().map(|page| folder.join(page.path()));
    command::run(Command::new("gzip").args(["-9", "--no-name"]).args(paths))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_definitions_has_no_word_about_them() {
        let programs = tempfile::tempdir().unwrap();
        let written = |has_custom| {
            of_service(programs.path(), Parts { has_templates: true, has_custom }).unwrap();
            let folder = programs.path().join("package/service");
            let exists = |name: &str| folder.join("man1").join(name).exists();
            let completes = |name: &str| fs::read_to_string(folder.join(name)).unwrap().contains("try");
            let completes = SCRIPTS.iter().map(|(name, _)| completes(name));
            let pages = ["confgend-try.1.gz", "confgend-python-driver.1.gz"].map(exists);
            assert!(exists("confgend.1.gz") && folder.join("man5/confgend.yml.5.gz").exists());
            completes.chain(pages).collect::<Vec<_>>()
        };
        assert_eq!(written(true), [true; 5]);
        assert_eq!(written(false), [false; 5]);
    }
}
