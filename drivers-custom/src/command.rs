//! A driver that has a program make its file, such as this one by `command: [/opt/acme/followme.py]`:
//!
//! ```text
//! [general]
//!
//! [f33335b6-106b-4a04-b612-5e0c0a62f486]
//! number => 0655510002,30
//! ```
//!
//! The program gets the address of the database and the name of the exported snapshot as variables of the environment, and
//! the configuration as JSON on standard input.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use command::{Failure, Limits, Stderr};
use driver_api::explanation::{Note, Setting};
use driver_api::{Config, Driver, Error, ErrorKind, Exported, Session, Warning};
use serde::Deserialize;

use crate::definition::{CommandWork, KEY, Place};
use crate::position::Part;

/// The number of warnings that are kept of a program.
const MAX_WARNINGS: usize = 1_000;

/// Returns the paths of the program, if it is one, and of the files that the definition says it reads.
pub(crate) fn files(work: &CommandWork) -> Vec<PathBuf> {
    let program = work.program_path().map(Path::to_owned);
    program.into_iter().chain(work.reads.iter().cloned()).collect()
}

/// A driver with a command.
pub(crate) struct CommandDriver {
    place: Place,
    work: CommandWork,
    namespace: String,
    /// The configuration as JSON, which the program reads, without the address of the database.
    config: Vec<u8>,
}

impl CommandDriver {
    pub(crate) fn new(
        place: Place,
        work: CommandWork,
        namespace: &str,
        config: &Config,
    ) -> Result<CommandDriver, Error> {
        let mut values = config.values().clone();
        // It may be another database than that of the snapshot, and has a password.
        values.remove("db_uri");
        let config = serde_json::to_vec(&values).map_err(|error| {
            Error::new(ErrorKind::Config, "the configuration can't be passed to a program as JSON")
                .because(error)
        })?;
        Ok(CommandDriver { place, work, namespace: namespace.to_owned(), config })
    }

    fn command(&self, database: &Exported) -> Command {
        let mut command = Command::new(self.work.program());
        command.args(self.work.words.iter().skip(1));
        command.env("CONFGEND_NAMESPACE", &self.namespace);
        command.env("CONFGEND_DB_URI", &database.uri);
        match &database.snapshot {
            Some(name) => command.env("CONFGEND_SNAPSHOT", name),
            None => command.env_remove("CONFGEND_SNAPSHOT"),
        };
        command
    }

    fn stopped(&self, failure: &Failure) -> Error {
        let limit = match failure {
            Failure::TimedOut(_) => Some("timeout"),
            Failure::TooLarge(_) => Some("max_bytes"),
            _ => None,
        };
        let hint = limit.map_or_else(String::new, |key| format!("; {} sets the limit", self.key(key)));
        let error = self.failed(format!("{failure}{hint}"));
        match std::error::Error::source(failure) {
            Some(cause) => error.because(cause.to_string()),
            None => error,
        }
    }

    fn failed(&self, message: impl Into<String>) -> Error {
        Error::driver(message).context(format!("command {}", self.work.program()))
    }
}

impl Driver for CommandDriver {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let database = session.export()?;
        let database = database.ok_or_else(|| self.failed("no other program can read this database"))?;
        let limits = Limits { time: self.work.timeout, output: self.work.max_bytes };
        let output =
            command::run_with_input(&mut self.command(&database), &self.config, limits, Stderr::Kept)
                .map_err(|failure| self.stopped(&failure))?;
        let said = String::from_utf8_lossy(&output.errors);
        if !output.status.success() {
            return Err(self.failed(format!("failed with {}{}", output.status, last_words(&said))));
        }
        said.lines().filter_map(warning).take(MAX_WARNINGS).for_each(|warning| session.warn(warning));
        session.note_file(|| {
            Note::Setting(Setting { key: self.key("command"), source: self.place.file.clone() })
        });
        String::from_utf8(output.text).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = memchr::memchr_iter(b'\n', valid).count() + 1;
            self.failed(format!("line {line} of its output is not UTF-8"))
        })
    }

    fn check(&self) -> Vec<Error> {
        let missing = self.work.program_path().filter(|path| !path.is_file());
        let error = |path: &Path| {
            self.place.error(&["command"], Part::Value, format!("there is no program {}", path.display()))
        };
        missing.map(error).into_iter().collect()
    }

    /// Nothing is known of the tables that the program reads.
    fn rehearse(&self, _: &mut Session<'_>) -> Result<(), Error> {
        self.check().into_iter().next().map_or(Ok(()), Err)
    }
}

impl CommandDriver {
    fn key(&self, key: &str) -> String {
        format!("{KEY}.{}.{key}", self.place.namespace)
    }
}

/// A line of standard error that is JSON.
#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    table: String,
    #[serde(default)]
    row: String,
    #[serde(default)]
    column: String,
    message: String,
}

fn warning(line: &str) -> Option<Warning> {
    let line = line.trim();
    if line.is_empty() {
        return None;
    }
    if line.starts_with('{')
        && let Ok(Told { table, row, column, message }) = serde_json::from_str(line)
    {
        return Some(Warning::new(&table, message).row(row).column(&column));
    }
    Some(Warning::new("", line))
}

/// Returns the last lines that a program said, which mostly tell why it failed.
fn last_words(said: &str) -> String {
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut words = String::new();
    for line in &lines[lines.len().saturating_sub(3)..] {
        let _ = write!(words, ": {line}");
    }
    words
}
