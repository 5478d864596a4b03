//! Places of a line that only the files of a telephone system have.

use driver_api::asterisk::syntax::{self, LINE_LIMIT, Refusal};

/// A value in a line with others, such as a template prints: no more than a fourth of what a line may have.
pub(crate) fn among_others(out: &mut String, value: &str) -> Result<(), Refusal> {
    let start = out.len();
    syntax::value(out, value)?;
    if out.len() - start > LINE_LIMIT / 4 { Err(Refusal::LongLine) } else { Ok(()) }
}

/// A value that a template prints as an argument of a dialplan application.
pub(crate) fn argument_among_others(out: &mut String, value: &str) -> Result<(), Refusal> {
    syntax::argument(&mut String::new(), value)?;
    among_others(out, value)
}

/// An item of a list, which a comma ends.
pub(crate) fn item_of_list(out: &mut String, item: &str) -> Result<(), Refusal> {
    if item.contains(',') { Err(Refusal::Comma) } else { among_others(out, item) }
}
