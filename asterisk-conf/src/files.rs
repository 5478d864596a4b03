//! The files that a file can include. The caller provides them: the crate opens no file.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use bstr::{BStr, BString, ByteSlice};

/// The most bytes of the name or wildcard of an `#include`. Asterisk's buffer has 256 bytes for the configuration folder,
/// the name and a NUL.
pub const INCLUDE_LIMIT: usize = 255;

/// The most alternatives that the `{…}` of one wildcard may have.
const ALTERNATIVES_LIMIT: usize = 256;

/// The files that `#include` and `#tryinclude` can find.
///
/// Names are bytes, as in the directive: relative to Asterisk's configuration folder, or absolute with a `/`.
pub trait Files {
    /// Returns the names that a name or wildcard matches, in the order in which Asterisk reads them.
    ///
    /// Wildcards are those of `glob(3)`: `*`, `?` and `[…]`. They match no dot at the start of a name and no `/`, and
    /// their matches are sorted by byte. `{a,b}` stands for two wildcards, one after the other: see [`alternatives`]. A
    /// name without a wildcard matches itself, even if there is no such file.
    ///
    /// A name is at most [`INCLUDE_LIMIT`] bytes long.
    fn find(&self, pattern: &BStr) -> Vec<BString>;

    /// Returns the content of a name that [`Files::find`] returned.
    fn read(&self, name: &BStr) -> Content<'_>;

    /// Returns what the command of an `#exec` would print, if the caller knows it, with a name for messages. The reader
    /// runs no command.
    fn output(&self, _command: &BStr) -> Option<(BString, Cow<'_, [u8]>)> {
        None
    }
}

/// The content of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content<'f> {
    /// The whole text of a file.
    Text(Cow<'f, [u8]>),
    /// A folder, or something else that is not a file. Asterisk warns, and skips it.
    NotAFile,
    /// A file that does not exist or can't be read. Asterisk skips it without a message.
    Missing,
}

/// No files at all. An `#include` finds nothing, so Asterisk refuses the file with the directive.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn find(&self, _: &BStr) -> Vec<BString> {
        Vec::new()
    }

    fn read(&self, _: &BStr) -> Content<'_> {
        Content::Missing
    }
}

/// Files in memory, by their names.
///
/// ```
/// use asterisk_conf::{MemoryFiles, Reader};
///
/// let files = MemoryFiles::from_iter([("pjsip.d/b.conf", "[b]"), ("pjsip.d/a.conf", "[a]")]);
/// let document = Reader::new(&files).read("pjsip.conf", b"#include pjsip.d/*.conf");
/// let names: Vec<_> = document.sections().iter().map(|section| section.name()).collect();
/// assert_eq!(names, ["a", "b"]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryFiles {
    files: BTreeMap<BString, Vec<u8>>,
    /// All folders above the files.
    folders: BTreeSet<BString>,
}

impl MemoryFiles {
    /// Adds a file, or replaces the one of this name.
    pub fn insert(&mut self, name: impl Into<BString>, text: impl Into<Vec<u8>>) {
        let name = name.into();
        let slashes = memchr::memchr_iter(b'/', &name).filter(|&at| at > 0);
        self.folders.extend(slashes.filter_map(|at| name.get(..at)).map(BString::from));
        self.files.insert(name, text.into());
    }
}

impl<N: Into<BString>, T: Into<Vec<u8>>> FromIterator<(N, T)> for MemoryFiles {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(files: I) -> Self {
        let mut found = MemoryFiles::default();
        for (name, text) in files {
            found.insert(name, text);
        }
        found
    }
}

impl Files for MemoryFiles {
    fn find(&self, pattern: &BStr) -> Vec<BString> {
        let names = |alternative: BString| match wildcard(alternative.as_bstr()) {
            None => vec![alternative],
            Some(wildcard) => {
                let names: BTreeSet<_> = self.files.keys().chain(&self.folders).collect();
                let fits = |name: &&BString| {
                    name.to_str().is_ok_and(|name| wildcard.matches_with(name, WILDCARD_OPTIONS))
                };
                names.into_iter().filter(fits).cloned().collect()
            }
        };
        alternatives(pattern).into_iter().flat_map(names).collect()
    }

    fn read(&self, name: &BStr) -> Content<'_> {
        match self.files.get(name) {
            Some(text) => Content::Text(text.into()),
            None if self.folders.contains(name) => Content::NotAFile,
            None => Content::Missing,
        }
    }
}

/// The options with which the `glob` crate matches as `glob(3)` does.
pub const WILDCARD_OPTIONS: glob::MatchOptions = glob::MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// Returns the wildcards that a wildcard with `{a,b}` stands for, in order, as measured on Asterisk 22.
///
/// Returns none if there are more than 256, or if the wildcard is longer than [`INCLUDE_LIMIT`].
///
/// ```
/// # use asterisk_conf::files::alternatives;
/// assert_eq!(alternatives("{b,a}*.conf".into()), ["b*.conf", "a*.conf"]);
/// assert_eq!(alternatives("plain.conf".into()), ["plain.conf"]);
/// ```
pub fn alternatives(pattern: &BStr) -> Vec<BString> {
    if pattern.len() > INCLUDE_LIMIT {
        return Vec::new();
    }
    let mut done = Vec::new();
    let mut waiting = vec![pattern.to_owned()];
    while let Some(pattern) = waiting.pop() {
        if done.len() + waiting.len() >= ALTERNATIVES_LIMIT {
            return Vec::new();
        }
        match expanded(&pattern) {
            None => done.push(pattern),
            Some(patterns) => waiting.extend(patterns.into_iter().rev()),
        }
    }
    done
}

/// Replaces the first complete `{…}` by each of its items. Returns `None` if there is no `{…}`.
fn expanded(pattern: &[u8]) -> Option<Vec<BString>> {
    let (before, inside) = pattern.split_once_str("{")?;
    let (mut depth, mut from, mut items) = (0_usize, 0, Vec::new());
    for (at, byte) in inside.iter().enumerate() {
        let is_end = *byte == b'}' && depth == 0;
        match byte {
            b'{' => depth += 1,
            b'}' if !is_end => depth -= 1,
            b',' | b'}' if depth == 0 => {
                items.push(inside.get(from..at)?);
                from = at + 1;
            }
            _ => {}
        }
        if is_end {
            let behind = inside.get(from..)?;
            return Some(items.iter().map(|item| [before, item, behind].concat().into()).collect());
        }
    }
    None
}

/// Converts a wildcard to the syntax of the `glob` crate. Returns `None` if the name has no wildcard or is not UTF-8.
pub fn wildcard(pattern: &BStr) -> Option<glob::Pattern> {
    pattern.find_byteset(b"*?[")?;
    let mut text = String::with_capacity(pattern.len());
    let mut chars = pattern.to_str().ok()?.chars();
    while let Some(c) = chars.next() {
        match c {
            // The crate has no backslash escapes, and `**` matches across folders.
            '\\' => text.push_str(&glob::Pattern::escape(chars.next()?.encode_utf8(&mut [0; 4]))),
            '*' if text.ends_with('*') => {}
            '^' if text.ends_with('[') => text.push('!'),
            c => text.push(c),
        }
    }
    glob::Pattern::new(&text).ok()
}
