//! Masks secrets in what a diff shows.

use std::borrow::Cow;
use std::collections::HashSet;

use bstr::{BStr, ByteSlice as _};
use driver_api::{Namespace, secrets};

use crate::GeneratedFile;

/// The text in place of a secret.
pub(crate) const MASK: &str = "•••";

/// The secrets of a file, as far as they are known.
pub(super) struct Secrets<'f> {
    pub(super) file: &'f Namespace,
    /// The lines of the new text whose values come from a column that is a secret.
    lines: HashSet<usize>,
    /// The options of these lines, in lower case: the origins of the old text are not known.
    keys: HashSet<String>,
    shows: bool,
}

/// The secret part of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secret {
    /// All of it.
    Whole,
    /// Passwords in addresses, or nothing.
    InText,
}

impl<'f> Secrets<'f> {
    pub(super) fn new(file: &'f Namespace, new: &GeneratedFile, shows: bool) -> Secrets<'f> {
        let lines: HashSet<usize> = new.origins.lines_of_columns(is_secret).collect();
        let keys = if lines.is_empty() { HashSet::new() } else { keys(&new.text, &lines) };
        Secrets { file, lines, keys, shows }
    }

    /// Returns what is secret in the value of an option; `line` is its line in the new text.
    pub(super) fn of(&self, key: &BStr, line: Option<usize>) -> Secret {
        let key = key.to_str_lossy().to_ascii_lowercase();
        let is_line = line.is_some_and(|line| self.is_secret_line(line));
        let is_whole = is_line || self.keys.contains(&key) || is_secret_option(self.file, &key);
        if is_whole { Secret::Whole } else { Secret::InText }
    }

    /// Returns whether the value of a line of the new text comes from a column that is a secret.
    pub(super) fn is_secret_line(&self, line: usize) -> bool {
        self.lines.contains(&line)
    }

    /// Returns a value as people may see it.
    pub(super) fn shown(&self, value: impl AsRef<[u8]>, secret: Secret) -> String {
        let value = BStr::new(value.as_ref()).to_str_lossy();
        match secret {
            _ if self.shows || value.is_empty() => value.into_owned(),
            Secret::Whole => MASK.to_owned(),
            Secret::InText => masked(value).into_owned(),
        }
    }

    /// Returns whether secrets are shown.
    pub(super) fn shows(&self) -> bool {
        self.shows
    }
}

/// Returns the options of lines, in lower case.
fn keys(text: &[u8], lines: &HashSet<usize>) -> HashSet<String> {
    let numbered = text.lines().zip(1..).filter(|(_, number)| lines.contains(number));
    let keys = numbered.filter_map(|(line, _)| line.split_once_str("="));
    keys.map(|(key, _)| key.to_str_lossy().trim().to_ascii_lowercase()).collect()
}

/// Returns whether an option, a column or a variable of this name is a secret. A diff needs the origins of such columns
/// alone.
pub fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    secrets::is_secret(&key)
        || matches!(key.as_str(), "md5_cred" | "register" | "pin")
        || key.starts_with("oauth_")
        || key.ends_with("_pin")
}

/// Returns whether an option of this file is a secret. A room of `meetme.conf` has its pins behind its number.
pub(crate) fn is_secret_option(file: &Namespace, key: &str) -> bool {
    is_secret(key) || (file.filename() == "meetme.conf" && key.eq_ignore_ascii_case("conf"))
}

/// Masks the passwords of a value that seems to have one: an address, or text such as `password=…`. All other values
/// stay as they are, although the `@` of a context and the `:` of a hint look like an address.
pub(crate) fn masked(value: Cow<'_, str>) -> Cow<'_, str> {
    let has_address = value.contains("://") || has_sip_password(&value);
    if !has_address && !secrets::is_secret(&value) {
        return value;
    }
    let mut masked = secrets::in_text(&value);
    if has_address && masked == *value && value.contains('@') {
        masked = secrets::in_address(&value);
    }
    if masked == *value { value } else { masked.replace(secrets::MASK, MASK).into() }
}

/// Returns whether a value has an address of SIP with a password: `sip:user:password@host`.
fn has_sip_password(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    ["sip:", "sips:"].iter().any(|scheme| {
        let rest = lower.split_once(scheme).map(|(_, rest)| rest);
        rest.and_then(|rest| rest.split_once('@')).is_some_and(|(login, _)| login.contains(':'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_passwords_are_masked() {
        let table = [
            ("sip:u:s3cret@h:5060", "sip:•••@h:5060"),
            ("sip:u@h:5060", "sip:u@h:5060"),
            ("http://u:s3cret@h/", "http://u:•••@h/"),
            ("http://h:9497/0.1", "http://h:9497/0.1"),
            ("Local/5@x,0,,hint:5@x", "Local/5@x,0,,hint:5@x"),
            ("\"Ann\" <1000>", "\"Ann\" <1000>"),
            ("Set(API_TOKEN=s3cret)", "Set(API_TOKEN=•••"),
        ];
        for (value, expected) in table {
            assert_eq!(masked(value.into()), expected);
        }
        for key in
            ["password", "md5_cred", "oauth_secret", "secret", "admin_pin", "PASSWORD", "refresh_token"]
        {
            assert!(is_secret(key), "{key}");
        }
        for key in ["username", "context", "mailboxes", "authuser", "opinion"] {
            assert!(!is_secret(key), "{key}");
        }
    }
}
