//! Limits, so that a hostile text can't exhaust memory or time.

use super::{Result, Stop};

/// The amounts that the reader reads and keeps at most. Beyond them the status is
/// [`Status::LimitReached`](crate::Status::LimitReached). Asterisk has no such limits.
///
/// A text of a kilobyte can produce millions of options with templates that inherit from each other twice, or read a file
/// millions of times by including it twice. The defaults suffice for a system of 100,000 telephones, and keep the reader
/// below about 500 MB and a few seconds.
///
/// ```
/// use asterisk_conf::{Limits, NoFiles, Reader, Status};
///
/// let limits = Limits { entries: 5, ..Limits::default() };
/// let document = Reader::new(&NoFiles).limits(limits).read("a.conf", b"[a]\nk = 1\nk = 2\n");
/// assert_eq!(document.status(), Status::LimitReached);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The number of files; one that is read twice counts twice. 10,000 by default.
    pub files: usize,
    /// The number of bytes of all files. 256 MiB by default.
    pub bytes: usize,
    /// The number of options, also inherited ones, and directives, plus four for each section. 4,000,000 by default.
    pub entries: usize,
    /// The number of diagnostics. 100,000 by default.
    pub diagnostics: usize,
    /// The number of bytes that `+=`, filters and includes compare or copy after they were read. 256 Mi by default. All
    /// other work is proportional to bytes and entries.
    pub work: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { files: 10_000, bytes: 256 << 20, entries: 4_000_000, diagnostics: 100_000, work: 256 << 20 }
    }
}

/// The amounts that are left of the limits.
pub(super) struct Budget {
    left: Limits,
}

impl Budget {
    pub(super) fn new(limits: Limits) -> Self {
        Budget { left: limits }
    }

    pub(super) fn file(&mut self, bytes: usize) -> Result {
        take(&mut self.left.files, 1, "the file and its includes are too many files")?;
        take(&mut self.left.bytes, bytes, "the file and its includes have too many bytes")
    }

    pub(super) fn section(&mut self) -> Result {
        self.entries(4)
    }

    pub(super) fn entries(&mut self, count: usize) -> Result {
        take(
            &mut self.left.entries,
            count,
            "there are too many sections and options, inherited ones included",
        )
    }

    pub(super) fn diagnostic(&mut self) -> Result {
        take(&mut self.left.diagnostics, 1, "there are too many warnings and errors")
    }

    pub(super) fn work(&mut self, bytes: usize) -> Result {
        take(&mut self.left.work, bytes, "the \"+=\", filters and includes take too much time")
    }
}

fn take(left: &mut usize, count: usize, what: &'static str) -> Result {
    *left = left.checked_sub(count).ok_or(Stop::Limit(what))?;
    Ok(())
}
