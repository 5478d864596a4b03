//! The texts of the history, each once: compressed, in a file that is named after the hash of the text.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use driver_api::Error;
use sha2::{Digest as _, Sha256};

use super::KeptText;
use crate::cache;
use crate::file;
use crate::settings::FileMode;

/// The compression level of zstd: the fastest that still finds the repetitions of a configuration file.
const LEVEL: i32 = 3;

const EXTENSION: &str = "zst";

/// A folder of texts.
pub(super) struct Texts {
    folder: PathBuf,
    mode: FileMode,
}

impl Texts {
    pub(super) fn new(folder: PathBuf, mode: FileMode) -> Texts {
        Texts { folder, mode }
    }

    fn path(&self, hash: &str) -> PathBuf {
        self.folder.join(format!("{hash}.{EXTENSION}"))
    }

    /// Keeps a text. Returns its hash.
    pub(super) fn store(&self, text: &str) -> Result<String, Error> {
        let hash = hash(text.as_bytes());
        // A damaged copy is replaced.
        if self.read(&hash, text.len() as u64).is_ok() {
            return Ok(hash);
        }
        let path = self.path(&hash);
        let write = || -> io::Result<()> {
            file::create_folder(&self.folder, self.mode.of_folder())?;
            file::swap(&path, &zstd::encode_all(text.as_bytes(), LEVEL)?, Some(self.mode.0))
        };
        write().map_err(|error| cache::failed(&path, "can't be written", error))?;
        Ok(hash)
    }

    /// Reads a text.
    ///
    /// # Errors
    ///
    /// It is gone or damaged.
    pub(super) fn get(&self, kept: &KeptText) -> Result<String, Error> {
        self.read(&kept.hash, kept.bytes)
            .map_err(|error| cache::failed(&self.path(&kept.hash), "the text can't be read", error))
    }

    fn read(&self, hash_of_text: &str, bytes: u64) -> io::Result<String> {
        let file = fs::File::open(self.path(hash_of_text))?;
        let mut text = Vec::new();
        // A damaged file must not fill the memory.
        zstd::Decoder::new(file)?.take(bytes + 1).read_to_end(&mut text)?;
        if hash(&text) != hash_of_text {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is damaged"));
        }
        String::from_utf8(text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Returns the size of each kept text on disk, by its hash.
    pub(super) fn sizes(&self) -> BTreeMap<String, u64> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return BTreeMap::new() };
        let size = |entry: fs::DirEntry| {
            let hash = hash_in(&entry.path())?;
            Some((hash, entry.metadata().ok()?.len()))
        };
        entries.flatten().filter_map(size).collect()
    }

    /// Deletes all texts but these.
    pub(super) fn retain(&self, hashes: &BTreeSet<&str>) {
        for hash in self.sizes().into_keys().filter(|hash| !hashes.contains(hash.as_str())) {
            // A text that can't be deleted does no harm, and the next generation tries again.
            let _ = fs::remove_file(self.path(&hash));
        }
        file::remove_leftovers(&self.folder);
    }
}

/// Returns the hash in the name of a file of the folder.
fn hash_in(path: &Path) -> Option<String> {
    let is_text = path.extension().is_some_and(|extension| extension == EXTENSION);
    is_text.then(|| path.file_stem()?.to_str().map(str::to_owned)).flatten()
}

fn hash(text: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(text).iter().fold(String::new(), |mut hash, byte| {
        let _ = write!(hash, "{byte:02x}");
        hash
    })
}
