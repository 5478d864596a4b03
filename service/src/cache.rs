//! The cache: the last good text of each file, on disk in `<cache directory>/<resource>/<filename>`.
//!
//! Beside a copy, `.<filename>.invalid` marks it as out of date. Such a copy still stands in for a text that can't be
//! generated, but is not sent to a client that asks for the copy.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Seek, Write as _};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use driver_api::{Error, ErrorKind, Namespace};
use rustix::fs::OFlags;

use crate::file;
use crate::settings::{FileMode, Storage};

pub(crate) struct Cache {
    folder: PathBuf,
    mode: FileMode,
}

/// A cached text, open for reading. It does not change when the cache replaces the file.
#[derive(Debug)]
pub(crate) struct Copy {
    pub(crate) file: File,
    /// In bytes.
    pub(crate) length: u64,
    made: SystemTime,
}

impl Cache {
    pub(crate) fn new(storage: &Storage) -> Cache {
        Cache { folder: storage.cache.clone(), mode: storage.cache_mode }
    }

    pub(crate) fn path(&self, namespace: &Namespace) -> PathBuf {
        self.folder.join(namespace.resource()).join(namespace.filename())
    }

    /// Returns the path of a file that belongs to a copy: `.pjsip.conf.invalid`.
    pub(crate) fn beside(&self, namespace: &Namespace, extension: &str) -> PathBuf {
        self.path(namespace).with_file_name(format!(".{}.{extension}", namespace.filename()))
    }

    /// Opens the cached text of a file, if there is one.
    pub(crate) fn open(&self, namespace: &Namespace) -> Result<Option<Copy>, Error> {
        Copy::open(&self.path(namespace), "the cached copy can't be read")
    }

    /// Locks the cache against other processes that replace copies.
    pub(crate) fn lock(&self) -> Result<File, Error> {
        let path = self.folder.join(".lock");
        let lock = || -> io::Result<File> {
            file::create_folder(&self.folder, self.mode.of_folder())?;
            file::lock(&path)
        };
        lock().map_err(|error| failed(&path, "can't be locked", error))
    }

    /// Checks that the folder can be written, with a file that has no name.
    pub(crate) fn check_writable(&self) -> Result<(), Error> {
        let write = || -> io::Result<()> {
            file::create_folder(&self.folder, self.mode.of_folder())?;
            tempfile::tempfile_in(&self.folder)?.write_all(b"x")
        };
        write().map_err(|error| failed(&self.folder, "the cache can't be written", error))
    }

    /// Stores a good text, which is up to date from then on. Returns whether it differs from the copy before. A reader
    /// sees the old text or the new one, even after a crash. A pinned copy stays as it is.
    pub(crate) fn store(&self, namespace: &Namespace, text: &str) -> Result<bool, Error> {
        // Without the lock, a file that is being pinned at this moment may get the new text. Nothing else is lost.
        let _lock = self.lock().ok();
        if self.is_pinned(namespace) {
            return Ok(false);
        }
        // The held text goes first: an administrator can't accept it after a newer text was stored.
        let forgotten = self.forget_held(namespace);
        let result = self.renew(namespace, text);
        let result = result.and_then(|is_new| self.unmark(namespace).and(Ok(is_new)));
        if result.is_err() {
            // The old copy must not be trusted after a restart. Until then, the coalescer remembers it.
            let _ = self.invalidate(namespace);
        }
        result
            .map_err(|error| error.context("the cached copy is not renewed"))
            .and_then(|is_new| forgotten.and(Ok(is_new)))
    }

    /// Replaces the copy, if it is another text. Returns whether it was.
    fn renew(&self, namespace: &Namespace, text: &str) -> Result<bool, Error> {
        let path = self.path(namespace);
        // Most files don't change between reloads. Not writing them saves the wait for the disk.
        let is_same =
            || self.open(namespace).is_ok_and(|copy| copy.is_some_and(|mut copy| copy.equals(text)));
        if is_same() && self.touch(namespace).is_ok() {
            return Ok(false);
        }
        self.replace(&path, text).and(Ok(true))
    }

    /// Counts the age of the copy from now on: it is as a new text would be.
    pub(crate) fn touch(&self, namespace: &Namespace) -> io::Result<()> {
        let file = File::options().append(true).open(self.path(namespace))?;
        if file.metadata()?.permissions().mode() & 0o7777 != self.mode.0 {
            file.set_permissions(Permissions::from_mode(self.mode.0))?;
        }
        file.set_modified(now())
    }

    /// Replaces a file of the cache.
    pub(crate) fn replace(&self, path: &Path, text: &str) -> Result<(), Error> {
        let write = || -> io::Result<()> {
            let folder = path.parent().unwrap_or(Path::new(""));
            file::create_folder(folder, self.mode.of_folder())?;
            file::swap(path, text.as_bytes(), Some(self.mode.0))
        };
        write().map_err(|error| failed(path, "can't be written", error))
    }

    /// Marks the cached text of a file as out of date, if there is one.
    pub(crate) fn invalidate(&self, namespace: &Namespace) -> Result<(), Error> {
        if fs::symlink_metadata(self.path(namespace)).is_err() {
            return Ok(());
        }
        let mark = self.beside(namespace, "invalid");
        let create = || {
            let mut options = File::options();
            file::without_link(options.append(true).create(true), OFlags::empty()).open(&mark)?;
            file::sync_folder_of(&mark)
        };
        create().map_err(|error| failed(&mark, "the cached copy can't be marked as out of date", error))
    }

    /// Returns whether the cached text of a file is marked as out of date.
    pub(crate) fn is_invalidated(&self, namespace: &Namespace) -> bool {
        fs::symlink_metadata(self.beside(namespace, "invalid")).is_ok()
    }

    /// Removes what says that the copy is not the last good text: the mark of an invalidation, and a pin that is over.
    fn unmark(&self, namespace: &Namespace) -> Result<(), Error> {
        let mark = self.beside(namespace, "invalid");
        remove(&mark).map_err(|error| failed(&mark, "can't be deleted", error))?;
        self.unpin(namespace).map(|_| ())
    }

    /// Returns the age of the cached text of a file.
    pub(crate) fn age(&self, namespace: &Namespace) -> Option<Duration> {
        self.open(namespace).ok()?.map(|copy| copy.age())
    }

    /// Removes unfinished files from the folder of a resource. A crash leaves them.
    pub(crate) fn clean(&self, resource: &str) {
        file::remove_leftovers(&self.folder.join(resource));
    }

    /// Gives the cached text of a file the mode of the configuration: an earlier version may have made it.
    pub(crate) fn adjust_mode(&self, namespace: &Namespace) {
        let path = self.path(namespace);
        let Ok(metadata) = fs::symlink_metadata(&path) else { return };
        if metadata.is_file()
            && metadata.permissions().mode() & 0o7777 != self.mode.0
            && let Err(error) = fs::set_permissions(&path, Permissions::from_mode(self.mode.0))
        {
            let message = format!("its mode stays {:04o}", metadata.permissions().mode() & 0o7777);
            let error = failed(&path, &message, error).chain();
            tracing::warn!(
                event = "configuration", key = "cache_mode", namespace = %namespace, error,
                "configuration key cache_mode: {error}"
            );
        }
    }
}

impl Copy {
    /// Opens a text, if it exists. The message begins an error.
    pub(crate) fn open(path: &Path, message: &str) -> Result<Option<Copy>, Error> {
        let open = || -> io::Result<Copy> {
            // Without this flag, opening a named pipe blocks.
            let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
            let file = File::options().read(true).custom_flags(flags).open(path)?;
            let metadata = file.metadata()?;
            if !metadata.is_file() {
                return Err(io::Error::other("not a file"));
            }
            Ok(Copy { file, length: metadata.len(), made: metadata.modified()? })
        };
        match open() {
            Ok(copy) => Ok(Some(copy)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(path, message, error)),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Returns the time since the text was generated; zero if the clock was set back.
    pub(crate) fn age(&self) -> Duration {
        now().duration_since(self.made).unwrap_or_default()
    }

    /// Returns whether this is the text. It moves the position in the file.
    pub(crate) fn equals(&mut self, text: &str) -> bool {
        if self.length != text.len() as u64 {
            return false;
        }
        let mut rest = text.as_bytes();
        let mut buffer = vec![0; text.len().min(64 << 10)];
        while !rest.is_empty() {
            match self.file.read(&mut buffer) {
                Ok(read) if read > 0 && rest.starts_with(&buffer[..read]) => rest = &rest[read..],
                _ => return false,
            }
        }
        true
    }

    /// Reads the whole text. Bytes that are not UTF-8 are replaced.
    pub(crate) fn text(&mut self) -> io::Result<String> {
        self.file.rewind()?;
        let mut bytes = Vec::with_capacity(usize::try_from(self.length).unwrap_or_default());
        self.file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }
}

/// Removes a file of the cache, if it exists, for good.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => file::sync_folder_of(path),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(())
        }
        Err(error) => Err(error),
    }
}

#[expect(clippy::disallowed_methods, reason = "the age of a copy is for the log; no text depends on it")]
fn now() -> SystemTime {
    SystemTime::now()
}

pub(crate) fn failed(path: &Path, message: &str, error: io::Error) -> Error {
    Error::new(ErrorKind::Driver, message).because(error).context(format!("file {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::MetadataExt;

    use super::*;

    fn namespace() -> Namespace {
        "asterisk/rtp.conf".parse().unwrap()
    }

    fn cache(folder: &tempfile::TempDir) -> Cache {
        Cache { folder: folder.path().to_owned(), mode: FileMode(0o640) }
    }

    fn text(cache: &Cache) -> Option<String> {
        let mut copy = cache.open(&namespace()).unwrap()?;
        let mut text = String::new();
        copy.file.read_to_string(&mut text).unwrap();
        Some(text)
    }

    #[test]
    fn a_copy_is_byte_exact_and_can_be_empty() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(&folder);
        assert!(cache.open(&namespace()).unwrap().is_none());
        assert_eq!(cache.age(&namespace()), None);
        for content in ["a\r\nb\rc\n", "\u{feff}é", ""] {
            cache.store(&namespace(), content).unwrap();
            assert_eq!(text(&cache).as_deref(), Some(content));
            assert_eq!(fs::read(folder.path().join("asterisk/rtp.conf")).unwrap(), content.as_bytes());
        }
    }

    #[test]
    fn an_open_copy_does_not_change() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(&folder);
        cache.store(&namespace(), "old").unwrap();
        let mut copy = cache.open(&namespace()).unwrap().unwrap();
        cache.store(&namespace(), "new and longer").unwrap();
        let mut old = String::new();
        copy.file.read_to_string(&mut old).unwrap();
        assert_eq!(old, "old");
    }

    #[test]
    fn an_unchanged_text_only_gets_a_new_time() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(&folder);
        let path = folder.path().join("asterisk/rtp.conf");
        cache.store(&namespace(), "same").unwrap();
        let hour_ago = now() - Duration::from_secs(3600);
        File::options().append(true).open(&path).unwrap().set_modified(hour_ago).unwrap();
        assert!(cache.age(&namespace()).unwrap() >= Duration::from_secs(3600));
        let before = fs::metadata(&path).unwrap().ino();
        cache.store(&namespace(), "same").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().ino(), before);
        assert!(cache.age(&namespace()).unwrap() < Duration::from_secs(60));
        cache.store(&namespace(), "SAME").unwrap();
        assert_eq!(text(&cache).as_deref(), Some("SAME"));
    }

    #[test]
    fn a_folder_in_the_way_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(&folder);
        fs::create_dir_all(folder.path().join("asterisk/rtp.conf")).unwrap();
        let path = folder.path().display();
        let error = cache.open(&namespace()).unwrap_err().chain();
        assert_eq!(
            error,
            format!("file {path}/asterisk/rtp.conf: the cached copy can't be read: not a file")
        );
        let error = cache.store(&namespace(), "x").unwrap_err().chain();
        assert!(error.starts_with("the cached copy is not renewed: file "), "{error}");
    }

    #[test]
    fn an_invalidated_copy_stays_until_a_good_text_comes() {
        let folder = tempfile::tempdir().unwrap();
        let old = cache(&folder);
        old.invalidate(&namespace()).unwrap();
        assert!(!old.is_invalidated(&namespace()), "there is no copy");
        for (before, after) in [("old", "new"), ("same", "same")] {
            old.store(&namespace(), before).unwrap();
            old.invalidate(&namespace()).unwrap();
            old.invalidate(&namespace()).unwrap();
            let again = cache(&folder);
            assert!(again.is_invalidated(&namespace()), "the mark survives a restart");
            assert_eq!(text(&again).as_deref(), Some(before));
            again.store(&namespace(), after).unwrap();
            assert!(!again.is_invalidated(&namespace()));
            assert_eq!(text(&again).as_deref(), Some(after));
        }
        assert_eq!(fs::read_dir(folder.path().join("asterisk")).unwrap().count(), 1);
    }

    #[test]
    fn a_copy_has_the_mode_of_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache/asterisk/rtp.conf");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let cache = Cache { folder: folder.path().join("cache"), mode: FileMode(0o640) };
        cache.store(&namespace(), "one").unwrap();
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o640, 0o750));
        let open = || fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        for text in ["one", "two"] {
            open();
            cache.store(&namespace(), text).unwrap();
            assert_eq!(mode(&path), 0o640, "{text}");
        }
        open();
        cache.adjust_mode(&namespace());
        assert_eq!(mode(&path), 0o640);
    }

    #[test]
    fn unfinished_files_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(&folder);
        cache.store(&namespace(), "good").unwrap();
        let left = folder.path().join("asterisk/.confgend-x1y2z3");
        File::create(&left).unwrap().write_all(b"ha").unwrap();
        cache.clean("asterisk");
        cache.clean("nonexistent");
        assert!(!left.exists());
        assert_eq!(text(&cache).as_deref(), Some("good"));
    }
}
