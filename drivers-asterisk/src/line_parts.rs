//! Checks of values that are written as one part of a line. Each leaves room for the other parts: it refuses a
//! value that is longer than a fourth of the line that Asterisk reads.

use driver_api::asterisk::syntax::{self, LINE_LIMIT, Place, Refusal};

/// Writes a value beside others, such as a template prints.
pub(crate) fn value(out: &mut String, value: &str) -> Result<(), Refusal> {
    limited(out, value, syntax::value)
}

/// Writes a value that a template prints as an argument of a dialplan application.
pub(crate) fn argument(out: &mut String, value: &str) -> Result<(), Refusal> {
    limited(out, value, syntax::argument)
}

/// Writes an item of a list, which a comma ends.
pub(crate) fn list_item(out: &mut String, item: &str) -> Result<(), Refusal> {
    if item.contains(',') { Err(Refusal::Comma) } else { value(out, item) }
}

/// Writes a text at a place of the syntax if it leaves room for the rest of its line.
pub(crate) fn limited(out: &mut String, text: &str, place: Place) -> Result<(), Refusal> {
    let start = out.len();
    place(out, text)?;
    if out.len() - start <= LINE_LIMIT / 4 {
        return Ok(());
    }
    out.truncate(start);
    Err(Refusal::LongLine)
}
