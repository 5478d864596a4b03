//! Keys and values that are parts of a text, and share it.

use std::fmt;
use std::sync::Arc;

use bstr::{BStr, ByteSlice};

/// The key and the value of an option. A document of a million options has one for each, so it is 24 bytes long, and
/// making one allocates nothing.
#[derive(Clone)]
pub(crate) struct Assignment {
    text: Arc<Vec<u8>>,
    key_start: u32,
    value_start: u32,
    value_length: u32,
    key_length: u16,
    /// Whether it is written with `=>`.
    pub(crate) is_arrow: bool,
    /// Whether it was copied from another section.
    pub(crate) is_inherited: bool,
}

impl Assignment {
    /// Creates an assignment of parts of this text. Bytes that are not in it get a text of their own. A key is a part of a
    /// line, so it is never too long.
    pub(crate) fn of(text: &Arc<Vec<u8>>, key: &[u8], value: &[u8], is_arrow: bool) -> Assignment {
        let starts = start(text, key).zip(start(text, value));
        let (text, (key_start, value_start)) = match starts {
            Some(starts) => (Arc::clone(text), starts),
            None => (Arc::new([key, value].concat()), (0, length(key))),
        };
        let key_length = u16::try_from(key.len()).unwrap_or(u16::MAX);
        let value_length = length(value);
        Assignment { text, key_start, value_start, value_length, key_length, is_arrow, is_inherited: false }
    }

    pub(crate) fn key(&self) -> &BStr {
        self.part(self.key_start, self.key_length.into())
    }

    pub(crate) fn value(&self) -> &BStr {
        self.part(self.value_start, self.value_length)
    }

    fn part(&self, start: u32, length: u32) -> &BStr {
        let start = start as usize;
        self.text.get(start..start + length as usize).unwrap_or_default().as_bstr()
    }
}

/// Returns the position of a part in its text.
pub(crate) fn start(text: &[u8], part: &[u8]) -> Option<u32> {
    let start = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    let is_part = text.get(start..start.checked_add(part.len())?)?.as_ptr() == part.as_ptr();
    u32::try_from(start).ok().filter(|_| is_part)
}

fn length(part: &[u8]) -> u32 {
    u32::try_from(part.len()).unwrap_or(u32::MAX)
}

impl PartialEq for Assignment {
    fn eq(&self, other: &Assignment) -> bool {
        let parts = |it: &Assignment| (it.is_arrow, it.is_inherited);
        parts(self) == parts(other) && self.key() == other.key() && self.value() == other.value()
    }
}

impl Eq for Assignment {}

impl fmt::Debug for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Assignment { is_arrow, is_inherited, .. } = self;
        write!(
            f,
            "{:?} = {:?} (is_arrow: {is_arrow}, is_inherited: {is_inherited})",
            self.key(),
            self.value()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_shares_the_text_that_its_parts_are_in() {
        let text = Arc::new(b"key = value".to_vec());
        let assignment = Assignment::of(&text, &text[..3], &text[6..], false);
        assert_eq!((assignment.key(), assignment.value()), ("key".into(), "value".into()));
        assert!(Arc::ptr_eq(&assignment.text, &text));
        let other = Assignment::of(&text, b"key", &text[6..], false);
        assert!(!Arc::ptr_eq(&other.text, &text));
        assert_eq!(other, assignment);
        assert_eq!(Assignment::of(&text, &text[..3], &text[11..], false).value(), "");
        assert_eq!(Assignment::of(&Arc::default(), b"k", b"v", true).key(), "k");
        assert_eq!(size_of::<Assignment>(), 24);
    }
}
