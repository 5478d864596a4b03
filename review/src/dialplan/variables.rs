//! Functions and expressions in the arguments of an application.

use asterisk_conf::stripped;
use bstr::{BStr, ByteSlice};

use super::split;

/// The most expressions of one line that are read. Each may contain the next.
const MOST_EXPRESSIONS: usize = 64;

/// Returns the names of the functions whose values a text has, as `${NAME(…)}`.
pub(crate) fn functions_read(text: &BStr) -> impl Iterator<Item = &BStr> {
    text.find_iter("${").filter_map(|at| function(text.get(at + 2..)?))
}

/// Returns the name of the function that an assignment sets, as `NAME(…)=…`.
pub(crate) fn function_set(assignment: &BStr) -> Option<&BStr> {
    let (target, _) = assignment.split_once_str("=")?;
    function(stripped(target))
}

/// Returns the name of a function at the start of a text, which its arguments follow.
fn function(text: &[u8]) -> Option<&BStr> {
    let end = text.iter().position(|&c| !is_in_name(c))?;
    let (name, behind) = text.split_at(end);
    (!name.is_empty() && behind.starts_with(b"(")).then_some(name.as_bstr())
}

fn is_in_name(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_'
}

/// Returns the texts of all expressions, `$[…]`, also of those in others.
pub(crate) fn expressions(text: &BStr) -> impl Iterator<Item = &BStr> {
    let starts = text.find_iter("$[").take(MOST_EXPRESSIONS);
    starts
        .filter_map(|at| Some(text.get(at + 2..at + 2 + end(text.get(at + 2..)?, [b'[', b']'])?)?.as_bstr()))
}

/// Returns where the bracket ends that is open before a text.
fn end(text: &[u8], [open, close]: [u8; 2]) -> Option<usize> {
    let mut depth = 1_usize;
    text.iter().position(|&c| {
        depth = if c == open { depth + 1 } else { depth - usize::from(c == close) };
        depth == 0
    })
}

/// Returns the variables that an expression compares as they are: without quotes, and without a text beside them. If one
/// is empty, the operator lacks an operand.
pub(crate) fn bare_operands(expression: &BStr) -> Vec<&BStr> {
    let (mut at, mut in_quotes, mut operands) = (0, false, Vec::new());
    while let Some(rest) = expression.get(at..).filter(|rest| !rest.is_empty()) {
        at += match rest {
            [b'$', b'{', inside @ ..] => {
                let Some(length) = end(inside, [b'{', b'}']) else { break };
                let (name, behind) = inside.split_at(length);
                let before = expression.get(..at).unwrap_or_default();
                let is_plain = !name.is_empty() && name.iter().all(|&c| is_in_name(c));
                if !in_quotes && is_plain && is_compared(before, behind.get(1..).unwrap_or_default()) {
                    operands.push(name.as_bstr());
                }
                length + 3
            }
            [b'$', b'[', inside @ ..] => match end(inside, [b'[', b']']) {
                Some(length) => length + 3,
                None => break,
            },
            [b'\\', ..] => 2,
            [c, ..] => {
                in_quotes ^= *c == b'"';
                1
            }
            [] => break,
        };
    }
    operands
}

/// Returns whether an operand between two texts is one of a comparison, and nothing else.
fn is_compared(before: &[u8], behind: &[u8]) -> bool {
    let (before, behind) = (stripped(before), stripped(behind));
    let is_after = before.ends_with_str("=") || before.ends_with_str("<") || before.ends_with_str(">");
    let is_first = before.is_empty() || before.last().is_some_and(|c| b"(&|".contains(c));
    let is_before = ["=", "!=", "<", ">"].iter().any(|operator| behind.starts_with_str(operator));
    let is_last = behind.is_empty() || behind.first().is_some_and(|c| b")&|".contains(c));
    (is_after && (is_last || is_before)) || (is_first && is_before)
}

/// Returns the assignments of `Set`, or of `MSet`, which has several.
pub(crate) fn assignments<'a>(application: &BStr, arguments: &'a BStr) -> Vec<&'a BStr> {
    if application.eq_ignore_ascii_case(b"Set") {
        vec![arguments]
    } else if application.eq_ignore_ascii_case(b"MSet") {
        split(arguments, b',').collect()
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_followed_by_their_arguments() {
        let read: Vec<_> = functions_read(BStr::new("${A}${B(${C_1(x)})}${(}${D} (x)${E")).collect();
        assert_eq!(read, ["B", "C_1"]);
        let set = |text| function_set(BStr::new(text));
        assert_eq!([set("A(x)=1").unwrap(), set(" B(y,z) =").unwrap()], ["A", "B"]);
        assert_eq!([set("A=1"), set("A(x)"), set("")], [None; 3]);
    }

    #[test]
    fn expressions_may_contain_others() {
        let found: Vec<_> = expressions(BStr::new("a$[1 + $[2]]b$[3$[")).collect();
        assert_eq!(found, ["1 + $[2]", "2"]);
        assert_eq!(expressions(BStr::new(&"$[".repeat(4000))).count(), 0);
    }

    #[test]
    fn operands_are_bare_between_operators_alone() {
        let of = |text: &'static str| bare_operands(BStr::new(text));
        assert_eq!(of("${A} = ${B} & (${C} != 1)"), ["A", "B", "C"]);
        assert_eq!(of("$[${A} = 1] = ${B}"), ["B"]);
        for text in
            ["\"${A}\" = 1", "x${A} = 1", "${A}x = 1", "${A} + 1", "${A}", "${A = 1", "${F(x)} = 1", "\\"]
        {
            assert_eq!(of(text), [""; 0], "{text}");
        }
    }
}
