//! The commands `apply` and `rollback`.

use std::io;
use std::path::{self, PathBuf};

use ::apply::{Applied, Apply, ApplySettings, Outcome, Reload, ReloadSettings, Step};
use argh::{ArgsInfo, FromArgs};
use driver_api::settings::Settings as _;
use driver_api::{Config, Error, Namespace};
use drivers::{NAMESPACE_WIDTH, Registry, Report};
use jiff::Timestamp;
use service::{Cause, FileChange, Generation, NewText};

use super::history::local;
use super::reviewed::Reviewed;
use super::{FAILED, Failure, failed, print, print_error, print_message, usage};
use crate::proposal::{self, Proposal, Proposed, Proposer};
use crate::told::{Told, Weight};
use crate::watch::Watch;

/// Generate all files in one snapshot of the database, check them, write those that changed into the folder from which
/// Asterisk includes them, and have Asterisk read exactly these. If it refuses one, the old files come back.
#[derive(ArgsInfo, FromArgs)]
#[argh(subcommand, name = "apply")]
#[argh(error_code(0, "All files are as the database says, and Asterisk has read them."))]
#[argh(error_code(1, "Nothing has changed, or the old files are back: the message says why."))]
#[argh(error_code(2, "The command line or the configuration is wrong; nothing was done."))]
#[argh(example = "confgend apply --dry-run")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub(super) struct ApplyFiles {
    /// what to apply, like asterisk/pjsip.conf; all by default
    #[argh(positional, arg_name = "file")]
    namespaces: Vec<String>,

    /// the folder for the files, each as RESOURCE/FILENAME; by default the key apply.folder of the configuration
    #[argh(option, arg_name = "dir")]
    out: Option<PathBuf>,

    /// write nothing and tell Asterisk nothing, but print what would be done
    #[argh(switch)]
    dry_run: bool,

    /// write the files, and tell Asterisk nothing
    #[argh(switch)]
    no_reload: bool,

    /// go on until the process is ended: apply what changes in the database
    #[argh(switch)]
    watch: bool,

    /// apply files with errors, too, and leave out files that can't be generated
    #[argh(switch)]
    force: bool,

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
}

/// Write the files of an earlier generation into the folder from which Asterisk includes them, and have Asterisk read those
/// that differ. The next apply brings the state of the database again, unless a file is pinned.
#[derive(ArgsInfo, FromArgs)]
#[argh(subcommand, name = "rollback")]
#[argh(error_code(0, "The files are those of the generation, and Asterisk has read them."))]
#[argh(error_code(1, "Nothing has changed, or the files are as before: the message says why."))]
#[argh(error_code(2, "The command line or the configuration is wrong; nothing was done."))]
#[argh(example = "confgend rollback 411")]
pub(super) struct RollBack {
    /// the number of the generation, as confgend history lists it
    #[argh(positional)]
    generation: u64,

    /// which files, like asterisk/pjsip.conf; by default all of the generation that are in the folder
    #[argh(positional, arg_name = "file")]
    namespaces: Vec<String>,

    /// the folder of the files; by default the key apply.folder of the configuration
    #[argh(option, arg_name = "dir")]
    out: Option<PathBuf>,

    /// write the files, and tell Asterisk nothing
    #[argh(switch)]
    no_reload: bool,

    /// the main configuration file; /etc/wazo-confgend/config.yml by default
    #[argh(option, arg_name = "path")]
    config: Option<PathBuf>,

    /// ignore files of conf.d that can't be read, as wazo-confgend does; without it, they are errors
    #[argh(switch)]
    lenient: bool,
}

/// How many errors are shown.
const MAX_SHOWN: usize = 20;

/// How many characters of a change are shown; confgend history shows all.
const MAX_CHANGE: usize = 40;

/// An apply that has begun, and Asterisk.
struct Running {
    apply: Apply,
    reload: Reload,
}

impl Running {
    /// Begins, and ends an apply that was interrupted.
    fn begin(config: &Config, out: Option<&PathBuf>) -> Result<Running, Failure> {
        let mut settings = ApplySettings::read(config).map_err(usage)?;
        if let Some(folder) = out {
            settings.folder = path::absolute(folder).map_err(|error| {
                usage(
                    Error::driver("is no folder")
                        .because(error)
                        .context(format!("--out {}", folder.display())),
                )
            })?;
        }
        // A bad key is an error of the command line, and not one of the apply.
        ReloadSettings::read(config).map_err(usage)?;
        let (apply, reload, recovered) =
            proposal::begin(config, &settings, &mut print_message).map_err(failed)?;
        if let Some(recovered) = recovered {
            print(&format!("{}\n", recovered.text()));
        }
        Ok(Running { apply, reload })
    }

    fn steps(&self, new: &[NewText<'_>]) -> Vec<Step> {
        self.reload.steps(new.iter().map(|new| &new.file))
    }

    /// Returns what would be done, a line for each file.
    fn planned(&self, new: &[NewText<'_>]) -> String {
        let steps = self.steps(new);
        let table = Table::new(new, &steps);
        steps.iter().map(|step| table.lines(step, "")).collect()
    }

    /// Applies the files, and prints a line for each as soon as Asterisk has read it. Returns the exit code.
    fn apply(
        &mut self,
        cause: Cause,
        new: &[NewText<'_>],
        tells: bool,
        end: impl FnOnce(&Generation, Option<u64>) -> String,
    ) -> Result<u8, Failure> {
        let previous = self.apply.history().latest_applied().map_err(failed)?.map(|latest| latest.number);
        if !tells {
            print(&self.planned(new));
        }
        let table = Table::new(new, &self.steps(new));
        let mut progress = |step: &Step, outcome: &Outcome| print(&table.lines(step, &outcome.text()));
        let reload = tells.then_some(&mut self.reload);
        match self.apply.run(cause, new, reload, &mut progress).map_err(failed)? {
            Applied::Done(generation) => {
                print(&end(&generation, previous));
                Ok(super::DONE)
            }
            Applied::RolledBack(reason) => {
                print_error(&Error::driver(format!("rolled back: {reason}")));
                Ok(FAILED)
            }
        }
    }
}

/// The lines of an apply, in columns.
struct Table<'n> {
    new: &'n [NewText<'n>],
    /// The widths of the columns for the changes and for the commands.
    widths: [usize; 2],
}

impl<'n> Table<'n> {
    fn new(new: &'n [NewText<'n>], steps: &[Step]) -> Table<'n> {
        let change = new.iter().map(|new| shown(&new.change.summary).chars().count()).max();
        let command = steps.iter().filter_map(|step| step.command.as_ref()).map(String::len).max();
        Table { new, widths: [change, command].map(Option::unwrap_or_default) }
    }

    /// Returns a line for each file of a step.
    fn lines(&self, step: &Step, outcome: &str) -> String {
        let command = step.command.as_deref().unwrap_or("-");
        let [width, command_width] = self.widths;
        let line = |file: &Namespace| {
            let new = self.new.iter().find(|new| new.file == *file);
            let change = new.map(|new| shown(&new.change.summary)).unwrap_or_default();
            let name = file.to_string();
            let line =
                format!("{name:<NAMESPACE_WIDTH$} {change:<width$}   {command:<command_width$}   {outcome}");
            format!("{}\n", line.trim_end())
        };
        step.files.iter().map(line).collect()
    }
}

/// Returns the beginning of a change.
fn shown(summary: &str) -> String {
    if summary.chars().count() <= MAX_CHANGE {
        return summary.to_owned();
    }
    summary.chars().take(MAX_CHANGE - 1).chain(['…']).collect()
}

impl ApplyFiles {
    pub(super) fn execute(&self, registry: &Registry) -> Result<u8, Failure> {
        let (config, registry) = &super::load(self.config.as_deref(), self.lenient, registry)?;
        if self.watch {
            return self.watch(registry, config);
        }
        let mut running = Running::begin(config, self.out.as_ref())?;
        let proposal = self.propose(registry, config, &running.apply)?;
        let Proposal { changed, unchanged, errors, .. } = &proposal;
        for error in errors.iter().take(MAX_SHOWN) {
            print(&format!("{}\n", error.first_line()));
        }
        if !errors.is_empty() && !self.force {
            let message = format!(
                "Asterisk would refuse a file or drop objects (errors: {}), so nothing is written; --force applies the \
                 files all the same",
                errors.len()
            );
            return Err(failed(Error::driver(message)));
        }
        let new: Vec<NewText<'_>> = changed.iter().map(Proposed::new_text).collect();
        let unchanged = format!("{} unchanged\n", review::counted(*unchanged, "file"));
        if new.is_empty() {
            print(&unchanged);
            return Ok(super::DONE);
        }
        if self.dry_run {
            print(&format!("{}{unchanged}nothing is written: --dry-run\n", running.planned(&new)));
            return Ok(super::DONE);
        }
        running.apply(Cause::Apply, &new, !self.no_reload, |generation, previous| {
            let number = generation.number;
            match previous {
                Some(previous) => {
                    format!(
                        "{unchanged}generation {number}, previous {previous}: confgend rollback {previous}\n"
                    )
                }
                None => format!("{unchanged}generation {number}, the first\n"),
            }
        })
    }

    /// Applies what changes in the database, for as long as the process runs.
    fn watch(&self, registry: &Registry, config: &Config) -> Result<u8, Failure> {
        if self.dry_run || self.no_reload || self.force || self.out.is_some() {
            let message = "--watch takes none of --out, --dry-run, --no-reload and --force";
            return Err(usage(Error::driver(message)));
        }
        let reviewed = Reviewed { registry, config, names: &self.namespaces };
        let watch = Watch {
            registry,
            config,
            uri: reviewed.database(self.db.as_deref())?,
            files: reviewed.namespaces()?,
            skips: self.namespaces.is_empty(),
            is_over: &|| false,
        };
        let mut tell = |told: Told| {
            let now = local(Timestamp::now());
            match told.weight() {
                Weight::Info => print(&format!("{now} {told}\n")),
                Weight::Warning => print_message(&format!("{now} warning: {told}")),
                Weight::Error => print_message(&format!("{now} error: {told}")),
            }
        };
        #[cfg(feature = "mimalloc")]
        crate::allocator::return_memory();
        watch.run(&mut tell).map(|()| super::DONE).map_err(usage)
    }

    fn propose(&self, registry: &Registry, config: &Config, apply: &Apply) -> Result<Proposal, Failure> {
        let reviewed = Reviewed { registry, config, names: &self.namespaces };
        let namespaces = super::namespaces(registry, &self.namespaces).map_err(usage)?;
        let mut database = database::open(&reviewed.database(self.db.as_deref())?).map_err(failed)?;
        let mut snapshot = database.snapshot().map_err(failed)?;
        let mut messages = io::stderr();
        let mut report = Report::quiet(&mut messages);
        if self.namespaces.is_empty() {
            report = report.skipping();
        }
        Proposer { registry, config, is_forced: self.force }
            .propose(apply, &namespaces, &mut *snapshot, report)
            .map_err(failed)
    }
}

impl RollBack {
    pub(super) fn execute(&self, registry: &Registry) -> Result<u8, Failure> {
        let (config, _) = &super::load(self.config.as_deref(), self.lenient, registry)?;
        let names: Result<Vec<Namespace>, Error> = self.namespaces.iter().map(|name| name.parse()).collect();
        let names = names.map_err(usage)?;
        let mut running = Running::begin(config, self.out.as_ref())?;
        let changed = self.changed(&running.apply, &names).map_err(failed)?;
        if changed.is_empty() {
            print(&format!("the files are those of generation {} already\n", self.generation));
            return Ok(super::DONE);
        }
        let new: Vec<NewText<'_>> = changed.iter().map(Proposed::new_text).collect();
        running.apply(Cause::Rollback, &new, !self.no_reload, |generation, _| {
            format!(
                "generation {} has the files of generation {wanted}\n\
                 The next apply brings the state of the database again; confgend pin FILE {wanted} keeps a file as it is.\n",
                generation.number,
                wanted = self.generation
            )
        })
    }

    /// Returns the files of the generation that differ from those in the folder.
    fn changed(&self, apply: &Apply, names: &[Namespace]) -> Result<Vec<Proposed>, Error> {
        let history = apply.history();
        let generation = history.generation(self.generation)?;
        let mut changed = Vec::new();
        let of_generation: Vec<&Namespace> =
            if names.is_empty() { generation.files.keys().collect() } else { names.iter().collect() };
        for file in of_generation {
            let current = apply.current(file)?;
            // A file that was only served is not one of those that Asterisk includes.
            if names.is_empty() && current.is_none() {
                continue;
            }
            let text = history.text(&generation, file)?;
            if !apply.is_written(file, &text)? {
                let summary = review::summary(file, current.as_deref(), &text);
                changed.push(Proposed {
                    file: file.clone(),
                    text,
                    change: FileChange::new(summary, &[], None),
                });
            }
        }
        Ok(changed)
    }
}
