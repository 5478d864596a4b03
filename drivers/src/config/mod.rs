//! The configuration of drivers: one file over the defaults. Which files a site has, and which stands over which, is the
//! business of the program that runs the drivers.

mod exec;
mod unknown;

use std::path::{self, Path};
use std::{fs, io};

use driver_api::settings::{self, Key};
use driver_api::yaml::{self, Mapping, Value};
use driver_api::{Config, Error, ErrorKind};
pub use exec::{Run, run_without_limits};
pub use unknown::unknown;

use crate::registry::Registry;

/// The source of a value that no file sets.
pub const BUILT_IN: &str = "built-in";

/// A program's part of the configuration, beside that of its drivers.
pub struct Program {
    /// Returns the keys of the program.
    pub keys: fn() -> Vec<Key>,
    /// Makes the paths among the values of these keys absolute, from the folder of their file. Paths below `templates`, the
    /// keys of drivers, are absolute in any program.
    pub resolve_paths: fn(&mut Mapping, &Path),
    /// Runs the command of an `!exec`.
    pub run: Run,
}

impl Program {
    /// Returns the defaults of the program's keys and of all drivers.
    pub fn built_in(&self, registry: &Registry) -> Result<Config, Error> {
        let mut config = settings::defaults(&(self.keys)());
        config.fill_from(&registry.defaults()?);
        Ok(config.named(BUILT_IN))
    }

    /// Reads one file, or none, over the defaults. Tools use this so that they don't depend on the configuration of the
    /// machine.
    pub fn only(&self, file: Option<&Path>, registry: &Registry) -> Result<Config, Error> {
        let mut config = file.map_or_else(|| Ok(Config::default()), |file| self.read(file))?;
        config.fill_from(&self.built_in(registry)?);
        Ok(config)
    }

    /// Reads a file that must exist, as a layer of the configuration.
    pub fn read(&self, path: &Path) -> Result<Config, Error> {
        let document = fs::read(path).map_err(unreadable).and_then(|bytes| self.document(&bytes));
        self.layer(path, document.map_err(|error| error.context(path.display().to_string()))?)
    }

    /// Parses a file, and replaces each `!exec` by the output of its command.
    pub fn document(&self, bytes: &[u8]) -> Result<Value, Error> {
        let text = str::from_utf8(bytes).map_err(|error| {
            let line = bytes[..error.valid_up_to()].split(|&byte| byte == b'\n').count();
            Error::new(ErrorKind::Config, "the text is not UTF-8").context(format!("line {line}"))
        })?;
        let mut document = yaml::parse(text)?;
        exec::expand(&mut document, self.run)?;
        Ok(document)
    }

    /// Makes a layer of a document, with absolute paths.
    pub fn layer(&self, path: &Path, mut document: Value) -> Result<Config, Error> {
        // A daemon may change its current folder, so paths must be absolute. `absolute` fails if there is no current
        // folder.
        let absolute = path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let folder = absolute.parent().unwrap_or(Path::new(""));
        if let Value::Mapping(values) = &mut document {
            (self.resolve_paths)(values, folder);
        }
        let name = path.display().to_string();
        let mut config = Config::from_value(document).map_err(|error| error.context(&name))?.named(name);
        config.resolve_paths(folder);
        Ok(config)
    }
}

/// Returns the error of a file of the configuration that can't be read.
pub fn unreadable(error: io::Error) -> Error {
    Error::new(ErrorKind::Config, "the configuration file can't be read").because(error)
}

#[cfg(test)]
mod tests {
    use driver_api::Entry;

    use super::*;

    const TOOL: Program = Program { keys: Vec::new, resolve_paths: |_, _| {}, run: run_without_limits };

    #[test]
    fn a_text_that_is_not_utf8_names_its_line() {
        let error = TOOL.document(b"a: 1\nb: \xff\n").unwrap_err().chain();
        assert_eq!(error, "line 2: the text is not UTF-8");
    }

    #[test]
    fn a_file_stands_over_the_defaults_of_the_drivers() {
        static DRIVERS: &[Entry] =
            &[Entry::new("a.b.conf", "x", |_| Err(Error::driver("unused")))
                .defaults("a: 1\nb: {c: 2, d: 3}")];
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        fs::write(path("c.yml"), "b: !exec {command: 'echo c: 4'}\ntemplates: {x: y}").unwrap();
        let registry = Registry::new(&[DRIVERS]).unwrap();
        let config = TOOL.only(Some(&path("c.yml")), &registry).unwrap();
        let number = |key| config.get::<i64>(key).unwrap();
        assert_eq!(["a", "b.c", "b.d"].map(number), [Some(1), Some(4), Some(3)]);
        assert_eq!(config.get("templates.x").unwrap(), Some(path("y")));
        assert_eq!(TOOL.only(None, &registry).unwrap().source("b.c"), Some(BUILT_IN));
        let error = TOOL.only(Some(&path("none.yml")), &registry).unwrap_err().chain();
        assert!(error.contains("none.yml: the configuration file can't be read: No such file"), "{error}");
    }
}
