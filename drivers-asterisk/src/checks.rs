//! Whether a value of a row can stand in its place, so that Asterisk reads it back.

use std::fmt::Display;

use driver_api::asterisk::syntax::{self, LINE_LIMIT, Refusal};
use driver_api::{Session, Warning};

/// Appends a text as it is written in its place, or says why it can't be: one of
/// `driver_api::asterisk::syntax`.
pub(crate) type Place = fn(&mut String, &str) -> Result<(), Refusal>;

/// Whether these values of a row, each with its column, can stand in such a place. If one can't, this notes
/// that the row is left out.
pub(crate) fn keeps_row(
    session: &mut Session<'_>,
    table: &str,
    key: impl Display,
    place: Place,
    values: &[(&str, &str)],
) -> bool {
    keeps(session, table, key, place, values, "the row is left out")
}

/// The same where the row stays and only what is made of these values is left out.
pub(crate) fn keeps(
    session: &mut Session<'_>,
    table: &str,
    key: impl Display,
    place: Place,
    values: &[(&str, &str)],
    consequence: &str,
) -> bool {
    let refused = values.iter().find_map(|&(column, value)| Some((column, refusal(place, value)?)));
    if let Some((column, refusal)) = refused {
        let message = format!("{refusal}; {consequence}");
        session.warn(Warning::new(table, message).row(key).column(column));
    }
    refused.is_none()
}

/// Why this value can't stand in this place.
pub(crate) fn refusal(place: Place, value: &str) -> Option<Refusal> {
    place(&mut String::new(), value).err()
}

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
