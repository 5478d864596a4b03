//! Contexts: what they include, and names that differ in case only.

use std::collections::HashMap;

use bstr::BStr;

use super::super::Findings;
use super::Checked;
use crate::dialplan::{Context, Include, has_variable};
use crate::rule::rules;
use crate::text::{Shown, object};

rules! {
    MISSING = "dialplan-include-missing", Warning, "Calls find nothing in the include.";
    CIRCLE = "dialplan-include-circle", Warning, "Asterisk leaves out an include that it is searching already.";
    CASE = "dialplan-context-case", Warning, "Asterisk compares the names of contexts with case.";
}

pub(super) fn check(checked: &Checked<'_, '_>, findings: &mut Findings<'_>) {
    let mut names: HashMap<Vec<u8>, &Context<'_>> = HashMap::new();
    for context in &checked.lookup.dialplan().contexts {
        for include in context.includes.iter().filter(|include| !has_variable(include.context)) {
            if checked.lookup.lacks_context(include.context) {
                let message =
                    format!("there is no context \"{}\": the include has nothing", Shown(include.context));
                findings.add(
                    &MISSING,
                    checked.at(include.location),
                    object("context", context.name),
                    message,
                );
            }
        }
        if let Some(first) = names.insert(context.name.to_ascii_lowercase(), context) {
            let line = checked.line(first.location, context.location);
            let message =
                format!("the context \"{}\" in {line} is another one for Asterisk", Shown(first.name));
            findings.add(&CASE, checked.at(context.location), object("context", context.name), message);
        }
    }
    for (context, include) in closing_includes(checked) {
        let message = if context.name == include.context {
            "the context includes itself".to_owned()
        } else {
            format!("\"{}\" includes this context, too, directly or through others", Shown(include.context))
        };
        findings.add(&CIRCLE, checked.at(include.location), object("context", context.name), message);
    }
}

/// Returns the includes that close a circle. Each context is visited once.
fn closing_includes<'c, 'd>(checked: &'c Checked<'_, 'd>) -> Vec<(&'c Context<'d>, &'c Include<'d>)> {
    let dialplan = checked.lookup.dialplan();
    // A context is open while its includes are visited.
    let mut is_open: HashMap<&BStr, bool> = HashMap::new();
    let mut closing = Vec::new();
    for start in &dialplan.contexts {
        if is_open.contains_key(start.name) {
            continue;
        }
        is_open.insert(start.name, true);
        let mut path = vec![(start, start.includes.iter())];
        while let Some((context, includes)) = path.last_mut() {
            let context = *context;
            let Some(include) = includes.next() else {
                is_open.insert(context.name, false);
                path.pop();
                continue;
            };
            match is_open.get(include.context) {
                Some(true) => closing.push((context, include)),
                Some(false) => {}
                None => {
                    if let Some(next) = dialplan.context(include.context) {
                        is_open.insert(next.name, true);
                        path.push((next, next.includes.iter()));
                    }
                }
            }
        }
    }
    closing
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{dialplan, found_in, whole_dialplan};

    #[test]
    fn an_include_that_is_missing() {
        let text = "[a]\ninclude => nope\ninclude => b,9:00-17:00,*,*,*\ninclude => ${X}\n[b]\nexten => 1,1,NoOp()\n";
        assert_eq!(
            whole_dialplan(text),
            ["2: warning: context a: there is no context \"nope\": the include has nothing \
            [dialplan-include-missing]"]
        );
        // An administrator may define it.
        assert_eq!(dialplan(text), [""; 0]);
    }

    #[test]
    fn a_context_may_be_written_in_another_language() {
        let findings = |modules: &str| {
            let folder = [
                ("extensions.conf", "[a]\ninclude => nope\n"),
                ("extensions.ael", "context nope { };"),
                ("modules.conf", modules),
            ];
            let findings = found_in(&folder, &[]);
            findings.iter().filter(|finding| finding.contains("nope")).count()
        };
        assert_eq!(findings("[modules]\nautoload = yes\n"), 0);
        assert_eq!(findings("[modules]\nautoload = yes\nnoload => pbx_ael.so\n"), 1);
    }

    #[test]
    fn includes_in_a_circle() {
        assert_eq!(
            dialplan(
                "[a]\ninclude => b\n[b]\ninclude => c\ninclude => d\n[c]\ninclude => a\n[d]\ninclude => d\n"
            ),
            [
                "7: warning: context c: \"a\" includes this context, too, directly or through others \
                [dialplan-include-circle]",
                "9: warning: context d: the context includes itself [dialplan-include-circle]"
            ]
        );
        assert_eq!(
            dialplan("[a]\ninclude => b\ninclude => c\n[b]\ninclude => c\n[c]\nignorepat => 9\n"),
            [""; 0]
        );
    }

    #[test]
    fn two_contexts_whose_names_differ_in_case() {
        assert_eq!(
            dialplan("[Default]\n[default]\n[default]\n"),
            ["2: warning: context default: the context \"Default\" in line 1 is another one for Asterisk \
            [dialplan-context-case]"]
        );
    }
}
