//! Compares texts line by line, where nothing better is known, and masks the secrets of lines.

use std::borrow::Cow;
use std::time::Duration;

use bstr::{BStr, ByteSlice as _};
use similar::{ChangeTag, TextDiff};

use super::secrets::{self, MASK, Secret, Secrets};
use super::{Change, FileDiff, is_yaml};
use crate::GeneratedFile;

/// How long the search for the shortest difference of two texts may take. Behind it, the difference is only longer.
const SEARCH: Duration = Duration::from_secs(5);

/// Compares two texts line by line.
pub(super) fn difference<'t>(old: &'t str, new: &'t str) -> TextDiff<'t, 't, 't, str> {
    TextDiff::configure().timeout(SEARCH).diff_lines(old, new)
}

/// Compares two texts whose objects are not known: an object is a line.
pub(super) fn compare(old: &GeneratedFile, new: &GeneratedFile, secrets: &Secrets<'_>, found: &mut FileDiff) {
    let (old, new) = (old.text.to_str_lossy(), new.text.to_str_lossy());
    found.count("line", new.lines().count());
    let mut masks = (LineMasks::new(secrets, false), LineMasks::new(secrets, true));
    for change in difference(&old, &new).iter_all_changes() {
        let line = change.value().trim_end_matches(['\n', '\r']);
        match change.tag() {
            ChangeTag::Equal => {
                masks.0.skip(line);
                masks.1.skip(line);
            }
            ChangeTag::Delete => found.add("line", masks.0.shown(line), Change::Removed),
            ChangeTag::Insert => found.add("line", masks.1.shown(line), Change::Added),
        }
    }
    if found.objects.is_empty() {
        // The bytes differ, but not the lines: line ends, or bytes that are not UTF-8.
        found.add("line", "(line ends, or bytes that are not UTF-8)", Change::Added);
    }
}

/// Masks the secrets in the lines of a text, which it is given one after the other.
pub(super) struct LineMasks<'s> {
    secrets: &'s Secrets<'s>,
    is_new: bool,
    line: usize,
    /// Whether the lines are mailboxes, which have no key for the password.
    in_mailboxes: bool,
    /// The indentation of the key whose value is a secret and continues on further lines.
    block: Option<usize>,
}

impl<'s> LineMasks<'s> {
    pub(super) fn new(secrets: &'s Secrets<'s>, is_new: bool) -> LineMasks<'s> {
        LineMasks { secrets, is_new, line: 0, in_mailboxes: false, block: None }
    }

    /// Passes over a line.
    pub(super) fn skip(&mut self, line: &str) {
        if is_yaml(self.secrets.file) {
            let _ = self.masked(line);
        } else {
            self.line += 1;
            self.enter(line);
        }
    }

    /// Returns a line as people may see it.
    pub(super) fn shown(&mut self, line: &str) -> String {
        let masked = self.masked(line).into_owned();
        if self.secrets.shows() { line.to_owned() } else { masked }
    }

    fn masked<'l>(&mut self, line: &'l str) -> Cow<'l, str> {
        self.line += 1;
        if is_yaml(self.secrets.file) { self.yaml(line) } else { self.option(line) }
    }

    /// Notes the section that a line begins, and returns whether it begins one.
    fn enter(&mut self, line: &str) -> bool {
        let Some(header) = line.trim_start().strip_prefix('[') else { return false };
        let is_context = !["general]", "zonemessages]"].iter().any(|name| header.starts_with(name));
        self.in_mailboxes = is_context && self.secrets.file.filename() == "voicemail.conf";
        true
    }

    /// Masks a line of a file of Asterisk, or of any other file with `key = value`.
    fn option<'l>(&mut self, line: &'l str) -> Cow<'l, str> {
        if self.enter(line) {
            return Cow::Borrowed(line);
        }
        let Some((key, rest)) = line.split_once('=') else { return secrets::masked(Cow::Borrowed(line)) };
        let value = rest.strip_prefix('>').unwrap_or(rest).trim_start();
        let before = line.strip_suffix(value).unwrap_or(line);
        let masked = match value.split_once(',') {
            _ if value.is_empty() => Cow::Borrowed(value),
            _ if self.is_secret(key.trim(), value) => Cow::Borrowed(MASK),
            Some((password, rest)) if self.in_mailboxes && !password.is_empty() => {
                Cow::Owned(format!("{MASK},{rest}"))
            }
            None if self.in_mailboxes => Cow::Borrowed(MASK),
            _ => secrets::masked(Cow::Borrowed(value)),
        };
        if masked == value { Cow::Borrowed(line) } else { Cow::Owned(format!("{before}{masked}")) }
    }

    fn is_secret(&self, key: &str, value: &str) -> bool {
        let line = self.is_new.then_some(self.line);
        let variable = value.split_once('=').map_or("", |(variable, _)| variable.trim());
        let sets = ["set_var", "setvar"].iter().any(|name| key.eq_ignore_ascii_case(name));
        self.secrets.of(BStr::new(key), line) == Secret::Whole || (sets && secrets::is_secret(variable))
    }

    /// Masks a line of a YAML file.
    fn yaml<'l>(&mut self, line: &'l str) -> Cow<'l, str> {
        let text = line.trim_start_matches([' ', '-']);
        let indent = line.len() - text.len();
        if self.block.is_some_and(|key| indent > key && !text.is_empty()) {
            return Cow::Owned(format!("{}{MASK}", " ".repeat(indent)));
        }
        self.block = None;
        let Some((key, value)) = text.split_once(':') else { return secrets::masked(Cow::Borrowed(line)) };
        let is_secret = secrets::is_secret(key.trim_matches(['"', '\'', ' ']));
        if is_secret {
            self.block = Some(indent);
        }
        match value.trim() {
            "" => Cow::Borrowed(line),
            _ if is_secret => {
                Cow::Owned(format!("{}: {MASK}", line.get(..indent + key.len()).unwrap_or(key)))
            }
            _ => secrets::masked(Cow::Borrowed(line)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(file: &str, text: &str) -> Vec<String> {
        let file = file.parse().unwrap();
        let text_file = GeneratedFile::default();
        let secrets = Secrets::new(&file, &text_file, false);
        let mut masks = LineMasks::new(&secrets, true);
        text.lines().map(|line| masks.shown(line)).collect()
    }

    #[test]
    fn secrets_of_lines_are_masked() {
        assert_eq!(
            shown(
                "asterisk/pjsip.conf",
                "[a]\npassword = x=y\nusername = a\nset_var = A_TOKEN=x\nsecret =\n"
            ),
            ["[a]", "password = •••", "username = a", "set_var = •••", "secret ="]
        );
        assert_eq!(
            shown("asterisk/voicemail.conf", "[general]\na = 1,2\n[x]\n1 => 12,Ann,a@b\n2 => ,B\n3 => 4\n"),
            ["[general]", "a = 1,2", "[x]", "1 => •••,Ann,a@b", "2 => ,B", "3 => •••"]
        );
        assert_eq!(
            shown("asterisk/meetme.conf", "[rooms]\nconf = 4001,1234,9876\n"),
            ["[rooms]", "conf = •••"]
        );
        assert_eq!(
            shown(
                "dird/x.yml",
                "a:\n  password: x\n  uri: http://u:x@h/\n  token: |\n    x\n    y\n  b: c\n"
            ),
            [
                "a:",
                "  password: •••",
                "  uri: http://u:•••@h/",
                "  token: •••",
                "    •••",
                "    •••",
                "  b: c"
            ]
        );
    }
}
