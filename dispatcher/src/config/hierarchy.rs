//! Finds the files of the configuration, and merges them by precedence.

use std::fs;
use std::io::{self, ErrorKind as IoErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{self, Path, PathBuf};

use database::Uri;
use driver_api::{Config, Error, ErrorKind, yaml};
use serde_yaml::{Mapping, Value};

use super::exec;
use super::settings;
use crate::registry::{Plugins, Registry};

/// The source of a value that no file sets.
const BUILT_IN: &str = "built-in";

const MAIN: &str = "config_file";
const EXTRA: &str = "extra_config_files";

/// The keys whose values are paths, relative to the folder of their file. The keys below `templates` and an SQLite
/// `db_uri` are relative, too.
const PATHS: [&str; 5] = [EXTRA, "cache", "listen_socket", "log_filename", "pid_file"];
const DB_URI: &str = "db_uri";

/// The configuration of a site.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The merged files and defaults, with the source of each value.
    pub config: Config,
    /// The problems that were ignored, one line each. The caller shows them as warnings.
    pub notes: Vec<String>,
    /// The files that were read, the strongest first.
    pub files: Vec<PathBuf>,
}

/// Reads the configuration of the service: the main file, `/etc/wazo-confgend/config.yml` by default, and over it
/// the files in the folder of its key `extra_config_files`.
///
/// A broken main file is an error, and so is any file with a list or a scalar at the top. Any other problem with
/// an extra file or with the folder is a note. If the main file has its default path and can't be read, that is a
/// note, too.
pub fn load(main: Option<&Path>, registry: &Registry) -> Result<Loaded, Error> {
    read(main, true, &built_in(registry)?, registry)
}

/// Reads the same configuration for a command that also works without one: a missing main file at the default
/// path is not noted.
pub fn load_if_any(main: Option<&Path>, registry: &Registry) -> Result<Loaded, Error> {
    read(main, false, &built_in(registry)?, registry)
}

/// Reads one file, or none, over the defaults. Tools use this so that they don't depend on the configuration of the
/// machine.
pub fn only(file: Option<&Path>, registry: &Registry) -> Result<Config, Error> {
    let mut config = file.map_or_else(|| Ok(Config::default()), named)?;
    config.fill_from(&built_in(registry)?);
    Ok(config)
}

fn built_in(registry: &Registry) -> Result<Config, Error> {
    let mut config = settings::defaults();
    config.fill_from(&registry.defaults()?);
    Ok(config.named(BUILT_IN))
}

/// Reads the main file and the extra files over the defaults. `note_missing` says whether a missing main file at
/// the default path is noted.
fn read(
    main: Option<&Path>,
    note_missing: bool,
    built_in: &Config,
    registry: &Registry,
) -> Result<Loaded, Error> {
    let mut notes = Vec::new();
    let default: PathBuf = built_in.get(MAIN)?.unwrap_or_default();
    let main_layer = match main {
        Some(path) => Some(named(path)?),
        None => unnamed(&default, note_missing, &mut notes)?,
    };
    // Without a main file the service is not installed, and a missing folder of extra files is not noted.
    let mut layers = extra_files(main_layer.as_ref(), built_in, default.exists(), &mut notes)?;
    layers.extend(main_layer.map(|layer| (main.unwrap_or(&default).to_owned(), layer)));

    let mut config = main.map_or_else(|| Ok(Config::default()), from_command_line)?;
    for (_, layer) in &layers {
        config.fill_from(layer);
    }
    config.fill_from(built_in);
    notes.extend(Plugins::read(&config)?.warnings(registry));
    Ok(Loaded { config, notes, files: layers.into_iter().map(|(path, _)| path).collect() })
}

fn from_command_line(main: &Path) -> Result<Config, Error> {
    let path = Value::from(main.to_string_lossy());
    Ok(Config::from_value(Mapping::from_iter([(MAIN.into(), path)]).into())?.named("--config"))
}

/// Reads a file that must exist.
fn named(path: &Path) -> Result<Config, Error> {
    let document = fs::read(path).map_err(unreadable).and_then(|bytes| document(&bytes));
    layer(path, document.map_err(|error| error.context(path.display().to_string()))?)
}

/// Reads the main file at its default path, if it exists.
fn unnamed(path: &Path, note_missing: bool, notes: &mut Vec<String>) -> Result<Option<Config>, Error> {
    match fs::read(path) {
        Ok(bytes) => {
            let document = document(&bytes).map_err(|error| error.context(path.display().to_string()))?;
            layer(path, document).map(Some)
        }
        Err(error) => {
            if note_missing || error.kind() != IoErrorKind::NotFound {
                notes.push(format!("{}: can't be read, so the defaults hold: {error}", path.display()));
            }
            Ok(None)
        }
    }
}

/// Reads the files of the folder of extra files, the strongest first. `note_missing` says whether a missing
/// folder at the default path is noted.
fn extra_files(
    main: Option<&Config>,
    built_in: &Config,
    note_missing: bool,
    notes: &mut Vec<String>,
) -> Result<Vec<(PathBuf, Config)>, Error> {
    let mut config = main.cloned().unwrap_or_default();
    config.fill_from(built_in);
    let folder: Option<PathBuf> = config.get(EXTRA)?;
    let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(Vec::new()) };
    let note_missing = note_missing || config.source(EXTRA) != Some(BUILT_IN);
    let paths = paths_in(&folder).unwrap_or_else(|error| {
        if note_missing || error.kind() != IoErrorKind::NotFound {
            notes.push(format!("{}: the folder of extra files can't be read: {error}", folder.display()));
        }
        Vec::new()
    });
    let mut layers = Vec::new();
    for path in paths {
        match fs::read(&path).map_err(unreadable).and_then(|bytes| document(&bytes)) {
            Ok(document) => {
                let layer = layer(&path, document)?;
                layers.push((path, layer));
            }
            Err(error) => notes.push(format!("{}: the file is ignored: {}", path.display(), error.chain())),
        }
    }
    Ok(layers)
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

fn unreadable(error: io::Error) -> Error {
    Error::new(ErrorKind::Config, "the configuration file can't be read").because(error)
}

/// Parses a file, and replaces each `!exec` by the output of its command.
fn document(bytes: &[u8]) -> Result<Value, Error> {
    let text = str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].split(|&byte| byte == b'\n').count();
        Error::new(ErrorKind::Config, "the text is not UTF-8").context(format!("line {line}"))
    })?;
    let mut document = yaml::parse(text)?;
    exec::expand(&mut document)?;
    Ok(document)
}

/// Makes a layer of a document, with absolute paths.
fn layer(path: &Path, mut document: Value) -> Result<Config, Error> {
    // A daemon may change its current folder, so paths must be absolute. `absolute` fails if there is no current
    // folder.
    let absolute = path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = absolute.parent().unwrap_or(Path::new(""));
    if let Value::Mapping(values) = &mut document {
        resolve_paths(values, folder);
    }
    let name = path.display().to_string();
    let mut config = Config::from_value(document).map_err(|error| error.context(&name))?.named(name);
    config.resolve_paths(folder);
    Ok(config)
}

fn resolve_paths(values: &mut Mapping, folder: &Path) {
    for key in PATHS {
        // An empty path means none, and stays empty.
        if let Some(Value::String(path)) = values.get_mut(key).filter(|path| *path != "") {
            *path = folder.join(&*path).to_string_lossy().into_owned();
        }
    }
    // A bad URI is an error only when it is used: the command line may replace it.
    if let Some(Value::String(text)) = values.get_mut(DB_URI)
        && let Ok(uri @ Uri::Sqlite(_)) = text.parse::<Uri>()
    {
        *text = uri.relative_to(folder).to_string();
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::features::FAMILIES;

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

        fn read(&self, main: Option<&str>, note_missing: bool) -> Result<Loaded, String> {
            let registry = Registry::new(FAMILIES).unwrap();
            let defaults = format!(
                "config_file: {}\nextra_config_files: {}\nlog_level: info\n",
                self.path("config.yml").display(),
                self.path("conf.d").display()
            );
            let built_in = Config::from_yaml(&defaults).unwrap().named(BUILT_IN);
            let main = main.map(|name| self.path(name));
            read(main.as_deref(), note_missing, &built_in, &registry)
                .map_err(|error| self.short(&error.chain()))
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
    fn an_unreadable_default_main_file_is_noted() {
        let etc = Etc::new(&[("config.yml/x", "")]);
        for note_missing in [true, false] {
            let notes = etc.read(None, note_missing).unwrap().notes;
            assert!(notes[0].ends_with("so the defaults hold: Is a directory (os error 21)"), "{notes:?}");
        }
        let etc = Etc::new(&[("config.yml", "a: [")]);
        let error = etc.read(None, false).unwrap_err();
        assert!(error.starts_with("config.yml: line "), "{error}");
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
            ("config.yml", "extra_config_files: more\ncache: /abs\npid_file: ''\nlog_filename: log\n"),
            ("more/x.yml", "cache: c\ndb_uri: sqlite:x.db\ntemplates: {directory: .., contextsconf: /c}\n"),
        ]);
        let config = etc.read(None, true).unwrap().config;
        let text = |key| etc.short(&config.get::<String>(key).unwrap().unwrap());
        assert_eq!(text("cache"), "more/c");
        assert_eq!(text("pid_file"), "");
        assert_eq!(text("log_filename"), "log");
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

    #[test]
    fn a_text_that_is_not_utf8_names_its_line() {
        let error = document(b"a: 1\nb: \xff\n").unwrap_err().chain();
        assert_eq!(error, "line 2: the text is not UTF-8");
    }
}
