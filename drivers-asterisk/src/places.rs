//! Places of a line that only the files of a telephone system have.

use driver_api::asterisk::syntax::{self, LINE_LIMIT, Place, Refusal};

/// A value in a line with others, such as a template prints: no more than a fourth of what a line may have.
pub(crate) fn among_others(out: &mut String, value: &str) -> Result<(), Refusal> {
    short(out, value, syntax::value)
}

/// A value that a template prints as an argument of a dialplan application.
pub(crate) fn argument_among_others(out: &mut String, value: &str) -> Result<(), Refusal> {
    short(out, value, syntax::argument)
}

/// An item of a list, which a comma ends.
pub(crate) fn item_of_list(out: &mut String, item: &str) -> Result<(), Refusal> {
    if item.contains(',') { Err(Refusal::Comma) } else { among_others(out, item) }
}

/// A text in such a place that leaves room for others in its line.
pub(crate) fn short(out: &mut String, text: &str, place: Place) -> Result<(), Refusal> {
    let start = out.len();
    place(out, text)?;
    if out.len() - start <= LINE_LIMIT / 4 {
        return Ok(());
    }
    out.truncate(start);
    Err(Refusal::LongLine)
}
