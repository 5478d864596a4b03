//! Fast checks for texts that need no escape, which nearly every text passes.

/// Whether the text has neither a `;` nor a control character below 14, so that the rules of all places allow it.
///
/// Nearly every text is plain and each is checked, so this compares eight bytes at a time, and does not stop early.
pub(super) fn is_plain(text: &str) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // Sets the high bit of each byte that is less than n: the usual arithmetic on bytes in a word.
    let below = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word & HIGH;
    let matters = |bytes: &[u8; 8]| {
        let word = u64::from_le_bytes(*bytes);
        below(word, 14) | below(word ^ (ONES * u64::from(b';')), 1)
    };
    let bytes = text.as_bytes();
    match bytes.last_chunk() {
        // The last eight bytes may be some of those before, too.
        Some(last) => {
            let (words, _) = bytes.as_chunks();
            words.iter().fold(matters(last), |found, word| found | matters(word)) == 0
        }
        None => bytes.iter().all(|&byte| byte >= 14 && byte != b';'),
    }
}

/// Letters, digits, `_` and `-`. Nearly every key has only these.
pub(super) const WORD: u8 = 1;

/// The characters of numbers, devices, names and sounds. No place escapes or refuses them, except [`key`](super::key).
pub(super) const NAME: u8 = 2;

/// The classes of each byte.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        classes[byte as usize] = match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'-' => WORD | NAME,
            b'*' | b'#' | b'+' | b'.' | b'!' | b'/' | b':' | b'@' | b'&' => NAME,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

/// Whether the text is not empty and all its bytes have this class: the usual case, which needs no other check.
pub(super) fn is_all(text: &str, class: u8) -> bool {
    !text.is_empty() && text.bytes().all(|byte| CLASSES[usize::from(byte)] & class != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_text_has_no_semicolon_or_line_break() {
        for length in 0..40 {
            let plain = "é~ \u{e}x".chars().cycle().take(length).collect::<String>();
            assert!(is_plain(&plain), "{plain:?}");
            for byte in ['\0', '\n', '\r', '\t', ';'] {
                for at in plain.char_indices().map(|(at, _)| at).chain([plain.len()]) {
                    let mut text = plain.clone();
                    text.insert(at, byte);
                    assert!(!is_plain(&text), "{text:?}");
                }
            }
        }
    }
}
