//! `cargo xtask man`: the manual pages, from the command lines of the programs and from the keys of the configuration.

mod bridge;
mod client;
mod command;
mod configuration;
mod page;

use std::fs;
use std::path::{Path, PathBuf};

use argh::{CommandInfoWithArgs, FromArgs};
use driver_api::Error;

use crate::file_error;

pub(crate) use bridge::page as of_bridge;

/// Write the manual pages of confgend and wazo-confgen, and of the configuration, below a folder: man1/confgend.1 and
/// so on.
#[derive(FromArgs)]
#[argh(subcommand, name = "man")]
pub(crate) struct Man {
    /// the folder
    #[argh(positional)]
    dir: PathBuf,
}

impl Man {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let pages = pages()?;
        for page in &pages {
            page.write(&self.dir)?;
        }
        say!("{} pages in {}; read one with man -l", pages.len(), self.dir.display());
        Ok(())
    }
}

/// A manual page.
pub(crate) struct Page {
    pub(crate) name: String,
    /// 1 for a program, 5 for a file.
    pub(crate) section: u8,
    /// Its text for `man`.
    pub(crate) text: String,
}

impl Page {
    /// The path of the page below a folder such as `/usr/share/man`.
    pub(crate) fn path(&self) -> String {
        format!("man{0}/{1}.{0}", self.section, self.name)
    }

    /// Writes the page below a folder, which need not exist.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(self.path());
        path.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, &self.text))
            .map_err(|error| file_error(&path, error))
    }

    /// A page for another name of a program, which shows the page of the program.
    fn link(name: &str, target: &str) -> Page {
        Page { name: name.to_owned(), section: 1, text: format!(".so man1/{target}.1\n") }
    }
}

/// Returns all pages.
fn pages() -> Result<Vec<Page>, Error> {
    let mut pages = of_service(&dispatcher::command_line())?;
    pages.push(bridge::page()?);
    pages.extend(of_client());
    Ok(pages)
}

/// Returns the pages of `confgend` and of its configuration.
pub(crate) fn of_service(command_line: &CommandInfoWithArgs) -> Result<Vec<Page>, Error> {
    let mut pages = command::pages(command_line);
    pages.push(configuration::page()?);
    // The program serves if it is called by the name of its predecessor.
    pages.push(Page::link("wazo-confgend", "confgend-serve"));
    Ok(pages)
}

/// Returns the pages of `wazo-confgen` and of its configuration.
pub(crate) fn of_client() -> Vec<Page> {
    let mut pages = command::pages(&::client::command_line());
    pages.push(client::page());
    pages.push(Page::link("xivo-confgen", "wazo-confgen"));
    pages
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn every_program_command_and_file_has_a_page() {
        let names: Vec<String> = pages().unwrap().iter().map(Page::path).collect();
        let commands = dispatcher::command_line().commands;
        assert!(commands.iter().any(|command| command.name == "try"), "all features are tested");
        let mut expected: Vec<String> =
            commands.iter().map(|command| format!("man1/confgend-{}.1", command.name)).collect();
        let others = ["confgend", "wazo-confgen", "wazo-confgend", "xivo-confgen", "confgend-python-driver"];
        expected.extend(others.map(|name| format!("man1/{name}.1")));
        expected.extend(["confgend.yml", "wazo-confgen.conf"].map(|name| format!("man5/{name}.5")));
        for path in &expected {
            assert!(names.contains(path), "{path} is missing in {names:?}");
        }
        assert_eq!(names.len(), expected.len());
    }

    /// Returns what groff shows for a page as `man` asks it to; none where it is not installed. It must not warn.
    fn shown(page: &Page) -> Option<String> {
        if Command::new("groff").arg("--version").output().is_err() {
            say!("NOT TESTED: the manual pages; groff is not installed");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        page.write(folder.path()).unwrap();
        // LL is the width of a line.
        let words = ["-ww", "-t", "-k", "-s", "-man", "-Tutf8", "-P-c", "-P-b", "-P-u", "-rLL=80n"];
        let groff =
            Command::new("groff").args(words).arg(page.path()).current_dir(folder.path()).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&groff.stderr), "", "{}", page.path());
        Some(String::from_utf8(groff.stdout).unwrap())
    }

    #[test]
    fn groff_has_no_warning_about_a_page() {
        for page in pages().unwrap().iter().filter(|page| !page.text.starts_with(".so ")) {
            let Some(shown) = shown(page) else { return };
            assert!(shown.contains("SEE ALSO"), "{shown}");
        }
    }

    #[test]
    fn a_page_shows_each_character_as_it_is() {
        let mut page = page::Text::new("a-b", 1, "shows - and .");
        let hostile = ".so evil 'x \\fB \\n(.x -- \"quoted\" • −";
        page.paragraph(&hostile.replacen(' ', "\n", 2));
        page.lines([".evil", "'evil"].into_iter());
        let Some(shown) = shown(&page.finish()) else { return };
        for line in ["a-b - shows - and .", hostile, ".evil", "'evil"] {
            assert!(shown.lines().any(|it| it.trim() == line), "{line}:\n{shown}");
        }
    }
}
