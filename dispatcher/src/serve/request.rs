//! What a client asks for: `asterisk/pjsip.conf cached`.

use std::str;

use driver_api::Namespace;

use crate::Registry;

/// One request.
#[derive(Debug, PartialEq)]
pub(super) struct Request {
    pub(super) namespace: Namespace,
    /// The cached copy will do.
    pub(super) cached: bool,
    /// The cached copy is out of date: it is to be deleted, and nothing is to be generated.
    pub(super) invalidate: bool,
}

/// The line of the request, if its end is among these bytes.
pub(super) fn line(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|&byte| byte == b'\n')?;
    Some(bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]))
}

/// Whether these bytes are a whole request, though no line ends: a known file and known arguments, as the
/// usual client sends them.
pub(super) fn is_whole(bytes: &[u8], registry: &Registry) -> bool {
    let known = |word: &str| matches!(word, "" | "cached" | "invalidate");
    str::from_utf8(bytes).is_ok_and(|text| text.split(' ').skip(1).all(known))
        && parse(bytes, registry).is_ok()
}

/// Reads what a client sent. An error says what is wrong with it.
pub(super) fn parse(bytes: &[u8], registry: &Registry) -> Result<Request, String> {
    let line = match line(bytes) {
        // Line ends behind the line are nothing; anything else is a second request, of which there can't
        // be one.
        Some(_) if has_two_lines(bytes) => return Err("more than one line".to_owned()),
        Some(line) => line,
        None => bytes,
    };
    let text = str::from_utf8(line).map_err(|_| "not UTF-8".to_owned())?;
    let mut words = text.split(' ');
    let command = words.next().unwrap_or_default();
    if command.matches('/').count() != 1 {
        return Err("not RESOURCE/FILENAME".to_owned());
    }
    let namespace = registry.find(command).map_err(|error| error.chain())?;
    let (mut cached, mut invalidate) = (false, false);
    for argument in words {
        cached |= argument == "cached";
        invalidate |= argument == "invalidate";
    }
    Ok(Request { namespace, cached, invalidate })
}

fn has_two_lines(bytes: &[u8]) -> bool {
    let rest = bytes.iter().skip_while(|&&byte| byte != b'\n');
    rest.into_iter().any(|byte| !matches!(byte, b'\r' | b'\n'))
}

#[cfg(test)]
mod tests {
    use driver_api::{Driver, Entry, Error, Session};

    use super::*;

    struct Empty;

    impl Driver for Empty {
        fn generate(&self, _: &mut Session<'_>) -> Result<String, Error> {
            Ok(String::new())
        }
    }

    static FAMILY: &[Entry] = &[Entry::new("a.one.conf", "wazo", |_| Ok(Box::new(Empty)))];

    fn registry() -> Registry {
        Registry::new(&[FAMILY]).unwrap()
    }

    /// `one`, with the arguments that were understood.
    fn read(text: &str) -> Result<String, String> {
        parse(text.as_bytes(), &registry()).map(|request| {
            let mut shown = request.namespace.to_string();
            shown.push_str(if request.invalidate { " invalidate" } else { "" });
            shown.push_str(if request.cached { " cached" } else { "" });
            shown
        })
    }

    #[test]
    fn a_command_and_its_arguments() {
        let table = [
            ("a/one.conf", "a/one.conf"),
            ("a/one.conf\n", "a/one.conf"),
            ("a/one.conf\r\n", "a/one.conf"),
            ("a/one.conf\n\n", "a/one.conf"),
            ("a/one.conf  cached ", "a/one.conf cached"),
            ("a/one.conf cached invalidate", "a/one.conf invalidate cached"),
            ("a/one.conf cached cached x\n", "a/one.conf cached"),
            ("a/one.conf CACHED foo", "a/one.conf"),
        ];
        for (text, expected) in table {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_request() {
        let table = [
            ("", "not RESOURCE/FILENAME"),
            ("\n", "not RESOURCE/FILENAME"),
            (" a/one.conf", "not RESOURCE/FILENAME"),
            ("a.one.conf", "not RESOURCE/FILENAME"),
            ("a/b/one.conf", "not RESOURCE/FILENAME"),
            ("a/one.conf\na/one.conf", "more than one line"),
            ("a/one.conf\r", "\"a/one.conf\\r\" is not a namespace: "),
            ("a/one.conf\tcached", "\"a/one.conf\\tcached\" is not a namespace: "),
            ("a/two.conf", "no driver writes a/two.conf; did you mean a/one.conf?"),
            ("../passwd", "\"../passwd\" is not a namespace: "),
            ("a.one/conf", "\"a.one/conf\" is not a namespace: "),
            ("/", "\"/\" is not a namespace: "),
        ];
        for (text, expected) in table {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
        assert_eq!(parse(b"a/one.conf \xff", &registry()), Err("not UTF-8".to_owned()));
    }

    #[test]
    fn whole_without_the_end_of_a_line() {
        let whole = |text: &str| is_whole(text.as_bytes(), &registry());
        for text in ["a/one.conf", "a/one.conf ", "a/one.conf invalidate cached"] {
            assert!(whole(text), "{text:?}");
        }
        for text in ["a/one.con", "a/one.conf cach", "a/one.conf foo", "a/one.conf.d", "", "a"] {
            assert!(!whole(text), "{text:?}");
        }
    }
}
