//! Parts of a text that share it.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use bstr::ByteSlice;

/// A part of a text. A document of a million options has two for each, so it is 16 bytes long, and making one allocates
/// nothing.
#[derive(Clone)]
pub(crate) struct Part {
    text: Arc<Vec<u8>>,
    start: u32,
    length: u32,
}

impl Part {
    /// Creates a part of this text. Bytes that are not in it get a text of their own.
    pub(crate) fn of(text: &Arc<Vec<u8>>, part: &[u8]) -> Part {
        Part::within(text, part).unwrap_or_else(|| {
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            Part { text: Arc::new(part.to_vec()), start: 0, length }
        })
    }

    fn within(text: &Arc<Vec<u8>>, part: &[u8]) -> Option<Part> {
        let start = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
        if text.get(start..start.checked_add(part.len())?)?.as_ptr() != part.as_ptr() {
            return None;
        }
        let (start, length) = (u32::try_from(start).ok()?, u32::try_from(part.len()).ok()?);
        Some(Part { text: Arc::clone(text), start, length })
    }
}

impl Deref for Part {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let start = self.start as usize;
        self.text.get(start..start + self.length as usize).unwrap_or_default()
    }
}

impl From<&[u8]> for Part {
    fn from(bytes: &[u8]) -> Part {
        Part::of(&Arc::default(), bytes)
    }
}

impl PartialEq for Part {
    fn eq(&self, other: &Part) -> bool {
        **self == **other
    }
}

impl Eq for Part {}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_bstr(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_shares_its_text_if_it_is_in_it() {
        let text = Arc::new(b"key = value".to_vec());
        let part = Part::of(&text, &text[6..]);
        assert_eq!((&*part, Arc::ptr_eq(&part.text, &text)), (&b"value"[..], true));
        let part = Part::of(&text, b"value");
        assert_eq!((&*part, Arc::ptr_eq(&part.text, &text)), (&b"value"[..], false));
        assert_eq!(&*Part::of(&text, &text[11..]), b"");
        assert_eq!(&*Part::from(&b"x"[..]), b"x");
        assert_eq!(size_of::<Part>(), 16);
    }
}
