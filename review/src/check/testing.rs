//! Checks small files for tests of rules.

use crate::{FileSet, Rules};

/// Returns the findings of a set of files, which are named without their resource, `asterisk`.
pub(super) fn found(files: &[(&str, &str)]) -> Vec<String> {
    let texts = files.iter().map(|(name, text)| (format!("asterisk/{name}"), *text));
    let set = FileSet::from_texts(texts).unwrap();
    super::check(&set, None, &Rules::default()).findings.iter().map(ToString::to_string).collect()
}

/// Returns the same, with the files of Asterisk's folder around them.
pub(super) fn found_in(folder: &[(&str, &str)], files: &[(&str, &str)]) -> Vec<String> {
    let texts = files.iter().map(|(name, text)| (format!("asterisk/{name}"), *text));
    let set = FileSet::from_texts(texts).unwrap();
    let folder = folder.iter().copied().collect::<asterisk_conf::MemoryFiles>();
    let checked = super::check(&set, Some(&folder), &Rules::default());
    checked.findings.iter().map(ToString::to_string).collect()
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
