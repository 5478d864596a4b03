//! The gate: a new text that its reader refuses, or of which it drops objects, is suspect.

use driver_api::Namespace;
use driver_api::settings::{Refused, Setting};
use serde_yaml::Value;

use crate::state::Site;

driver_api::settings! {
    /// The gate against files that their reader refuses.
    #[derive(Debug, Clone)]
    pub struct Gate in "check" {
        /// The treatment of a new text that Asterisk refuses or of which it drops objects: warn logs and serves it, hold
        /// serves the last good copy in its place, off does not look.
        gate: GateAction = "warn",
    }
}

/// The treatment of a text that its reader refuses, or of which it drops objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateAction {
    /// Texts are not looked at.
    Off,
    /// The text is logged and served, and becomes the last good copy.
    Warn,
    /// The last good copy is served, if there is one, until an administrator accepts the text.
    Hold,
}

impl Setting for GateAction {
    fn accepts() -> String {
        "off, warn or hold".to_owned()
    }

    fn parse(value: &Value) -> Result<GateAction, Refused> {
        match (value.as_str(), value.as_bool()) {
            // In YAML 1.1, `off` is a boolean.
            (Some("off"), _) | (_, Some(false)) => Ok(GateAction::Off),
            (Some("warn"), _) => Ok(GateAction::Warn),
            (Some("hold"), _) => Ok(GateAction::Hold),
            _ => Err(Refused::NotAccepted),
        }
    }
}

/// How many findings are logged.
const MAX_LOGGED: usize = 3;

impl Site {
    /// Returns what makes the reader of a new text refuse it or drop objects, if anything does. A text that equals the last
    /// good copy is not looked at again.
    pub(crate) fn rejections(&self, file: &Namespace, text: &str) -> Vec<String> {
        let copy = || self.cache.open(file).ok().flatten();
        if self.settings.gate.gate == GateAction::Off || copy().is_some_and(|mut copy| copy.equals(text)) {
            return Vec::new();
        }
        self.generator.rejections(file, text, &|| copy()?.text().ok())
    }

    /// Returns whether a text with these findings is held back: only if there is something else to serve.
    pub(crate) fn gate_holds(&self, file: &Namespace) -> bool {
        self.settings.gate.gate == GateAction::Hold && self.cache.open(file).is_ok_and(|copy| copy.is_some())
    }
}

/// Logs the first findings, and what the administrator can do.
pub(crate) fn log(file: &Namespace, findings: &[String], is_held: bool) {
    for finding in findings.iter().take(MAX_LOGGED) {
        tracing::error!("{finding}");
    }
    let count = findings.len();
    let what = format!("{file}: Asterisk refuses the new text or drops objects of it (findings: {count})");
    if is_held {
        tracing::error!(
            "{what}. The last good copy is served: type confgend check {file} to see all findings, and confgend accept \
             {file} to serve the text all the same"
        );
    } else {
        tracing::error!("{what}. The new text is served: type confgend check {file} to see all findings");
    }
}
