//! The last good text of each file, on disk: `<cache directory>/<resource>/<filename>`.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use driver_api::{Error, ErrorKind, Namespace};
use rustix::fs::OFlags;

use crate::file;

pub(crate) struct Cache {
    folder: PathBuf,
}

/// A cached text, open for reading. It does not change when the cache replaces or deletes the file.
#[derive(Debug)]
pub(crate) struct Copy {
    pub(crate) file: File,
    /// In bytes.
    pub(crate) length: u64,
    made: SystemTime,
}

impl Cache {
    pub(crate) fn new(folder: &Path) -> Cache {
        Cache { folder: folder.to_owned() }
    }

    fn path(&self, namespace: &Namespace) -> PathBuf {
        self.folder.join(namespace.resource()).join(namespace.filename())
    }

    /// The cached text of a file, if there is one.
    pub(crate) fn open(&self, namespace: &Namespace) -> Result<Option<Copy>, Error> {
        let path = self.path(namespace);
        let open = || -> io::Result<Copy> {
            // Without this, a named pipe in its place blocks.
            let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
            let file = File::options().read(true).custom_flags(flags).open(&path)?;
            let metadata = file.metadata()?;
            if !metadata.is_file() {
                return Err(io::Error::other("not a file"));
            }
            Ok(Copy { file, length: metadata.len(), made: metadata.modified()? })
        };
        match open() {
            Ok(copy) => Ok(Some(copy)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&path, "the cached copy can't be read", error)),
        }
    }

    /// Stores a text. A reader sees the old text or the new one, after a crash too.
    pub(crate) fn store(&self, namespace: &Namespace, text: &str) -> Result<(), Error> {
        let path = self.path(namespace);
        // Most files are the same at most reloads; this saves the wait for the disk.
        if self.open(namespace).is_ok_and(|copy| copy.is_some_and(|copy| copy.holds(text))) {
            // Its age counts from the last good generation.
            let touched = File::options().append(true).open(&path).and_then(|file| file.set_modified(now()));
            if touched.is_ok() {
                return Ok(());
            }
        }
        file::replace(&path, text).map_err(|error| error.context("the cached copy is not renewed"))
    }

    /// Deletes the cached text of a file, if there is one.
    pub(crate) fn delete(&self, namespace: &Namespace) -> Result<(), Error> {
        let path = self.path(namespace);
        let delete = || match fs::remove_file(&path) {
            Ok(()) => file::sync_folder_of(&path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        };
        delete().map_err(|error| failed(&path, "the cached copy can't be deleted", error))
    }

    /// The age of the cached text of a file.
    pub(crate) fn age(&self, namespace: &Namespace) -> Option<Duration> {
        self.open(namespace).ok()?.map(|copy| copy.age())
    }

    /// Removes unfinished files, which a crash leaves, from the folder of a resource.
    pub(crate) fn clean(&self, resource: &str) {
        file::remove_leftovers(&self.folder.join(resource));
    }
}

impl Copy {
    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The time since the text was made; zero if the clock was set back.
    pub(crate) fn age(&self) -> Duration {
        now().duration_since(self.made).unwrap_or_default()
    }

    fn holds(mut self, text: &str) -> bool {
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
}

#[expect(clippy::disallowed_methods, reason = "the age of a copy is for the log; no text depends on it")]
fn now() -> SystemTime {
    SystemTime::now()
}

fn failed(path: &Path, message: &str, error: io::Error) -> Error {
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

    fn text(cache: &Cache) -> Option<String> {
        let mut copy = cache.open(&namespace()).unwrap()?;
        let mut text = String::new();
        copy.file.read_to_string(&mut text).unwrap();
        Some(text)
    }

    #[test]
    fn a_copy_is_byte_exact_and_can_be_empty() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        assert!(cache.open(&namespace()).unwrap().is_none());
        assert_eq!(cache.age(&namespace()), None);
        for content in ["a\r\nb\rc\n", "\u{feff}é", ""] {
            cache.store(&namespace(), content).unwrap();
            assert_eq!(text(&cache).as_deref(), Some(content));
            assert_eq!(fs::read(folder.path().join("asterisk/rtp.conf")).unwrap(), content.as_bytes());
        }
        cache.delete(&namespace()).unwrap();
        cache.delete(&namespace()).unwrap();
        assert!(cache.open(&namespace()).unwrap().is_none());
    }

    #[test]
    fn an_open_copy_does_not_change() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        cache.store(&namespace(), "old").unwrap();
        let mut copy = cache.open(&namespace()).unwrap().unwrap();
        cache.store(&namespace(), "new and longer").unwrap();
        let mut old = String::new();
        copy.file.read_to_string(&mut old).unwrap();
        assert_eq!(old, "old");
    }

    #[test]
    fn the_same_text_is_not_written_again_but_counts_as_new() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
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
        let cache = Cache::new(folder.path());
        fs::create_dir_all(folder.path().join("asterisk/rtp.conf")).unwrap();
        let path = folder.path().display();
        let error = cache.open(&namespace()).unwrap_err().chain();
        assert_eq!(
            error,
            format!("file {path}/asterisk/rtp.conf: the cached copy can't be read: not a file")
        );
        let error = cache.store(&namespace(), "x").unwrap_err().chain();
        assert!(error.starts_with("the cached copy is not renewed: file "), "{error}");
        assert!(cache.delete(&namespace()).is_err());
    }

    #[test]
    fn unfinished_files_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        cache.store(&namespace(), "good").unwrap();
        let left = folder.path().join("asterisk/.confgend-x1y2z3");
        File::create(&left).unwrap().write_all(b"ha").unwrap();
        cache.clean("asterisk");
        cache.clean("nonexistent");
        assert!(!left.exists());
        assert_eq!(text(&cache).as_deref(), Some("good"));
    }
}
