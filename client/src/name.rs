//! The name of a file in a request.

/// The old names of files, each before the name of today, by which the service keeps its copy.
const OLD_NAMES: [[(&str, &str); 2]; 2] =
    [[("dird-phoned", "config.yml"), ("phoned", "config.yml")], [("xivo", "uuid.yml"), ("wazo", "uuid.yml")]];

/// A name like `asterisk/pjsip.conf`, both parts of which are safe in a path. A file that had another name until 2019 has
/// the name of today.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Name<'r> {
    pub(crate) resource: &'r str,
    pub(crate) filename: &'r str,
}

impl<'r> Name<'r> {
    /// Finds the name at the start of a request; words may follow it. Returns none for a text that is no name of a
    /// file, or not safe in a path.
    pub(crate) fn of(request: &'r str) -> Option<Name<'r>> {
        let line = request.trim_end_matches('\n');
        let (resource, filename) = line.split(' ').next()?.split_once('/')?;
        let is_safe = is_safe(resource) && is_safe(filename) && !line.contains('\n');
        let old = OLD_NAMES.iter().find(|[old, _]| *old == (resource, filename));
        let (resource, filename) = old.map_or((resource, filename), |[_, today]| *today);
        is_safe.then_some(Name { resource, filename })
    }

    /// Returns the name of the section that marks the end of a file of Asterisk.
    pub(crate) fn end_mark(self) -> Option<String> {
        let stem = self.filename.strip_suffix(".conf").filter(|stem| !stem.is_empty())?;
        (self.resource == "asterisk").then(|| format!("confgend-{stem}-end"))
    }
}

/// Returns whether a request has this word behind the name.
pub(crate) fn has_word(request: &str, word: &str) -> bool {
    request.trim_end_matches('\n').split(' ').skip(1).any(|it| it == word)
}

/// Returns whether a part of a name is safe in a path: no `.` in front, no `/`, nothing unusual.
fn is_safe(part: &str) -> bool {
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    part.bytes().all(is_usual) && part.starts_with(|first: char| first != '.' && first != '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(request: &str) -> Option<String> {
        Name::of(request).map(|name| format!("{} {}", name.resource, name.filename))
    }

    #[test]
    fn words_may_follow_the_name() {
        for request in
            ["a/b.conf", "a/b.conf cached", "a/b.conf  cached invalidate", "a/b.conf\n", "a/b.conf cached\n"]
        {
            assert_eq!(name(request).as_deref(), Some("a b.conf"), "{request:?}");
        }
        assert!(has_word("a/b invalidate", "invalidate"));
        assert!(has_word("a/b  cached invalidate\n", "invalidate"));
        assert!(!has_word("invalidate", "invalidate"));
        assert!(!has_word("a/b invalidated", "invalidate"));
    }

    #[test]
    fn a_request_by_an_old_name_has_the_name_of_today() {
        for (request, today) in [
            ("xivo/uuid.yml", "wazo uuid.yml"),
            ("dird-phoned/config.yml cached\n", "phoned config.yml"),
            ("xivo/other.yml", "xivo other.yml"),
        ] {
            assert_eq!(name(request).as_deref(), Some(today));
        }
    }

    #[test]
    fn unsafe_names_are_none() {
        for request in [
            "",
            "a",
            "/",
            "a/",
            "/b",
            " a/b",
            "a/b/c",
            "../b",
            "a/..",
            "a/.b",
            ".a/b",
            "a/-b",
            "-a/b",
            "a/é",
            "a/b\r",
            "a\n/b",
            "a/b\nc/d",
            "a/b cached\nc/d",
            "a/b\0",
            "a\\/b",
            "a/b\tcached",
            "//b",
        ] {
            assert_eq!(name(request), None, "{request:?}");
        }
        assert_eq!(name("A_0/_-.b").as_deref(), Some("A_0 _-.b"));
    }

    #[test]
    fn only_files_of_asterisk_have_an_end_mark() {
        let mark = |request| Name::of(request).and_then(Name::end_mark);
        assert_eq!(mark("asterisk/pjsip.conf cached").as_deref(), Some("confgend-pjsip-end"));
        assert_eq!(mark("asterisk/extensions.conf").as_deref(), Some("confgend-extensions-end"));
        for other in ["wazo/uuid.yml", "asterisk/pjsip.yml", "provd/x.conf", "asterisk/.conf"] {
            assert_eq!(mark(other), None, "{other}");
        }
    }
}
