//! The last good copies of a file, which stand in for a reply.
//!
//! There are two: the copy in the cache of the service, if the service is on this machine, and the client's own,
//! which it keeps after each good reply. The younger one is used. Copies are replaced by rename, so a copy is
//! always whole.

use std::cmp::Reverse;
use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::name::Name;
use crate::settings::Folders;

/// Without this flag, opening a named pipe blocks. It has this value on Linux for x86, ARM and RISC-V.
const O_NONBLOCK: i32 = 0o4000;

/// The mode of an own copy: it has passwords of telephones.
const MODE: u32 = 0o640;

/// The age from which an unfinished file is one that a crash left.
const ABANDONED: Duration = Duration::from_secs(60);

/// The copies of one file.
pub(crate) struct Copies {
    /// The folder of own copies.
    folder: PathBuf,
    /// The path in the cache of the service.
    service: PathBuf,
    own: PathBuf,
}

/// A copy, open for reading.
struct Copy {
    path: PathBuf,
    file: File,
    /// In bytes.
    length: u64,
    /// When the text was last confirmed.
    made: SystemTime,
}

/// The text of a copy.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) bytes: Vec<u8>,
    pub(crate) path: PathBuf,
    /// Since the text was last confirmed.
    pub(crate) age: Duration,
}

impl Copies {
    pub(crate) fn new(folders: &Folders, name: Name<'_>) -> Copies {
        let path = |folder: &Path| folder.join(name.resource).join(name.filename);
        Copies { folder: folders.copies.clone(), service: path(&folders.cache), own: path(&folders.copies) }
    }

    /// Returns whether there is a copy that can stand in for a reply.
    pub(crate) fn exist(&self) -> bool {
        !self.youngest_first().is_empty()
    }

    /// Reads the youngest copy that is whole and not empty.
    pub(crate) fn last_good(&self) -> Option<Text> {
        self.youngest_first().into_iter().find_map(Copy::read)
    }

    /// The copies that are not empty. Of two of the same age, the service's comes first.
    fn youngest_first(&self) -> Vec<Copy> {
        let copies = [&self.service, &self.own].into_iter().filter_map(|path| Copy::open(path).ok());
        let mut copies: Vec<Copy> = copies.filter(|copy| copy.length > 0).collect();
        copies.sort_by_key(|copy| Reverse(copy.made));
        copies
    }

    /// Returns whether the service's copy says that the file is empty by now: a list whose last entry was deleted.
    pub(crate) fn confirm_empty(&self) -> bool {
        let Ok(service) = Copy::open(&self.service) else { return false };
        service.length == 0 && Copy::open(&self.own).map_or(true, |own| own.made <= service.made)
    }

    /// Keeps a good reply. A client that can't keep it works without: its errors are no news.
    pub(crate) fn keep(&self, text: &[u8]) {
        let _ = self.try_keep(text);
    }

    fn try_keep(&self, text: &[u8]) -> io::Result<()> {
        if !may_write_in(&self.folder)? {
            return Ok(());
        }
        // Most files don't change between reloads. Such a copy only gets a new time.
        if let Ok(copy) = Copy::open(&self.own)
            && copy.equals(text)
            && copy.file.set_modified(now()).is_ok()
        {
            return Ok(());
        }
        replace(&self.own, text)
    }

    /// Deletes the own copy of a file that is empty by now.
    pub(crate) fn forget_own(&self) {
        if may_write_in(&self.folder).is_ok_and(|may| may) {
            let _ = fs::remove_file(&self.own);
        }
    }
}

impl Copy {
    fn open(path: &Path) -> io::Result<Copy> {
        let (file, metadata) = open_file(path)?;
        Ok(Copy { path: path.to_owned(), file, length: metadata.len(), made: metadata.modified()? })
    }

    /// Reads the copy. Returns none if it changes meanwhile: the Python service writes its copies in place.
    fn read(mut self) -> Option<Text> {
        let mut bytes = Vec::with_capacity(usize::try_from(self.length).ok()?);
        self.file.read_to_end(&mut bytes).ok()?;
        let age = now().duration_since(self.made).unwrap_or_default();
        (bytes.len() as u64 == self.length).then_some(Text { bytes, path: self.path, age })
    }

    fn equals(&self, text: &[u8]) -> bool {
        if self.length != text.len() as u64 {
            return false;
        }
        let mut rest = text;
        let mut buffer = vec![0; text.len().min(64 << 10)];
        while !rest.is_empty() {
            match { &self.file }.read(&mut buffer) {
                Ok(read) if read > 0 && rest.starts_with(&buffer[..read]) => rest = &rest[read..],
                _ => return false,
            }
        }
        true
    }
}

/// Opens a regular file. Anything else, such as a named pipe or a folder, is an error.
pub(crate) fn open_file(path: &Path) -> io::Result<(File, Metadata)> {
    let file = File::options().read(true).custom_flags(O_NONBLOCK).open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok((file, metadata)) } else { Err(io::Error::other("not a file")) }
}

/// Replaces a copy. A reader sees the old text or the new one. The copy may be lost if the machine crashes, since
/// a wait for the disk would be a part of every reload.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
    if !folder.exists() {
        fs::DirBuilder::new().mode(0o750).create(folder)?;
    }
    let unfinished = folder.join(format!(".{}.new", name.display()));
    let mut file = match create(&unfinished) {
        // Another client is writing the same copy, or a crash left the file.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let age = now().duration_since(fs::symlink_metadata(&unfinished)?.modified()?);
            if age.is_ok_and(|age| age < ABANDONED) {
                return Err(error);
            }
            fs::remove_file(&unfinished)?;
            create(&unfinished)?
        }
        result => result?,
    };
    let written = file
        .set_permissions(Permissions::from_mode(MODE))
        .and_then(|()| file.write_all(text))
        .and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written
}

fn create(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).mode(MODE).open(path)
}

/// Returns whether this user may write in a folder, if the system permits it. Root does not write in another
/// user's folder: the copies would be files that this user can't replace, and a link in the folder could lead root
/// anywhere.
pub(crate) fn may_write_in(folder: &Path) -> io::Result<bool> {
    let metadata = fs::metadata(folder)?;
    let is_own = || fs::metadata("/proc/self").is_ok_and(|process| process.uid() != 0);
    Ok(metadata.is_dir() && (metadata.uid() == 0 || is_own()))
}

#[expect(clippy::disallowed_methods, reason = "the age of a copy is for messages; no text depends on it")]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// Describes an age for a message: the two largest units of it.
pub(crate) fn describe_age(age: Duration) -> String {
    let seconds = age.as_secs();
    let (days, hours, minutes) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, _, _) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_two_units() {
        for (seconds, expected) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m 0s"),
            (3599, "59m 59s"),
            (3600, "1h 0m"),
            (86399, "23h 59m"),
            (90000, "1d 1h"),
        ] {
            assert_eq!(describe_age(Duration::from_secs(seconds)), expected);
        }
    }
}
