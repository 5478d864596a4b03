use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, secrets};

/// The name of a generated file: a resource and a file name.
///
/// Parsing accepts `asterisk/pjsip.conf`, `asterisk.pjsip.conf` and `confgend.asterisk.pjsip.conf`, where
/// `wazo_confgend` and `xivo_confgend` may stand for `confgend`. It displays as the first, which is also the path of the
/// file below an output folder. A parsed namespace is safe to use as a path: it has one slash, no blank, no control
/// character and no `..`. Other texts are errors of [`ErrorKind::Config`].
///
/// Files that had another name until 2019 are found by it, so that nothing behind the parser meets two names of one
/// file.
///
/// ```
/// use driver_api::{Error, Namespace};
///
/// let namespace: Namespace = "confgend.asterisk.followme.conf".parse()?;
/// assert_eq!((namespace.resource(), namespace.filename()), ("asterisk", "followme.conf"));
/// assert_eq!(namespace.to_string(), "asterisk/followme.conf");
/// assert_eq!(namespace.dotted(), "asterisk.followme.conf");
///
/// let old: Namespace = "xivo/uuid.yml".parse()?;
/// assert_eq!(old.to_string(), "wazo/uuid.yml");
///
/// let error = "asterisk/../shadow".parse::<Namespace>().unwrap_err();
/// assert!(error.to_string().ends_with("write it like asterisk/pjsip.conf"), "{error}");
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Namespace {
    resource: String,
    filename: String,
}

/// The words before a dotted namespace: of this program, and of the Python program since September 2019 and before.
const PREFIXES: [&str; 3] = ["confgend", "wazo_confgend", "xivo_confgend"];

/// The old names of files, each before the name of today. Their content did not change with them.
const OLD_NAMES: [[(&str, &str); 2]; 2] =
    [[("dird-phoned", "config.yml"), ("phoned", "config.yml")], [("xivo", "uuid.yml"), ("wazo", "uuid.yml")]];

impl Namespace {
    /// Returns whether the text is the old name of a file, from which parsing makes the name of today.
    ///
    /// ```
    /// use driver_api::Namespace;
    ///
    /// assert!(Namespace::is_old_name("xivo/uuid.yml"));
    /// assert!(!Namespace::is_old_name("wazo/uuid.yml"));
    /// ```
    pub fn is_old_name(text: &str) -> bool {
        split(text).is_some_and(|parts| today(parts) != parts)
    }

    /// Returns the program that reads the file: `asterisk`.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// Returns the name of the file: `pjsip.conf`.
    pub fn filename(&self) -> &str {
        &self.filename
    }

    /// Returns the form that [`Entry`](crate::Entry) and the key `plugins` use: `asterisk.pjsip.conf`.
    pub fn dotted(&self) -> String {
        format!("{}.{}", self.resource, self.filename)
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.resource, self.filename)
    }
}

impl From<Namespace> for String {
    fn from(namespace: Namespace) -> String {
        namespace.to_string()
    }
}

impl TryFrom<String> for Namespace {
    type Error = Error;

    fn try_from(text: String) -> Result<Namespace, Error> {
        text.parse()
    }
}

impl FromStr for Namespace {
    type Err = Error;

    fn from_str(text: &str) -> Result<Namespace, Error> {
        let refuse = |why: &str| {
            let text = secrets::in_name(text);
            let message = format!("{text:?} is not a namespace: {why}; write it like asterisk/pjsip.conf");
            Error::new(ErrorKind::Config, message)
        };
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(refuse("it has a blank or a control character"));
        }
        let (resource, filename) = split(text).ok_or_else(|| refuse("it has no file name"))?;
        if resource.is_empty() || filename.is_empty() {
            return Err(refuse("a part is empty"));
        }
        if filename.contains(['/', '\\']) || resource.contains('\\') {
            return Err(refuse("it has more than one slash"));
        }
        if filename == "." || text.contains("..") {
            return Err(refuse("it leads to another folder"));
        }
        if resource.contains('.') {
            return Err(refuse("the resource has a dot"));
        }
        let (resource, filename) = today((resource, filename));
        Ok(Namespace { resource: resource.to_owned(), filename: filename.to_owned() })
    }
}

fn split(text: &str) -> Option<(&str, &str)> {
    if text.contains('/') {
        return text.split_once('/');
    }
    match text.split_once('.')? {
        (prefix, rest) if PREFIXES.contains(&prefix) && rest.contains('.') => rest.split_once('.'),
        parts => Some(parts),
    }
}

/// Returns the name of today for an old name, and any other name as it is.
fn today<'n>(name: (&'n str, &'n str)) -> (&'n str, &'n str) {
    OLD_NAMES.iter().find(|[old, _]| *old == name).map_or(name, |[_, new]| *new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_are_one_namespace() {
        for text in [
            "asterisk/pjsip.conf",
            "asterisk.pjsip.conf",
            "confgend.asterisk.pjsip.conf",
            "wazo_confgend.asterisk.pjsip.conf",
            "xivo_confgend.asterisk.pjsip.conf",
        ] {
            assert!(!Namespace::is_old_name(text));
            let namespace: Namespace = text.parse().unwrap();
            assert_eq!((namespace.resource(), namespace.filename()), ("asterisk", "pjsip.conf"));
            assert_eq!(namespace.to_string(), "asterisk/pjsip.conf");
            assert_eq!(namespace.dotted(), "asterisk.pjsip.conf");
        }
    }

    #[test]
    fn an_old_name_is_the_file_of_today() {
        for (old, new) in [
            ("xivo/uuid.yml", "wazo/uuid.yml"),
            ("xivo.uuid.yml", "wazo/uuid.yml"),
            ("xivo_confgend.xivo.uuid.yml", "wazo/uuid.yml"),
            ("dird-phoned/config.yml", "phoned/config.yml"),
            ("dird-phoned.config.yml", "phoned/config.yml"),
        ] {
            assert_eq!(old.parse::<Namespace>().unwrap().to_string(), new);
            assert!(Namespace::is_old_name(old), "{old}");
        }
        for other in ["xivo/other.yml", "dird-phoned/uuid.yml", "xivo", ""] {
            assert!(!Namespace::is_old_name(other), "{other}");
        }
        assert_eq!("xivo/other.yml".parse::<Namespace>().unwrap().to_string(), "xivo/other.yml");
    }

    #[test]
    fn a_namespace_never_leaves_the_folder_or_breaks_a_line() {
        let refused = [
            "",
            "/",
            ".",
            "asterisk",
            "asterisk/",
            "/pjsip.conf",
            "asterisk.",
            ".conf",
            "confgend.x",
            "asterisk/a/b",
            "asterisk/a\\b",
            "../x",
            "asterisk/..",
            "asterisk/.",
            "asterisk/a..b",
            "asterisk.pjsip/conf",
            "asterisk/a\nb",
            "asterisk/a b",
            "asterisk/\u{7f}",
            "confgend..x",
        ];
        for text in refused {
            // `confgend.x` is the file `x` of the resource `confgend`.
            if text == "confgend.x" {
                assert!(text.parse::<Namespace>().is_ok());
                continue;
            }
            let error = text.parse::<Namespace>().unwrap_err().to_string();
            assert!(error.contains("is not a namespace"), "{text:?}: {error}");
        }
    }
}
