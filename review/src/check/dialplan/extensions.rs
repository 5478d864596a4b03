//! Extensions that no call reaches, or that end too early.

use bstr::ByteSlice;

use super::super::Findings;
use super::{Checked, extension_name};
use crate::Rule;
use crate::dialplan::{
    Context, Extension, Fault, Key, Priority, branches, fault, has_variable, is_pattern, numbers,
};
use crate::rule::rules;

rules! {
    FIRST_MISSING = "dialplan-first-missing", Error, "Asterisk dials an extension only if it has a priority 1.";
    GAP = "dialplan-priority-gap", Error, "The call ends behind the priority that no other one follows.";
    PATTERN_INVALID = "dialplan-pattern-invalid", Error, "The pattern matches other numbers than it seems, or none.";
    PATTERN_BROAD = "dialplan-pattern-broad", Warning, "The pattern also matches h, i, s and t; _X. matches numbers only.";
    PATTERN_HIDDEN = "dialplan-pattern-hidden", Warning, "Asterisk prefers extensions without a pattern.";
}

/// Applications behind which a call does not go on.
const LAST: &[&str] = &["Goto", "Hangup", "Return", "Congestion", "Busy"];

/// Applications that jump to one of two branches.
const CONDITIONAL: &[&str] = &["GotoIf", "GotoIfTime"];

/// The most numbers of a pattern that are compared with other extensions.
const MOST_NUMBERS: usize = 64;

pub(super) fn check(checked: &Checked<'_, '_>, findings: &mut Findings<'_>) {
    for context in &checked.lookup.dialplan().contexts {
        for extension in &context.extensions {
            let object = || format!("extension {}", extension_name(extension.name, context.name));
            if let Some((rule, message)) = pattern_problem(context, extension) {
                findings.add(rule, checked.at(extension.location), object(), message);
            }
            check_priorities(checked, context, extension, findings);
        }
    }
}

fn pattern_problem(
    context: &Context<'_>,
    extension: &Extension<'_>,
) -> Option<(&'static Rule, &'static str)> {
    let number = extension.name.number;
    if matches!(number.as_bytes(), b"_." | b"_!") {
        return Some((&PATTERN_BROAD, "the pattern also matches the special extensions h, i, s and t"));
    }
    if !is_pattern(number) || has_variable(number) {
        return None;
    }
    match fault(number) {
        Some(Fault::OpenBracket) => {
            Some((&PATTERN_INVALID, "the pattern has a \"[\" without its \"]\": no number matches it"))
        }
        Some(Fault::NoCharacter) => {
            Some((&PATTERN_INVALID, "brackets of the pattern are empty: Asterisk ignores them"))
        }
        Some(Fault::EmptyRange) => Some((
            &PATTERN_INVALID,
            "a range of the pattern ends before its first character: no character is in it",
        )),
        None if is_hidden(context, extension) => Some((
            &PATTERN_HIDDEN,
            "each number that matches the pattern is an extension of its own: Asterisk never uses the pattern",
        )),
        None => None,
    }
}

/// Returns whether each number that matches a pattern has an extension with the same priorities.
///
/// Among patterns, Asterisk tries the one first that has fewer characters at the first place in which they differ. So a
/// pattern that is tried first never has all numbers of another one.
fn is_hidden(context: &Context<'_>, pattern: &Extension<'_>) -> bool {
    let hides = |number: &Vec<u8>| {
        let exact = context.extension(&Key::of_extension(number, None));
        let has = |priority: i32| exact.is_some_and(|exact| exact.priority(priority).is_some());
        pattern.priorities.iter().all(|priority| has(priority.number))
    };
    let numbers = numbers(pattern.name.number, MOST_NUMBERS).filter(|_| pattern.name.caller.is_none());
    numbers.is_some_and(|numbers| !numbers.is_empty() && numbers.iter().all(hides))
}

fn check_priorities(
    checked: &Checked<'_, '_>,
    context: &Context<'_>,
    extension: &Extension<'_>,
    findings: &mut Findings<'_>,
) {
    let number = extension.name.number;
    if has_variable(number) {
        return;
    }
    let is_elsewhere = |priority: i32| checked.lookup.supplies(context.name, number, priority);
    let object = || format!("extension {}", extension_name(extension.name, context.name));
    if let Some(first) = extension.priorities.first().filter(|first| first.number != 1)
        && !is_elsewhere(1)
    {
        let message =
            format!("the first priority is {}, and there is no priority 1: nobody can dial it", first.number);
        findings.add(&FIRST_MISSING, checked.at(first.location), object(), message);
    }
    for pair in extension.priorities.windows(2) {
        let [last, next] = pair else { continue };
        let follows = last.number.saturating_add(1);
        if follows == next.number || is_last(last) || is_elsewhere(follows) {
            continue;
        }
        let message = format!("priority {} follows {}: the call ends before it", next.number, last.number);
        findings.add(&GAP, checked.at(next.location), object(), message);
    }
}

/// Returns whether a call does not go on behind a priority: it ends or jumps in any case.
fn is_last(priority: &Priority<'_>) -> bool {
    let is_one_of =
        |names: &[&str]| names.iter().any(|name| priority.application.eq_ignore_ascii_case(name.as_bytes()));
    let jumps = || branches(priority.arguments).filter(|branch| !branch.is_empty()).count();
    is_one_of(LAST) || (is_one_of(CONDITIONAL) && jumps() == 2)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::dialplan;

    #[test]
    fn an_extension_without_priority_1() {
        assert_eq!(
            dialplan("[a]\nexten => 1,1,NoOp()\nexten => 2,n,NoOp()\n"),
            [
                "3: error: extension 2@a: the first priority is 2, and there is no priority 1: nobody can dial it \
            [dialplan-first-missing]"
            ]
        );
        // Another extension has the priority for the same calls.
        assert_eq!(
            dialplan("[a]\ninclude => b\nexten => 12,2,NoOp()\n[b]\nexten => _1X,1,NoOp()\n"),
            [""; 0]
        );
        assert_eq!(dialplan("[a]\nexten => _1X,2,NoOp()\nexten => _X.,1,NoOp()\n"), [""; 0]);
        assert_eq!(
            dialplan("[a]\nexten => _1X,2,NoOp()\nexten => _2.,1,NoOp()\n"),
            [
                "2: error: extension _1X@a: the first priority is 2, and there is no priority 1: nobody can dial it \
            [dialplan-first-missing]"
            ]
        );
    }

    #[test]
    fn a_gap_between_priorities() {
        assert_eq!(
            dialplan("[a]\nexten => 1,1,NoOp()\nexten => 1,3,NoOp()\n"),
            [
                "3: error: extension 1@a: priority 3 follows 1: the call ends before it [dialplan-priority-gap]"
            ]
        );
        for jump in ["Goto(10)", "GotoIf(${X}?10:11)", "Hangup()"] {
            let text = format!("[a]\nexten => 1,1,{jump}\nexten => 1,10,NoOp()\nsame => n,NoOp()\n");
            assert_eq!(dialplan(&text), [""; 0], "{jump}");
        }
    }

    #[test]
    fn a_pattern_that_is_wrong() {
        let table = [
            ("_[3-1]", "a range of the pattern ends before its first character: no character is in it"),
            ("_1[]", "brackets of the pattern are empty: Asterisk ignores them"),
        ];
        for (pattern, message) in table {
            assert_eq!(
                dialplan(&format!("[a]\nexten => {pattern},1,NoOp()\n")),
                [format!("2: error: extension {pattern}@a: {message} [dialplan-pattern-invalid]")]
            );
        }
        assert_eq!(dialplan("[a]\nexten => _[1-3]XX[*#],1,NoOp()\n"), [""; 0]);
    }

    #[test]
    fn a_pattern_for_everything() {
        assert_eq!(
            dialplan("[a]\nexten => _.,1,NoOp()\nexten => _X.,1,NoOp()\n"),
            ["2: warning: extension _.@a: the pattern also matches the special extensions h, i, s and t \
            [dialplan-pattern-broad]"]
        );
    }

    #[test]
    fn a_pattern_that_is_never_used() {
        assert_eq!(
            dialplan("[a]\nexten => _1[23],1,NoOp()\nexten => 12,1,NoOp()\nexten => 1-3,1,NoOp()\n"),
            [
                "2: warning: extension _1[23]@a: each number that matches the pattern is an extension of its own: \
            Asterisk never uses the pattern [dialplan-pattern-hidden]"
            ]
        );
        assert_eq!(dialplan("[a]\nexten => _1[23],1,NoOp()\nexten => 12,1,NoOp()\n"), [""; 0]);
        let longer = "[a]\nexten => _1,1,NoOp()\nsame => n,NoOp()\nexten => 1,1,NoOp()\n";
        assert_eq!(dialplan(longer), [""; 0]);
    }
}
