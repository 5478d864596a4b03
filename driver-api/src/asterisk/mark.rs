//! The mark of the end of a file.

use std::borrow::Cow;

use asterisk_conf::end_mark;

use crate::Namespace;

/// Returns whether Asterisk reads a file as a configuration: as sections with options.
///
/// ```
/// let is_configuration = |file: &str| driver_api::asterisk::is_configuration(&file.parse().unwrap());
/// assert!(is_configuration("asterisk/pjsip.conf"));
/// assert!(!is_configuration("wazo/uuid.yml"));
/// ```
pub fn is_configuration(file: &Namespace) -> bool {
    file.resource() == "asterisk" && file.filename().strip_suffix(".conf").is_some()
}

/// Returns the mark of the end of a file; none if Asterisk does not read the file as a configuration.
fn mark_of(file: &Namespace) -> Option<String> {
    is_configuration(file).then(|| end_mark(file.filename()))
}

/// Returns a text with the [mark of its end](end_mark) behind it. A file that Asterisk does not read as a configuration
/// has no mark.
///
/// ```
/// let file = "asterisk/pjsip.conf".parse().unwrap();
/// let marked = driver_api::asterisk::with_end_mark(&file, "[a]\n");
/// assert_eq!(marked, "[a]\n[confgend-pjsip-end](!)\n");
/// assert_eq!(driver_api::asterisk::without_end_mark(&file, &marked), "[a]\n");
/// ```
pub fn with_end_mark<'t>(file: &Namespace, text: &'t str) -> Cow<'t, str> {
    let Some(mark) = mark_of(file) else { return Cow::Borrowed(text) };
    let line_end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    Cow::Owned(format!("{text}{line_end}{mark}"))
}

/// Returns a text without the mark of its end, if it has one.
pub fn without_end_mark<'t>(file: &Namespace, text: &'t str) -> &'t str {
    mark_of(file).and_then(|mark| text.strip_suffix(mark.as_str())).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_of_asterisk_has_a_mark() {
        for (file, text, mark) in [
            ("asterisk/rtp.conf", "", "[confgend-rtp-end](!)\n"),
            ("asterisk/rtp.conf", "; no line end", "\n[confgend-rtp-end](!)\n"),
            ("asterisk/x.yml", "a: 1\n", ""),
            ("wazo/uuid.yml", "a: 1\n", ""),
            ("dird/views.conf", "a\n", ""),
        ] {
            let file = file.parse().unwrap();
            assert_eq!(with_end_mark(&file, text), format!("{text}{mark}"));
            let unmarked = without_end_mark(&file, text);
            assert_eq!(unmarked, text);
            assert_eq!(without_end_mark(&file, &with_end_mark(&file, text)).trim_end(), text.trim_end());
        }
    }
}
