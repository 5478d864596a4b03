//! Lines that Asterisk skips, or reads in another way than it seems.

use super::super::Findings;
use super::{Checked, extension_name};
use crate::Rule;
use crate::dialplan::{Problem, ProblemKind};
use crate::rule::rules;
use crate::text::{Shown, object};

rules! {
    KEY_UNKNOWN = "dialplan-key-unknown", Error, "Asterisk skips the line with a warning.";
    LINE_SKIPPED = "dialplan-line-skipped", Error, "Asterisk skips the line; the call ends or goes on elsewhere.";
    NAME_OPEN = "dialplan-name-open", Error, "A bracket that is not closed swallows the line, which Asterisk skips.";
    PARENTHESIS_OPEN = "dialplan-parenthesis-open", Error, "Asterisk takes the rest of the line for arguments.";
    TEXT_LOST = "dialplan-text-lost", Warning, "Asterisk drops the text behind the last parenthesis without a message.";
    PRIORITY_TWICE = "dialplan-priority-twice", Error, "Asterisk uses the first line and skips the others.";
    LABEL_TWICE = "dialplan-label-twice", Error, "Jumps to the label reach the first line that has it.";
    HINT_TWICE = "dialplan-hint-twice", Error, "Asterisk uses the first hint and skips the others.";
    HINT_CUT = "dialplan-hint-cut", Error, "Asterisk cuts a hint at its first parenthesis.";
    INCLUDE_TWICE = "dialplan-include-twice", Warning, "Asterisk compares includes without case, and skips the second.";
}

pub(super) fn check(checked: &Checked<'_, '_>, findings: &mut Findings<'_>) {
    for problem in &checked.lookup.dialplan().problems {
        let (rule, message) = explain(checked, problem);
        let object = match (problem.extension, problem.kind) {
            (None, _) | (_, ProblemKind::OpenName) => object("context", problem.context),
            (Some(name), ProblemKind::HintTwice(_) | ProblemKind::CutHint(_)) => {
                format!("hint {}", extension_name(name, problem.context))
            }
            (Some(name), _) => format!("extension {}", extension_name(name, problem.context)),
        };
        findings.add(rule, checked.at(problem.location), object, message);
    }
}

fn explain(checked: &Checked<'_, '_>, problem: &Problem<'_>) -> (&'static Rule, String) {
    let line = |first| checked.line(first, problem.location);
    let skipped = "Asterisk skips the line";
    match problem.kind {
        ProblemKind::UnknownKey(key) => {
            (&KEY_UNKNOWN, format!("a context has no option \"{}\": {skipped}", Shown(key)))
        }
        ProblemKind::OpenName => {
            (&NAME_OPEN, format!("the number of the extension has a \"[\" without its \"]\": {skipped}"))
        }
        ProblemKind::OpenParenthesis(application) => {
            let message = "has no closing parenthesis: Asterisk takes the rest of the line for its arguments";
            (&PARENTHESIS_OPEN, format!("{} {message}", Shown(application)))
        }
        ProblemKind::TextBehind(_) => {
            (&TEXT_LOST, "Asterisk drops the text behind the last parenthesis".to_owned())
        }
        ProblemKind::CutHint(device) => {
            (&HINT_CUT, format!("Asterisk cuts the hint at its parenthesis, to \"{}\"", Shown(device)))
        }
        ProblemKind::PriorityTwice(number, first) => {
            let message =
                format!("priority {number} stands in {} already: Asterisk skips this one", line(first));
            (&PRIORITY_TWICE, message)
        }
        ProblemKind::LabelTwice(label, first) => {
            let message =
                format!("the label \"{}\" stands in {} already: jumps go there", Shown(label), line(first));
            (&LABEL_TWICE, message)
        }
        ProblemKind::HintTwice(first) => {
            (&HINT_TWICE, format!("there is a hint in {} already: Asterisk skips this one", line(first)))
        }
        ProblemKind::IncludeTwice(value, first) => {
            let (value, line) = (Shown(value), line(first));
            (&INCLUDE_TWICE, format!("\"{value}\" is included in {line} already: Asterisk skips this line"))
        }
        kind => (&LINE_SKIPPED, format!("{}: {skipped}", reason(kind))),
    }
}

/// Returns why Asterisk skips the line of an extension.
fn reason(kind: ProblemKind<'_>) -> String {
    match kind {
        ProblemKind::SameFirst => "no exten stands before this line in its section".to_owned(),
        ProblemKind::NoPriority => "the line has no priority".to_owned(),
        ProblemKind::BadPriority(priority) => {
            format!("the priority \"{}\" is less than 1", Shown(priority))
        }
        ProblemKind::UnknownLabel(priority) => {
            let message = "is neither a number nor a label above in this extension";
            format!("the priority \"{}\" {message}", Shown(priority))
        }
        ProblemKind::RelativeFirst(priority) => {
            format!("no priority stands before \"{}\" in its section", Shown(priority))
        }
        ProblemKind::NextBehindHint => "a hint stands before \"n\", which counts from priorities".to_owned(),
        ProblemKind::OpenLabel => "the label has no closing parenthesis".to_owned(),
        _ => "the line can't be read".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::dialplan;

    #[test]
    fn the_same_priority_twice() {
        assert_eq!(
            dialplan("[a]\nexten => 1,1,NoOp(a)\nexten => 1,1,NoOp(a)\n"),
            ["3: error: extension 1@a: priority 1 stands in line 2 already: Asterisk skips this one \
            [dialplan-priority-twice]"]
        );
        let sections = "[a]\nexten => 1-0,1,NoOp(a)\n[a]\nexten => 10,1,NoOp(a)\nexten => 10/5,1,NoOp(a)\n";
        assert_eq!(
            dialplan(sections),
            ["4: error: extension 10@a: priority 1 stands in line 2 already: Asterisk skips this one \
            [dialplan-priority-twice]"]
        );
        assert_eq!(dialplan("[a]\nexten => 1,1,NoOp(a)\nsame => n,NoOp(a)\n"), [""; 0]);
    }

    #[test]
    fn the_same_label_twice() {
        assert_eq!(
            dialplan("[a]\nexten => 1,1(x),NoOp(a)\nsame => n(x),NoOp(a)\n"),
            ["3: error: extension 1@a: the label \"x\" stands in line 2 already: jumps go there \
            [dialplan-label-twice]"]
        );
        assert_eq!(dialplan("[a]\nexten => 1,1(x),NoOp(a)\nexten => 2,1(x),NoOp(a)\n"), [""; 0]);
    }

    #[test]
    fn a_line_that_is_skipped() {
        let table = [
            ("same => n,NoOp()", "context a: no exten stands before this line in its section"),
            ("exten => 1", "extension 1@a: the line has no priority"),
            ("exten => 1,0,NoOp()", "extension 1@a: the priority \"0\" is less than 1"),
            (
                "exten => 1,x,NoOp()",
                "extension 1@a: the priority \"x\" is neither a number nor a label above in this extension",
            ),
            ("exten => 1,n,NoOp()", "extension 1@a: no priority stands before \"n\" in its section"),
            ("exten => 1,1(x,NoOp()", "extension 1@a: the label has no closing parenthesis"),
        ];
        for (line, message) in table {
            assert_eq!(
                dialplan(&format!("[a]\n{line}\n")),
                [format!("2: error: {message}: Asterisk skips the line [dialplan-line-skipped]")]
            );
        }
        assert_eq!(
            dialplan("[a]\nexten => 1,hint,Custom:a\nexten => 1,n,NoOp()\n"),
            [
                "3: error: extension 1@a: a hint stands before \"n\", which counts from priorities: Asterisk skips the \
            line [dialplan-line-skipped]"
            ]
        );
        assert_eq!(
            dialplan("[a]\nexten => _[1,1,NoOp()\n"),
            [
                "2: error: context a: the number of the extension has a \"[\" without its \"]\": Asterisk skips the line \
            [dialplan-name-open]"
            ]
        );
        assert_eq!(
            dialplan("[a]\nextend => 1,1,NoOp()\n"),
            [
                "2: error: context a: a context has no option \"extend\": Asterisk skips the line [dialplan-key-unknown]"
            ]
        );
        let sound = "[a]\nignorepat => 9\nswitch => Realtime\nautohints = yes\nexten => 1,1(x),NoOp\nSame => x+1,NoOp()\n";
        assert_eq!(dialplan(sound), [""; 0]);
    }

    #[test]
    fn parentheses_of_an_application() {
        assert_eq!(
            dialplan("[a]\nexten => 1,1,NoOp(a\n"),
            [
                "2: error: extension 1@a: NoOp has no closing parenthesis: Asterisk takes the rest of the line for its \
            arguments [dialplan-parenthesis-open]"
            ]
        );
        assert_eq!(
            dialplan("[a]\nexten => 1,1,NoOp(a)b\n"),
            [
                "2: warning: extension 1@a: Asterisk drops the text behind the last parenthesis [dialplan-text-lost]"
            ]
        );
        assert_eq!(dialplan("[a]\nexten => 1,1,NoOp((a) b) ; c\n"), [""; 0]);
    }

    #[test]
    fn two_hints_of_an_extension_and_one_that_is_cut() {
        assert_eq!(
            dialplan("[a]\nexten => 1,hint,Custom:a\nexten => 1,hint,Custom:b\nexten => 2,hint,Custom:b\n"),
            [
                "3: error: hint 1@a: there is a hint in line 2 already: Asterisk skips this one [dialplan-hint-twice]"
            ]
        );
        assert_eq!(
            dialplan("[a]\nexten => 1,hint,Custom:a(b)\n"),
            [
                "2: error: hint 1@a: Asterisk cuts the hint at its parenthesis, to \"Custom:a\" [dialplan-hint-cut]"
            ]
        );
    }

    #[test]
    fn an_include_twice_in_two_cases() {
        assert_eq!(
            dialplan("[a]\ninclude => d\ninclude => D\ninclude => d,9:00-10:00,*,*,*\n"),
            ["3: warning: context a: \"D\" is included in line 2 already: Asterisk skips this line \
            [dialplan-include-twice]"]
        );
    }
}
