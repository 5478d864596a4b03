//! The history: every distinct text that was served or applied, for some generations. It is in the hidden folder
//! `.history` of the cache, and has the cache's permissions, since the texts contain passwords.
//!
//! ```text
//! .history/generations/412.json   what the generation consists of
//! .history/texts/6fe0….zst        a text, named after its SHA-256
//! .history/lock                   locked by the process that records a generation
//! .history/apply.json             the journal of an apply that is running
//! .history/apply.lock             locked by the process that applies
//! ```
//!
//! Each file is replaced as a whole. A generation is written after its texts, and texts that no generation names are
//! deleted at the next one. So a crash costs at most the generation that was being recorded, and a damaged file costs
//! what it contains.

mod generation;
mod journal;
mod served;
#[cfg(test)]
mod tests;
mod texts;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use driver_api::settings::Within;
use driver_api::{Error, Namespace};
use jiff::Timestamp;

pub use self::generation::{Cause, FileChange, Generation, KeptText};
pub use self::journal::{Journal, JournalFile, Stage};
pub(crate) use self::served::{Recorder, Served};
use self::texts::Texts;
use crate::cache;
use crate::file;
use crate::settings::{FileMode, Storage};

driver_api::settings! {
    /// The history of the files.
    #[derive(Debug, Clone)]
    pub struct HistorySettings in "history" {
        /// How many generations are kept; null for none.
        keep: Option<Within<2, 1000>> = 30,
        /// How large the kept texts may be together, compressed. Old generations go first.
        max_bytes: Within<1_000_000, 1_000_000_000_000> = 256_000_000,
    }
}

/// The history of a site.
pub struct History {
    folder: PathBuf,
    mode: FileMode,
    texts: Texts,
    keep: usize,
    max_bytes: u64,
}

/// A new text of a file.
#[derive(Debug, Clone)]
pub struct NewText<'t> {
    /// The file.
    pub file: Namespace,
    /// The text.
    pub text: &'t str,
    /// The number of its objects.
    pub objects: usize,
    /// The change against the text before.
    pub change: FileChange,
}

impl History {
    /// Returns the history beside the cache; none if the configuration switches it off. Nothing is read or written yet.
    pub fn new(storage: &Storage, settings: &HistorySettings) -> Option<History> {
        let keep = settings.keep?.0;
        let folder = storage.cache.join(".history");
        let (mode, max_bytes) = (storage.cache_mode, settings.max_bytes.0 as u64);
        Some(History { texts: Texts::new(folder.join("texts"), mode), folder, mode, keep, max_bytes })
    }

    fn generations_folder(&self) -> PathBuf {
        self.folder.join("generations")
    }

    fn path(&self, number: u64) -> PathBuf {
        self.generations_folder().join(format!("{number}.json"))
    }

    /// Returns the numbers of all generations, in ascending order.
    ///
    /// # Errors
    ///
    /// The folder can't be read.
    pub fn numbers(&self) -> Result<Vec<u64>, Error> {
        let folder = self.generations_folder();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(cache::failed(&folder, "the history can't be read", error)),
        };
        let number = |entry: fs::DirEntry| entry.file_name().to_str()?.strip_suffix(".json")?.parse().ok();
        let mut numbers: Vec<u64> = entries.flatten().filter_map(number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Returns all generations, the oldest first, and the errors of those that can't be read.
    ///
    /// # Errors
    ///
    /// The folder can't be read.
    pub fn generations(&self) -> Result<(Vec<Generation>, Vec<Error>), Error> {
        self.recent(usize::MAX)
    }

    /// Returns the last generations, the oldest first, and the errors of those that can't be read.
    pub(crate) fn recent(&self, count: usize) -> Result<(Vec<Generation>, Vec<Error>), Error> {
        let (mut generations, mut errors) = (Vec::new(), Vec::new());
        let mut numbers = self.numbers()?;
        numbers.drain(..numbers.len().saturating_sub(count));
        for number in numbers {
            match self.read(number) {
                Ok(generation) => generations.push(generation),
                // It was deleted since the folder was read.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => errors.push(cache::failed(&self.path(number), "can't be read", error)),
            }
        }
        Ok((generations, errors))
    }

    fn read(&self, number: u64) -> io::Result<Generation> {
        let text = fs::read(self.path(number))?;
        let generation: Generation = serde_json::from_slice(&text).map_err(io::Error::other)?;
        if generation.number != number {
            return Err(io::Error::other(format!("it is generation {}", generation.number)));
        }
        Ok(generation)
    }

    /// Returns the generation of this number.
    ///
    /// # Errors
    ///
    /// There is none, or it can't be read.
    pub fn generation(&self, number: u64) -> Result<Generation, Error> {
        self.read(number).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => self.unknown(number),
            _ => cache::failed(&self.path(number), "can't be read", error),
        })
    }

    fn unknown(&self, number: u64) -> Error {
        let numbers = self.numbers().unwrap_or_default();
        let kept = match (numbers.first(), numbers.last()) {
            (Some(first), Some(last)) => format!("the history has {first} to {last}"),
            _ => "the history is empty".to_owned(),
        };
        Error::driver(format!("there is no generation {number}: {kept}"))
    }

    /// Returns the newest generation that can be read.
    ///
    /// # Errors
    ///
    /// The folder can't be read.
    pub fn latest(&self) -> Result<Option<Generation>, Error> {
        Ok(self.numbers()?.into_iter().rev().find_map(|number| self.read(number).ok()))
    }

    /// Returns the newest generation whose files were written for Asterisk to include.
    ///
    /// # Errors
    ///
    /// The folder can't be read.
    pub fn latest_applied(&self) -> Result<Option<Generation>, Error> {
        let mut generations = self.numbers()?.into_iter().rev().filter_map(|number| self.read(number).ok());
        Ok(generations.find(|generation| generation.cause.is_applied()))
    }

    /// Returns the text of a file in a generation.
    ///
    /// # Errors
    ///
    /// The generation does not have the file, or its text is gone or damaged.
    pub fn text(&self, generation: &Generation, file: &Namespace) -> Result<String, Error> {
        let Some(kept) = generation.files.get(file) else {
            let message = format!("generation {} does not have the file", generation.number);
            return Err(Error::driver(message).context(file.to_string()));
        };
        self.texts.get(kept).map_err(|error| error.context(file.to_string()))
    }

    /// Records a generation: these new texts, and the other files as they were in the generation before.
    ///
    /// # Errors
    ///
    /// The folder can't be written.
    pub fn record(&self, cause: Cause, new: &[NewText<'_>]) -> Result<Generation, Error> {
        let _lock = self.lock()?;
        let numbers = self.numbers()?;
        let mut files = self.latest()?.map(|latest| latest.files).unwrap_or_default();
        let mut changes = BTreeMap::new();
        for NewText { file, text, objects, change } in new {
            let kept =
                KeptText { hash: self.texts.store(text)?, bytes: text.len() as u64, objects: *objects };
            files.insert(file.clone(), kept);
            changes.insert(file.clone(), change.clone());
        }
        // The number of a generation that can't be read is not used again.
        let number = numbers.last().map_or(1, |last| last + 1);
        let generation = Generation { number, time: Timestamp::now(), cause, changes, files };
        let path = self.path(number);
        let write = || -> io::Result<()> {
            file::create_folder(&self.generations_folder(), self.mode.of_folder())?;
            file::swap(&path, &serde_json::to_vec_pretty(&generation)?, Some(self.mode.0))
        };
        write().map_err(|error| cache::failed(&path, "can't be written", error))?;
        self.prune();
        Ok(generation)
    }

    fn lock(&self) -> Result<File, Error> {
        let path = self.folder.join("lock");
        let lock = || -> io::Result<File> {
            file::create_folder(&self.folder, self.mode.of_folder())?;
            file::lock(&path)
        };
        lock().map_err(|error| cache::failed(&path, "can't be locked", error))
    }

    /// Deletes the oldest generations, as far as the configuration says, and the texts that none of the others has. The
    /// newest generation and the one that is applied stay.
    fn prune(&self) {
        let Ok((mut generations, _)) = self.generations() else { return };
        let applied = generations.iter().rposition(|generation| generation.cause.is_applied());
        let protected: BTreeSet<u64> = [applied, generations.len().checked_sub(1)]
            .into_iter()
            .flatten()
            .filter_map(|index| generations.get(index).map(|generation| generation.number))
            .collect();
        let sizes = self.texts.sizes();
        while generations.len() > self.keep || bytes(&generations, &sizes) > self.max_bytes {
            let oldest = generations.iter().position(|generation| !protected.contains(&generation.number));
            let Some(oldest) = oldest else { break };
            let generation = generations.remove(oldest);
            // One that can't be deleted does no harm, and the next generation tries again.
            let _ = fs::remove_file(self.path(generation.number));
        }
        // Among them may be one that can't be read.
        let first = generations.first().map_or(0, |generation| generation.number);
        for number in self.numbers().unwrap_or_default().into_iter().filter(|number| *number < first) {
            let _ = fs::remove_file(self.path(number));
        }
        file::remove_leftovers(&self.generations_folder());
        let journal = self.journal().ok().flatten();
        let of_journal = journal.iter().flat_map(Journal::hashes);
        self.texts.retain(&hashes(&generations).into_iter().chain(of_journal).collect());
    }
}

fn hashes(generations: &[Generation]) -> BTreeSet<&str> {
    let kept = generations.iter().flat_map(|generation| generation.files.values());
    kept.map(|kept| kept.hash.as_str()).collect()
}

fn bytes(generations: &[Generation], sizes: &BTreeMap<String, u64>) -> u64 {
    hashes(generations).into_iter().filter_map(|hash| sizes.get(hash)).sum()
}
