//! Reads the configuration file as Python's configparser does.

use std::fs;
use std::path::Path;
use std::str::FromStr;

use configparser::ini::Ini;

use crate::keys::{Key, SECTION};

/// The section whose keys are defaults for all others.
const DEFAULT: &str = "DEFAULT";
/// The name for the lines before the first section. No section has this name.
const NO_SECTION: &str = "";
/// The maximum depth of nested references, as in Python.
const MAX_DEPTH: u32 = 10;

/// A configuration file.
pub(crate) struct File {
    /// The path, for messages.
    path: String,
    ini: Ini,
}

impl File {
    /// Reads a file. A missing or unreadable file counts as empty. A malformed file is an error.
    pub(crate) fn read(path: &Path) -> Result<File, String> {
        let text = fs::read(path).unwrap_or_default();
        let path = path.display().to_string();
        let text = String::from_utf8(text).map_err(|error| format!("{path}: not UTF-8: {error}"))?;
        File::parse(path, text)
    }

    pub(crate) fn parse(path: String, text: String) -> Result<File, String> {
        let mut ini = Ini::new_cs();
        ini.set_default_section(NO_SECTION);
        ini.set_inline_comment_symbols(Some(&[]));
        ini.set_multiline(true);
        ini.read(text).map_err(|error| format!("{path}: {error}"))?;
        let sections = ini.get_map_ref();
        if sections.contains_key(NO_SECTION) {
            return Err(format!("{path}: the file must begin with a section, like [{SECTION}]"));
        }
        let lines =
            sections.iter().flat_map(|(section, lines)| lines.iter().map(move |line| (section, line)));
        // The order of a hash map is random, so the error names the smallest line.
        let without_value = lines.filter(|(_, (_, value))| value.is_none()).min();
        match without_value {
            Some((section, (key, _))) => {
                Err(format!("{path}: section {section}: the line {key:?} has no = or :"))
            }
            None => Ok(File { path, ini }),
        }
    }

    /// Returns the value of a key in the section of this program.
    pub(crate) fn text(&self, key: Key) -> Result<Option<String>, String> {
        let value = self.raw(key.name).and_then(|raw| raw.map(|raw| self.expand(raw, 1)).transpose());
        value.map_err(|error| self.at(key, &error))
    }

    /// Returns the value of a key as a whole number. Any other text is an error.
    pub(crate) fn number<N: FromStr<Err: ToString>>(&self, key: Key) -> Result<Option<N>, String> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let number = text.trim().parse();
        number.map(Some).map_err(|error: N::Err| self.at(key, &format!("{text:?}: {}", error.to_string())))
    }

    /// Returns the value of a key as a truth value, in the words that Python accepts. An empty text is no value.
    pub(crate) fn truth(&self, key: Key) -> Result<Option<bool>, String> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        match text.trim().to_lowercase().as_str() {
            "" => Ok(None),
            "1" | "yes" | "true" | "on" => Ok(Some(true)),
            "0" | "no" | "false" | "off" => Ok(Some(false)),
            _ => Err(self.at(key, &format!("{text:?}: write yes or no"))),
        }
    }

    fn at(&self, key: Key, error: &str) -> String {
        format!("{}: section {SECTION}, key {}: {error}", self.path, key.name)
    }

    /// Returns the value as the file has it. A key that the section lacks may be in the default section.
    fn raw(&self, key: &str) -> Result<Option<&str>, String> {
        let sections = self.ini.get_map_ref();
        let Some(section) = sections.get(SECTION) else { return Ok(None) };
        for section in [Some(section), sections.get(DEFAULT)].into_iter().flatten() {
            let mut found = section.iter().filter(|(name, _)| name.to_lowercase() == key.to_lowercase());
            if let Some((_, value)) = found.next() {
                return match found.next() {
                    None => Ok(value.as_deref()),
                    Some(_) => Err("the key is there twice".to_owned()),
                };
            }
        }
        Ok(None)
    }

    /// Expands a value: `%%` becomes `%`, and `%(key)s` the value of that key.
    fn expand(&self, raw: &str, depth: u32) -> Result<String, String> {
        let mut text = String::new();
        let mut rest = raw;
        while let Some((before, after)) = rest.split_once('%') {
            text.push_str(before);
            rest = if let Some(rest) = after.strip_prefix('%') {
                text.push('%');
                rest
            } else {
                let reference = after.strip_prefix('(').and_then(|reference| reference.split_once(")s"));
                let (key, rest) = reference
                    .ok_or_else(|| format!("{raw:?}: write a % as %%, or a reference as %(key)s"))?;
                let value = self.raw(key)?.ok_or_else(|| format!("{raw:?}: there is no key {key}"))?;
                if depth == MAX_DEPTH {
                    return Err(format!("{raw:?}: the references are nested too deeply, or in a circle"));
                }
                text.push_str(&self.expand(value, depth + 1)?);
                rest
            };
        }
        Ok(text + rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys;

    fn file(text: &str) -> Result<File, String> {
        File::parse("c.conf".to_owned(), text.to_owned())
    }

    fn server(text: &str) -> Result<Option<String>, String> {
        file(text)?.text(keys::SERVER)
    }

    fn is(text: &str, expected: &str) {
        assert_eq!(server(text), Ok(Some(expected.to_owned())), "{text}");
    }

    fn is_missing(text: &str) {
        assert_eq!(server(text), Ok(None), "{text}");
    }

    fn wrong(text: &str, expected: &str) {
        assert_eq!(server(text), Err(format!("c.conf: {expected}")), "{text}");
    }

    #[test]
    fn a_key_has_its_value() {
        is("[confgen]\nserver=a\nport=1\n", "a");
        is("[confgen]\r\nserver = a \r\n", "a");
        is("[confgen]\nserver: a=b", "a=b");
        is("[confgen]\nSERVER=A", "A");
        is("[confgen]\nserver=", "");
        is("[other]\nserver=b\n[confgen]\nserver=a", "a");
    }

    #[test]
    fn a_missing_key_or_file_has_no_value() {
        is_missing("");
        is_missing("# nothing\n");
        is_missing("[confgen]\nport=1");
        is_missing("[other]\nserver=b");
        is_missing("[Confgen]\nserver=b");
        assert!(File::read(Path::new("/nonexistent/c.conf")).unwrap().text(keys::SERVER).unwrap().is_none());
        assert!(File::read(Path::new("/")).unwrap().text(keys::SERVER).unwrap().is_none());
    }

    #[test]
    fn the_default_section_has_defaults() {
        is("[DEFAULT]\nserver=b\n[confgen]\nport=1", "b");
        is("[confgen]\nserver=a\n[DEFAULT]\nserver=b", "a");
        is_missing("[default]\nserver=b\n[confgen]\n");
        is_missing("[DEFAULT]\nserver=b");
    }

    #[test]
    fn comments_stand_at_the_start_of_a_line() {
        is("[confgen]\n# server=b\n; server=c\nserver=a # ; d", "a # ; d");
        is_missing("[confgen]\n  # server=b");
    }

    #[test]
    fn an_indented_line_continues_the_value() {
        is("[confgen]\nserver=a\n  b\nport=1", "a\nb");
    }

    #[test]
    fn percent_signs_are_expanded() {
        is("[confgen]\nserver=a%%b%%%%", "a%b%%");
        is("[confgen]\nserver=%(Name)s.%(zone)s%%\nname=a\n[DEFAULT]\nzone=b%%", "a.b%%");
        let lone = "write a % as %%, or a reference as %(key)s";
        wrong("[confgen]\nserver=5%", &format!("section confgen, key server: \"5%\": {lone}"));
        wrong("[confgen]\nserver=%(a", &format!("section confgen, key server: \"%(a\": {lone}"));
        wrong("[confgen]\nserver=%(a)s", "section confgen, key server: \"%(a)s\": there is no key a");
        let circle = "the references are nested too deeply, or in a circle";
        wrong(
            "[confgen]\nserver=%(server)s",
            &format!("section confgen, key server: \"%(server)s\": {circle}"),
        );
        assert_eq!(file("[confgen]\nserver=a\nother=%").unwrap().text(keys::SERVER).unwrap().unwrap(), "a");
    }

    #[test]
    fn a_malformed_file_is_an_error() {
        wrong("server=a\n[confgen]\n", "the file must begin with a section, like [confgen]");
        wrong("\u{feff}[confgen]\n", "the file must begin with a section, like [confgen]");
        wrong("[confgen]\nserver a", "section confgen: the line \"server a\" has no = or :");
        wrong("[other]\nnonsense", "section other: the line \"nonsense\" has no = or :");
        wrong("[confgen]\nserver=a\nServer=b", "section confgen, key server: the key is there twice");
        for text in ["[confgen", "[confgen]\n=a"] {
            assert!(server(text).unwrap_err().starts_with("c.conf: line "), "{text}");
        }
    }

    #[test]
    fn a_number_is_whole_and_in_range() {
        let number =
            |value: &str| file(&format!("[confgen]\nport={value}")).unwrap().number::<u16>(keys::PORT);
        assert_eq!(number("8669"), Ok(Some(8669)));
        assert_eq!(number("\n  8669"), Ok(Some(8669)));
        assert_eq!(file("[confgen]\n").unwrap().number::<u16>(keys::PORT), Ok(None));
        let error = |value| number(value).unwrap_err();
        let prefix = "c.conf: section confgen, key port:";
        assert_eq!(error("x"), format!("{prefix} \"x\": invalid digit found in string"));
        assert_eq!(error(""), format!("{prefix} \"\": cannot parse integer from empty string"));
        assert_eq!(error("65536"), format!("{prefix} \"65536\": number too large to fit in target type"));
    }
    #[test]
    fn a_truth_value_has_the_words_of_python() {
        let truth =
            |value: &str| file(&format!("[confgen]\nfallback={value}")).unwrap().truth(keys::FALLBACK);
        for value in ["1", "yes", "True", "ON"] {
            assert_eq!(truth(value), Ok(Some(true)), "{value}");
        }
        for value in ["0", "no", "False", "off"] {
            assert_eq!(truth(value), Ok(Some(false)), "{value}");
        }
        assert_eq!(truth(""), Ok(None));
        assert_eq!(file("[confgen]\n").unwrap().truth(keys::FALLBACK), Ok(None));
        let error = "c.conf: section confgen, key fallback: \"maybe\": write yes or no";
        assert_eq!(truth("maybe"), Err(error.to_owned()));
    }
}
