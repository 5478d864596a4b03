//! The gate: a new text that its reader refuses, or of which it drops objects, is suspect.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex};

use driver_api::Namespace;
use driver_api::settings::{Refused, Setting, Shape};
use driver_api::yaml::Value;
use tokio::task::spawn_blocking;

use crate::state::{Service, Site, lock};

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
    fn shape() -> Shape {
        Shape::Words(vec!["off", "warn", "hold"])
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

/// A fault for which the reader of a text refuses it, or drops an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The same fault has the same identity in another version of the file, in which it may stand on another line.
    pub identity: String,
    /// The fault, on one line.
    pub message: String,
}

/// The texts that were reviewed after they had been served.
#[derive(Default)]
pub(crate) struct Reviews {
    /// The newest text of each file that waits for a review.
    waiting: Mutex<BTreeMap<Namespace, Arc<String>>>,
    /// The last review of each file. It is locked during a review: one at a time leaves the processors to requests.
    done: Mutex<BTreeMap<Namespace, Reviewed>>,
}

/// The last review of a file.
struct Reviewed {
    /// The hash of its text.
    text: u64,
    /// The identities of the faults.
    faults: HashSet<String>,
}

/// How many findings are logged.
const MAX_LOGGED: usize = 3;

impl Service {
    /// Has a text that is served reviewed in the background, if the configuration says so: a request does not wait for it.
    pub(crate) fn review_later(self: &Arc<Self>, site: &Arc<Site>, file: &Namespace, text: &Arc<String>) {
        if site.settings.gate.gate != GateAction::Warn {
            return;
        }
        lock(&site.reviews.waiting).insert(file.clone(), Arc::clone(text));
        let (service, site, file) = (Arc::clone(self), Arc::clone(site), file.clone());
        spawn_blocking(move || {
            let faults = site.review(&file);
            if !faults.is_empty() {
                service.metrics.suspect(&file);
                log(&file, &faults, false);
            }
        });
    }
}

impl Site {
    /// Reviews the text of a file that waits for it. Returns the faults that the text before did not have.
    fn review(&self, file: &Namespace) -> Vec<Rejection> {
        let mut done = lock(&self.reviews.done);
        // An earlier call may have taken this text, too.
        let Some(text) = lock(&self.reviews.waiting).remove(file) else { return Vec::new() };
        let hash = hash(&text);
        if done.get(file).is_some_and(|reviewed| reviewed.text == hash) {
            return Vec::new();
        }
        let mut faults = self.generator.rejections(file, &text);
        let identities = faults.iter().map(|fault| fault.identity.clone()).collect();
        if let Some(before) = done.insert(file.clone(), Reviewed { text: hash, faults: identities }) {
            faults.retain(|fault| !before.faults.contains(&fault.identity));
        }
        faults
    }

    /// Returns the faults for which a new text is held back: those that the last good copy does not have.
    pub(crate) fn rejections(&self, file: &Namespace, text: &str) -> Vec<Rejection> {
        if self.settings.gate.gate != GateAction::Hold {
            return Vec::new();
        }
        // Without a copy there is nothing to serve instead.
        let Ok(Some(mut copy)) = self.cache.open(file) else { return Vec::new() };
        if copy.equals(text) {
            return Vec::new();
        }
        self.generator.new_rejections(file, text, &mut || copy.text().ok())
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Logs the first faults, and what the administrator can do.
pub(crate) fn log(file: &Namespace, faults: &[Rejection], is_held: bool) {
    for fault in faults.iter().take(MAX_LOGGED) {
        tracing::error!(event = "suspect", namespace = %file, error = fault.message, "{}", fault.message);
    }
    let findings = faults.len();
    let what = format!("{file}: Asterisk refuses the new text or drops objects of it (findings: {findings})");
    if is_held {
        tracing::error!(
            event = "suspect", namespace = %file, findings,
            "{what}. The last good copy is served: type confgend check {file} to see all findings, and confgend accept \
             {file} to serve the text all the same"
        );
    } else {
        tracing::error!(
            event = "suspect", namespace = %file, findings,
            "{what}. The text is served: type confgend check {file} to see all findings"
        );
    }
}
