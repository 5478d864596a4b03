//! The names of extensions, and how Asterisk compares them.

use std::borrow::Cow;

use bstr::BStr;

/// The identity of an extension: its number without `-` and blanks, and the caller number behind the `/`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key<'d> {
    number: Cow<'d, [u8]>,
    caller: Option<Cow<'d, [u8]>>,
}

impl<'d> Key<'d> {
    /// Returns the key of an extension for calls.
    pub(crate) fn of_extension(number: &'d [u8], caller: Option<&'d BStr>) -> Key<'d> {
        Key { number: identity(number), caller: caller.map(|caller| caller_identity(caller)) }
    }

    /// Returns the key of a hint. There, a `-` counts.
    pub(crate) fn of_hint(number: &'d [u8], caller: Option<&'d BStr>) -> Key<'d> {
        Key { number: without(number, |c| c == b' '), caller: caller.map(|caller| caller_identity(caller)) }
    }
}

/// Returns the number of an extension as Asterisk compares it: with neither `-` nor blanks.
pub(crate) fn identity(number: &[u8]) -> Cow<'_, [u8]> {
    without(number, |c| matches!(c, b'-' | b' '))
}

/// Returns a caller number as Asterisk compares it.
fn caller_identity(caller: &[u8]) -> Cow<'_, [u8]> {
    if caller.iter().any(|c| matches!(c, b' ' | b'(' | b')' | b'-' | b'.')) {
        return caller.iter().copied().filter(|c| !matches!(c, b' ' | b'(' | b')' | b'-' | b'.')).collect();
    }
    Cow::Borrowed(caller)
}

/// Returns a number without these bytes. They count between the brackets of a pattern.
fn without(number: &[u8], is_left_out: impl Fn(u8) -> bool) -> Cow<'_, [u8]> {
    if !number.iter().any(|&c| is_left_out(c)) {
        return Cow::Borrowed(number);
    }
    let is_pattern = number.first() == Some(&b'_');
    let mut in_brackets = false;
    let counts = |c: &u8| {
        match c {
            b'[' => in_brackets = is_pattern,
            b']' => in_brackets = false,
            _ => {}
        }
        in_brackets || !is_left_out(*c)
    };
    Cow::Owned(number.iter().copied().filter(counts).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_and_blanks_do_not_count() {
        for name in ["a-b", "a b", "ab", "- a - b"] {
            assert_eq!(identity(name.as_bytes()).as_ref(), b"ab");
        }
        assert_eq!(identity(b"_1-[2-4]-5").as_ref(), b"_1[2-4]5");
        assert_eq!(identity(b"1-[2-4]").as_ref(), b"1[24]");
        assert_ne!(Key::of_hint(b"a-b", None), Key::of_hint(b"ab", None));
        assert_eq!(Key::of_hint(b"a b", None), Key::of_hint(b"ab", None));
    }

    #[test]
    fn a_caller_number_is_part_of_the_key() {
        let key = |caller: &'static str| Key::of_extension(b"1", Some(BStr::new(caller)));
        assert_eq!(key("(55) 1-2"), key("5512"));
        assert_ne!(key("5512"), Key::of_extension(b"1", None));
    }
}
