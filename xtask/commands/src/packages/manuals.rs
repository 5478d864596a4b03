//! The manual pages and the completion of shells in the packages.
//!
//! They are written beside the programs, from where the lists of assets in Cargo.toml take them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use driver_api::Error;

use super::Parts;
use crate::man::{self, Page};
use crate::{command, completion, file_error};

/// The folder of the files, beside the programs.
pub(super) const FOLDER: &str = "package";

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
    completion::of_service(&command_line).iter().try_for_each(|script| script.write(&folder))
}

/// Writes what the package of the client has of them, beside its program.
pub(super) fn of_client(programs: &Path) -> Result<(), Error> {
    let folder = programs.join(FOLDER).join("client");
    write_pages(&folder, &man::of_client())?;
    completion::of_client()?.iter().try_for_each(|script| script.write(&folder))
}

/// Writes pages to a folder, which has no others then.
fn write_pages(folder: &Path, pages: &[Page]) -> Result<(), Error> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| file_error(folder, error))?;
    }
    pages.iter().try_for_each(|page| page.write(folder))?;
    compress(pages.iter().map(|page| folder.join(page.path())))
}

/// Compresses files, which get the ending `.gz`: cargo-deb compresses only files of the checkout. The result has no time, so
/// that the same file gives the same bytes.
pub(super) fn compress(paths: impl IntoIterator<Item = PathBuf>) -> Result<(), Error> {
    command::run(Command::new("gzip").args(["-9", "--no-name", "--force"]).args(paths))
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
            let completes = ["confgend", "_confgend", "confgend.fish"].map(completes).into_iter();
            let pages = ["confgend-try.1.gz", "confgend-python-driver.1.gz"].map(exists);
            assert!(exists("confgend.1.gz") && folder.join("man5/confgend.yml.5.gz").exists());
            completes.chain(pages).collect::<Vec<_>>()
        };
        assert_eq!(written(true), [true; 5]);
        assert_eq!(written(false), [false; 5]);
    }

    #[test]
    fn the_client_has_the_files_that_its_package_lists() {
        let programs = tempfile::tempdir().unwrap();
        of_client(programs.path()).unwrap();
        let manifest = include_str!("../../../../client/Cargo.toml");
        for path in ["man1/wazo-confgen.1.gz", "man5/wazo-confgen.conf.5.gz"] {
            assert!(programs.path().join("package/client").join(path).exists(), "{path}");
            let asset = format!("\"target/release/package/client/{}/*\"", &path[..4]);
            assert!(manifest.contains(&asset), "{asset}");
        }
        for name in ["wazo-confgen", "_wazo-confgen", "wazo-confgen.fish"] {
            assert!(programs.path().join("package/client").join(name).exists(), "{name}");
            assert!(manifest.contains(&format!("\"target/release/package/client/{name}\"")), "{name}");
        }
    }
}
