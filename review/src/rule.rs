//! The rules of `check`: their stable ids, their severities, and how a site switches them.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::text::nearest;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Some calls will fail, or Asterisk silently does something else.
    Warning,
    /// Asterisk refuses or drops something, or a feature can't work.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// A rule that files can break.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// The stable name, such as `pjsip-aor-missing`.
    pub id: &'static str,
    /// The severity, unless the site has another one.
    pub severity: Severity,
    /// One sentence: what happens, or what to do.
    pub help: &'static str,
}

/// Declares the rules of one file of `check/`, and `RULES` with all of them.
macro_rules! rules {
    ($($name:ident = $id:literal, $severity:ident, $help:literal;)*) => {
        $(static $name: crate::Rule =
            crate::Rule { id: $id, severity: crate::Severity::$severity, help: $help };)*
        /// The rules of this file.
        pub(super) static RULES: &[&crate::Rule] = &[$(&$name),*];
    };
}
pub(crate) use rules;

/// The severities of the rules at a site.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// The severities that differ from those of the rules; none for a rule that is off.
    changed: BTreeMap<&'static str, Option<Severity>>,
}

/// The id of a rule that does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownRule {
    id: String,
    nearest: Option<&'static str>,
}

impl fmt::Display for UnknownRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no rule {:?}", self.id)?;
        match self.nearest {
            Some(nearest) => write!(f, "; did you mean {nearest}?"),
            None => f.write_str("; confgend check --rules lists them"),
        }
    }
}

impl std::error::Error for UnknownRule {}

impl Rules {
    /// Returns all rules, sorted by id.
    pub fn all() -> Vec<&'static Rule> {
        let mut rules: Vec<&Rule> = crate::check::rules().collect();
        rules.sort_by_key(|rule| rule.id);
        rules
    }

    /// Sets the severity of a rule, or switches it off.
    ///
    /// # Errors
    ///
    /// There is no rule of this id.
    pub fn set(&mut self, id: &str, severity: Option<Severity>) -> Result<(), UnknownRule> {
        let Some(rule) = crate::check::rules().find(|rule| rule.id == id) else {
            let nearest = nearest(id, crate::check::rules().map(|rule| rule.id));
            return Err(UnknownRule { id: id.to_owned(), nearest });
        };
        self.changed.insert(rule.id, severity);
        Ok(())
    }

    /// Returns whether a rule is an error at this site that is none elsewhere.
    pub(crate) fn has_more_errors(&self) -> bool {
        let is_raised =
            |rule: &&Rule| rule.severity < Severity::Error && self.severity(rule) == Some(Severity::Error);
        self.changed.values().any(|severity| *severity == Some(Severity::Error))
            && crate::check::rules().any(|rule| is_raised(&rule))
    }

    /// Returns the severity of a rule, or `None` if it is off.
    pub fn severity(&self, rule: &Rule) -> Option<Severity> {
        self.changed.get(rule.id).copied().unwrap_or(Some(rule.severity))
    }
}
