//! The journal of an apply that is running: enough to complete it, or to put the old files back, after a crash.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use driver_api::{Error, Namespace};
use serde::{Deserialize, Serialize};

use super::{Cause, FileChange, History, KeptText};
use crate::cache;
use crate::file;

/// An apply that is running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// The folder of the files.
    pub folder: PathBuf,
    /// The reason of the apply.
    pub cause: Cause,
    /// How far it is.
    pub stage: Stage,
    /// Whether Asterisk is told to read the files.
    pub reloads: bool,
    /// The number of the last generation that was applied before; 0 for none.
    pub previous: u64,
    /// The files that it replaces.
    pub files: BTreeMap<Namespace, JournalFile>,
}

/// How far an apply is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// It writes the files. Asterisk was not told yet.
    Writing,
    /// All files are written. Asterisk is being told.
    Reloading,
    /// It failed, and the old files are being put back.
    Restoring,
}

/// A file that an apply replaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalFile {
    /// The bytes that were there; none if there was no file.
    pub old: Option<KeptText>,
    /// The new text, without the mark of its end.
    pub new: KeptText,
    /// The change between the two.
    pub change: FileChange,
}

impl History {
    fn journal_path(&self) -> PathBuf {
        self.folder.join("apply.json")
    }

    /// Returns the journal of an apply that runs, or that was interrupted.
    ///
    /// # Errors
    ///
    /// It can't be read.
    pub fn journal(&self) -> Result<Option<Journal>, Error> {
        let path = self.journal_path();
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(io::Error::other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
        .map_err(|error| cache::failed(&path, "the journal of an apply can't be read", error))
    }

    /// Writes the journal. From then on, a crash of the machine does not lose what it says.
    ///
    /// # Errors
    ///
    /// The folder can't be written.
    pub fn write_journal(&self, journal: &Journal) -> Result<(), Error> {
        let path = self.journal_path();
        let write = || -> io::Result<()> {
            file::create_folder(&self.folder, self.mode.of_folder())?;
            file::swap(&path, &serde_json::to_vec_pretty(journal)?, Some(self.mode.0))
        };
        write().map_err(|error| cache::failed(&path, "can't be written", error))
    }

    /// Removes the journal: the apply has ended.
    ///
    /// # Errors
    ///
    /// The folder can't be written.
    pub fn remove_journal(&self) -> Result<(), Error> {
        let path = self.journal_path();
        cache::remove(&path).map_err(|error| cache::failed(&path, "can't be deleted", error))
    }

    /// Opens the file that is locked while an apply runs.
    ///
    /// # Errors
    ///
    /// The folder can't be written.
    pub fn open_apply_lock(&self) -> Result<File, Error> {
        let path = self.folder.join("apply.lock");
        let open = || -> io::Result<File> {
            file::create_folder(&self.folder, self.mode.of_folder())?;
            file::open_lock(&path)
        };
        open().map_err(|error| cache::failed(&path, "can't be opened", error))
    }

    /// Keeps a text for a journal, which is to be written next.
    ///
    /// # Errors
    ///
    /// The folder can't be written.
    pub fn keep(&self, text: &str) -> Result<KeptText, Error> {
        Ok(KeptText { hash: self.texts.store(text)?, bytes: text.len() as u64, objects: 0 })
    }

    /// Reads a text of a journal.
    ///
    /// # Errors
    ///
    /// It is gone or damaged.
    pub fn kept(&self, text: &KeptText) -> Result<String, Error> {
        self.texts.get(text)
    }
}

impl Journal {
    /// Returns the hashes of its texts.
    pub(super) fn hashes(&self) -> impl Iterator<Item = &str> {
        self.files.values().flat_map(|file| file.old.iter().chain([&file.new])).map(|text| text.hash.as_str())
    }
}
