//! The files of the configuration: which there are, and which of them is the strongest.

use std::fs;
use std::io::{self, ErrorKind as IoErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{self, Path, PathBuf};

use database::Uri;
use driver_api::{Config, Error, ErrorKind, yaml};
use serde_yaml::{Mapping, Value};

use super::exec;
use super::settings;
use crate::Registry;
use crate::registry::Plugins;

/// The source of a value that no file gives.
const BUILT_IN: &str = "built-in";

const MAIN: &str = "config_file";
const EXTRA: &str = "extra_config_files";

/// Keys whose values are paths, relative to the folder of the file that they stand in. So are those below
/// `templates`, and the file of an SQLite database.
const PATHS: [&str; 4] = [EXTRA, "cache", "log_filename", "pid_file"];
const DB_URI: &str = "db_uri";

/// The configuration of a site.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// All files and the defaults in one. It knows the source of each value.
    pub config: Config,
    /// What is wrong and was passed over: one line each, to be told as warnings.
    pub notes: Vec<String>,
    /// The files that were read, the strongest first.
    pub files: Vec<PathBuf>,
}

/// Reads the configuration of the service: the main file, which is `/etc/wazo-confgend/config.yml` if none
/// is named, and over it the files of the folder that its key `extra_config_files` names.
///
/// A broken main file is an error, and so is any file with a list or a scalar at the top. Any other
/// trouble with an extra file or the folder costs a note, and so does a main file that nobody named and
/// that can't be read.
pub fn load(main: Option<&Path>, registry: &Registry) -> Result<Loaded, Error> {
    read(main, true, &built_in(registry)?, registry)
}

/// Reads the same configuration for a command that does without as well: not a word if nobody named a
/// main file and there is none.
pub fn load_if_any(main: Option<&Path>, registry: &Registry) -> Result<Loaded, Error> {
    read(main, false, &built_in(registry)?, registry)
}

/// Reads one file, or none, over the defaults, and nothing else: what a tool does depends on no
/// configuration of the machine.
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

/// Reads a hierarchy. It may be that nobody misses a main file that nobody named.
fn read(
    main: Option<&Path>,
    is_missed: bool,
    built_in: &Config,
    registry: &Registry,
) -> Result<Loaded, Error> {
    let mut notes = Vec::new();
    let default: PathBuf = built_in.get(MAIN)?.unwrap_or_default();
    let main_layer = match main {
        Some(path) => Some(named(path)?),
        None => unnamed(&default, is_missed, &mut notes)?,
    };
    // Where nothing is installed, nobody misses the folder of extra files either.
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

/// Reads a file that must be there.
fn named(path: &Path) -> Result<Config, Error> {
    let document = fs::read(path).map_err(unreadable).and_then(|bytes| document(&bytes));
    layer(path, document.map_err(|error| error.context(path.display().to_string()))?)
}

/// Reads the main file that is there by default, or not.
fn unnamed(path: &Path, is_missed: bool, notes: &mut Vec<String>) -> Result<Option<Config>, Error> {
    match fs::read(path) {
        Ok(bytes) => {
            let document = document(&bytes).map_err(|error| error.context(path.display().to_string()))?;
            layer(path, document).map(Some)
        }
        Err(error) => {
            if is_missed || error.kind() != IoErrorKind::NotFound {
                notes.push(format!("{}: can't be read, so the defaults hold: {error}", path.display()));
            }
            Ok(None)
        }
    }
}

/// Reads the files of the folder that the main file names, or else the defaults: the strongest first. It
/// may be that nobody misses the default folder.
fn extra_files(
    main: Option<&Config>,
    built_in: &Config,
    is_missed: bool,
    notes: &mut Vec<String>,
) -> Result<Vec<(PathBuf, Config)>, Error> {
    let mut config = main.cloned().unwrap_or_default();
    config.fill_from(built_in);
    let folder: Option<PathBuf> = config.get(EXTRA)?;
    let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(Vec::new()) };
    let is_missed = is_missed || config.source(EXTRA) != Some(BUILT_IN);
    let paths = paths_in(&folder).unwrap_or_else(|error| {
        if is_missed || error.kind() != IoErrorKind::NotFound {
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

/// The files that count, in the order of the bytes of their names, which is that of the code points.
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

/// The document in a file, with what its commands say.
fn document(bytes: &[u8]) -> Result<Value, Error> {
    let text = str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].split(|&byte| byte == b'\n').count();
        Error::new(ErrorKind::Config, "the text is not UTF-8").context(format!("line {line}"))
    })?;
    let mut document = yaml::parse(text)?;
    exec::expand(&mut document)?;
    Ok(document)
}

/// The layer of a file, with paths that don't depend on its place any more.
fn layer(path: &Path, mut document: Value) -> Result<Config, Error> {
    // Absolute, since a daemon may change its folder. It fails where there is no current one.
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
        // An empty path stays what it is: no path.
        if let Some(Value::String(path)) = values.get_mut(key).filter(|path| *path != "") {
            *path = folder.join(&*path).to_string_lossy().into_owned();
        }
    }
    // A URI that can't be read is an error when it is used, unless the command line replaces it.
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
    use crate::FAMILIES;

    /// A folder that stands for `/etc/wazo-confgend`, with these files.
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

        fn read(&self, main: Option<&str>, is_missed: bool) -> Result<Loaded, String> {
            let registry = Registry::new(FAMILIES).unwrap();
            let defaults = format!(
                "config_file: {}\nextra_config_files: {}\nlog_level: info\n",
                self.path("config.yml").display(),
                self.path("conf.d").display()
            );
            let built_in = Config::from_yaml(&defaults).unwrap().named(BUILT_IN);
            let main = main.map(|name| self.path(name));
            read(main.as_deref(), is_missed, &built_in, &registry).map_err(|error| self.short(&error.chain()))
        }

        /// What the service notes.
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
    fn what_is_not_installed_is_not_missed() {
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
    fn a_default_main_file_that_is_no_file_is_noted() {
        let etc = Etc::new(&[("config.yml/x", "")]);
        for is_missed in [true, false] {
            let notes = etc.read(None, is_missed).unwrap().notes;
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
    fn paths_are_those_of_the_folder_of_their_file() {
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
    fn names_decide_what_counts_and_in_which_order() {
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
