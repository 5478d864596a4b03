//! The parts of a line `exten => NAME,PRIORITY(LABEL),APPLICATION(ARGUMENTS)`, as Asterisk's `pbx_config` finds them.

use asterisk_conf::stripped;
use bstr::{BStr, ByteSlice};

use super::has_variable;

/// The number of an extension with the caller number that it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name<'d> {
    /// The number as it is written, without what follows its `/`.
    pub(crate) number: &'d BStr,
    /// The caller number behind the `/`.
    pub(crate) caller: Option<&'d BStr>,
}

/// The priority of a line, before it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position<'d> {
    /// `n`: one more than the last line.
    Next,
    /// `s`: the same as the last line.
    Same,
    Hint,
    Number(i32),
    /// The priority of a line with this label.
    Label(&'d BStr),
}

/// The part of a line behind the name of its extension.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rest<'d> {
    pub(super) position: Position<'d>,
    /// The number behind `+`, which is added to the priority.
    pub(super) plus: i32,
    pub(super) label: Option<&'d BStr>,
    /// The priority as it is written, for messages.
    pub(super) written: &'d BStr,
    pub(super) call: Call<'d>,
}

/// An application with its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Call<'d> {
    pub(super) application: &'d BStr,
    /// The text between the parentheses.
    pub(super) arguments: &'d BStr,
    /// Whether it has parentheses, even if they are empty.
    pub(super) has_parentheses: bool,
    /// Whether the closing parenthesis is missing.
    pub(super) is_open: bool,
    /// The text behind the last closing parenthesis.
    pub(super) behind: &'d BStr,
}

/// A label without its closing parenthesis.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OpenLabel;

/// Splits the value of an `exten` into the name and the rest. The name ends at the first comma that stands neither in
/// brackets nor behind a backslash. Without such a comma, there is no rest.
pub(super) fn split_name(value: &BStr) -> (&BStr, Option<&BStr>) {
    let (mut depth, mut is_escaped) = (0_usize, false);
    for (at, &c) in value.iter().enumerate() {
        match c {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'[' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => return (&value[..at], value.get(at + 1..).map(BStr::new)),
            _ => {}
        }
    }
    (value, None)
}

impl<'d> Name<'d> {
    /// Splits a name at its first `/`.
    pub(super) fn new(name: &'d BStr) -> Name<'d> {
        match split_once(name, b'/') {
            Some((number, caller)) => Name { number, caller: Some(caller) },
            None => Name { number: name, caller: None },
        }
    }
}

impl<'d> Rest<'d> {
    /// Reads what follows the name.
    pub(super) fn read(text: &'d BStr) -> Result<Rest<'d>, OpenLabel> {
        let (written, call) = split_once(text, b',').unwrap_or((text, BStr::new("")));
        let written = stripped(written);
        let (priority, label) = match split_once(written, b'(') {
            Some((priority, label)) => (priority, Some(split_once(label, b')').ok_or(OpenLabel)?.0)),
            None => (written, None),
        };
        let (priority, plus) = match split_once(priority, b'+') {
            Some((priority, plus)) => (priority, leading_number(plus).unwrap_or(0)),
            None => (priority, 0),
        };
        let position = match priority.as_bytes() {
            b"hint" => Position::Hint,
            b"next" | b"n" => Position::Next,
            b"same" | b"s" => Position::Same,
            _ => leading_number(priority).map_or(Position::Label(priority), Position::Number),
        };
        let label = label.filter(|label| !label.is_empty());
        Ok(Rest { position, plus, label, written, call: Call::read(call) })
    }
}

impl<'d> Call<'d> {
    fn read(text: &'d BStr) -> Call<'d> {
        let empty = BStr::new("");
        let Some((application, arguments)) = split_once(text, b'(') else {
            return Call::without_arguments(text);
        };
        // Asterisk takes a text with a variable before the parenthesis as a whole.
        if has_variable(application) {
            return Call::without_arguments(text);
        }
        let (arguments, behind, is_open) = match arguments.iter().rposition(|&c| c == b')') {
            Some(end) => (&arguments[..end], &arguments[end + 1..], false),
            None => (arguments, empty, true),
        };
        let application = skip_blanks(application);
        Call { application, arguments, has_parentheses: true, is_open, behind }
    }

    fn without_arguments(text: &'d BStr) -> Call<'d> {
        let empty = BStr::new("");
        Call {
            application: skip_blanks(text),
            arguments: empty,
            has_parentheses: false,
            is_open: false,
            behind: empty,
        }
    }
}

/// Splits a text at the first of these bytes. It is quicker than a search for a text, for which lines are too short.
pub(super) fn split_once(text: &BStr, separator: u8) -> Option<(&BStr, &BStr)> {
    let at = text.iter().position(|&c| c == separator)?;
    Some((&text[..at], &text[at + 1..]))
}

fn skip_blanks(text: &BStr) -> &BStr {
    let start = text.iter().position(|&c| c > b' ').unwrap_or(text.len());
    &text[start..]
}

/// Returns the number at the beginning of a text, as C's `scanf` reads it: a text behind its digits does not count.
pub(crate) fn leading_number(text: &[u8]) -> Option<i32> {
    let text = text.trim_ascii_start();
    let (is_negative, digits) = match text.split_first()? {
        (b'-', digits) => (true, digits),
        (b'+', digits) => (false, digits),
        _ => (false, text),
    };
    let end = digits.iter().position(|c| !c.is_ascii_digit()).unwrap_or(digits.len());
    let digits = digits.get(..end).filter(|digits| !digits.is_empty())?;
    let add = |number: i32, digit: &u8| number.saturating_mul(10).saturating_add(i32::from(digit - b'0'));
    let number = digits.iter().fold(0, add);
    Some(if is_negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(text: &str) -> Rest<'_> {
        Rest::read(BStr::new(text)).unwrap()
    }

    fn call(text: &str) -> (&str, &str, &str) {
        let call = Call::read(BStr::new(text));
        let [application, arguments, behind] =
            [call.application, call.arguments, call.behind].map(|part| part.to_str().unwrap());
        (application, arguments, behind)
    }

    #[test]
    fn a_name_ends_at_a_comma_outside_brackets() {
        let table = [
            ("1,2,3", ("1", Some("2,3"))),
            ("_[1,2],n", ("_[1,2]", Some("n"))),
            ("_[1,2", ("_[1,2", None)),
            (r"a\,b,1", (r"a\,b", Some("1"))),
            ("1", ("1", None)),
            ("1,", ("1", Some(""))),
        ];
        for (value, (name, rest)) in table {
            assert_eq!(split_name(BStr::new(value)), (BStr::new(name), rest.map(BStr::new)), "{value}");
        }
    }

    #[test]
    fn a_priority_has_many_spellings() {
        let table = [
            ("1", Position::Number(1), 0, None),
            (" 1x ", Position::Number(1), 0, None),
            ("-1", Position::Number(-1), 0, None),
            ("99999999999", Position::Number(i32::MAX), 0, None),
            ("n", Position::Next, 0, None),
            ("next(a)", Position::Next, 0, Some("a")),
            ("n+3(a)", Position::Next, 3, Some("a")),
            ("n(a)+3", Position::Next, 0, Some("a")),
            ("s()", Position::Same, 0, None),
            ("hint", Position::Hint, 0, None),
            ("Hint", Position::Label(BStr::new("Hint")), 0, None),
            ("begin+5", Position::Label(BStr::new("begin")), 5, None),
            ("", Position::Label(BStr::new("")), 0, None),
        ];
        for (text, position, plus, label) in table {
            let rest = rest(text);
            assert_eq!((rest.position, rest.plus), (position, plus), "{text}");
            assert_eq!(rest.label, label.map(BStr::new), "{text}");
        }
        assert_eq!(Rest::read(BStr::new("n(a,NoOp()")), Err(OpenLabel));
    }

    #[test]
    fn arguments_end_at_the_last_parenthesis() {
        assert_eq!(call("NoOp"), ("NoOp", "", ""));
        assert_eq!(call(" NoOp( a (b) ) x"), ("NoOp", " a (b) ", " x"));
        assert_eq!(call("NoOp(a"), ("NoOp", "a", ""));
        assert_eq!(call("DAHDI/${G(x)}"), ("DAHDI/${G(x)}", "", ""));
    }
}
