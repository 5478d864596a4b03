//! The request of a client: `asterisk/pjsip.conf cached`.

use std::str;

use driver_api::Namespace;

use crate::source::Source;

/// One request.
#[derive(Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) file: Namespace,
    /// Whether the client asks for the cached copy.
    pub(crate) cached: bool,
    /// Whether the service marks the cached copy as out of date, and generates nothing.
    pub(crate) invalidate: bool,
}

/// Returns the line of the request, if the bytes have its end.
pub(crate) fn line(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|&byte| byte == b'\n')?;
    Some(bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]))
}

/// Returns whether the bytes are a whole request without a line end: a known file and known arguments, as
/// `wazo-confgen` sends them.
pub(crate) fn is_whole(bytes: &[u8], source: &dyn Source) -> bool {
    let known = |word: &str| matches!(word, "" | "cached" | "invalidate");
    str::from_utf8(bytes).is_ok_and(|text| text.split(' ').skip(1).all(known)) && parse(bytes, source).is_ok()
}

/// Parses a request. The error is a message for the log.
pub(crate) fn parse(bytes: &[u8], source: &dyn Source) -> Result<Request, String> {
    let line = match line(bytes) {
        // Empty lines may follow. Anything else is a second request, which a connection can't have.
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
    let file = source.find(command).map_err(|error| error.chain())?;
    let (mut cached, mut invalidate) = (false, false);
    for argument in words {
        cached |= argument == "cached";
        invalidate |= argument == "invalidate";
    }
    Ok(Request { file, cached, invalidate })
}

fn has_two_lines(bytes: &[u8]) -> bool {
    let rest = bytes.iter().skip_while(|&&byte| byte != b'\n');
    rest.into_iter().any(|byte| !matches!(byte, b'\r' | b'\n'))
}

#[cfg(test)]
mod tests {
    use driver_api::Error;

    use super::*;
    use crate::source::Configuration;

    /// A source with one file.
    struct OneFile;

    impl Source for OneFile {
        fn files(&self) -> Vec<Namespace> {
            vec!["a/one.conf".parse().unwrap()]
        }

        fn find(&self, text: &str) -> Result<Namespace, Error> {
            let file: Namespace = text.parse()?;
            if self.files().contains(&file) { Ok(file) } else { Err(Error::driver("unknown")) }
        }

        fn configure(&self) -> Result<Configuration, Error> {
            Err(Error::driver("it is never configured"))
        }
    }

    /// Parses a request, and formats it.
    fn read(text: &str) -> Result<String, String> {
        parse(text.as_bytes(), &OneFile).map(|request| {
            let mut shown = request.file.to_string();
            shown.push_str(if request.invalidate { " invalidate" } else { "" });
            shown.push_str(if request.cached { " cached" } else { "" });
            shown
        })
    }

    #[test]
    fn a_request_has_a_file_and_arguments() {
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
    fn a_malformed_request_is_refused() {
        let table = [
            ("", "not RESOURCE/FILENAME"),
            ("\n", "not RESOURCE/FILENAME"),
            (" a/one.conf", "not RESOURCE/FILENAME"),
            ("a.one.conf", "not RESOURCE/FILENAME"),
            ("a/b/one.conf", "not RESOURCE/FILENAME"),
            ("a/one.conf\na/one.conf", "more than one line"),
            ("a/one.conf\r", "\"a/one.conf\\r\" is not a namespace: "),
            ("a/one.conf\tcached", "\"a/one.conf\\tcached\" is not a namespace: "),
            ("a/two.conf", "unknown"),
            ("../passwd", "\"../passwd\" is not a namespace: "),
            ("a.one/conf", "\"a.one/conf\" is not a namespace: "),
            ("/", "\"/\" is not a namespace: "),
        ];
        for (text, expected) in table {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
        assert_eq!(parse(b"a/one.conf \xff", &OneFile), Err("not UTF-8".to_owned()));
    }

    #[test]
    fn a_whole_request_needs_no_line_end() {
        let whole = |text: &str| is_whole(text.as_bytes(), &OneFile);
        for text in ["a/one.conf", "a/one.conf ", "a/one.conf invalidate cached"] {
            assert!(whole(text), "{text:?}");
        }
        for text in ["a/one.con", "a/one.conf cach", "a/one.conf foo", "a/one.conf.d", "", "a"] {
            assert!(!whole(text), "{text:?}");
        }
    }
}
