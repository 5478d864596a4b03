//! One text that this program ships, which an operator may replace by a file.

use std::fs;
use std::io::ErrorKind as IoErrorKind;
use std::path::{Path, PathBuf};

use minijinja::Value;

use super::engine::{context_of, error_at};
use super::syntax::Syntax;
use crate::explanation::{Note, Setting, TextSource};
use crate::settings::{Key, Setting as _};
use crate::{Config, Error, ErrorKind};

/// A file that may exist, and the shipped text that is used without it. A configuration key of its own names the file.
pub struct TextFile {
    path: PathBuf,
    /// Whether an operator named the file. If so, it is an error that the file does not exist.
    named: bool,
    shipped: &'static str,
    /// The key that names the file.
    setting: Setting,
}

impl TextFile {
    /// Returns the key that names such a file, with its path by default.
    pub fn key(path: &str, default: &str, help: &str) -> Key {
        Key::new(path, default, PathBuf::shape(), help)
    }

    /// Returns the file that a configuration key names. `default` is its path if the key is not set.
    pub fn at_key(
        config: &Config,
        key: &str,
        default: &str,
        shipped: &'static str,
    ) -> Result<TextFile, Error> {
        let path = config.get::<PathBuf>(key)?.unwrap_or_else(|| default.into());
        Ok(TextFile { named: path.as_os_str() != default, path, shipped, setting: Setting::new(config, key) })
    }

    /// Returns the path of the file, which may not exist.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the note that lines are made from this line of the text.
    pub fn note(&self, line: impl Into<Option<usize>>) -> Note {
        Note::Text(TextSource {
            path: self.path.display().to_string(),
            is_shipped: !self.path.exists(),
            line: line.into(),
            setting: self.setting.clone(),
        })
    }

    /// Reads the text, with LF for every kind of line end. The file is read each time, so a change needs no
    /// restart.
    pub fn read(&self) -> Result<String, Error> {
        self.read_or(|| self.shipped.to_owned())
    }

    /// Does the same, with another shipped text.
    pub fn read_or(&self, shipped: impl FnOnce() -> String) -> Result<String, Error> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(with_line_feeds(text)),
            Err(error) if error.kind() == IoErrorKind::NotFound && !self.named => Ok(shipped()),
            Err(error) => Err(Error::new(ErrorKind::Template, "can't be read").because(error)),
        }
    }

    /// Renders the text as a template that makes a whole file, and checks its lines.
    pub fn render(&self, syntax: Syntax, context: Value) -> Result<String, Error> {
        let mut engine = syntax.engine();
        let rendered = self.with_source(|name, source| engine.render_source(name, source, context));
        syntax.checked(&self.path, rendered?)
    }

    /// Returns the mistakes in the text as a template: see [`Driver::check`](crate::Driver::check). `variables` are the
    /// names that its context has.
    pub fn check(&self, variables: &[&str]) -> Vec<Error> {
        let mistakes =
            self.with_source(|name, source| Ok(Syntax::Plain.engine().check(name, source, variables)));
        match mistakes {
            Ok(mistakes) => mistakes.into_iter().map(|mistake| mistake.at(&self.path)).collect(),
            Err(error) => vec![error],
        }
    }

    fn with_source<T>(
        &self,
        work: impl FnOnce(&str, &str) -> Result<T, minijinja::Error>,
    ) -> Result<T, Error> {
        let source = self.read().map_err(|error| error.context(context_of(&self.path)))?;
        work(&self.path.to_string_lossy(), &source).map_err(|error| error_at(&self.path, &error))
    }
}

/// Replaces CR LF and CR by LF, as Python does when it reads a text file.
pub(super) fn with_line_feeds(text: String) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> TextFile {
        let config = Config::from_yaml(&format!("templates: {{contextsconf: {path}}}")).unwrap();
        TextFile::at_key(&config, "templates.contextsconf", "/nonexistent/default", "shipped").unwrap()
    }

    #[test]
    fn a_file_that_an_operator_names_must_be_there() {
        assert_eq!(file("/nonexistent/default").read().unwrap(), "shipped");
        let error = file("/nonexistent/mine").read().unwrap_err().chain();
        assert_eq!(error, "can't be read: No such file or directory (os error 2)");
        // A folder can't be read as a file, named or not.
        let folder = TextFile { path: "/".into(), ..file("/nonexistent/default") };
        assert!(folder.read().unwrap_err().chain().starts_with("can't be read: "));
    }

    #[test]
    fn every_kind_of_line_end_is_a_line_feed() {
        assert_eq!(with_line_feeds("a\r\nb\rc\n\r\nd".to_owned()), "a\nb\nc\n\nd");
    }
}
