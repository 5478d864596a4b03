//! Coalescing (single flight): simultaneous requests for one file share one generation.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use driver_api::Error;
use tokio::sync::oneshot;

use crate::source::Failure;

/// The result of a generation, shared by all its requests.
#[derive(Debug, Clone)]
pub(crate) enum Shared {
    /// The new text.
    Text(Arc<String>),
    /// A new text would be the same as the cached copy, so none was generated.
    Unchanged,
    /// There is a new text, which the guard or the gate holds back.
    Held,
    /// There is no new text.
    Failed(Arc<Failure>),
}

/// The requests that wait for one file, and whether a generation runs.
///
/// A request waits for the next generation. A generation serves all requests that came before it began, because
/// what it reads from the database is at least as new as they are. It also serves a later request if the text
/// would be the same; otherwise that request waits for the next generation.
#[derive(Default)]
pub(crate) struct Coalescer {
    state: Mutex<State>,
    /// Held while the cached copy is replaced or marked.
    copy: Mutex<()>,
}

#[derive(Default)]
struct State {
    /// Counts the events that made all earlier generations out of date.
    epoch: u64,
    /// Whether a worker generates the file.
    busy: bool,
    /// When the running generation began.
    began: Option<Instant>,
    /// Whether the cached copy is out of date: invalidated, or not replaced. A mark on disk says the same, if it could
    /// be written.
    copy_is_outdated: bool,
    /// Whether no generation has begun since the last invalidation.
    is_newly_invalidated: bool,
    waiting: Vec<Waiting>,
}

struct Waiting {
    /// Whether the client asked for the cached copy, and accepts any text that is not out of date.
    cached: bool,
    reply: oneshot::Sender<Shared>,
}

/// A flight: a running generation and the requests that it serves.
pub(crate) struct Flight<'a> {
    coalescer: &'a Coalescer,
    epoch: u64,
    /// Whether this is the first generation since an invalidation. It waits for the database, although there is a
    /// cached copy. If it fails, later ones fail fast again: Asterisk asks for a file many times in a reload.
    pub(crate) follows_invalidation: bool,
    served: Vec<Waiting>,
}

impl Coalescer {
    /// Adds a request. If the second value is true, the file has no worker: the caller starts one, which calls
    /// [`begin`](Coalescer::begin) until that returns none.
    pub(crate) fn join(&self, cached: bool) -> (oneshot::Receiver<Shared>, bool) {
        let (reply, receiver) = oneshot::channel();
        let mut state = self.state();
        state.waiting.push(Waiting { cached, reply });
        (receiver, !mem::replace(&mut state.busy, true))
    }

    /// Returns how long the current generation has been running.
    pub(crate) fn running_for(&self) -> Duration {
        self.state().began.map(|began| began.elapsed()).unwrap_or_default()
    }

    /// Returns whether the cached copy may be sent to a client that asks for it.
    pub(crate) fn trusts_copy(&self) -> bool {
        !self.state().copy_is_outdated
    }

    /// Begins a generation for the waiting requests. Returns none if no request waits.
    pub(crate) fn begin(&self) -> Option<Flight<'_>> {
        let mut state = self.state();
        state.began = None;
        if state.waiting.is_empty() {
            state.busy = false;
            return None;
        }
        state.began = Some(Instant::now());
        Some(Flight {
            coalescer: self,
            epoch: state.epoch,
            follows_invalidation: mem::take(&mut state.is_newly_invalidated),
            served: mem::take(&mut state.waiting),
        })
    }

    /// Marks the running generation as out of date: it serves only the requests that it has already.
    pub(crate) fn outdate(&self) {
        self.state().epoch += 1;
    }

    /// Marks the running generation and the cached copy as out of date. No other thread touches the copy while `mark`
    /// marks it on disk. If that fails, the coalescer still knows it.
    pub(crate) fn invalidate(&self, mark: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        self.state().epoch += 1;
        let _copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let mut state = self.state();
            state.copy_is_outdated = true;
            state.is_newly_invalidated = true;
        }
        mark()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight<'_> {
    /// Adds requests that came while the generation ran: those for the cached copy if the text `can_be_cached`, and
    /// the others if the text `is_current`.
    pub(crate) fn admit_late_requests(&mut self, can_be_cached: bool, is_current: impl FnOnce() -> bool) {
        let late = {
            let mut state = self.coalescer.state();
            if state.epoch == self.epoch { mem::take(&mut state.waiting) } else { Vec::new() }
        };
        let (cached, others): (Vec<_>, Vec<_>) =
            late.into_iter().partition(|request| can_be_cached && request.cached);
        self.served.extend(cached);
        if others.is_empty() || is_current() {
            self.served.extend(others);
        } else {
            self.coalescer.state().waiting.extend(others);
        }
    }

    /// Replaces the cached copy, unless the generation is out of date. A copy that can't be replaced is no longer
    /// sent to a client that asks for it.
    pub(crate) fn store(&self, replace: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        let _copy = self.coalescer.copy.lock().unwrap_or_else(PoisonError::into_inner);
        if self.coalescer.state().epoch != self.epoch {
            return Ok(());
        }
        let result = replace();
        self.coalescer.state().copy_is_outdated = result.is_err();
        result
    }

    /// Answers all requests of the generation.
    pub(crate) fn finish(mut self, result: &Shared) {
        for request in mem::take(&mut self.served) {
            // Sending fails if the request has ended already.
            let _ = request.reply.send(result.clone());
        }
    }
}

impl Drop for Flight<'_> {
    /// After a panic, the waiting requests get no answer, and the next request starts a new worker.
    fn drop(&mut self) {
        if !self.served.is_empty() {
            let mut state = self.coalescer.state();
            state.busy = false;
            state.began = None;
            state.waiting.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot::error::TryRecvError;

    use super::*;

    fn text(text: &str) -> Shared {
        Shared::Text(Arc::new(text.to_owned()))
    }

    fn received(receiver: &mut oneshot::Receiver<Shared>) -> Option<String> {
        match receiver.try_recv().ok()? {
            Shared::Text(text) => Some(text.to_string()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn requests_before_a_generation_share_it() {
        let coalescer = Coalescer::default();
        let (mut first, start) = coalescer.join(false);
        assert!(start);
        let (mut second, start) = coalescer.join(false);
        assert!(!start);
        let flight = coalescer.begin().unwrap();
        flight.finish(&text("a"));
        assert_eq!(
            (received(&mut first).as_deref(), received(&mut second).as_deref()),
            (Some("a"), Some("a"))
        );
        assert!(coalescer.begin().is_none());
        assert!(coalescer.join(false).1, "no worker is left");
    }

    #[test]
    fn a_late_request_waits_unless_the_text_is_current() {
        let coalescer = Coalescer::default();
        let (_first, _) = coalescer.join(false);
        let mut flight = coalescer.begin().unwrap();
        let (mut cached, _) = coalescer.join(true);
        let (mut plain, _) = coalescer.join(false);
        flight.admit_late_requests(true, || false);
        flight.finish(&text("old"));
        assert_eq!(received(&mut cached).as_deref(), Some("old"));
        assert_eq!(plain.try_recv().unwrap_err(), TryRecvError::Empty);
        let mut flight = coalescer.begin().unwrap();
        let (mut third, _) = coalescer.join(false);
        flight.admit_late_requests(true, || true);
        flight.finish(&text("new"));
        assert_eq!(
            (received(&mut plain).as_deref(), received(&mut third).as_deref()),
            (Some("new"), Some("new"))
        );
        assert!(coalescer.begin().is_none());
    }

    #[test]
    fn an_outdated_generation_serves_no_late_request() {
        let coalescer = Coalescer::default();
        let (mut first, _) = coalescer.join(false);
        let mut flight = coalescer.begin().unwrap();
        coalescer.invalidate(|| Ok(())).unwrap();
        let (mut late, _) = coalescer.join(true);
        flight.admit_late_requests(true, || true);
        flight.store(|| panic!("stored")).unwrap();
        flight.finish(&text("old"));
        assert_eq!(received(&mut first).as_deref(), Some("old"));
        assert!(received(&mut late).is_none());
        let flight = coalescer.begin().unwrap();
        let mut stored = false;
        flight
            .store(|| {
                stored = true;
                Ok(())
            })
            .unwrap();
        assert!(stored);
        flight.finish(&text("new"));
        assert_eq!(received(&mut late).as_deref(), Some("new"));
    }

    #[test]
    fn an_outdated_copy_is_trusted_after_its_replacement() {
        let coalescer = Coalescer::default();
        let fail = || Err(Error::driver("read-only"));
        assert!(coalescer.trusts_copy());
        coalescer.invalidate(|| Ok(())).unwrap();
        assert!(!coalescer.trusts_copy());
        let (_first, _) = coalescer.join(true);
        let flight = coalescer.begin().unwrap();
        assert!(flight.follows_invalidation);
        flight.store(fail).unwrap_err();
        assert!(!coalescer.trusts_copy());
        flight.store(|| Ok(())).unwrap();
        assert!(coalescer.trusts_copy());
        coalescer.invalidate(fail).unwrap_err();
        assert!(!coalescer.trusts_copy(), "without a mark on disk, the coalescer knows it");
    }

    #[test]
    fn one_generation_follows_an_invalidation() {
        let coalescer = Coalescer::default();
        coalescer.invalidate(|| Ok(())).unwrap();
        for follows in [true, false] {
            let _receiver = coalescer.join(true);
            let flight = coalescer.begin().unwrap();
            assert_eq!(flight.follows_invalidation, follows);
            flight.finish(&text("a"));
        }
    }

    #[test]
    fn a_generation_that_panics_leaves_no_request_waiting() {
        let coalescer = Coalescer::default();
        let (mut first, _) = coalescer.join(false);
        drop(coalescer.begin().unwrap());
        assert_eq!(first.try_recv().unwrap_err(), TryRecvError::Closed);
        assert!(coalescer.join(false).1);
    }
}
