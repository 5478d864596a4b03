//! Checks small files for tests of rules.

use asterisk_conf::{Content, Files, MemoryFiles};
use bstr::{BStr, BString};

use crate::{FileSet, Folder, Host, Rules};

/// Returns the findings of a set of files, which are named without their resource, `asterisk`.
pub(super) fn found(files: &[(&str, &str)]) -> Vec<String> {
    findings(None, files)
}

/// Returns the same, with the files of Asterisk's folder around them, and without findings about the folder itself.
pub(super) fn found_in(folder: &[(&str, &str)], files: &[(&str, &str)]) -> Vec<String> {
    let host = Machine { files: folder.iter().copied().collect(), folders: &[], below: &[], programs: &[] };
    findings(Some(&host), files).into_iter().filter(|line| !line.contains(" [folder-")).collect()
}

/// Returns all findings of a set of files on a machine.
pub(super) fn findings(host: Option<&dyn Host>, files: &[(&str, &str)]) -> Vec<String> {
    let texts = files.iter().map(|(name, text)| (format!("asterisk/{name}"), *text));
    let set = FileSet::from_texts(texts).unwrap();
    super::check(&set, host, &Rules::default()).findings.iter().map(ToString::to_string).collect()
}

/// A machine with a few folders and programs.
pub(super) struct Machine<'m> {
    /// The files of Asterisk's configuration folder.
    pub(super) files: MemoryFiles,
    /// The folders that exist, with the number of their files; `None` for one that can't be read.
    pub(super) folders: &'m [(&'m str, Option<usize>)],
    /// The folders of which all files are known, with these files.
    pub(super) below: &'m [(&'m str, &'m [&'m str])],
    /// The programs that can be run.
    pub(super) programs: &'m [&'m str],
}

impl Files for Machine<'_> {
    fn find(&self, pattern: &BStr) -> Vec<BString> {
        self.files.find(pattern)
    }

    fn read(&self, name: &BStr) -> Content<'_> {
        self.files.read(name)
    }
}

impl Host for Machine<'_> {
    fn files_in(&self, folder: &BStr) -> Folder {
        match self.folders.iter().find(|(path, _)| folder == *path) {
            None => Folder::Missing,
            Some((_, None)) => Folder::Unreadable,
            Some((_, Some(files))) => Folder::Files(*files),
        }
    }

    fn files_below(&self, folder: &BStr) -> Option<Vec<BString>> {
        let (_, files) = self.below.iter().find(|(path, _)| folder == *path)?;
        Some(files.iter().map(|file| BString::from(*file)).collect())
    }

    fn is_program(&self, path: &BStr) -> bool {
        self.programs.iter().any(|program| path == *program)
    }
}

/// Returns the findings of one `extensions.conf`, without its name.
pub(super) fn dialplan(text: &str) -> Vec<String> {
    let findings = found(&[("extensions.conf", text)]);
    findings.iter().map(|finding| finding.replace("asterisk/extensions.conf:", "")).collect()
}

/// Returns the findings of one `extensions.conf` in Asterisk's folder, without its name.
pub(super) fn whole_dialplan(text: &str) -> Vec<String> {
    let folder = [("extensions.conf", "#exec wazo-confgen asterisk/extensions.conf\n")];
    let findings = found_in(&folder, &[("extensions.conf", text)]);
    findings.iter().map(|finding| finding.replace("asterisk/extensions.conf:", "")).collect()
}
