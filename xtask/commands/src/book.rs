//! `cargo xtask book`: the documents of this repository as a site with a search, made by mdbook.
//!
//! The documents stay where they are, and are written for a site that shows the repository. [`contents`] reads which pages
//! there are, and in which order, from `docs/README.md`. [`source`] copies them for mdbook, at the same paths, so that
//! links between them stay as they are. [`links`] checks every link of the result.

pub(crate) mod contents;
mod links;
mod source;

use std::fs;
use std::path::{self, Path, PathBuf};
use std::process::Command;

use argh::FromArgs;
use driver_api::Error;

use self::contents::Contents;
use crate::{command, file_error, git, root, target};

/// Make a site of the documents, with a search, and check all its links. The first run installs mdbook below target, which
/// takes some minutes.
#[derive(FromArgs)]
#[argh(subcommand, name = "book")]
pub(crate) struct Book {
    /// the folder for the site, which is replaced; target/book by default
    #[argh(positional)]
    dir: Option<PathBuf>,
}

/// The version of mdbook: another one may want another configuration, and makes other anchors.
const MDBOOK: &str = "0.5.4";

/// A file of each site that mdbook makes.
const MARK: &str = "toc.html";

impl Book {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let out = self.dir.clone().unwrap_or_else(|| target().join("book"));
        let out = path::absolute(&out).map_err(|error| file_error(&out, error))?;
        may_replace(&out)?;
        let files = git::files(root())?;
        let contents = Contents::read(root(), &files)?;
        let folder = target().join("book-source");
        source::write(&contents, &files, &folder)?;
        let mut mdbook = Command::new(ensure_mdbook()?);
        command::output(mdbook.arg("build").arg(&folder).arg("--dest-dir").arg(&out))?;
        let checked = links::check(&out)?;
        say!("{} pages, {} links: {}", checked.pages, checked.links, out.join("index.html").display());
        Ok(())
    }
}

/// Refuses a folder that has something else than a site: mdbook deletes what is there.
fn may_replace(out: &Path) -> Result<(), Error> {
    let is_empty = fs::read_dir(out).map_or(true, |mut entries| entries.next().is_none());
    if is_empty || out.join(MARK).exists() {
        return Ok(());
    }
    Err(Error::driver("the folder has other files than a site of mdbook; name another one")
        .context(out.display().to_string()))
}

/// Ensures that mdbook is there. Returns the program.
fn ensure_mdbook() -> Result<PathBuf, Error> {
    let tools = target().join("tools").join(format!("mdbook-{MDBOOK}"));
    let program = tools.join("bin/mdbook");
    if !program.exists() {
        say!("installing mdbook {MDBOOK}, which makes the site, in {}", tools.display());
        let mut cargo = command::cargo();
        cargo.args(["install", "--quiet", "--locked", "mdbook", "--version", MDBOOK]);
        // The other features serve the site and watch its files, and take most of the time.
        cargo.args(["--no-default-features", "--features", "search", "--root"]).arg(&tools);
        command::run(&mut cargo)?;
    }
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_other_files_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        assert!(may_replace(folder.path()).is_ok());
        assert!(may_replace(&folder.path().join("new")).is_ok());
        fs::write(folder.path().join("letter.txt"), "").unwrap();
        assert!(may_replace(folder.path()).unwrap_err().chain().contains("name another one"));
        fs::write(folder.path().join(MARK), "").unwrap();
        assert!(may_replace(folder.path()).is_ok());
    }
}
