//! The command `diff`.

use std::path::{Path, PathBuf};

use argh::FromArgs;
use database::Uri;
use driver_api::settings::Settings as _;
use driver_api::{Error, Namespace, secrets};
use review::{DiffOptions, FileSet, Style};
use service::Storage;

use super::reviewed::{Reviewed, not_reviewed};
use super::{Failure, failed, history, pager, usage};
use crate::file_set::Origins;
use crate::registry::Registry;
use crate::{ask, folder};

/// Show what would change: from the last good copies of the service, or what --against names, to the files that would be
/// generated now. Objects are compared, and not lines. Nothing is written.
#[derive(FromArgs)]
#[argh(subcommand, name = "diff")]
#[argh(error_code(0, "There is no difference."))]
#[argh(error_code(1, "There are differences."))]
#[argh(error_code(2, "It could not compare: a file could not be generated or read."))]
#[argh(example = "confgend diff --against /root/files")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub(super) struct Diff {
    /// what to compare, like asterisk/pjsip.conf; all by default
    #[argh(positional)]
    namespaces: Vec<String>,

    /// what to compare with: a folder with files as RESOURCE/FILENAME, or below expected/; a database as for --db;
    /// "service" for the cached copies of the running service; the number of a generation, as confgend history lists it. By
    /// default the folder of the key cache
    #[argh(option)]
    against: Option<String>,

    /// the database: postgresql://USER:PASSWORD@HOST/NAME or sqlite:PATH; by default the key db_uri of
    /// the configuration
    #[argh(option)]
    db: Option<String>,

    /// the main configuration file; /etc/wazo-confgend/config.yml by default
    #[argh(option)]
    config: Option<PathBuf>,

    /// ignore files of conf.d that can't be read, as wazo-confgend does; without it, they are errors
    #[argh(switch)]
    lenient: bool,

    /// print one JSON object for each object that differs, and nothing else
    #[argh(switch)]
    json: bool,

    /// print the lines that differ, as diff -u does
    #[argh(switch)]
    unified: bool,

    /// print one line for each file
    #[argh(switch)]
    stat: bool,

    /// print all names and all changes; without it, the first ones
    #[argh(switch)]
    all: bool,

    /// print passwords and other secrets; without it, ••• stands for each
    #[argh(switch)]
    show_secrets: bool,
}

/// There are differences.
const DIFFERENT: u8 = 1;

/// The word for the running service.
const SERVICE: &str = "service";

impl Diff {
    pub(super) fn execute(&self, registry: &Registry) -> Result<u8, Failure> {
        if [self.json, self.unified, self.stat].into_iter().filter(|is_given| *is_given).count() > 1 {
            return Err(usage(Error::driver("only one of --json, --unified and --stat can be given")));
        }
        let config = super::load(self.config.as_deref(), self.lenient, registry)?;
        let reviewed = Reviewed { registry, config: &config, names: &self.namespaces };
        let new = reviewed
            .generated_from(&reviewed.database(self.db.as_deref())?, Origins::OfColumns(review::is_secret))?;
        let old = self.old(&reviewed, &new)?;
        let options = DiffOptions { show_secrets: self.show_secrets };
        let style = Style { has_colors: !self.json && pager::has_colors(), shows_all: self.all };
        if self.unified {
            let text = review::unified(&old, &new, options, style);
            pager::print(&text);
            return Ok(if text.is_empty() { super::DONE } else { DIFFERENT });
        }
        let diff = review::diff(&old, &new, options);
        match (self.json, self.stat) {
            (true, _) => super::print(&diff.json()),
            (_, true) => pager::print(&diff.stat(style)),
            _ => pager::print(&diff.text(style)),
        }
        Ok(if diff.is_empty() { super::DONE } else { DIFFERENT })
    }

    /// Returns the files to compare with.
    fn old(&self, reviewed: &Reviewed<'_>, new: &FileSet) -> Result<FileSet, Failure> {
        let in_new = || new.iter().map(|(name, _)| name);
        match self.against.as_deref() {
            None => {
                let storage = Storage::read(reviewed.config).map_err(usage)?;
                folder::present(&storage.cache, in_new()).map_err(usage)
            }
            Some(SERVICE) => ask::cached(reviewed.config, in_new()).map_err(failed).map_err(not_reviewed),
            Some(text) if is_number(text) => {
                let number = text.parse().map_err(|error| {
                    usage(
                        Error::driver(format!("{text} is no generation")).because(error).context("--against"),
                    )
                })?;
                let names: Vec<Namespace> = match reviewed.names {
                    [] => Vec::new(),
                    _ => in_new().cloned().collect(),
                };
                history::file_set(reviewed.config, number, &names).map_err(usage)
            }
            Some(text) if is_uri(text) => {
                let uri: Uri = text.parse().map_err(|error: Error| usage(error.context("--against")))?;
                reviewed.generated_from(&uri, Origins::None)
            }
            Some(path) => {
                let names: Vec<Namespace> = match reviewed.names {
                    [] => reviewed.registry.namespaces().chain(in_new()).cloned().collect(),
                    _ => in_new().cloned().collect(),
                };
                folder::present(&files_of(Path::new(path)), &names).map_err(usage)
            }
        }
    }
}

/// Returns the folder with the files: that of the expected ones, if the folder is a case.
fn files_of(folder: &Path) -> PathBuf {
    let expected = folder.join("expected");
    if expected.is_dir() { expected } else { folder.to_owned() }
}

/// Returns whether a text is the number of a generation. A folder of such a name is `./411`.
fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns whether a text is the address of a database, and not the name of a folder.
fn is_uri(text: &str) -> bool {
    text.starts_with("sqlite:")
        || text.contains("://")
        || secrets::has_address(text) && !Path::new(text).exists()
}
