//! The arguments of an application, as far as they are known before a call.

use std::borrow::Cow;

use asterisk_conf::stripped;
use bstr::{BStr, ByteSlice};

/// Returns whether Asterisk replaces a part of the text at run time, so that its value is not known.
pub(crate) fn has_variable(text: &[u8]) -> bool {
    text.windows(2).any(|pair| matches!(pair, b"${" | b"$["))
}

/// Returns the beginning of a variable or expression that has no end.
pub(crate) fn open_variable(text: &[u8]) -> Option<&'static str> {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&c| c == b'$') {
        let (start, [open, close]) = match rest.get(at + 1) {
            Some(b'{') => ("${", [b'{', b'}']),
            Some(b'[') => ("$[", [b'[', b']']),
            _ => {
                rest = rest.get(at + 1..)?;
                continue;
            }
        };
        rest = rest.get(at + 2..)?;
        let mut depth = 1_usize;
        let end = rest.iter().position(|&c| {
            depth = if c == open { depth + 1 } else { depth - usize::from(c == close) };
            depth == 0
        });
        let Some(end) = end else { return Some(start) };
        rest = rest.get(end + 1..)?;
    }
    None
}

/// Splits a text at each `delimiter` that stands outside quotes, parentheses, brackets and variables. A backslash
/// protects the character behind it.
pub(crate) fn split(text: &BStr, delimiter: u8) -> impl Iterator<Item = &BStr> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (part, behind) = match end_of_part(text, delimiter) {
            Some(end) => (&text[..end], text.get(end + 1..).map(BStr::new)),
            None => (text, None),
        };
        rest = behind;
        Some(part.as_bstr())
    })
}

/// Returns where the first part of a text ends, if a delimiter follows.
fn end_of_part(text: &[u8], delimiter: u8) -> Option<usize> {
    let mut depth = Depth::default();
    let mut is_escaped = false;
    for (at, &c) in text.iter().enumerate() {
        if is_escaped {
            is_escaped = false;
        } else if c == b'\\' {
            is_escaped = true;
        } else if c == delimiter && depth == Depth::default() {
            return Some(at);
        } else {
            depth.pass(c);
        }
    }
    None
}

/// The brackets and quotes that are open at a place of the arguments.
#[derive(Default, PartialEq, Eq)]
struct Depth {
    parentheses: usize,
    brackets: usize,
    braces: usize,
    in_quotes: bool,
}

impl Depth {
    fn pass(&mut self, c: u8) {
        match c {
            b'(' => self.parentheses += 1,
            b')' => self.parentheses = self.parentheses.saturating_sub(1),
            b'[' => self.brackets += 1,
            b']' => self.brackets = self.brackets.saturating_sub(1),
            b'{' => self.braces += 1,
            b'}' => self.braces = self.braces.saturating_sub(1),
            b'"' => self.in_quotes = !self.in_quotes,
            _ => {}
        }
    }
}

/// Returns an argument as an application gets it: without quotes, and without a backslash before a character.
pub(crate) fn unquoted(argument: &BStr) -> Cow<'_, BStr> {
    if !argument.contains(&b'"') && !argument.contains(&b'\\') {
        return Cow::Borrowed(argument);
    }
    let mut is_escaped = false;
    let is_kept = |&c: &u8| {
        let is_kept = is_escaped || !matches!(c, b'"' | b'\\');
        is_escaped = !is_escaped && c == b'\\';
        is_kept
    };
    let text: Vec<u8> = argument.iter().copied().filter(is_kept).collect();
    Cow::Owned(text.into())
}

/// Where an application continues: `[[context,]extension,]priority`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Jump<'a> {
    /// The context, unless it is the one of the call.
    pub(crate) context: Option<&'a BStr>,
    /// The extension, unless it is the one of the call.
    pub(crate) extension: Option<&'a BStr>,
    /// A number or a label.
    pub(crate) priority: &'a BStr,
}

impl<'a> Jump<'a> {
    /// Reads the target of a jump. An empty text is none.
    pub(crate) fn read(text: &'a BStr) -> Option<Jump<'a>> {
        let mut parts = split(text, b',').map(|part| stripped(part));
        let given = |part: &&BStr| !part.is_empty();
        let jump = match (parts.next()?, parts.next(), parts.next()) {
            (priority, None, _) => Jump { context: None, extension: None, priority },
            (extension, Some(priority), None) => {
                Jump { context: None, extension: Some(extension).filter(given), priority }
            }
            (context, Some(extension), Some(priority)) => Jump {
                context: Some(context).filter(given),
                extension: Some(extension).filter(given),
                priority,
            },
        };
        Some(jump).filter(|jump| !jump.priority.is_empty())
    }

    /// Reads the target of a `Gosub`, without its arguments in parentheses.
    pub(crate) fn read_without_arguments(text: &'a BStr) -> Option<Jump<'a>> {
        Jump::read(text[..arguments_start(text)].as_bstr())
    }
}

/// Returns where the first parenthesis outside variables stands, or the end.
fn arguments_start(text: &[u8]) -> usize {
    let mut depth = Depth::default();
    for (at, &c) in text.iter().enumerate() {
        if c == b'(' && depth.braces == 0 && depth.brackets == 0 {
            return at;
        }
        depth.pass(c);
    }
    text.len()
}

/// Returns the branches of `condition?first:second`.
pub(crate) fn branches(text: &BStr) -> impl Iterator<Item = &BStr> {
    let branches = split(text, b'?').nth(1);
    branches.into_iter().flat_map(|branches| split(branches, b':').take(2))
}

/// Returns the name and the arguments of an application that another one calls: `NAME(ARGUMENTS)` or `NAME`. A name with
/// a variable, or a text that is cut, is none.
pub(crate) fn call_in(text: &BStr) -> Option<(&BStr, &BStr)> {
    let text = stripped(text);
    let (name, arguments) = match text.split_once_str("(") {
        Some((name, rest)) => (stripped(name), rest.strip_suffix(b")")?),
        None => (text, b"".as_slice()),
    };
    let is_name = !name.is_empty() && name.iter().all(|&c| c.is_ascii_alphanumeric() || c == b'_');
    is_name.then_some((name, arguments.as_bstr()))
}

/// Returns the extension and the context that a device `Local/extension@context/options` calls.
pub(crate) fn local_channel(device: &BStr) -> Option<(&BStr, &BStr)> {
    let (prefix, target) = device.split_at_checked(LOCAL.len())?;
    let target = target.split_str("/").next().filter(|_| prefix.eq_ignore_ascii_case(LOCAL))?;
    let (number, context) = target.split_once_str("@").unwrap_or((target, b"default"));
    Some((number.as_bstr(), context.as_bstr()))
}

const LOCAL: &[u8] = b"Local/";

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str, delimiter: u8) -> Vec<&str> {
        split(BStr::new(text), delimiter).map(|part| part.to_str().unwrap()).collect()
    }

    #[test]
    fn arguments_are_split_outside_quotes_and_brackets() {
        assert_eq!(
            parts("a,b(c,d),\"e,f\",[g,h],${i,j},k\\,l,", b','),
            ["a", "b(c,d)", "\"e,f\"", "[g,h]", "${i,j}", "k\\,l", ""]
        );
        assert_eq!(parts("", b','), [""]);
        assert_eq!(unquoted(BStr::new(r#"a"b\"\\c"#)).as_ref(), r#"ab"\c"#);
    }

    #[test]
    fn a_variable_has_an_end() {
        for text in ["", "$", "${A}$[1]", "${A${B}}", "$[${A} + [1]]", "$$${A}", "${A[}", "$x${"] {
            assert_eq!(open_variable(text.as_bytes()), text.ends_with("${").then_some("${"), "{text}");
        }
        assert_eq!(open_variable(b"a${B${C}"), Some("${"));
        assert_eq!(open_variable(b"$[1 + ${C}"), Some("$["));
    }

    #[test]
    fn a_jump_has_up_to_three_parts() {
        let jump = |text: &'static str| {
            Jump::read_without_arguments(BStr::new(text)).map(|jump| {
                let text = |part: &'static BStr| part.to_str().unwrap();
                (jump.context.map(text), jump.extension.map(text), text(jump.priority))
            })
        };
        assert_eq!(jump("a"), Some((None, None, "a")));
        assert_eq!(jump("s,1(x,y)"), Some((None, Some("s"), "1")));
        assert_eq!(jump(" c , ,1,2"), Some((Some("c"), None, "1")));
        assert_eq!(jump("c,${F(a,b)},1(${X})"), Some((Some("c"), Some("${F(a,b)}"), "1")));
        assert_eq!(jump(""), None);
        assert_eq!(jump("(x)"), None);
    }

    #[test]
    fn a_local_channel_calls_an_extension() {
        let channel = |device: &'static str| {
            let text = |part: &'static BStr| part.to_str().unwrap();
            local_channel(BStr::new(device)).map(|(number, context)| (text(number), text(context)))
        };
        assert_eq!(channel("Local/5@c/n"), Some(("5", "c")));
        assert_eq!(channel("local/5"), Some(("5", "default")));
        assert_eq!(channel("PJSIP/5@c"), None);
        assert_eq!(channel("Loc"), None);
    }

    #[test]
    fn an_application_may_call_another_one() {
        let call = |text: &'static str| {
            let words = |part: &'static BStr| part.to_str().unwrap();
            call_in(BStr::new(text)).map(|(name, arguments)| (words(name), words(arguments)))
        };
        assert_eq!(call(" Set(A=f(x)) "), Some(("Set", "A=f(x)")));
        assert_eq!(call("NoOp"), Some(("NoOp", "")));
        assert_eq!([call("${A}(x)"), call("A(x"), call("")], [None; 3]);
    }

    #[test]
    fn a_condition_has_two_branches() {
        let table: [(&str, &[&str]); 5] = [
            ("$[\"${A:1}\" = \"?\"]?a:b,1", &["a", "b,1"]),
            ("1?:b", &["", "b"]),
            ("1?a", &["a"]),
            ("1?c,s,1(x:y):d", &["c,s,1(x:y)", "d"]),
            ("1", &[]),
        ];
        for (text, expected) in table {
            let found: Vec<&BStr> = branches(BStr::new(text)).collect();
            assert_eq!(found, expected.iter().map(|text| BStr::new(*text)).collect::<Vec<_>>(), "{text}");
        }
    }
}
