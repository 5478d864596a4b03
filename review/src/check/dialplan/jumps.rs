//! Jumps to a place that the dialplan does not have.

use bstr::BStr;

use super::super::Findings;
use super::{Checked, extension_name, missing};
use crate::Rule;
use crate::dialplan::{
    Absent, Context, Extension, Jump, Priority, Target, branches, has_variable, leading_number,
};
use crate::rule::rules;

rules! {
    GOTO = "dialplan-goto-missing", Error, "The call ends with a warning, or goes to the extension i.";
    GOSUB = "dialplan-gosub-missing", Error, "The call ends with an error.";
}

/// An application that continues elsewhere.
struct Application {
    name: &'static str,
    /// Whether the targets are the branches behind a condition.
    has_condition: bool,
    /// Whether arguments in parentheses follow the target.
    has_arguments: bool,
    rule: &'static Rule,
}

const APPLICATIONS: &[Application] = &[
    Application { name: "Goto", has_condition: false, has_arguments: false, rule: &GOTO },
    Application { name: "GotoIf", has_condition: true, has_arguments: false, rule: &GOTO },
    Application { name: "GotoIfTime", has_condition: true, has_arguments: false, rule: &GOTO },
    Application { name: "Gosub", has_condition: false, has_arguments: true, rule: &GOSUB },
    Application { name: "GosubIf", has_condition: true, has_arguments: true, rule: &GOSUB },
];

pub(super) fn check(
    checked: &Checked<'_, '_>,
    context: &Context<'_>,
    extension: &Extension<'_>,
    priority: &Priority<'_>,
    findings: &mut Findings<'_>,
) {
    let application = APPLICATIONS
        .iter()
        .find(|application| priority.application.eq_ignore_ascii_case(application.name.as_bytes()));
    let Some(application) = application else { return };
    let mut check_target = |target: &BStr| {
        let jump =
            if application.has_arguments { Jump::read_without_arguments(target) } else { Jump::read(target) };
        if let Some(message) = jump.and_then(|jump| absent(checked, context, extension, jump)) {
            let object = format!("extension {}", extension_name(extension.name, context.name));
            let message = format!("{message}: the call ends");
            findings.add(application.rule, checked.at(priority.location), object, message);
        }
    };
    if application.has_condition {
        branches(priority.arguments).for_each(check_target);
    } else {
        check_target(priority.arguments);
    }
}

/// Says what is absent of a target, as far as it is known.
fn absent(
    checked: &Checked<'_, '_>,
    context: &Context<'_>,
    extension: &Extension<'_>,
    jump: Jump<'_>,
) -> Option<String> {
    let Jump { context: given, extension: number, priority } = jump;
    if given.is_some_and(|name| has_variable(name)) {
        return None;
    }
    let name = given.unwrap_or(context.name);
    let number = number.unwrap_or(extension.name.number);
    if has_variable(number) {
        let is_absent = checked.lookup.lacks_context(name);
        return is_absent.then(|| missing(Absent::Context, name, number, Target::Any));
    }
    let target = target(priority)?;
    let found = match given {
        Some(name) => checked.lookup.extension(name, number, target),
        None => checked.lookup.extension_around(name, number, target),
    };
    found.err().map(|absent| missing(absent, name, number, target))
}

/// Returns the priority of a jump; `None` for one that counts from the current priority.
fn target(priority: &BStr) -> Option<Target<'_>> {
    if has_variable(priority) {
        return Some(Target::Any);
    }
    match priority.first()? {
        b'+' | b'-' => None,
        b'0'..=b'9' => leading_number(priority).map(Target::Number),
        _ => Some(Target::Label(priority)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{dialplan, found_in, whole_dialplan};

    /// Returns the findings of an extension with this application, beside others.
    fn of(application: &str) -> Vec<String> {
        whole_dialplan(&format!(
            "[a]\nexten => 4,1,{application}\nexten => 5,1(here),NoOp()\nexten => _6X,1,NoOp()\n"
        ))
    }

    #[test]
    fn a_subroutine_that_is_missing() {
        assert_eq!(
            of("Gosub(nope,s,1)"),
            ["2: error: extension 4@a: there is no context \"nope\": the call ends [dialplan-gosub-missing]"]
        );
        assert_eq!(
            of("GoSub(a,7,1(x,y))"),
            ["2: error: extension 4@a: there is no extension \"7\" in the context \"a\": the call ends \
            [dialplan-gosub-missing]"]
        );
        assert_eq!(
            of("GosubIf($[1 > 0]?a,5,1(x:y):a,5,2)"),
            ["2: error: extension 4@a: 5@a has no priority 2: the call ends [dialplan-gosub-missing]"]
        );
        // An administrator may define the context.
        assert_eq!(dialplan("[a]\nexten => 4,1,Gosub(nope,s,1)\n"), [""; 0]);
    }

    #[test]
    fn a_goto_whose_target_is_missing() {
        let finding = |message: &str| {
            vec![format!("2: error: extension 4@a: {message}: the call ends [dialplan-goto-missing]")]
        };
        assert_eq!(of("Goto(7,1)"), finding("there is no extension \"7\" in the context \"a\""));
        assert_eq!(of("Goto(5,there)"), finding("5@a has no label \"there\""));
        assert_eq!(of("Goto(3)"), finding("4@a has no priority 3"));
        assert_eq!(of("GotoIf($[\"${X:1}\" = \"?\"]?x:5,here)"), finding("4@a has no label \"x\""));
        assert_eq!(of("GotoIfTime(09:00-17:00,*,*,*?b,5,1)"), finding("there is no context \"b\""));
        assert_eq!(of("Goto(b,${EXTEN},1)"), finding("there is no context \"b\""));
    }

    #[test]
    fn a_jump_whose_target_is_there_or_not_known() {
        let table = [
            "Goto(5,1)",
            "Goto(5,here)",
            "Goto(a,5,here)",
            "Goto(a,,1)",
            "Goto(61,1)",
            "Goto(1)",
            "Goto(+5)",
            "Goto(${X},1)",
            "Goto(7${X},1)",
            "Goto(5,${X})",
            "Goto(${X},9,9)",
            "GotoIf($[${X}]?:5,1)",
            "GotoIf(${X})",
            "Gosub(5,here(a,b))",
            "Goto()",
            "Goto",
        ];
        for application in table {
            assert_eq!(of(application), [""; 0], "{application}");
        }
    }

    #[test]
    fn a_context_that_is_not_whole_is_not_reported() {
        let jump = "exten => 4,1,Goto(7,1)\nexten => 5,1,Gosub(a,7,1)\n";
        assert_eq!(dialplan(&format!("[a]\n{jump}")).len(), 2);
        assert_eq!(dialplan(&format!("[a]\ninclude => elsewhere\n{jump}")), [""; 0]);
        assert_eq!(whole_dialplan(&format!("[a]\nswitch => Realtime/x\n{jump}")), [""; 0]);
        // The call may run in a context that includes this one.
        let included = "[b]\ninclude => a\nexten => 7,1,NoOp()\n[a]\nexten => 4,1,Goto(7,1)\n";
        assert_eq!(whole_dialplan(included), [""; 0]);
    }

    #[test]
    fn nothing_is_missing_in_a_dialplan_that_is_not_known() {
        let text = "[a]\nexten => 4,1,Goto(nope,7,1)\nexten => 5,1,Goto(8,1)\n";
        assert_eq!(whole_dialplan(text).len(), 2);
        let client = "#exec wazo-confgen asterisk/extensions.conf\n";
        for line in ["#exec /usr/bin/other", "#include \"missing.conf\"", "[open"] {
            let folder = [("extensions.conf", &*format!("{client}{line}\n"))];
            let findings = found_in(&folder, &[("extensions.conf", text)]);
            assert!(!findings.iter().any(|finding| finding.contains("goto")), "{line}: {findings:?}");
        }
    }
}
