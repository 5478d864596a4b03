//! Records the texts that the service serves, in the background: no request waits for it.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use driver_api::{Error, Namespace, Warning};
use tokio::task::spawn_blocking;

use super::{Cause, FileChange, Generation, History, NewText};
use crate::state::{Site, lock};

/// The texts that wait to be recorded, and the files of which the history has the last text.
#[derive(Default)]
pub(crate) struct Recorder {
    waiting: Mutex<VecDeque<Served>>,
    /// It is locked while a text is recorded, so that they are recorded in their order.
    recorded: Mutex<BTreeSet<Namespace>>,
}

/// A text that was served, and the result of its generation.
pub(crate) struct Served {
    pub(crate) file: Namespace,
    pub(crate) text: Arc<String>,
    /// Whether it differs from the last good copy.
    pub(crate) is_new: bool,
    pub(crate) warnings: Vec<Warning>,
    /// The time that the driver took.
    pub(crate) elapsed: Option<Duration>,
}

/// How many texts may wait to be compared. Beyond that, they are recorded without a comparison, which takes the longest.
const MAX_COMPARED: usize = 16;

impl Site {
    /// Has a text that was served recorded, unless the history has it as the last one.
    pub(crate) fn record_later(self: &Arc<Self>, served: Served) {
        if self.history.is_none() {
            return;
        }
        lock(&self.recorder.waiting).push_back(served);
        let site = Arc::clone(self);
        spawn_blocking(move || site.record_next());
    }

    /// Records the text that has waited longest. It blocks as long as the disk does.
    fn record_next(&self) {
        let mut recorded = lock(&self.recorder.recorded);
        let (served, others) = {
            let mut waiting = lock(&self.recorder.waiting);
            (waiting.pop_front(), waiting.len())
        };
        let (Some(history), Some(served)) = (&self.history, served) else { return };
        if !served.is_new && recorded.contains(&served.file) {
            return;
        }
        match self.record(history, &served, others < MAX_COMPARED) {
            Ok(()) => {
                recorded.insert(served.file);
            }
            Err(error) => {
                let (namespace, error) = (&served.file, error.chain());
                tracing::error!(
                    event = "history", %namespace, error,
                    "{namespace}: the history lacks this text: {error}"
                );
                recorded.remove(&served.file);
            }
        }
    }

    fn record(&self, history: &History, served: &Served, compares: bool) -> Result<(), Error> {
        let Served { file, text, warnings, elapsed, .. } = served;
        let latest = history.latest()?;
        // Without the last text, because it is damaged, the new one counts as the first.
        let old = latest.and_then(|latest| history.text(&latest, file).ok());
        if old.as_deref() == Some(text.as_str()) {
            return Ok(());
        }
        let summary = if compares {
            self.generator.summary(file, old.as_deref(), text)
        } else {
            "not compared, since other texts wait".to_owned()
        };
        let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        let change = FileChange::new(summary, &warnings, *elapsed);
        let objects = self.generator.objects(file, text);
        let new = NewText { file: file.clone(), text, objects, change };
        history.record(Cause::Request, &[new]).map(|Generation { number, .. }| {
            tracing::debug!(
                event = "history", namespace = %file, generation = number,
                "{file}: recorded as generation {number}"
            );
        })
    }
}
