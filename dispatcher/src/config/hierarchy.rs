//! Finds the files of the configuration, and merges them by precedence.

use std::fs;
use std::io::{self, ErrorKind as IoErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use driver_api::yaml::{Mapping, Value};
use driver_api::{Config, Error, ErrorKind};
use drivers::config::{BUILT_IN, unreadable};
use drivers::{Patches, Plugins, Registry};

use super::{PROGRAM, settings, unknown};

const MAIN: &str = "config_file";
pub(super) const EXTRA: &str = "extra_config_files";

/// The configuration of a site.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The merged files and defaults, with the source of each value.
    pub config: Config,
    /// The problems that were ignored, one line each. The caller shows them as warnings.
    pub notes: Vec<String>,
    /// The files that were read, the strongest first.
    pub files: Vec<PathBuf>,
    /// The drivers, with those that the configuration defines.
    pub registry: Registry,
}

/// How a file that can't be read is judged. A broken main file is an error in both cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// It is an error.
    Strict,
    /// It is a note, and the file is ignored, as the Python program does.
    Lenient,
}

/// Reads the configuration for one command: the main file, `/etc/wazo-confgend/config.yml` by default, and over it
/// the files in the folder of its key `extra_config_files`. A missing main file at the default path is not noted.
pub fn load(main: Option<&Path>, strictness: Strictness, registry: &Registry) -> Result<Loaded, Error> {
    read(main, &PROGRAM.built_in(registry)?, registry, Findings::new(strictness)).and_then(accepted)
}

/// Reads the same configuration to check it. Returns the problems of all files, beside what the other files say.
pub fn survey(
    main: Option<&Path>,
    strictness: Strictness,
    registry: &Registry,
) -> Result<(Loaded, Vec<Error>), Error> {
    let findings = Findings { note_missing: true, ..Findings::new(strictness) };
    read(main, &PROGRAM.built_in(registry)?, registry, findings)
}

/// The configuration of the service, which is read at the start and at each reload.
///
/// A start without the main file, or without the folder of extra files, uses the defaults. Files that existed once
/// are not left out without a word: a reload that misses them is probably a mistake, and fails.
pub(crate) struct Reloadable {
    main: Option<PathBuf>,
    strictness: Strictness,
    /// Whether extra files were read before.
    had_extra_files: bool,
    is_running: bool,
}

impl Reloadable {
    pub(crate) fn new(main: Option<&Path>, strictness: Strictness) -> Reloadable {
        Reloadable { main: main.map(Path::to_owned), strictness, had_extra_files: false, is_running: false }
    }

    /// Reads all files again.
    pub(crate) fn load(&mut self, registry: &Registry) -> Result<Loaded, Error> {
        self.load_over(&PROGRAM.built_in(registry)?, registry)
    }

    fn load_over(&mut self, built_in: &Config, registry: &Registry) -> Result<Loaded, Error> {
        let mut findings = Findings::new(self.strictness);
        findings.note_missing = true;
        findings.needs_folder = self.had_extra_files;
        let loaded = read(self.main.as_deref(), built_in, registry, findings).and_then(accepted)?;
        // A start does not fail by it: without a database, the service serves copies.
        if let Some(problem) = settings::database_problem(&loaded.config).filter(|_| self.is_running) {
            return Err(problem);
        }
        self.is_running = true;
        let main: Option<PathBuf> = loaded.config.get(MAIN)?;
        let is_read = |main: &PathBuf| loaded.files.contains(main);
        self.main = self.main.take().or(main.filter(is_read));
        self.had_extra_files |= loaded.files.len() > usize::from(self.main.is_some());
        Ok(loaded)
    }
}

/// The problems with the files so far, and the rules by which they are judged.
struct Findings {
    strictness: Strictness,
    /// Whether a missing main file at the default path is noted.
    note_missing: bool,
    /// Whether a missing folder of extra files is a problem.
    needs_folder: bool,
    notes: Vec<String>,
    problems: Vec<Error>,
}

impl Findings {
    fn new(strictness: Strictness) -> Findings {
        Findings {
            strictness,
            note_missing: false,
            needs_folder: false,
            notes: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Adds a problem with a file or folder. To a lenient reader it is a note that says what follows.
    fn add(&mut self, path: &Path, error: Error, consequence: &str) {
        let path = path.display();
        match self.strictness {
            Strictness::Strict => self.problems.push(error.context(path.to_string())),
            Strictness::Lenient => self.notes.push(format!("{path}: {consequence}: {}", error.chain())),
        }
    }
}

/// Refuses a configuration with problems. The error is the first one, and says how many there are beside it.
fn accepted((loaded, mut problems): (Loaded, Vec<Error>)) -> Result<Loaded, Error> {
    match problems.len() {
        0 => Ok(loaded),
        1 => Err(problems.swap_remove(0)),
        count => {
            let first = problems.swap_remove(0).chain();
            let message = format!("{first}; `confgend config` shows {} more", count - 1);
            Err(Error::new(ErrorKind::Config, message))
        }
    }
}

/// Reads the main file and the extra files over the defaults.
fn read(
    main: Option<&Path>,
    built_in: &Config,
    registry: &Registry,
    mut findings: Findings,
) -> Result<(Loaded, Vec<Error>), Error> {
    let default: PathBuf = built_in.get(MAIN)?.unwrap_or_default();
    let main_layer = match main {
        Some(path) => Some(PROGRAM.read(path)?),
        None => unnamed(&default, &mut findings)?,
    };
    // Without a main file the service is not installed, and a missing folder of extra files is not noted.
    let mut layers = extra_files(main_layer.as_ref(), built_in, default.exists(), &mut findings)?;
    layers.extend(main_layer.map(|layer| (main.unwrap_or(&default).to_owned(), layer)));

    let mut config = main.map_or_else(|| Ok(Config::default()), from_command_line)?;
    for (_, layer) in &layers {
        config.fill_from(layer);
    }
    config.fill_from(built_in);
    let Findings { mut notes, mut problems, .. } = findings;
    let (registry, mistakes) = registry.with_definitions(&config);
    problems.extend(mistakes);
    match Plugins::read(&config) {
        Ok(plugins) => notes.extend(plugins.warnings(&registry)),
        Err(error) => problems.push(error),
    }
    problems.extend(Patches::check(&config).err());
    notes.extend(Patches::warnings(&config, &registry));
    notes.extend(unknown(&config, &registry)?);
    let files = layers.into_iter().map(|(path, _)| path).collect();
    Ok((Loaded { config, notes, files, registry }, problems))
}

fn from_command_line(main: &Path) -> Result<Config, Error> {
    let path = Value::from(main.to_string_lossy());
    Ok(Config::from_value(Mapping::from_iter([(MAIN.into(), path)]).into())?.named("--config"))
}

/// Reads the main file at its default path, if it exists.
fn unnamed(path: &Path, findings: &mut Findings) -> Result<Option<Config>, Error> {
    match bytes_of(path) {
        Ok(bytes) => {
            let document =
                PROGRAM.document(&bytes).map_err(|error| error.context(path.display().to_string()))?;
            return PROGRAM.layer(path, document).map(Some);
        }
        Err(error) if is_missing(path, &error) => {
            if findings.note_missing {
                let path = path.display();
                findings.notes.push(format!("{path}: can't be read, so the defaults hold: {error}"));
            }
        }
        Err(error) => findings.add(path, unreadable(error), "can't be read, so the defaults hold"),
    }
    Ok(None)
}

/// Returns whether there is nothing at this path. A link that leads nowhere is something.
fn is_missing(path: &Path, error: &io::Error) -> bool {
    error.kind() == IoErrorKind::NotFound && path.symlink_metadata().is_err()
}

/// Reads a file of which nobody says that it may be something else. A named pipe would block for ever.
fn bytes_of(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() && !metadata.is_dir() {
        return Err(io::Error::other("not a regular file"));
    }
    fs::read(path)
}

/// Reads the files of the folder of extra files, the strongest first. `note_missing` says whether a missing
/// folder at the default path is noted.
fn extra_files(
    main: Option<&Config>,
    built_in: &Config,
    note_missing: bool,
    findings: &mut Findings,
) -> Result<Vec<(PathBuf, Config)>, Error> {
    let mut config = main.cloned().unwrap_or_default();
    config.fill_from(built_in);
    let folder: Option<PathBuf> = config.get(EXTRA)?;
    let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(Vec::new()) };
    let note_missing = note_missing || config.source(EXTRA) != Some(BUILT_IN);
    let paths = paths_in(&folder).unwrap_or_else(|error| {
        missing_folder(&folder, error, note_missing, findings);
        Vec::new()
    });
    let mut layers = Vec::new();
    for path in paths {
        match bytes_of(&path).map_err(unreadable).and_then(|bytes| PROGRAM.document(&bytes)) {
            Ok(document) => match PROGRAM.layer(&path, document) {
                Ok(layer) => layers.push((path, layer)),
                Err(error) => findings.problems.push(error),
            },
            Err(error) => findings.add(&path, error, "the file is ignored"),
        }
    }
    Ok(layers)
}

/// Adds that the folder of extra files can't be read. Where none is expected, a missing one is no more than a note.
fn missing_folder(folder: &Path, error: io::Error, note_missing: bool, findings: &mut Findings) {
    const MESSAGE: &str = "the folder of extra files can't be read";
    if !is_missing(folder, &error) || findings.needs_folder {
        let error = Error::new(ErrorKind::Config, MESSAGE).because(error);
        match findings.strictness {
            Strictness::Strict => findings.problems.push(error.context(folder.display().to_string())),
            Strictness::Lenient => findings.notes.push(format!("{}: {}", folder.display(), error.chain())),
        }
    } else if note_missing {
        findings.notes.push(format!("{}: {MESSAGE}: {error}", folder.display()));
    }
}

/// Returns the configuration files of a folder, sorted by the bytes of their names, which is the order of code
/// points.
fn paths_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        if name.as_bytes().ends_with(b".yml") && !name.as_bytes().starts_with(b".") {
            paths.push(folder.join(name));
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use drivers::FAMILIES;

    /// A folder in place of `/etc/wazo-confgend`, with the given files.
    struct Etc(tempfile::TempDir);

    impl Etc {
        fn new(files: &[(&str, &str)]) -> Etc {
            let etc = Etc(tempfile::tempdir().unwrap());
            for (name, text) in files {
                let path = etc.path(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            etc
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn registry() -> Registry {
            Registry::new(FAMILIES).unwrap()
        }

        fn built_in(&self) -> Config {
            let defaults = format!(
                "config_file: {}\nextra_config_files: {}\nlog_level: info\n",
                self.path("config.yml").display(),
                self.path("conf.d").display()
            );
            Config::from_yaml(&defaults).unwrap().named(BUILT_IN)
        }

        fn read(&self, main: Option<&str>, note_missing: bool) -> Result<Loaded, String> {
            self.read_with(main, Findings { note_missing, ..Findings::new(Strictness::Strict) })
        }

        fn read_leniently(&self) -> Result<Loaded, String> {
            self.read_with(None, Findings::new(Strictness::Lenient))
        }

        fn read_with(&self, main: Option<&str>, findings: Findings) -> Result<Loaded, String> {
            let main = main.map(|name| self.path(name));
            read(main.as_deref(), &self.built_in(), &Etc::registry(), findings)
                .and_then(accepted)
                .map_err(|error| self.short(&error.chain()))
        }

        /// Returns a function that reads the configuration as the service does, at its start and at each reload.
        fn service(&self, strictness: Strictness) -> impl FnMut() -> Result<Loaded, String> {
            let mut files = Reloadable::new(None, strictness);
            move || {
                files
                    .load_over(&self.built_in(), &Etc::registry())
                    .map_err(|error| self.short(&error.chain()))
            }
        }

        /// Returns the notes of the service.
        fn notes(&self) -> Vec<String> {
            let notes = self.read(None, true).unwrap().notes;
            notes.iter().map(|note| self.short(note)).collect()
        }

        fn short(&self, text: &str) -> String {
            text.replace(&format!("{}/", self.0.path().display()), "")
        }
    }

    const MISSING: &str =
        "config.yml: can't be read, so the defaults hold: No such file or directory (os error 2)";

    #[test]
    fn a_missing_default_file_is_noted_for_the_service() {
        let etc = Etc::new(&[]);
        assert_eq!(etc.notes(), [MISSING]);
        assert!(etc.read(None, false).unwrap().notes.is_empty());
        let etc = Etc::new(&[("mine.yml", "a: 1")]);
        let loaded = etc.read(Some("mine.yml"), true).unwrap();
        assert!(loaded.notes.is_empty(), "{:?}", loaded.notes);
        assert_eq!(loaded.config.get::<i64>("a").unwrap(), Some(1));
        let etc = Etc::new(&[("config.yml", "")]);
        let folder =
            "conf.d: the folder of extra files can't be read: No such file or directory (os error 2)";
        assert_eq!(etc.notes(), [folder]);
        let etc = Etc::new(&[("config.yml", "extra_config_files:")]);
        assert!(etc.notes().is_empty());
    }

    #[test]
    fn an_unreadable_default_main_file_is_an_error() {
        let unreadable = "config.yml: the configuration file can't be read";
        let etc = Etc::new(&[("config.yml/x", "")]);
        for note_missing in [true, false] {
            let error = etc.read(None, note_missing).unwrap_err();
            assert_eq!(error, format!("{unreadable}: Is a directory (os error 21)"));
        }
        let notes = etc.read_leniently().unwrap().notes;
        assert!(notes[0].contains("so the defaults hold: "), "{notes:?}");
        // A link that leads nowhere is no missing file.
        let etc = Etc::new(&[]);
        symlink("nowhere", etc.path("config.yml")).unwrap();
        let error = etc.read(None, false).unwrap_err();
        assert_eq!(error, format!("{unreadable}: No such file or directory (os error 2)"));
        // In a broken main file is what an operator wants, so even a lenient reader refuses it.
        let etc = Etc::new(&[("config.yml", "a: [")]);
        for result in [etc.read(None, false), etc.read_leniently()] {
            let error = result.unwrap_err();
            assert!(error.starts_with("config.yml: line "), "{error}");
        }
    }

    #[test]
    fn a_broken_extra_file_is_an_error_with_its_line() {
        let table: [(&str, &[u8], &str); 4] = [
            ("a tab", b"a:\n\tb: 1\n", "line 2, column "),
            ("bad YAML", b"a: 1\nb: [\n", "line 3, column "),
            ("not UTF-8", b"a: 1\nb: \xff\n", "line 2: the text is not UTF-8"),
            ("an unknown tag", b"a: !env HOME\n", "configuration key a: "),
        ];
        for (what, bytes, expected) in table {
            let etc = Etc::new(&[("config.yml", ""), ("conf.d/2.yml", "b: 2")]);
            fs::write(etc.path("conf.d/1.yml"), bytes).unwrap();
            let error = etc.read(None, true).unwrap_err();
            assert!(error.starts_with(&format!("conf.d/1.yml: {expected}")), "{what}: {error}");
            let loaded = etc.read_leniently().unwrap();
            assert_eq!(loaded.config.get::<i64>("b").unwrap(), Some(2));
            let note = etc.short(&loaded.notes[0]);
            assert!(note.starts_with(&format!("conf.d/1.yml: the file is ignored: {expected}")), "{note}");
        }
    }

    #[test]
    fn an_extra_file_that_is_no_file_is_an_error() {
        let etc = Etc::new(&[("config.yml", ""), ("conf.d/ok.yml", "")]);
        let unreadable = "the configuration file can't be read";
        symlink("nowhere", etc.path("conf.d/1.yml")).unwrap();
        let error = format!("conf.d/1.yml: {unreadable}: No such file or directory (os error 2)");
        assert_eq!(etc.read(None, true).unwrap_err(), error);
        fs::create_dir(etc.path("conf.d/2.yml")).unwrap();
        symlink("/dev/zero", etc.path("conf.d/3.yml")).unwrap();
        let error = etc.read(None, true).unwrap_err();
        assert!(error.ends_with("(os error 2); `confgend config` shows 2 more"), "{error}");
        let registry = Etc::registry();
        let findings = Findings::new(Strictness::Strict);
        let (_, problems) = read(None, &etc.built_in(), &registry, findings).unwrap();
        let problems: Vec<String> = problems.iter().map(|error| etc.short(&error.chain())).collect();
        assert_eq!(problems[1], format!("conf.d/2.yml: {unreadable}: Is a directory (os error 21)"));
        assert_eq!(problems[2], format!("conf.d/3.yml: {unreadable}: not a regular file"));
    }

    #[test]
    fn a_reload_misses_no_file_that_was_there() {
        let etc = Etc::new(&[]);
        let mut service = etc.service(Strictness::Strict);
        assert_eq!(service().unwrap().files.len(), 0);
        fs::create_dir(etc.path("conf.d")).unwrap();
        fs::write(etc.path("conf.d/1.yml"), "a: 1").unwrap();
        assert_eq!(service().unwrap().files.len(), 1);
        fs::rename(etc.path("conf.d"), etc.path("away")).unwrap();
        let folder =
            "conf.d: the folder of extra files can't be read: No such file or directory (os error 2)";
        assert_eq!(service().unwrap_err(), folder);
        fs::create_dir(etc.path("conf.d")).unwrap();
        // An operator may delete a file of the folder.
        assert_eq!(service().unwrap().files.len(), 0);
        fs::write(etc.path("config.yml"), "a: 1").unwrap();
        assert_eq!(service().unwrap().files.len(), 1);
        fs::remove_file(etc.path("config.yml")).unwrap();
        let main = "config.yml: the configuration file can't be read: No such file or directory (os error 2)";
        assert_eq!(service().unwrap_err(), main);
    }

    #[test]
    #[cfg(feature = "postgres")]
    fn a_reload_refuses_an_address_that_can_not_be_used() {
        let etc = Etc::new(&[("config.yml", "db_uri: postgresql://u:s3@cret@h/d")]);
        // At a start it is no error: the service serves copies.
        etc.service(Strictness::Strict)().unwrap();
        let mut service = etc.service(Strictness::Strict);
        fs::write(etc.path("config.yml"), "db_uri: postgresql://h/d").unwrap();
        service().unwrap();
        fs::write(etc.path("config.yml"), "db_uri: postgresql://u:s3@cret@h/d").unwrap();
        let error = service().unwrap_err();
        assert!(error.starts_with("config.yml: configuration key db_uri: "), "{error}");
        assert!(error.ends_with("write the \"@\" of a password as %40") && !error.contains("s3"), "{error}");
    }

    #[test]
    fn a_lenient_reload_ignores_what_a_lenient_start_ignores() {
        let etc = Etc::new(&[("config.yml", ""), ("conf.d/1.yml", "a: 1")]);
        let mut service = etc.service(Strictness::Lenient);
        service().unwrap();
        fs::write(etc.path("conf.d/1.yml"), "a: [").unwrap();
        assert_eq!(service().unwrap().notes.len(), 1);
        fs::remove_file(etc.path("conf.d/1.yml")).unwrap();
        fs::remove_dir(etc.path("conf.d")).unwrap();
        assert_eq!(service().unwrap().notes.len(), 1);
    }

    #[test]
    fn extra_files_count_without_a_main_file_too() {
        let etc = Etc::new(&[("conf.d/a.yml", "log_level: debug")]);
        let loaded = etc.read(None, true).unwrap();
        assert_eq!(loaded.config.get::<String>("log_level").unwrap().as_deref(), Some("debug"));
        assert_eq!(loaded.files, [etc.path("conf.d/a.yml")]);
        assert_eq!(etc.notes(), [MISSING]);
    }

    #[test]
    fn paths_are_relative_to_the_folder_of_their_file() {
        let etc = Etc::new(&[
            (
                "config.yml",
                "extra_config_files: more\ncache: /abs\npid_file: ''\nlog_filename: log\nreload: {log: a/full}\n",
            ),
            (
                "more/x.yml",
                "apply: {folder: f}\ncache: c\ndb_uri: sqlite:x.db\ntemplates: {directory: .., contextsconf: /c}\n",
            ),
        ]);
        let config = etc.read(None, true).unwrap().config;
        let text = |key| etc.short(&config.get::<String>(key).unwrap().unwrap());
        assert_eq!(text("cache"), "more/c");
        assert_eq!(text("pid_file"), "");
        assert_eq!(text("log_filename"), "log");
        assert_eq!(text("apply.folder"), "more/f");
        assert_eq!(text("reload.log"), "a/full");
        assert_eq!(text("db_uri"), "sqlite:more/x.db");
        assert_eq!(text("templates.directory"), "more/..");
        assert_eq!(text("templates.contextsconf"), "/c");
    }

    #[test]
    fn extra_files_are_chosen_and_sorted_by_name() {
        let names = ["9.yml", "10.yml", "b.yml", "B.yml", "é.yml", ".yml", ".x.yml", "x.YML", "x.yaml", "x"];
        let etc = Etc::new(&names.map(|name| (name, "")));
        symlink(etc.path("9.yml"), etc.path("a.yml")).unwrap();
        let paths = paths_in(etc.0.path()).unwrap();
        let found: Vec<&str> = paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(found, ["10.yml", "9.yml", "B.yml", "a.yml", "b.yml", "é.yml"]);
    }
}
