//! The memory of the service: the last events of each file since it started.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use driver_api::{Namespace, Warning, secrets};
use jiff::Timestamp;

use super::{Attempt, Warnings};
use crate::coalesce::Shared;
use crate::reply::Outcome;
use crate::state::lock;

/// A note for each file.
pub(crate) struct Ledger {
    /// The time at which the service started.
    pub(crate) since: Timestamp,
    files: RwLock<BTreeMap<Namespace, Arc<Mutex<Note>>>>,
}

/// The last events of a file. It is small, so that it is locked for a moment only: the thread that serves all connections
/// writes it, too.
#[derive(Clone, Default)]
pub(crate) struct Note {
    /// The outcome of the last request.
    pub(crate) outcome: Option<Outcome>,
    /// The last generation.
    pub(crate) generation: Option<Arc<Generation>>,
}

/// The last generation of a file.
pub(crate) struct Generation {
    pub(crate) attempt: Attempt,
    pub(crate) warnings: Warnings,
    /// Whether the cached copy must not be sent either.
    pub(crate) voids_copy: bool,
}

impl Ledger {
    pub(crate) fn new(files: &[Namespace]) -> Ledger {
        let ledger = Ledger { since: Timestamp::now(), files: RwLock::default() };
        ledger.keep(files);
        ledger
    }

    /// Has a note for each of these files, and for no other.
    pub(crate) fn keep(&self, files: &[Namespace]) {
        let mut notes = self.files.write().unwrap_or_else(PoisonError::into_inner);
        notes.retain(|file, _| files.contains(file));
        for file in files {
            notes.entry(file.clone()).or_default();
        }
    }

    /// Notes the outcome of a request.
    pub(crate) fn answered(&self, file: &Namespace, outcome: Outcome) {
        // An invalidation says nothing about the text.
        if outcome != Outcome::Invalidated
            && let Some(note) = self.find(file)
        {
            let mut note = lock(&note);
            note.outcome = Some(outcome);
            // The copy is known to be as a new text would be, so an earlier failure is over.
            if outcome == Outcome::Unchanged {
                note.generation.take_if(|generation| generation.attempt.error.is_some());
            }
        }
    }

    /// Notes the result of a generation.
    pub(crate) fn generated(
        &self,
        file: &Namespace,
        elapsed: Option<Duration>,
        result: &Shared,
        warnings: &[Warning],
    ) {
        let (error, voids_copy) = match result {
            Shared::Failed(failure) => (Some(secrets::in_text(&failure.error.chain())), failure.voids_copy),
            _ => (None, false),
        };
        let milliseconds = elapsed.map(|elapsed| elapsed.as_secs_f64() * 1e3);
        let attempt = Attempt { time: Timestamp::now(), milliseconds, error };
        let generation = Generation { attempt, warnings: Warnings::new(warnings), voids_copy };
        if let Some(note) = self.find(file) {
            let mut note = lock(&note);
            // A request whose patience is over got the copy. The next one gets this text.
            if let Shared::Text(_) = result {
                note.outcome = Some(Outcome::Generated);
            }
            let before = note.generation.replace(Arc::new(generation));
            // Freeing its texts may take longer than the lock should be held.
            drop(note);
            drop(before);
        }
    }

    /// Returns what is noted about a file.
    pub(crate) fn note(&self, file: &Namespace) -> Note {
        self.find(file).map(|note| lock(&note).clone()).unwrap_or_default()
    }

    fn find(&self, file: &Namespace) -> Option<Arc<Mutex<Note>>> {
        self.files.read().unwrap_or_else(PoisonError::into_inner).get(file).cloned()
    }
}
