//! The limits of a template: an operator's mistake must not stop the service, or take all its memory.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};

use super::python;

/// The number of steps after which a template is stopped. One that is shipped takes about 40 for each row.
pub(super) const MAX_STEPS: u64 = 5_000_000;

/// The number of steps for all templates of a file. An IVR whose own template is stopped does not end the file.
pub(super) const MAX_STEPS_OF_FILE: u64 = 10 * MAX_STEPS;

/// The maximum size of the text of a template in bytes, and of all values that it prints.
pub(super) const MAX_BYTES: usize = 64 << 20;

/// The maximum number of items in a list that a filter makes.
pub(super) const MAX_ITEMS: usize = 1_000_000;

/// The maximum depth of templates that include each other, of macros and of loops. The stack of a thread has room for
/// more.
pub(super) const MAX_DEPTH: usize = 100;

/// The size of all values that a template has printed. It may print into a variable, so the size of its text does not
/// limit it.
#[derive(Clone, Default)]
pub(super) struct Printed(Arc<AtomicUsize>);

impl Printed {
    pub(super) fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn add(&self, bytes: usize) -> Result<(), Error> {
        let before = self.0.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > MAX_BYTES { Err(too_large()) } else { Ok(()) }
    }

    /// Returns the text of a value. A list may stand for more text than there is memory.
    pub(super) fn text_of<'v>(&self, value: &'v Value) -> Result<Cow<'v, str>, Error> {
        if let Some(text) = value.as_str() {
            self.add(text.len())?;
            return Ok(text.into());
        }
        if !is_printable(value, MAX_DEPTH, &mut { MAX_ITEMS }) {
            return Err(too_large());
        }
        let left = MAX_BYTES.saturating_sub(self.0.load(Ordering::Relaxed));
        let mut text = Bounded { text: String::new(), left };
        python::write_str(&mut text, value).map_err(|_| too_large())?;
        self.add(text.text.len())?;
        Ok(text.text.into())
    }

    /// Makes the next value fail: the error of a writer would hide the line of the template.
    fn fail(&self) {
        self.0.store(MAX_BYTES + 1, Ordering::Relaxed);
    }
}

/// Counts the items of a list with lists in it: `MiniJinja` goes through all of them, even after the text has ended.
fn is_printable(value: &Value, depth: usize, items: &mut usize) -> bool {
    let is_mapping = value.kind() == ValueKind::Map;
    // A value without a length can be read only once.
    if value.len().is_none() || !(is_mapping || matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable))
    {
        return true;
    }
    value.try_iter().into_iter().flatten().all(|item| {
        *items = items.saturating_sub(1);
        let inner = if is_mapping { value.get_item(&item).unwrap_or_default() } else { item };
        *items > 0 && depth > 0 && is_printable(&inner, depth - 1, items)
    })
}

/// A text that ends with an error at its limit.
struct Bounded {
    text: String,
    left: usize,
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.left = self.left.checked_sub(text.len()).ok_or(fmt::Error)?;
        self.text.push_str(text);
        Ok(())
    }
}

/// The text of a template, up to [`MAX_BYTES`].
pub(super) struct Text<'p> {
    bytes: Vec<u8>,
    printed: &'p Printed,
}

impl<'p> Text<'p> {
    pub(super) fn new(printed: &'p Printed) -> Text<'p> {
        Text { bytes: Vec::new(), printed }
    }

    pub(super) fn finish(self) -> Result<String, Error> {
        self.printed.add(0)?;
        String::from_utf8(self.bytes).map_err(|_| Error::from(ErrorKind::WriteFailure))
    }
}

impl io::Write for &mut Text<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > MAX_BYTES - self.bytes.len() {
            self.printed.fail();
        } else {
            self.bytes.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn too_large() -> Error {
    let message =
        format!("the text has more than {} MiB: look for a loop that goes too far", MAX_BYTES >> 20);
    Error::new(ErrorKind::InvalidOperation, message)
}

pub(super) fn stopped() -> String {
    let steps = MAX_STEPS / 1_000_000;
    format!("stopped after {steps} million steps: look for loops inside each other, or over long ranges")
}
