//! Checks of values that are written as one part of a line of the dialplan, beside other values and the text of
//! `contexts.conf` or of a template.

use driver_api::asterisk::syntax::{self, Refusal};

use crate::line_parts;

/// Writes an extension. The lines that follow its first belong to it, so that one has to fit.
pub(super) fn extension(out: &mut String, extension: &str) -> Result<(), Refusal> {
    line_parts::limited(out, extension, syntax::extension)
}

/// Writes a device, whose state a hint shows beside that of others.
pub(super) fn device(out: &mut String, device: &str) -> Result<(), Refusal> {
    line_parts::limited(out, device, syntax::device)
}

/// Writes the name of a context that another one includes. Asterisk evaluates it, and takes the text behind a
/// comma for the times of the inclusion.
pub(super) fn included_context(out: &mut String, name: &str) -> Result<(), Refusal> {
    if name.contains(',') {
        return Err(Refusal::Comma);
    }
    syntax::not_evaluated(name)?;
    syntax::value(out, name)
}

/// Writes the call of a dialplan application, which is one argument with commas and variables of its own.
pub(super) fn application_call(out: &mut String, call: &str) -> Result<(), Refusal> {
    syntax::balanced(call)?;
    line_parts::value(out, call)
}

#[cfg(test)]
mod tests {
    use driver_api::asterisk::syntax::LINE_LIMIT;

    use super::*;

    #[test]
    fn a_value_leaves_room_for_others_in_its_line() {
        let fits = ";".repeat(LINE_LIMIT / 8);
        for place in [extension, device] {
            let mut out = "x".to_owned();
            assert_eq!(place(&mut out, &(fits.clone() + ";")), Err(Refusal::LongLine));
            assert_eq!(out, "x");
            assert_eq!(place(&mut out, &fits), Ok(()));
            assert_eq!(out.len(), 1 + 2 * fits.len());
        }
    }

    #[test]
    fn an_included_context_is_a_name_and_nothing_else() {
        for (name, written) in [
            ("", Ok("")),
            ("a b(", Ok("a b(")),
            ("a;b", Ok("a\\;b")),
            ("a,9:00-17:00", Err(Refusal::Comma)),
            ("${SHELL(id)}", Err(Refusal::Expression)),
            ("$[1+1]", Err(Refusal::Expression)),
        ] {
            let mut out = String::new();
            assert_eq!(included_context(&mut out, name).map(|()| &*out), written, "{name}");
        }
    }
}
