//! A folder of generated files from which a stand-in for Asterisk includes them.

use std::fs;
use std::path::{Path, PathBuf};

use apply::{Apply, ApplySettings, Reload, ReloadSettings, Seconds};
use driver_api::settings::{Settings as _, Within};
use driver_api::{Config, Namespace};
use fixtures::Asterisk;
use service::{FileChange, FileMode, History, HistorySettings, NewText, Storage};
use tempfile::TempDir;

pub(crate) struct Site {
    pub(crate) folder: TempDir,
    pub(crate) asterisk: Asterisk,
}

pub(crate) const FILES: [&str; 3] = ["pjsip.conf", "queues.conf", "extensions.conf"];

impl Site {
    /// Creates a site whose Asterisk includes some files, of which none exists yet.
    pub(crate) fn new() -> Site {
        let site = Site { folder: tempfile::tempdir().unwrap(), asterisk: Asterisk::new() };
        for file in FILES {
            site.asterisk.include(file, &site.path(file));
        }
        site
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join("files/asterisk").join(file)
    }

    pub(crate) fn text(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.path(file)).ok()
    }

    pub(crate) fn history(&self) -> History {
        history(self.folder.path())
    }

    /// Begins an apply.
    pub(crate) fn begin(&self) -> Apply {
        begin(self.folder.path()).unwrap()
    }

    /// Returns what tells this Asterisk to read files again.
    pub(crate) fn reload(&self) -> Reload {
        reload(&self.asterisk.command(), &self.asterisk.path("log"))
    }
}

pub(crate) fn history(folder: &Path) -> History {
    let storage = Storage { cache: folder.join("cache"), cache_mode: FileMode(0o640), pid_file: None };
    let settings = HistorySettings { keep: Some(Within(30)), max_bytes: Within(1_000_000) };
    History::new(&storage, &settings).unwrap()
}

pub(crate) fn begin(folder: &Path) -> Result<Apply, driver_api::Error> {
    let wait_seconds = Seconds(std::time::Duration::from_millis(300));
    let settings = ApplySettings::read(&Config::default()).unwrap();
    let settings = ApplySettings { folder: folder.join("files"), wait_seconds, ..settings };
    Apply::begin(&settings, FileMode(0o640), history(folder), &mut |_| {})
}

pub(crate) fn reload(command: &[String], log: &Path) -> Reload {
    let settings = ReloadSettings::read(&Config::default()).unwrap();
    let command = apply::Words(command.to_vec());
    // The stand-in for Asterisk is a script, which has time on a busy machine, too.
    let seconds = Seconds(std::time::Duration::from_secs(60));
    Reload::new(ReloadSettings { command, log: Some(log.to_owned()), seconds, ..settings })
}

/// Returns new texts of files of Asterisk.
pub(crate) fn new<'t>(texts: &[(&str, &'t str)]) -> Vec<NewText<'t>> {
    let new = |&(file, text): &(&str, &'t str)| NewText {
        file: name(file),
        text,
        objects: 1,
        change: FileChange::new("~1 section".to_owned(), &[], None),
    };
    texts.iter().map(new).collect()
}

pub(crate) fn name(file: &str) -> Namespace {
    format!("asterisk/{file}").parse().unwrap()
}
