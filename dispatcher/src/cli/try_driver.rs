//! The command `try`.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};
use database::{Database, Uri};
use driver_api::{Config, Entry, Error, Namespace};
use drivers::{Registry, Report, Writer};

use super::{Failure, print, print_error, usage, warn};
use crate::config;

/// Generate from a definition that is not installed: print the text of the driver in a configuration file, its warnings
/// and its time, without a service.
#[derive(ArgsInfo, FromArgs)]
#[argh(subcommand, name = "try")]
#[argh(error_code(0, "The file is generated."))]
#[argh(error_code(1, "The definition has a mistake, or the file can't be generated."))]
#[argh(error_code(2, "There is no such file or database."))]
#[argh(example = "confgend try followme.yml --case office")]
pub(super) struct Try {
    /// a YAML file with the key `drivers`
    #[argh(positional, arg_name = "path")]
    definition: PathBuf,

    /// the database: postgresql://USER:PASSWORD@HOST/NAME or sqlite:PATH; by default the key db_uri of
    /// the configuration
    #[argh(option, arg_name = "uri")]
    db: Option<String>,

    /// a data set in place of a database: a name, such as office, or a folder with a file TABLE.jsonl for each table
    #[argh(option, arg_name = "case")]
    case: Option<String>,

    /// the main configuration file; /etc/wazo-confgend/config.yml by default
    #[argh(option, arg_name = "path")]
    config: Option<PathBuf>,

    /// ignore files of conf.d that can't be read, as wazo-confgend does; without it, they are errors
    #[argh(switch)]
    lenient: bool,
}

/// A database, and what belongs to it.
struct Data {
    uri: Uri,
    /// The configuration of a case.
    config: Config,
    /// The folder of the database, while it lasts.
    _folder: Option<tempfile::TempDir>,
}

impl Try {
    pub(super) fn execute(&self, registry: &Registry) -> Result<u8, Failure> {
        let loaded =
            config::load(self.config.as_deref(), super::strictness(self.lenient), registry).map_err(usage)?;
        warn(&loaded.notes);
        let own = config::layer(&self.definition).map_err(usage)?;
        let data = self.data(&loaded.config).map_err(usage)?;
        let mut config = own.clone();
        config.fill_from(&data.config);
        config.fill_from(&loaded.config);
        let (drivers, problems) = drivers::definitions(&own);
        problems.iter().for_each(print_error);
        if drivers.is_empty() && problems.is_empty() {
            let message = "the key drivers defines no driver";
            return Err(usage(Error::driver(message).context(self.definition.display().to_string())));
        }
        let mut database = database::open(&data.uri).map_err(usage)?;
        let mut is_good = problems.is_empty();
        for driver in drivers {
            is_good &= tried(driver, &config, &mut *database).unwrap_or_else(|error| {
                print_error(&error);
                false
            });
        }
        Ok(if is_good { super::DONE } else { super::FAILED })
    }

    fn data(&self, config: &Config) -> Result<Data, Error> {
        let without_case = |uri| Data { uri, config: Config::default(), _folder: None };
        match (&self.case, &self.db) {
            (Some(_), Some(_)) => Err(Error::driver("--case stands in place of --db: leave out one of them")),
            (Some(name), None) => of_case(name),
            (None, Some(uri)) => uri.parse().map(without_case).map_err(|error: Error| error.context("--db")),
            (None, None) => config::database(config)
                .map(without_case)
                .map_err(|error| error.context("name a database with --db, or a data set with --case")),
        }
    }
}

/// Loads a case into a database of its own.
#[cfg(feature = "sqlite")]
fn of_case(name: &str) -> Result<Data, Error> {
    let case = fixtures_data::Case::find(name)?;
    let folder = tempfile::tempdir().map_err(|error| Error::driver("no temporary folder").because(error))?;
    let path = folder.path().join("case.db");
    for message in fixtures_data::load_sqlite(&case, &path, fixtures_data::Strictness::Lenient)? {
        super::print_message(&format!("warning: {message}"));
    }
    Ok(Data { uri: Uri::Sqlite(path), config: case.config()?.named("case"), _folder: Some(folder) })
}

#[cfg(not(feature = "sqlite"))]
fn of_case(_: &str) -> Result<Data, Error> {
    Err(Error::driver("--case needs SQLite, which this build of confgend leaves out; use --db"))
}

/// Checks the queries of a driver, and prints its file. The first mistake is told.
fn tried(driver: &Entry, config: &Config, database: &mut dyn Database) -> Result<bool, Error> {
    let namespace: Namespace = driver.namespace.parse()?;
    let writer = Writer::of(driver, config, &namespace)?;
    writer.rehearse(&mut *database.rehearsal()?)?;
    let outcome = writer.write(&mut *database.snapshot()?);
    if let Ok(text) = &outcome.result {
        print(text);
    }
    let mut messages = io::stderr();
    let is_terminal = messages.is_terminal();
    let mut report = Report::with_files(&mut messages, is_terminal);
    report.end(&namespace, &outcome);
    Ok(outcome.result.is_ok())
}
