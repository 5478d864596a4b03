//! Records the texts that the service serves.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use driver_api::{Error, Namespace};

use super::{Cause, FileChange, History, NewText};
use crate::state::Site;

/// The files whose last text is known to be in the history.
#[derive(Default)]
pub(crate) struct Recorded(Mutex<BTreeSet<Namespace>>);

/// A text that was served, and what is known of its generation.
pub(crate) struct Served<'t> {
    pub(crate) file: &'t Namespace,
    pub(crate) text: &'t str,
    /// Whether it differs from the last good copy.
    pub(crate) is_new: bool,
    pub(crate) warnings: &'t [String],
    /// The time that the driver took.
    pub(crate) elapsed: Option<Duration>,
}

impl Site {
    /// Records a text that was served, unless the history has it as the last one. It blocks as long as the disk does.
    pub(crate) fn remember(&self, served: &Served<'_>) {
        let Some(history) = &self.history else { return };
        let recorded = || self.recorded.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !served.is_new && recorded().contains(served.file) {
            return;
        }
        match self.record(history, served) {
            Ok(()) => {
                recorded().insert(served.file.clone());
            }
            Err(error) => tracing::error!("{}: the history lacks this text: {}", served.file, error.chain()),
        }
    }

    fn record(&self, history: &History, served: &Served<'_>) -> Result<(), Error> {
        let &Served { file, text, warnings, elapsed, .. } = served;
        let latest = history.latest()?;
        // Without the last text, because it is damaged, the new one counts as the first.
        let old = latest.and_then(|latest| history.text(&latest, file).ok());
        if old.as_deref() == Some(text) {
            return Ok(());
        }
        let summary = self.generator.summary(file, old.as_deref(), text);
        let milliseconds = elapsed.and_then(|elapsed| u64::try_from(elapsed.as_millis()).ok());
        let change = FileChange::new(summary, warnings, milliseconds);
        let objects = self.generator.objects(file, text);
        let new = NewText { file: file.clone(), text, objects, change };
        history.record(Cause::Request, &[new]).map(|generation| {
            tracing::debug!("{file}: recorded as generation {}", generation.number);
        })
    }
}
