//! The command `diff`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use argh::{ArgsInfo, FromArgs};
use database::Uri;
use driver_api::settings::Settings as _;
use driver_api::{Config, Error, Namespace, secrets};
use drivers::Registry;
use review::{DiffOptions, GeneratedFile, Style};
use service::{Generation, History, Storage};

use super::reviewed::{Generate, Reviewed, not_reviewed};
use super::{Failure, failed, pager, usage};
use crate::file_set::Origins;
use crate::{ask, config, folder};

/// Show what would change: from the last good copies of the service, or what --against names, to the files that would be
/// generated now. Objects are compared, and not lines. Nothing is written.
#[derive(ArgsInfo, FromArgs)]
#[argh(subcommand, name = "diff")]
#[argh(error_code(0, "There is no difference."))]
#[argh(error_code(1, "There are differences."))]
#[argh(error_code(2, "It could not compare: a file could not be generated or read."))]
#[argh(example = "confgend diff --against /root/files")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub(super) struct Diff {
    /// what to compare, like asterisk/pjsip.conf; all by default
    #[argh(positional, arg_name = "file")]
    namespaces: Vec<String>,

    /// what to compare with: a folder with files as RESOURCE/FILENAME, or below expected/; a database as for --db;
    /// "service" for the cached copies of the running service; the number of a generation, as confgend history lists it. By
    /// default the folder of the key cache
    #[argh(option, arg_name = "state")]
    against: Option<String>,

    /// the database: postgresql://USER:PASSWORD@HOST/NAME or sqlite:PATH; by default the key db_uri of
    /// the configuration
    #[argh(option, arg_name = "uri")]
    db: Option<String>,

    /// the main configuration file; /etc/wazo-confgend/config.yml by default
    #[argh(option, arg_name = "path")]
    config: Option<PathBuf>,

    /// ignore files of conf.d that can't be read, as wazo-confgend does; without it, they are errors
    #[argh(switch)]
    lenient: bool,

    /// write files for a database of a release before the text of their drivers, too: what the database does not have is
    /// as if it were empty, and the telephone system may not understand the result
    #[argh(switch)]
    any_release: bool,

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
        let (config, registry) =
            &super::load_for(self.config.as_deref(), self.lenient, self.any_release, registry)?;
        let reviewed = Reviewed { registry, config, names: &self.namespaces };
        let uri = reviewed.database(self.db.as_deref())?;
        let old = self.old(config)?;
        let style = Style { has_colors: !self.json && pager::has_colors(), shows_all: self.all };
        let found = reviewed.generating(&uri, Origins::OfColumns(review::is_secret), |new| match &old {
            Old::Database(uri) => reviewed.generating(uri, Origins::None, |old| {
                self.compare(&reviewed, new, &mut |name, _| Ok(old(name)), style)
            }),
            old => self.compare(&reviewed, new, &mut |name, new| old.file(&reviewed, name, new), style),
        })?;
        if self.unified {
            let text: String = found.unified.into_values().collect();
            pager::print(&text);
            return Ok(if text.is_empty() { super::DONE } else { DIFFERENT });
        }
        let diff = found.diff;
        match (self.json, self.stat) {
            (true, _) => super::print(&diff.json()),
            (_, true) => pager::print(&diff.stat(style)),
            _ => pager::print(&diff.text(style)),
        }
        Ok(if diff.is_empty() { super::DONE } else { DIFFERENT })
    }

    /// Compares the files one by one: those of a large site need much memory.
    fn compare(
        &self,
        reviewed: &Reviewed<'_>,
        new: &mut Generate<'_>,
        old: &mut ReadOld<'_>,
        style: Style,
    ) -> Result<Found, Failure> {
        let options = DiffOptions { show_secrets: self.show_secrets };
        let mut found = Found::default();
        for name in reviewed.namespaces()? {
            let new = new(&name);
            let old = old(&name, new.as_ref())?;
            let (old, new) = (old.as_ref(), new.as_ref());
            if old.is_none() && new.is_none() {
                continue;
            }
            if self.unified {
                let text = review::unified_file(&name, old, new, options, style);
                found.unified.insert(name, text);
            } else {
                found.diff.add(&name, old, new, options);
            }
        }
        Ok(found)
    }

    /// Returns where the files are to compare with.
    fn old(&self, config: &Config) -> Result<Old, Failure> {
        let (folder, old) = match self.against.as_deref() {
            None => {
                let folder = Storage::read(config).map_err(usage)?.cache;
                (Some(folder.clone()), Old::Cache(folder))
            }
            Some(SERVICE) => (None, Old::Service),
            Some(text) if is_number(text) => {
                let number = text.parse().map_err(|error| {
                    usage(
                        Error::driver(format!("{text} is no generation")).because(error).context("--against"),
                    )
                })?;
                let history = config::history(config).map_err(usage)?;
                let generation = history.generation(number).map_err(usage)?;
                (None, Old::Generation(history, Box::new(generation)))
            }
            Some(text) if is_uri(text) => {
                let uri = text.parse().map_err(|error: Error| usage(error.context("--against")))?;
                (None, Old::Database(uri))
            }
            Some(path) => {
                let folder = files_of(Path::new(path));
                (Some(folder.clone()), Old::Folder(folder))
            }
        };
        folder.map_or(Ok(()), |folder| folder::exists(&folder)).map_err(usage)?;
        Ok(old)
    }
}

/// Where the files are to compare with.
enum Old {
    Cache(PathBuf),
    Service,
    Generation(History, Box<Generation>),
    Database(Uri),
    Folder(PathBuf),
}

/// Returns the file to compare a new one with.
type ReadOld<'o> =
    dyn FnMut(&Namespace, Option<&GeneratedFile>) -> Result<Option<GeneratedFile>, Failure> + 'o;

impl Old {
    /// Returns the file to compare with, unless it is in a database.
    fn file(
        &self,
        reviewed: &Reviewed<'_>,
        name: &Namespace,
        new: Option<&GeneratedFile>,
    ) -> Result<Option<GeneratedFile>, Failure> {
        match self {
            Old::Folder(folder) if reviewed.names.is_empty() || new.is_some() => {
                folder::present(folder, name).map_err(usage)
            }
            // They may have copies of files that are not generated any more.
            Old::Cache(folder) if new.is_some() => folder::present(folder, name).map_err(usage),
            Old::Generation(history, generation) if generation.files.contains_key(name) => {
                history.text(generation, name).map(|text| Some(GeneratedFile::new(text))).map_err(usage)
            }
            Old::Service if new.is_some() => {
                ask::cached(reviewed.config, name).map_err(failed).map_err(not_reviewed)
            }
            _ => Ok(None),
        }
    }
}

/// The differences.
#[derive(Default)]
struct Found {
    diff: review::Diff,
    /// The unified diffs of files.
    unified: BTreeMap<Namespace, String>,
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
