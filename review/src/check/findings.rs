//! Collects findings.

use crate::site::At;
use crate::{Finding, Rule, Rules};

/// The findings so far.
pub(crate) struct Findings<'r> {
    rules: &'r Rules,
    found: Vec<Finding>,
}

impl<'r> Findings<'r> {
    pub(super) fn new(rules: &'r Rules) -> Findings<'r> {
        Findings { rules, found: Vec::new() }
    }

    /// Adds a finding about a line of a file of Asterisk, unless the rule is off.
    pub(crate) fn add(
        &mut self,
        rule: &'static Rule,
        at: At<'_>,
        object: impl Into<String>,
        message: impl Into<String>,
    ) {
        let Some(severity) = self.rules.severity(rule) else { return };
        let (file, line) = at.place();
        self.found.push(Finding {
            rule: rule.id,
            severity,
            file,
            line: Some(line),
            object: object.into(),
            message: message.into(),
            origins: at.origins(),
        });
    }

    /// Adds a finding about a file, unless the rule is off.
    pub(crate) fn add_to_file(
        &mut self,
        rule: &'static Rule,
        file: impl Into<String>,
        line: Option<u32>,
        message: impl Into<String>,
    ) {
        let Some(severity) = self.rules.severity(rule) else { return };
        self.found.push(Finding {
            rule: rule.id,
            severity,
            file: file.into(),
            line,
            object: String::new(),
            message: message.into(),
            origins: Vec::new(),
        });
    }

    /// Adds other findings behind these.
    pub(super) fn and(mut self, mut others: Findings<'r>) -> Findings<'r> {
        self.found.append(&mut others.found);
        self
    }

    /// Returns the findings in the order of files and lines.
    pub(super) fn sorted(mut self) -> Vec<Finding> {
        self.found.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        self.found
    }
}
