//! Pins: a file that is pinned to a generation is served and applied as it was then, until the pin ends.
//!
//! The cached copy is the text of the generation, and `.<filename>.pin` beside it says so. So a client that reads the copy
//! itself, since the service is down, gets the same text. The copy is marked as out of date, for the time after the pin.

use std::fs;
use std::io;

use driver_api::{Error, Namespace};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cache::{self, Cache};
use crate::settings::Storage;

/// The extension of the file that pins a file.
const EXTENSION: &str = "pin";

/// A pin of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The number of the generation that the text is from.
    pub generation: u64,
    /// The time at which the file was pinned.
    pub since: Timestamp,
    /// The time at which the pin ends; none if it lasts until somebody ends it.
    pub until: Option<Timestamp>,
}

impl Pin {
    fn is_over(&self) -> bool {
        self.until.is_some_and(|until| until <= Timestamp::now())
    }

    /// Returns the end of the pin in words: `until 2026-11-26T15:00:00Z`.
    pub fn end(&self) -> String {
        self.until.map_or_else(|| "without an end".to_owned(), |until| format!("until {until:.0}"))
    }
}

impl Cache {
    /// Returns the pin of a file, if it has one that is not over.
    pub(crate) fn pin(&self, namespace: &Namespace) -> Result<Option<Pin>, Error> {
        let path = self.beside(namespace, EXTENSION);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(cache::failed(&path, "the pin can't be read", error)),
        };
        let pin: Pin = serde_json::from_slice(&text).map_err(|error| {
            cache::failed(&path, "the pin can't be read; pin the file again", io::Error::other(error))
        })?;
        Ok(Some(pin).filter(|pin| !pin.is_over()))
    }

    /// Returns whether a file is pinned. A pin that can't be read is none.
    pub(crate) fn is_pinned(&self, namespace: &Namespace) -> bool {
        self.pin(namespace).is_ok_and(|pin| pin.is_some())
    }

    /// Ends the pin of a file. Returns whether there was one.
    pub(crate) fn unpin(&self, namespace: &Namespace) -> Result<bool, Error> {
        let path = self.beside(namespace, EXTENSION);
        let was_pinned = fs::symlink_metadata(&path).is_ok();
        cache::remove(&path).map_err(|error| cache::failed(&path, "can't be deleted", error))?;
        Ok(was_pinned)
    }
}

/// Returns the pin of a file, if it has one that is not over.
///
/// # Errors
///
/// The pin can't be read.
pub fn pinned(storage: &Storage, file: &Namespace) -> Result<Option<Pin>, Error> {
    Cache::new(storage).pin(file)
}

/// Pins a file: its cached copy becomes this text. A running service needs no notice.
///
/// # Errors
///
/// The cache can't be written.
pub fn pin(storage: &Storage, file: &Namespace, pin: &Pin, text: &str) -> Result<(), Error> {
    let cache = Cache::new(storage);
    let _lock = cache.lock()?;
    // The pin comes last: if the machine stops in between, there is an older copy, which is marked as out of date.
    cache.replace(&cache.path(file), text)?;
    cache.invalidate(file)?;
    let path = cache.beside(file, EXTENSION);
    let json = serde_json::to_string(pin).map_err(io::Error::other);
    cache.replace(&path, &json.map_err(|error| cache::failed(&path, "can't be written", error))?)
}

/// Ends the pin of a file. Returns whether there was one.
///
/// # Errors
///
/// The cache can't be written.
pub fn unpin(storage: &Storage, file: &Namespace) -> Result<bool, Error> {
    Cache::new(storage).unpin(file)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::settings::FileMode;

    #[test]
    fn a_pinned_copy_is_not_renewed_until_the_pin_ends() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage { cache: folder.path().into(), cache_mode: FileMode(0o640), pid_file: None };
        let (cache, file) = (Cache::new(&storage), "asterisk/rtp.conf".parse().unwrap());
        let text = || cache.open(&file).unwrap().unwrap().text().unwrap();
        cache.store(&file, "new").unwrap();
        let since = Timestamp::now();
        let mut wanted = Pin { generation: 7, since, until: None };
        pin(&storage, &file, &wanted, "old").unwrap();
        assert_eq!(pinned(&storage, &file).unwrap(), Some(wanted.clone()));
        assert!(!cache.store(&file, "newer").unwrap());
        assert_eq!(text(), "old");
        assert!(cache.is_invalidated(&file), "after the pin, the copy is out of date");
        assert!(unpin(&storage, &file).unwrap() && !unpin(&storage, &file).unwrap());
        assert!(cache.store(&file, "newer").unwrap());
        assert_eq!(text(), "newer");
        wanted.until = Some(since - SignedDuration::from_secs(1));
        pin(&storage, &file, &wanted, "old").unwrap();
        assert_eq!(pinned(&storage, &file).unwrap(), None);
        assert!(cache.store(&file, "newest").unwrap());
        assert_eq!(text(), "newest");
        assert!(!unpin(&storage, &file).unwrap(), "the pin that was over is gone");
    }
}
