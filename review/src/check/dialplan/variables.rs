//! Variables, functions and expressions in the arguments of an application.

use std::collections::HashSet;

use asterisk_conf::{Section, stripped};
use bstr::{BStr, ByteSlice};

use super::super::Findings;
use super::super::applications::unknown_function;
use super::{Checked, extension_name};
use crate::Rule;
use crate::dialplan::{
    Context, Dialplan, Extension, Priority, assignments, bare_operands, expressions, function_set,
    functions_read, open_variable,
};
use crate::rule::rules;
use crate::text::Shown;

rules! {
    OPEN = "dialplan-variable-open", Warning, "Asterisk warns, and replaces the variable up to the end.";
    FUNCTION = "dialplan-function-unknown", Warning,
        "Asterisk reports an error and takes an empty value, unless a module that is not its own has the function.";
    OPERAND = "dialplan-operand-unquoted", Note,
        "If the variable is empty, Asterisk can't read the expression and takes it for false; quotes help.";
}

/// The variables that Asterisk always sets. Others whose names end in `STATUS` are the results of applications.
const ALWAYS_SET: &[&str] = &[
    "ARGC",
    "CHANNEL",
    "CONTEXT",
    "EPOCH",
    "EXTEN",
    "HANGUPCAUSE",
    "PRIORITY",
    "TIMESTAMP",
    "DATETIME",
    "UNIQUEID",
];

pub(super) fn check(
    checked: &Checked<'_, '_>,
    context: &Context<'_>,
    extension: &Extension<'_>,
    priority: &Priority<'_>,
    findings: &mut Findings<'_>,
) {
    let assignments = assignments(priority.application, priority.arguments);
    if assignments.is_empty() && !priority.arguments.contains(&b'$') {
        return;
    }
    let mut report = |rule: &'static Rule, message: String| {
        let object = format!("extension {}", extension_name(extension.name, context.name));
        findings.add(rule, checked.at(priority.location), object, message);
    };
    if let Some(start) = open_variable(priority.arguments) {
        let end = if start == "${" { "}" } else { "]" };
        report(&OPEN, format!("the arguments have a \"{start}\" without its \"{end}\""));
    }
    for unknown in functions_read(priority.arguments).filter_map(unknown_function) {
        report(&FUNCTION, format!("{unknown}: its value is empty"));
    }
    let set = assignments.iter().filter_map(|assignment| function_set(assignment));
    for unknown in set.filter_map(unknown_function) {
        report(&FUNCTION, format!("{unknown}: nothing is set"));
    }
    let operands = expressions(priority.arguments).flat_map(bare_operands);
    for operand in operands.filter(|name| may_be_empty(checked, name)) {
        let operand = Shown(operand);
        let message = format!(
            "if ${{{operand}}} is empty, the expression is wrong, and false: it needs quotes on both sides"
        );
        report(&OPERAND, message);
    }
}

/// Returns the variables that a line of the dialplan sets to a text, in whatever extension: a call may come from there.
pub(super) fn set_anywhere<'d>(dialplan: &Dialplan<'d>, globals: Option<&'d Section>) -> HashSet<&'d BStr> {
    let extensions = dialplan.contexts.iter().flat_map(|context| &context.extensions);
    let priorities = extensions.flat_map(|extension| &extension.priorities);
    let assignments = priorities.flat_map(|priority| assignments(priority.application, priority.arguments));
    let pairs = assignments.filter_map(|assignment| assignment.split_once_str("="));
    let globals = globals.into_iter().flat_map(Section::options).map(|option| (option.key(), option.value()));
    let is_text =
        |value: &[u8]| value.starts_with(b"$[") || value.first().is_some_and(u8::is_ascii_alphanumeric);
    let pairs = pairs.map(|(name, value)| (BStr::new(name), BStr::new(value))).chain(globals);
    // Underscores before a name only say which channels get the variable, too.
    let name = |name: &'d BStr| BStr::new(stripped(name).trim_start_with(|c| c == '_'));
    pairs.filter(|(_, value)| is_text(value)).map(|(set, _)| name(set)).collect()
}

/// Returns whether a variable may be empty: neither Asterisk nor the dialplan sets it to a text.
fn may_be_empty(checked: &Checked<'_, '_>, name: &BStr) -> bool {
    let is_known = ALWAYS_SET.iter().any(|known| name == *known) || name.ends_with(b"STATUS");
    !is_known && !checked.variables.contains(BStr::new(name.trim_start_with(|c| c == '_')))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::dialplan;

    #[test]
    fn a_variable_without_its_end() {
        assert_eq!(
            dialplan("[a]\nexten => 1,1,NoOp(${X)\nsame => n,NoOp($[1 + ${X}])\n"),
            [
                "2: warning: extension 1@a: the arguments have a \"${\" without its \"}\" [dialplan-variable-open]"
            ]
        );
    }

    #[test]
    fn a_function_that_is_misspelled() {
        assert_eq!(
            dialplan(
                "[a]\nexten => 1,1,NoOp(x${CALERID(num)}${LEN(${X})})\nsame => n,Set(TIMEOT(absolute)=${MY_OWN(1)})\n\
                same => n,MSet(A=1,SHARED(x)=2,CHANEL(x)=1)\nsame => n,Set(A=CALERID(num))\n"
            ),
            [
                "2: warning: extension 1@a: Asterisk 22 has no function \"CALERID\" (did you mean CALLERID?): its \
                value is empty [dialplan-function-unknown]",
                "3: warning: extension 1@a: Asterisk 22 has no function \"TIMEOT\" (did you mean TIMEOUT?): nothing \
                is set [dialplan-function-unknown]",
                "4: warning: extension 1@a: Asterisk 22 has no function \"CHANEL\" (did you mean CHANNEL?): nothing \
                is set [dialplan-function-unknown]",
            ]
        );
    }

    #[test]
    fn an_operand_that_may_be_empty_without_quotes() {
        let note = "2: note: extension 1@a: if ${X} is empty, the expression is wrong, and false: it needs quotes on both \
            sides [dialplan-operand-unquoted]";
        let of = |expression: &str| dialplan(&format!("[a]\nexten => 1,1,NoOp({expression})\n"));
        for expression in ["$[${X} = 1]", "$[1=${X}]", "$[(${X} > 1) | 0]", "$[${X} != ${EXTEN}]"] {
            assert_eq!(of(expression), [note], "{expression}");
        }
        for expression in [
            "$[\"${X}\" = \"1\"]",
            "$[0${X} = 1]",
            "$[${X}${Y} = 1]",
            "$[x${X} = x1]",
            "$[${EXTEN} = 1]",
            "$[${DIALSTATUS} = BUSY]",
            "$[${LEN(${X})} > 0]",
            "$[${X}]",
            "${X} = 1",
            "$[${X:1} + 1]",
        ] {
            assert_eq!(of(expression), [""; 0], "{expression}");
        }
        for known in
            ["[a]\nexten => s,1,Set(_X=1)\n", "[globals]\nX = 1\n", "[a]\nexten => s,1,MSet(A=,X=$[1 + 1])\n"]
        {
            assert_eq!(
                dialplan(&format!("{known}[b]\nexten => 1,1,NoOp($[${{X}} = 1])\n")),
                [""; 0],
                "{known}"
            );
        }
    }
}
