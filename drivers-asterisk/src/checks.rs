//! Places of a line that only the files of a telephone system have.

use driver_api::asterisk::syntax::{self, LINE_LIMIT, Refusal};

/// A value that a template prints, in a line with other values and text of the template.
pub(crate) fn in_template(out: &mut String, value: &str) -> Result<(), Refusal> {
    let start = out.len();
    syntax::value(out, value)?;
    if out.len() - start > LINE_LIMIT / 4 { Err(Refusal::LongLine) } else { Ok(()) }
}

/// A value that a template prints as an argument of a dialplan application.
pub(crate) fn argument_in_template(out: &mut String, value: &str) -> Result<(), Refusal> {
    syntax::argument(&mut String::new(), value)?;
    in_template(out, value)
}
