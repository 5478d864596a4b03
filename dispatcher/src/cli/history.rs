//! The commands `history` and `show`: the texts that were served or applied.

use std::fmt::Write as _;
use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};
use driver_api::settings::Settings as _;
use driver_api::{Config, Error, Namespace};
use drivers::{NAMESPACE_WIDTH, Registry};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use service::{Cause, Generation, Pin, Storage};

use super::{Failure, failed, pager, print, usage};
use crate::config;

/// List the generations of the files, the newest first: what was served or applied, when, why, and what changed.
#[derive(ArgsInfo, FromArgs)]
#[argh(subcommand, name = "history")]
#[argh(example = "confgend history asterisk/pjsip.conf")]
pub(super) struct ListHistory {
    /// list only the generations in which this file changed
    #[argh(positional, arg_name = "file")]
    namespace: Option<String>,

    /// print one JSON object for each generation, and nothing else
    #[argh(switch)]
    json: bool,

    /// print the warnings of the drivers, too
    #[argh(switch)]
    warnings: bool,

    /// the main configuration file; /etc/wazo-confgend/config.yml by default
    #[argh(option, arg_name = "path")]
    config: Option<PathBuf>,

    /// ignore files of conf.d that can't be read, as wazo-confgend does; without it, they are errors
    #[argh(switch)]
    lenient: bool,
}

/// Print a file as it was in a generation.
#[derive(ArgsInfo, FromArgs)]
#[argh(subcommand, name = "show")]
#[argh(example = "confgend show 411 asterisk/pjsip.conf")]
pub(super) struct Show {
    /// the number of the generation, as confgend history lists it
    #[argh(positional)]
    generation: u64,

    /// the file, like asterisk/pjsip.conf
    #[argh(positional, arg_name = "file")]
    namespace: String,

    /// the main configuration file; /etc/wazo-confgend/config.yml by default
    #[argh(option, arg_name = "path")]
    config: Option<PathBuf>,

    /// ignore files of conf.d that can't be read, as wazo-confgend does; without it, they are errors
    #[argh(switch)]
    lenient: bool,
}

impl ListHistory {
    pub(super) fn execute(&self, registry: &Registry) -> Result<u8, Failure> {
        let (config, registry) = &super::load(self.config.as_deref(), self.lenient, registry)?;
        let wanted: Option<Namespace> =
            self.namespace.as_deref().map(str::parse).transpose().map_err(usage)?;
        let (mut generations, damaged) =
            config::history(config).map_err(usage)?.generations().map_err(failed)?;
        for error in damaged {
            super::print_error(&error);
        }
        if let Some(file) = &wanted {
            generations.retain(|generation| generation.changes.contains_key(file));
        }
        generations.reverse();
        if self.json {
            print(&generations.iter().map(json).collect::<String>());
            return Ok(super::DONE);
        }
        let pins = pins(config, registry).map_err(failed)?;
        pager::print(&self.table(&generations, wanted.as_ref(), &pins));
        Ok(super::DONE)
    }

    fn table(
        &self,
        generations: &[Generation],
        wanted: Option<&Namespace>,
        pins: &[(Namespace, Pin)],
    ) -> String {
        if generations.is_empty() {
            return "there is no generation yet: one is recorded when a text is served or applied\n"
                .to_owned();
        }
        let mut table = row("GENERATION", "TIME", "CAUSE", "FILE", "CHANGE");
        for generation in generations {
            let Generation { number, time, cause, changes, .. } = generation;
            let mut first = [number.to_string(), local(*time), cause.to_string()];
            for (file, change) in
                changes.iter().filter(|(file, _)| wanted.is_none_or(|wanted| wanted == *file))
            {
                let warnings = match change.warning_count {
                    0 => String::new(),
                    count => format!(", {}", review::counted(count, "warning")),
                };
                let text = format!("{}{warnings}", change.summary);
                table += &row(&first[0], &first[1], &first[2], &file.to_string(), &text);
                // The next files of the generation stand below the first.
                first = Default::default();
                for warning in change.warnings.iter().filter(|_| self.warnings) {
                    let _ = writeln!(table, "    {warning}");
                }
            }
        }
        for (file, pin) in pins {
            let _ = writeln!(table, "{file} is pinned to generation {}, {}", pin.generation, until(pin));
        }
        table
    }
}

impl Show {
    pub(super) fn execute(&self, registry: &Registry) -> Result<u8, Failure> {
        let (config, _) = &super::load(self.config.as_deref(), self.lenient, registry)?;
        let file = self.namespace.parse().map_err(usage)?;
        let history = config::history(config).map_err(usage)?;
        let text = history
            .generation(self.generation)
            .and_then(|generation| history.text(&generation, &file))
            .map_err(failed)?;
        print(&text);
        Ok(super::DONE)
    }
}

/// Returns the files that are pinned.
fn pins(config: &Config, registry: &Registry) -> Result<Vec<(Namespace, Pin)>, Error> {
    let storage = Storage::read(config)?;
    let mut pins = Vec::new();
    for file in registry.namespaces() {
        if let Some(pin) = service::pinned(&storage, file)? {
            pins.push((file.clone(), pin));
        }
    }
    Ok(pins)
}

fn row(number: &str, time: &str, cause: &str, file: &str, change: &str) -> String {
    let width = [Cause::Request, Cause::Rollback].map(|cause| cause.to_string().len()).into_iter().max();
    let width = width.unwrap_or_default();
    format!("{number:<10} {time:<19} {cause:<width$} {file:<NAMESPACE_WIDTH$} {change}\n")
}

fn json(generation: &Generation) -> String {
    serde_json::to_string(generation).map(|line| line + "\n").unwrap_or_default()
}

/// Returns a time in the time zone of the machine.
pub(super) fn local(time: Timestamp) -> String {
    time.to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Returns the end of a pin in words.
pub(super) fn until(pin: &Pin) -> String {
    pin.until.map_or_else(|| "until it is unpinned".to_owned(), |until| format!("until {}", local(until)))
}
