//! The versions of cached copies: a copy whose version is current is as a new text would be, so none is generated.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Mutex, PoisonError};

use driver_api::Namespace;

use crate::cache::Cache;
use crate::state::Site;

/// The version of the data that a text was generated from. A generator that has the same version generates the same text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(pub String);

/// The versions of the cached copies, as far as they are known.
#[derive(Default)]
pub(crate) struct Versions(Mutex<BTreeMap<Namespace, (Version, Stamp)>>);

/// The properties of a file that change when it is replaced or written: inode, length, and time in nanoseconds.
type Stamp = (u64, u64, i64, i64);

impl Versions {
    /// Remembers the version of a copy that was just stored, or forgets the one before.
    pub(crate) fn set(&self, cache: &Cache, file: &Namespace, version: Option<Version>) {
        let known = version.zip(stamp(cache, file));
        let mut versions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known {
            Some(known) => versions.insert(file.clone(), known),
            None => versions.remove(file),
        };
    }

    /// Returns the version of a copy, unless somebody has changed the copy since.
    fn get(&self, cache: &Cache, file: &Namespace) -> Option<Version> {
        let versions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (version, stamp_then) = versions.get(file)?;
        (stamp(cache, file).as_ref() == Some(stamp_then)).then(|| version.clone())
    }
}

fn stamp(cache: &Cache, file: &Namespace) -> Option<Stamp> {
    let metadata = std::fs::metadata(cache.path(file)).ok()?;
    Some((metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec()))
}

impl Site {
    /// Returns the version of the cached copy of a file, if it is known for certain that a new text would be the same. The
    /// copy counts as made now.
    pub(crate) fn current_version(&self, file: &Namespace) -> Option<Version> {
        if !self.settings.limits.reuse || self.cache.is_invalidated(file) {
            return None;
        }
        let version = self.versions.get(&self.cache, file)?;
        if !self.generator.is_current(&version) {
            return None;
        }
        self.cache.touch(file).ok()?;
        self.versions.set(&self.cache, file, Some(version.clone()));
        Some(version)
    }
}
