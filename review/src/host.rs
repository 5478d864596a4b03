//! The questions of a check about the machine on which Asterisk runs.

use asterisk_conf::Files;
use bstr::{BStr, BString};

/// Asterisk's configuration folder, and the file system around it.
pub trait Host: Files + Sync {
    /// Counts the files of a folder that Asterisk may play: those that are not hidden and have an extension.
    fn files_in(&self, folder: &BStr) -> Folder;

    /// Returns the paths of all files below a folder, relative to it and in any order; `None` if there is no such folder,
    /// or if not all of it can be read.
    fn files_below(&self, folder: &BStr) -> Option<Vec<BString>>;

    /// Returns whether a path is a program that can be run; in doubt, it is one.
    fn is_program(&self, path: &BStr) -> bool;
}

/// A folder of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    /// There is no such folder.
    Missing,
    /// The folder has this many files.
    Files(usize),
    /// The program that checks may not read the folder. Asterisk may.
    Unreadable,
}
