//! The findings of a check.

use std::fmt;

use driver_api::asterisk::LineOrigin;
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::Severity;

/// A rule that a file breaks.
///
/// It displays as lines for people and editors: the first is `FILE:LINE: SEVERITY: OBJECT: MESSAGE [RULE]`, and each of
/// the others an origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The id of the rule.
    pub rule: &'static str,
    /// The severity at this site.
    pub severity: Severity,
    /// The name of a generated file, such as `asterisk/pjsip.conf`, or of a file in Asterisk's folder.
    pub file: String,
    /// The line, from 1; `None` if it is about the whole file.
    pub line: Option<u32>,
    /// The object, such as `endpoint gk3p`. It is empty if it is about none.
    pub object: String,
    /// The message, on one line.
    pub message: String,
    /// The rows of the database that the line comes from.
    pub origins: Vec<LineOrigin>,
}

impl Finding {
    /// Returns what is the same for this finding in two versions of a file, in which the object may stand on other lines:
    /// rule, file, object and message.
    pub fn identity(&self) -> String {
        [self.rule, &self.file, &self.object, &self.message].join("\n")
    }

    /// Returns the first line for people, without the origins.
    pub fn first_line(&self) -> String {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        let object = if self.object.is_empty() { String::new() } else { format!("{}: ", self.object) };
        format!("{}{line}: {}: {object}{} [{}]", self.file, self.severity, self.message, self.rule)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first_line())?;
        for origin in &self.origins {
            write!(f, "\n    from {} {}", origin.origin.table(), origin.origin.key())?;
            if let Some(template) = &origin.template {
                write!(f, ", template {:?}", template.name)?;
            } else if let Some(column) = &origin.column {
                write!(f, ", column {column}")?;
            }
        }
        Ok(())
    }
}

/// One object of `confgend check --json`.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Origin<'o> {
            table: &'o str,
            key: String,
            template: Option<&'o str>,
            column: Option<&'o str>,
        }
        let origins: Vec<Origin<'_>> = self
            .origins
            .iter()
            .map(|line| Origin {
                table: line.origin.table(),
                key: line.origin.key(),
                template: line.template.as_deref().map(|template| template.name.as_str()),
                column: line.column.as_deref(),
            })
            .collect();
        let mut object = serializer.serialize_struct("Finding", 7)?;
        object.serialize_field("rule", self.rule)?;
        object.serialize_field("severity", &self.severity)?;
        object.serialize_field("file", &self.file)?;
        object.serialize_field("line", &self.line)?;
        object.serialize_field("object", &self.object)?;
        object.serialize_field("message", &self.message)?;
        object.serialize_field("origins", &origins)?;
        object.end()
    }
}
