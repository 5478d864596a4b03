//! `cargo xtask generate`: generates files from a data set.
//!
//! It is a package of its own because it is the first command that somebody types in a new checkout, and few crates must
//! be compiled for it. Begin with [`Generate`]. The other commands use [`into_folder`], and where things are in the
//! checkout.

#![warn(missing_docs)]
#![expect(clippy::print_stderr, reason = "a program for people at a terminal")]

/// Prints a line. A reader that stops early (`| head`) is no error.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}

mod arguments;
mod checkout;

use std::path::{Path, PathBuf};
use std::{env, fs, io};

pub use arguments::{ABOUT, HELP};
pub use checkout::{file_error, root, target};
use database::Uri;
use driver_api::{Error, Namespace};
use drivers::config::{Program, run_without_limits};
use drivers::{FAMILIES, Registry, Report, generate};
use fixtures::{Case, Schema, Strictness};

/// The arguments of the command.
#[derive(Debug, Default, PartialEq)]
pub struct Generate {
    /// The files to generate; all files for the schema of the case if there is none.
    namespaces: Vec<String>,
    /// A case by its name, or the folder of one.
    case: Option<String>,
    /// A database with the data, instead of a case.
    db: Option<Uri>,
    /// A configuration file; that of the case by default.
    config: Option<PathBuf>,
    /// The folder for the files.
    out: Option<PathBuf>,
}

/// The data that the files are generated from.
struct Source {
    uri: Uri,
    config_file: Option<PathBuf>,
    /// The schema of the database; the current one for a database that the developer names.
    schema: Schema,
}

/// The tool has no keys of its own: those of drivers decide what is in a file.
const TOOL: Program = Program { keys: Vec::new, resolve_paths: |_, _| {}, run: run_without_limits };

const DEFAULT_CASE: &str = "office";

/// The number of lines of `pjsip.conf` that are shown if several files are generated. A single file is shown whole.
const SHOWN_LINES: usize = 24;

impl Generate {
    /// Generates the files, and prints what a person wants to see of them.
    pub fn run(&self) -> Result<(), Error> {
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
        let case = Case::find(self.case.as_deref().unwrap_or(DEFAULT_CASE))?;
        // Cargo has created this folder, unless the program was started without it.
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

/// The namespaces that have a driver for databases of this schema, sorted.
pub fn namespaces(registry: &Registry, schema: Schema) -> Vec<Namespace> {
    let has_driver = |namespace: &&Namespace| {
        registry.drivers(namespace).iter().any(|entry| Schema::from(entry.schema) == schema)
    };
    registry.namespaces().filter(has_driver).cloned().collect()
}

/// Generates files below a folder, and reports on standard output. Returns whether all files could be generated.
pub fn into_folder(
    registry: &Registry,
    namespaces: &[Namespace],
    uri: &Uri,
    config_file: Option<&Path>,
    out: &Path,
) -> Result<bool, Error> {
    let config = TOOL.only(config_file, registry)?;
    let mut database = database::open(uri)?;
    let mut snapshot = database.snapshot()?;
    let mut stdout = io::stdout();
    let mut report = Report::with_files(&mut stdout, false);
    generate::files(registry, &config, namespaces, &mut *snapshot, &mut report, &|namespace, text| {
        write(&out.join(namespace.to_string()), text).map(|()| None)
    });
    Ok(report.finish())
}

/// Replaces a file as a whole. (The program keeps owner, mode and links of an operator's file, too.)
fn write(path: &Path, text: &str) -> Result<(), Error> {
    let unfinished = path.with_extension("unfinished");
    fs::create_dir_all(path.parent().unwrap_or(Path::new("")))
        .and_then(|()| fs::write(&unfinished, text))
        .and_then(|()| fs::rename(&unfinished, path))
        .map_err(|error| file_error(path, error))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("asterisk/pjsip.conf");
        write(&path, "a long text").unwrap();
        write(&path, "short").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "short");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        let error = write(&path.join("below"), "").unwrap_err().chain();
        assert!(error.contains("pjsip.conf/below: can't be used: "), "{error}");
    }
}
