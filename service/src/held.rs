//! Texts that the guard or the gate holds back. They wait beside their cached copies, as `.<filename>.held`, until an
//! administrator accepts them or a good text comes.

use std::fs;
use std::time::Duration;

use driver_api::{Error, Namespace};

use crate::cache::{self, Cache, Copy};
use crate::file;
use crate::settings::Storage;

/// The extension of a held text.
const EXTENSION: &str = "held";

/// A text that the service holds back.
#[derive(Debug)]
pub struct Held {
    /// The file.
    pub file: Namespace,
    /// The text that is held back.
    pub text: String,
    /// The last good copy, which is served instead; none if it can't be read.
    pub last_good: Option<String>,
    /// The time since the text was generated.
    pub age: Duration,
}

impl Cache {
    /// Holds a text back, in place of an earlier one.
    pub(crate) fn hold(&self, namespace: &Namespace, text: &str) -> Result<(), Error> {
        self.replace(&self.beside(namespace, EXTENSION), text)
    }

    /// Deletes the text that is held back, if there is one.
    pub(crate) fn forget_held(&self, namespace: &Namespace) -> Result<(), Error> {
        let path = self.beside(namespace, EXTENSION);
        cache::remove(&path).map_err(|error| cache::failed(&path, "can't be deleted", error))
    }

    /// Returns whether a text is held back.
    pub(crate) fn holds(&self, namespace: &Namespace) -> bool {
        fs::symlink_metadata(self.beside(namespace, EXTENSION)).is_ok()
    }

    /// Returns the age of the text that is held back, if there is one.
    pub(crate) fn age_of_held(&self, namespace: &Namespace) -> Result<Option<Duration>, Error> {
        let copy = Copy::open(&self.beside(namespace, EXTENSION), "the held text can't be read")?;
        Ok(copy.map(|copy| copy.age()))
    }

    fn held(&self, namespace: &Namespace) -> Result<Option<Held>, Error> {
        let path = self.beside(namespace, EXTENSION);
        let Some(mut copy) = Copy::open(&path, "the held text can't be read")? else { return Ok(None) };
        let text = copy.text().map_err(|error| cache::failed(&path, "the held text can't be read", error))?;
        let last_good = self.open(namespace)?.and_then(|mut copy| copy.text().ok());
        Ok(Some(Held { file: namespace.clone(), text, last_good, age: copy.age() }))
    }
}

/// Returns the text of a file that the service holds back, if there is one.
///
/// # Errors
///
/// The cache can't be read.
pub fn held(storage: &Storage, file: &Namespace) -> Result<Option<Held>, Error> {
    Cache::new(storage).held(file)
}

/// Makes the held text of a file the last good copy. The service needs no notice: it reads the copy at each generation.
///
/// # Errors
///
/// The text is gone, or the folder can't be written.
pub fn accept(storage: &Storage, file: &Namespace) -> Result<(), Error> {
    let cache = Cache::new(storage);
    let _lock = cache.lock()?;
    let (held, copy) = (cache.beside(file, EXTENSION), cache.path(file));
    // The mark of an invalidation stays: it may be newer than the text.
    fs::rename(&held, &copy)
        .and_then(|()| file::sync_folder_of(&copy))
        .map_err(|error| cache::failed(&held, "can't become the cached copy", error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::FileMode;

    #[test]
    fn a_good_text_replaces_a_held_one() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage { cache: folder.path().into(), cache_mode: FileMode(0o640), pid_file: None };
        let (cache, file) = (Cache::new(&storage), "asterisk/rtp.conf".parse().unwrap());
        cache.store(&file, "good").unwrap();
        assert!(held(&storage, &file).unwrap().is_none());
        assert!(accept(&storage, &file).is_err());
        cache.hold(&file, "first").unwrap();
        cache.hold(&file, "suspect").unwrap();
        let found = held(&storage, &file).unwrap().unwrap();
        assert_eq!((found.text.as_str(), found.last_good.as_deref()), ("suspect", Some("good")));
        accept(&storage, &file).unwrap();
        assert!(!cache.holds(&file));
        assert_eq!(cache.open(&file).unwrap().unwrap().text().unwrap(), "suspect");
        cache.hold(&file, "suspect").unwrap();
        cache.store(&file, "good").unwrap();
        assert!(!cache.holds(&file));
    }
}
