use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, secrets};

/// The name of a generated file: a resource and a file name.
///
/// Parsing accepts `asterisk/pjsip.conf`, `asterisk.pjsip.conf` and `confgend.asterisk.pjsip.conf`. It displays as the
/// first, which is also the path of the file below an output folder. A parsed namespace is safe to use as a path: it
/// has one slash, no blank, no control character and no `..`. Other texts are errors of [`ErrorKind::Config`].
///
/// ```
/// use driver_api::{Error, Namespace};
///
/// let namespace: Namespace = "confgend.asterisk.followme.conf".parse()?;
/// assert_eq!((namespace.resource(), namespace.filename()), ("asterisk", "followme.conf"));
/// assert_eq!(namespace.to_string(), "asterisk/followme.conf");
/// assert_eq!(namespace.dotted(), "asterisk.followme.conf");
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

impl Namespace {
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
        Ok(Namespace { resource: resource.to_owned(), filename: filename.to_owned() })
    }
}

fn split(text: &str) -> Option<(&str, &str)> {
    if text.contains('/') {
        return text.split_once('/');
    }
    match text.split_once('.')? {
        ("confgend", rest) if rest.contains('.') => rest.split_once('.'),
        parts => Some(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_spellings_are_one_namespace() {
        for text in ["asterisk/pjsip.conf", "asterisk.pjsip.conf", "confgend.asterisk.pjsip.conf"] {
            let namespace: Namespace = text.parse().unwrap();
            assert_eq!((namespace.resource(), namespace.filename()), ("asterisk", "pjsip.conf"));
            assert_eq!(namespace.to_string(), "asterisk/pjsip.conf");
            assert_eq!(namespace.dotted(), "asterisk.pjsip.conf");
        }
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
