//! Lines and files that Asterisk's parser refuses, cuts or skips.

use asterisk_conf::{Diagnostic, DiagnosticKind, Effect};

use super::Findings;
use crate::rule::rules;
use crate::site::Site;

rules! {
    FILE_REFUSED = "syntax-refused", Error,
        "Asterisk refuses the file, or cuts an included one at this line: at a start, everything in it is missing.";
    REST_LOST = "syntax-rest-lost", Error, "A mark of a block comment hides all lines behind it.";
    NOT_READ = "syntax-not-read", Error, "Asterisk hangs when it reads the file, or the file is too large to check.";
    LINE_SKIPPED = "syntax-line-skipped", Error,
        "Asterisk skips the line with a warning; the options below a skipped header join the section before.";
    INCLUDE = "syntax-include", Warning, "An #include or a filter does something else than it seems to.";
}

pub(super) fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    for (_, file) in site.files() {
        for diagnostic in file.document().diagnostics() {
            let rule = match diagnostic.kind().effect() {
                Effect::FileRefused => &FILE_REFUSED,
                Effect::RestLost => &REST_LOST,
                Effect::NotRead => &NOT_READ,
                Effect::LineSkipped => &LINE_SKIPPED,
                Effect::Nothing => &INCLUDE,
            };
            findings.add(rule, file.at(diagnostic.location()), "", message(diagnostic));
        }
    }
}

/// Returns the message of a diagnostic, which ends with its consequence.
fn message(diagnostic: &Diagnostic) -> String {
    let consequence = match diagnostic.kind() {
        DiagnosticKind::LimitReached => "; the file is not checked",
        kind if kind.effect() == Effect::FileRefused => {
            "; Asterisk refuses the file, or cuts it here if another one includes it"
        }
        _ => "",
    };
    format!("{diagnostic}{consequence}")
}
