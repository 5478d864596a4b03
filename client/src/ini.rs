//! The configuration file, understood as Python's configparser understands it.

use std::fs;
use std::path::Path;
use std::str::FromStr;

use configparser::ini::Ini;

/// The section with this program's keys.
const SECTION: &str = "confgen";
/// The section whose keys apply in every other.
const DEFAULT: &str = "DEFAULT";
/// The lines before the first section, under a name that no section has.
const NONE: &str = "";
/// How often a reference may lead to another: as often as in Python.
const DEPTH: u32 = 10;

/// A configuration file.
pub(crate) struct File {
    /// How messages call the file.
    path: String,
    ini: Ini,
}

impl File {
    /// Reads a file. One that is not there, or may not be read, counts as empty. Fails if it is
    /// malformed.
    pub(crate) fn read(path: &Path) -> Result<File, String> {
        let text = fs::read(path).unwrap_or_default();
        let path = path.display().to_string();
        let text = String::from_utf8(text).map_err(|error| format!("{path}: not UTF-8: {error}"))?;
        File::parse(path, text)
    }

    fn parse(path: String, text: String) -> Result<File, String> {
        let mut ini = Ini::new_cs();
        ini.set_default_section(NONE);
        ini.set_inline_comment_symbols(Some(&[]));
        ini.set_multiline(true);
        ini.read(text).map_err(|error| format!("{path}: {error}"))?;
        let sections = ini.get_map_ref();
        if sections.contains_key(NONE) {
            return Err(format!("{path}: it has to begin with a section, like [{SECTION}]"));
        }
        let lines =
            sections.iter().flat_map(|(section, lines)| lines.iter().map(move |line| (section, line)));
        // The order is that of a map, so the least is a choice that stays the same.
        let without_value = lines.filter(|(_, (_, value))| value.is_none()).min();
        match without_value {
            Some((section, (key, _))) => {
                Err(format!("{path}: section {section}: the line {key:?} needs a = or a :"))
            }
            None => Ok(File { path, ini }),
        }
    }

    /// The value of a key in this program's section; `None` if there is none.
    pub(crate) fn text(&self, key: &str) -> Result<Option<String>, String> {
        let value = self.raw(key).and_then(|raw| raw.map(|raw| self.expand(raw, 1)).transpose());
        value.map_err(|error| self.at(key, &error))
    }

    /// The value of a key as a whole number. Fails if it is no number, or too large.
    pub(crate) fn number<N: FromStr<Err: ToString>>(&self, key: &str) -> Result<Option<N>, String> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let number = text.trim().parse();
        number.map(Some).map_err(|error: N::Err| self.at(key, &format!("{text:?}: {}", error.to_string())))
    }

    fn at(&self, key: &str, error: &str) -> String {
        format!("{}: section {SECTION}, key {key}: {error}", self.path)
    }

    /// The value as it stands in the file. What the section lacks, the default section may have.
    fn raw(&self, key: &str) -> Result<Option<&str>, String> {
        let sections = self.ini.get_map_ref();
        let Some(section) = sections.get(SECTION) else { return Ok(None) };
        for section in [Some(section), sections.get(DEFAULT)].into_iter().flatten() {
            let mut found = section.iter().filter(|(name, _)| name.to_lowercase() == key.to_lowercase());
            if let Some((_, value)) = found.next() {
                return match found.next() {
                    None => Ok(value.as_deref()),
                    Some(_) => Err("it is there twice".to_owned()),
                };
            }
        }
        Ok(None)
    }

    /// The value with `%%` read as `%`, and `%(key)s` as the value of that key.
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
                let (key, rest) =
                    reference.ok_or_else(|| format!("{raw:?}: a % is written %%, or begins %(key)s"))?;
                let value = self.raw(key)?.ok_or_else(|| format!("{raw:?}: there is no key {key}"))?;
                if depth == DEPTH {
                    return Err(format!("{raw:?}: its references lead too far, maybe in a circle"));
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

    fn file(text: &str) -> Result<File, String> {
        File::parse("c.conf".to_owned(), text.to_owned())
    }

    fn server(text: &str) -> Result<Option<String>, String> {
        file(text)?.text("server")
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
    fn keys_and_values() {
        is("[confgen]\nserver=a\nport=1\n", "a");
        is("[confgen]\r\nserver = a \r\n", "a");
        is("[confgen]\nserver: a=b", "a=b");
        is("[confgen]\nSERVER=A", "A");
        is("[confgen]\nserver=", "");
        is("[other]\nserver=b\n[confgen]\nserver=a", "a");
    }

    #[test]
    fn what_is_missing() {
        is_missing("");
        is_missing("# nothing\n");
        is_missing("[confgen]\nport=1");
        is_missing("[other]\nserver=b");
        is_missing("[Confgen]\nserver=b");
        assert!(File::read(Path::new("/nonexistent/c.conf")).unwrap().text("server").unwrap().is_none());
        assert!(File::read(Path::new("/")).unwrap().text("server").unwrap().is_none());
    }

    #[test]
    fn the_default_section() {
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
    fn an_indented_line_goes_on() {
        is("[confgen]\nserver=a\n  b\nport=1", "a\nb");
    }

    #[test]
    fn percent_signs() {
        is("[confgen]\nserver=a%%b%%%%", "a%b%%");
        is("[confgen]\nserver=%(Name)s.%(zone)s%%\nname=a\n[DEFAULT]\nzone=b%%", "a.b%%");
        let lone = "a % is written %%, or begins %(key)s";
        wrong("[confgen]\nserver=5%", &format!("section confgen, key server: \"5%\": {lone}"));
        wrong("[confgen]\nserver=%(a", &format!("section confgen, key server: \"%(a\": {lone}"));
        wrong("[confgen]\nserver=%(a)s", "section confgen, key server: \"%(a)s\": there is no key a");
        let circle = "its references lead too far, maybe in a circle";
        wrong(
            "[confgen]\nserver=%(server)s",
            &format!("section confgen, key server: \"%(server)s\": {circle}"),
        );
        assert_eq!(file("[confgen]\nserver=a\nother=%").unwrap().text("server").unwrap().unwrap(), "a");
    }

    #[test]
    fn malformed_files() {
        wrong("server=a\n[confgen]\n", "it has to begin with a section, like [confgen]");
        wrong("\u{feff}[confgen]\n", "it has to begin with a section, like [confgen]");
        wrong("[confgen]\nserver a", "section confgen: the line \"server a\" needs a = or a :");
        wrong("[other]\nnonsense", "section other: the line \"nonsense\" needs a = or a :");
        wrong("[confgen]\nserver=a\nServer=b", "section confgen, key server: it is there twice");
        for text in ["[confgen", "[confgen]\n=a"] {
            assert!(server(text).unwrap_err().starts_with("c.conf: line "), "{text}");
        }
    }

    #[test]
    fn numbers() {
        let number = |value: &str| file(&format!("[confgen]\nport={value}")).unwrap().number::<u16>("port");
        assert_eq!(number("8669"), Ok(Some(8669)));
        assert_eq!(number("\n  8669"), Ok(Some(8669)));
        assert_eq!(file("[confgen]\n").unwrap().number::<u16>("port"), Ok(None));
        let error = |value| number(value).unwrap_err();
        let place = "c.conf: section confgen, key port:";
        assert_eq!(error("x"), format!("{place} \"x\": invalid digit found in string"));
        assert_eq!(error(""), format!("{place} \"\": cannot parse integer from empty string"));
        assert_eq!(error("65536"), format!("{place} \"65536\": number too large to fit in target type"));
    }
}
