//! `cargo xtask generate`: generates files from a data set.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use argh::FromArgs;
use database::Uri;
use dispatcher::{FAMILIES, Registry, Report, config, generate};
use driver_api::{Error, Namespace};
use fixtures::{Case, Schema, Strictness};

use crate::{file_error, namespaces, target};

/// Generate files from a data set; all files of the case `office` into target/generate by default.
#[derive(FromArgs)]
#[argh(subcommand, name = "generate")]
pub(crate) struct Generate {
    /// the files to generate, like asterisk/pjsip.conf; by default all files for the schema of the case
    #[argh(positional)]
    namespaces: Vec<String>,

    /// a case of fixtures/cases by its name, or the folder of one
    #[argh(option)]
    case: Option<String>,

    /// a database with the data, instead of a case
    #[argh(option)]
    db: Option<Uri>,

    /// a configuration file; that of the case by default
    #[argh(option)]
    config: Option<PathBuf>,

    /// the folder for the files
    #[argh(option)]
    out: Option<PathBuf>,
}

/// The data that the files are generated from.
struct Source {
    uri: Uri,
    config_file: Option<PathBuf>,
    /// The schema of the database; the current one for a database that the developer names.
    schema: Schema,
}

const DEFAULT_CASE: &str = "office";

/// The number of lines of `pjsip.conf` that are shown if several files are generated. A single file is shown whole.
const SHOWN_LINES: usize = 24;

impl Generate {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let registry = Registry::new(FAMILIES)?;
        let Source { uri, config_file, schema } = self.source()?;
        let namespaces = self.namespaces(&registry, schema)?;
        let out = self.out.clone().unwrap_or_else(|| target().join("generate"));
        say!("files: {}\n", shown(&out));
        let file_count = namespaces.len();
        if !into_folder(&registry, &namespaces, &uri, config_file.as_deref(), &out)? {
            return Err(Error::driver(format!("not all of the {file_count} files could be generated")));
        }
        match namespaces.as_slice() {
            [only] => show(&out.join(only.to_string()), usize::MAX),
            several => match several.iter().find(|namespace| namespace.filename() == "pjsip.conf") {
                Some(namespace) => show(&out.join(namespace.to_string()), SHOWN_LINES),
                None => Ok(()),
            },
        }
    }

    fn namespaces(&self, registry: &Registry, schema: Schema) -> Result<Vec<Namespace>, Error> {
        if self.namespaces.is_empty() {
            return Ok(namespaces(registry, schema));
        }
        self.namespaces.iter().map(|text| registry.find(text)).collect()
    }

    /// Finds the database; loads the case into one if the developer names none.
    fn source(&self) -> Result<Source, Error> {
        if let Some(uri) = &self.db {
            let (uri, config_file) = (uri.clone(), self.config.clone());
            return Ok(Source { uri, config_file, schema: Schema::Current });
        }
        let case = find_case(self.case.as_deref().unwrap_or(DEFAULT_CASE))?;
        // Cargo creates this folder, unless CARGO_TARGET_DIR names another one.
        fs::create_dir_all(target()).map_err(|error| file_error(&target(), error))?;
        let path = target().join(format!("{}.db", case.name));
        say!("case {}: {}", case.name, case.purpose);
        say!("database: sqlite:{}", shown(&path));
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file_error(&path, error)),
            _ => {}
        }
        for message in fixtures::load_sqlite(&case, &path, Strictness::Lenient)? {
            eprintln!("{message}");
        }
        let config_file = self.config.clone().or(case.config_file());
        Ok(Source { uri: Uri::Sqlite(path), config_file, schema: case.schema() })
    }
}

/// Finds a case by its name or by its folder.
fn find_case(name: &str) -> Result<Case, Error> {
    if let Some(case) = Case::named(name) {
        return Ok(case);
    }
    if Path::new(name).is_dir() {
        return Case::open(name);
    }
    let names: Vec<String> = Case::all().into_iter().map(|case| case.name).collect();
    Err(Error::driver(format!(
        "there is no case {name:?} and no folder of that name; the cases are {}",
        names.join(", ")
    )))
}

/// Generates files below a folder, and reports on standard output. Returns whether all files could be generated.
pub(crate) fn into_folder(
    registry: &Registry,
    namespaces: &[Namespace],
    uri: &Uri,
    config_file: Option<&Path>,
    out: &Path,
) -> Result<bool, Error> {
    let config = config::only(config_file, registry)?;
    let mut database = database::open(uri)?;
    let mut snapshot = database.snapshot()?;
    let mut stdout = io::stdout();
    let mut report = Report::with_files(&mut stdout, false);
    generate::files(registry, &config, namespaces, &mut *snapshot, &mut report, &|namespace, text| {
        service::destination::write(&out.join(namespace.to_string()), text)
    });
    Ok(report.finish())
}

/// A path, relative to the current folder if it is below it.
fn shown(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}

/// Prints the first lines of a file.
fn show(path: &Path, count: usize) -> Result<(), Error> {
    let text = fs::read_to_string(path).map_err(|error| file_error(path, error))?;
    say!("\n{}:\n", shown(path));
    for line in text.lines().take(count) {
        say!("{line}");
    }
    if text.lines().count() > count {
        say!("…");
    }
    Ok(())
}
