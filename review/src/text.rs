//! Texts of files in messages.

use std::fmt::{self, Write as _};

use bstr::{BStr, ByteSlice};
use driver_api::secrets;

/// A name or value in a message, without quotes. Control characters are escaped, and bytes that are no UTF-8 are
/// replaced: a message is one line.
pub(crate) struct Shown<'t>(pub(crate) &'t BStr);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                write!(f, "{}", c.escape_default())?;
            } else {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

/// Returns the value of an option for a message, in quotes; a mask if the option is a secret.
pub(crate) fn shown_value(key: &BStr, value: &BStr) -> String {
    let is_secret = secrets::is_secret(&key.to_str_lossy());
    if is_secret { format!("\"{}\"", secrets::MASK) } else { format!("\"{}\"", Shown(value)) }
}

/// Returns an object for a message: `endpoint gk3p`.
pub(crate) fn object(kind: &str, name: &BStr) -> String {
    format!("{kind} {}", Shown(name))
}

/// Returns the name that is most similar to a word, if one is similar at all.
pub(crate) fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let similar = names.into_iter().map(|name| (strsim::jaro_winkler(name, word), name));
    let nearest = similar.max_by(|(a, _), (b, _)| a.total_cmp(b));
    nearest.filter(|(similarity, _)| *similarity > SIMILAR).map(|(_, name)| name)
}

/// Returns the name that a word seems to be misspelled from, if only a letter or two of it differ. The case does not
/// count.
pub(crate) fn misspelled<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let most = match word.len() {
        ..=3 => return None,
        4..=7 => 1,
        8..=LONGEST_NAME => 2,
        _ => return None,
    };
    let word = word.to_ascii_lowercase();
    let similar = names.into_iter().filter(|name| name.len().abs_diff(word.len()) <= most);
    let distances = similar.map(|name| (strsim::osa_distance(&name.to_ascii_lowercase(), &word), name));
    distances.filter(|(distance, _)| *distance <= most).min().map(|(_, name)| name)
}

/// The length of the longest name that is compared letter by letter.
const LONGEST_NAME: usize = 79;

/// The similarity of names that people may mistake for each other, from 0 to 1.
const SIMILAR: f64 = 0.85;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_word_differs_in_a_letter_or_two() {
        let names = ["Playback", "Wait", "NoOp", "Background"];
        let of = |word| misspelled(word, names);
        assert_eq!(
            [of("playbak"), of("Wiat"), of("NoOpp"), of("Bakgruond")],
            [Some("Playback"), Some("Wait"), Some("NoOp"), Some("Background"),]
        );
        for word in ["Play", "Wat", "Weather", "Foreground", ""] {
            assert_eq!(of(word), None, "{word}");
        }
    }
}
