//! What Asterisk writes to its log while it reads files again.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

/// How much of the log is read at most, in bytes.
const MAX_READ: u64 = 16 << 20;

/// The time that Asterisk may take to write what it has logged: another thread of it does that.
const DELAY: Duration = Duration::from_millis(200);

/// The log of Asterisk, from a moment on.
pub(crate) struct Log {
    path: PathBuf,
    inode: u64,
    length: u64,
}

impl Log {
    /// Remembers where the log ends. Returns none if it can't be read.
    pub(crate) fn begin(path: PathBuf) -> Option<Log> {
        File::open(&path).ok()?;
        let metadata = fs::metadata(&path).ok()?;
        Some(Log { path, inode: metadata.ino(), length: metadata.len() })
    }

    /// Returns the first new line that has one of these texts and names one of these files.
    pub(crate) fn refusal(&self, texts: &[String], files: &[&str]) -> Option<String> {
        thread::sleep(DELAY);
        let new = self.appended()?;
        let says_so = |line: &&str| {
            texts.iter().any(|text| line.contains(text.as_str()))
                && files.iter().any(|file| line.contains(file))
        };
        new.lines().find(says_so).map(|line| line.trim().to_owned())
    }

    fn appended(&self) -> Option<String> {
        let mut file = File::open(&self.path).ok()?;
        let metadata = file.metadata().ok()?;
        // A rotated log begins again.
        let start =
            if metadata.ino() == self.inode && metadata.len() >= self.length { self.length } else { 0 };
        file.seek(SeekFrom::Start(start)).ok()?;
        let mut bytes = Vec::new();
        file.take(MAX_READ).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}
