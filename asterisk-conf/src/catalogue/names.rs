//! The names of Asterisk's applications and functions.

use std::sync::LazyLock;

use super::compare;

static APPLICATIONS: LazyLock<Names> = LazyLock::new(|| Names::parse(include_str!("applications.txt")));
static FUNCTIONS: LazyLock<Names> = LazyLock::new(|| Names::parse(include_str!("functions.txt")));

/// The names of things that dialplans call.
#[derive(Debug)]
pub struct Names {
    /// The names in the order of [`compare`].
    sorted: Vec<&'static str>,
}

impl Names {
    /// Reads a text with a name on each line. Lines that begin with `#` are comments.
    fn parse(text: &'static str) -> Names {
        let is_name = |line: &&str| !line.is_empty() && !line.starts_with('#');
        let mut sorted: Vec<&str> = text.lines().filter(is_name).collect();
        sorted.sort_by(|a, b| compare(a, b));
        Names { sorted }
    }

    /// Returns whether a name is one of these, without regard to case.
    pub fn has(&self, name: &str) -> bool {
        self.sorted.binary_search_by(|known| compare(known, name)).is_ok()
    }

    /// Returns the names, sorted without regard to case.
    pub fn iter(&self) -> impl Iterator<Item = &'static str> {
        self.sorted.iter().copied()
    }
}

/// Returns the applications that modules of Asterisk 22 have. They are written down from its documentation.
///
/// ```
/// use asterisk_conf::catalogue;
///
/// assert!(catalogue::applications().has("GoSub"));
/// assert!(!catalogue::applications().has("Macro"));
/// ```
pub fn applications() -> &'static Names {
    &APPLICATIONS
}

/// Returns the functions that modules of Asterisk 22 have. They are written down from its documentation.
pub fn functions() -> &'static Names {
    &FUNCTIONS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_and_there_once() {
        for names in [applications(), functions()] {
            let is_word = |name: &str| name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_');
            assert!(names.iter().all(is_word));
            assert!(names.sorted.is_sorted_by(|a, b| compare(a, b).is_lt()));
            assert!(names.sorted.len() > 150);
        }
    }

    #[test]
    fn a_name_is_found_in_any_case() {
        assert!(applications().has("voicemail") && !applications().has("Voice"));
        assert!(functions().has("CALLERID") && functions().has("Len") && !functions().has("LENGTH"));
    }
}
