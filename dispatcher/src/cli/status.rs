//! The command `status`.

use std::fmt::Write as _;
use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};
use driver_api::Error;
use driver_api::settings::Settings as _;
use drivers::{NAMESPACE_WIDTH, Registry};
use service::status::{self, FileStatus, Status};
use service::{HistorySettings, Storage};

use super::history::{local, until};
use super::{Failure, failed, pager, print, usage};
use crate::page;

/// Show the state of each file, as the status page of the running service does. If the service can't be asked, show what
/// the files on disk tell: copies, pins, texts that are held back, and the history.
#[derive(ArgsInfo, FromArgs)]
#[argh(subcommand, name = "status")]
#[argh(example = "confgend status --json")]
#[argh(example = "confgend status --alive --lenient")]
#[argh(error_code(0, "All files are fine."))]
#[argh(error_code(1, "A file is failed, stale or held back, or the service can't be asked."))]
#[argh(error_code(2, "The command line or the configuration is wrong."))]
pub(super) struct ShowStatus {
    /// print one JSON object, as /api/status.json of the page, and nothing else
    #[argh(switch)]
    json: bool,

    /// for health checks: only ask whether the service answers, whatever the state of the files is, within four seconds;
    /// the exit code is 0 or 1
    #[argh(switch)]
    alive: bool,

    /// the main configuration file; /etc/wazo-confgend/config.yml by default
    #[argh(option, arg_name = "path")]
    config: Option<PathBuf>,

    /// ignore files of conf.d that can't be read, as wazo-confgend does; without it, they are errors
    #[argh(switch)]
    lenient: bool,
}

/// How many generations are listed.
const MAX_GENERATIONS: usize = 5;

/// How many kinds of warnings of a file are listed.
const MAX_KINDS: usize = 3;

impl ShowStatus {
    pub(super) fn execute(&self, registry: &Registry) -> Result<u8, Failure> {
        if self.alive {
            // For Docker, a health check has two exit codes. Those above 1 are reserved.
            return self.ask(registry).map(|()| super::DONE).map_err(|failure| failed(failure.error));
        }
        let (config, registry) = &super::load(self.config.as_deref(), self.lenient, registry)?;
        let storage = Storage::read(config).map_err(usage)?;
        let history = HistorySettings::read(config).map_err(usage)?;
        let asked = page::address(config).map_err(usage)?.map(page::status);
        let status = match asked {
            Some(Ok(status)) => status,
            Some(Err(error)) => {
                super::print_error(&error);
                Status::on_disk(&storage, &history, registry.namespaces())
            }
            None => {
                super::print_error(&no_page());
                Status::on_disk(&storage, &history, registry.namespaces())
            }
        };
        if self.json {
            let text = serde_json::to_string_pretty(&status).unwrap_or_default();
            print(&(text + "\n"));
        } else {
            pager::print(&text(&status));
        }
        let is_fine = status.fine && status.service.is_some();
        Ok(if is_fine { super::DONE } else { super::FAILED })
    }

    /// Fails unless the service answers.
    fn ask(&self, registry: &Registry) -> Result<(), Failure> {
        let (config, _) = super::load(self.config.as_deref(), self.lenient, registry)?;
        let address = page::address(&config).map_err(failed)?.ok_or_else(|| failed(no_page()))?;
        page::alive(address).map_err(failed)
    }
}

fn no_page() -> Error {
    Error::driver("the service has no status page: set http.listen to a port such as 8671, and restart it")
}

fn text(status: &Status) -> String {
    let mut text = String::new();
    match &status.service {
        Some(service) => {
            let clients = usize::try_from(service.connections).unwrap_or_default();
            let since = local(service.since);
            let clients = status::count(clients, "client");
            let _ = writeln!(text, "confgend {} runs since {since}, {clients} connected", status.program);
            let _ = writeln!(text, "{}", service.data);
        }
        None => text += "The service was not asked. The files on disk tell this:\n",
    }
    for problem in &status.problems {
        let _ = writeln!(text, "error: {problem}");
    }
    text += "\n";
    text += &row("FILE", "STATE", "AGE", "SIZE", "OBJECTS", "WARNINGS");
    let is_unused = |file: &&FileStatus| file.is_unused();
    for file in status.files.iter().filter(|file| !is_unused(file)) {
        text += &of_file(file);
    }
    let unused = status.files.iter().filter(is_unused).count();
    if unused > 0 {
        let _ = writeln!(text, "{} without a copy, not asked for yet", status::count(unused, "file"));
    }
    if !status.generations.is_empty() {
        text += "\nThe last generations:\n";
    }
    for generation in status.generations.iter().take(MAX_GENERATIONS) {
        let changes: Vec<String> =
            generation.changes.iter().map(|change| format!("{}: {}", change.file, change.summary)).collect();
        let time = local(generation.time);
        let _ =
            writeln!(text, "{:>6} {time} {:<8} {}", generation.number, generation.cause, changes.join("; "));
    }
    let _ = writeln!(text, "\n{}", status.headline());
    text
}

/// Formats a file: its line, and what there is to know besides.
fn of_file(file: &FileStatus) -> String {
    let dash = || "-".to_owned();
    let mut text = row(
        &file.file.to_string(),
        file.state.words(),
        &file.age_seconds.map_or_else(dash, status::ago),
        &file.bytes.map_or_else(dash, status::bytes),
        &file.objects.map_or_else(dash, |objects| objects.to_string()),
        &file.warnings.count.to_string(),
    );
    if let Some(error) = file.error() {
        let _ = writeln!(text, "    error: {error}");
    }
    if let Some(pin) = &file.pin {
        let _ = writeln!(text, "    pinned to generation {}, {}", pin.generation, until(pin));
    }
    if let Some(age) = file.held_seconds {
        let age = status::ago(age);
        let _ = writeln!(text, "    a text from {age} ago is held back: confgend accept {}", file.file);
    }
    if file.invalidated {
        text += "    the copy is out of date\n";
    }
    for kind in file.warnings.kinds.iter().take(MAX_KINDS) {
        let _ = writeln!(text, "    {} × {}", kind.count, printable(&kind.text));
    }
    text
}

/// Returns a text of the database without what a terminal would obey.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn row(file: &str, state: &str, age: &str, size: &str, objects: &str, warnings: &str) -> String {
    format!("{file:<NAMESPACE_WIDTH$} {state:<18} {age:>8} {size:>8} {objects:>9} {warnings:>9}\n")
}
