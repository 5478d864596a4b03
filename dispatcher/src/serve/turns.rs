//! Simultaneous requests for one file share one generation.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use driver_api::Error;
use tokio::sync::oneshot;

/// The text of a file, or why there is none; one for all who asked.
pub(super) type Made = Result<Arc<String>, Arc<Error>>;

/// Who waits for a file, and whether somebody is at it.
///
/// Whoever asks waits for the next turn. A turn serves all who asked before it began, because what it reads
/// of the database is at least as new as their requests. Who comes later is served with them if the text
/// would be the same, else by the next turn.
#[derive(Default)]
pub(super) struct Turns {
    state: Mutex<State>,
    /// Held while the cached copy is replaced or deleted.
    copy: Mutex<()>,
}

#[derive(Default)]
struct State {
    /// Counts how often everything that was made before became out of date.
    epoch: u64,
    busy: bool,
    /// When the generation that is running began.
    since: Option<Instant>,
    /// Whether the cached copy is out of date, and could not be deleted or replaced.
    outdated: bool,
    waiting: Vec<Waiting>,
}

struct Waiting {
    /// The cached copy would have done: anything will that is not out of date.
    cached: bool,
    answer: oneshot::Sender<Made>,
}

/// One generation, and for whom it is.
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    epoch: u64,
    served: Vec<Waiting>,
}

impl Turns {
    /// Waits for the file. The second value says that nobody is at it: the caller must see to it that
    /// [`next`](Turns::next) is called until it gives no more.
    pub(super) fn wait(&self, cached: bool) -> (oneshot::Receiver<Made>, bool) {
        let (answer, receiver) = oneshot::channel();
        let mut state = self.state();
        state.waiting.push(Waiting { cached, answer });
        (receiver, !mem::replace(&mut state.busy, true))
    }

    /// For how long the present generation has been running.
    pub(super) fn running_for(&self) -> Duration {
        self.state().since.map(|since| since.elapsed()).unwrap_or_default()
    }

    /// Whether the cached copy may be sent to who asks for it.
    pub(super) fn trusts_copy(&self) -> bool {
        !self.state().outdated
    }

    /// The next generation, if somebody waits for one.
    pub(super) fn next(&self) -> Option<Turn<'_>> {
        let mut state = self.state();
        state.since = None;
        if state.waiting.is_empty() {
            state.busy = false;
            return None;
        }
        state.since = Some(Instant::now());
        Some(Turn { turns: self, epoch: state.epoch, served: mem::take(&mut state.waiting) })
    }

    /// Whatever is being made is out of date already: it is only for those who asked before.
    pub(super) fn outdate(&self) {
        self.state().epoch += 1;
    }

    /// The same, and deletes the cached copy, at which nobody else is then. One that stays is not sent to who
    /// asks for it.
    pub(super) fn invalidate(&self, delete: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        {
            let mut state = self.state();
            state.epoch += 1;
            state.outdated = true;
        }
        let _copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        let result = delete();
        self.state().outdated = result.is_err();
        result
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    /// Takes in those who came while the file was made: with `copy`, a text that may be cached, those whom
    /// any copy would do; and all of them if it is still as new as it can be, which `unchanged` tells.
    pub(super) fn take_in_late_comers(&mut self, copy: bool, unchanged: impl FnOnce() -> bool) {
        let late = {
            let mut state = self.turns.state();
            if state.epoch == self.epoch { mem::take(&mut state.waiting) } else { Vec::new() }
        };
        let (content, others): (Vec<_>, Vec<_>) = late.into_iter().partition(|who| copy && who.cached);
        self.served.extend(content);
        if others.is_empty() || unchanged() {
            self.served.extend(others);
        } else {
            self.turns.state().waiting.extend(others);
        }
    }

    /// Replaces the cached copy, unless what was made became out of date meanwhile. A copy that can't be
    /// replaced is not sent to who asks for it any more.
    pub(super) fn store(&self, replace: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        let _copy = self.turns.copy.lock().unwrap_or_else(PoisonError::into_inner);
        if self.turns.state().epoch != self.epoch {
            return Ok(());
        }
        let result = replace();
        self.turns.state().outdated = result.is_err();
        result
    }

    /// Gives everybody what was made.
    pub(super) fn answer(mut self, made: &Made) {
        for who in mem::take(&mut self.served) {
            // Who does not wait any more needs no answer.
            let _ = who.answer.send(made.clone());
        }
    }
}

impl Drop for Turn<'_> {
    /// If the work ends here without an answer, because of a panic, the next request starts afresh.
    fn drop(&mut self) {
        if !self.served.is_empty() {
            let mut state = self.turns.state();
            state.busy = false;
            state.since = None;
            state.waiting.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot::error::TryRecvError;

    use super::*;

    fn made(text: &str) -> Arc<String> {
        Arc::new(text.to_owned())
    }

    fn got(receiver: &mut oneshot::Receiver<Made>) -> Option<String> {
        receiver.try_recv().ok().map(|made| made.unwrap().to_string())
    }

    #[test]
    fn who_comes_before_the_turn_is_served_by_it() {
        let turns = Turns::default();
        let (mut first, start) = turns.wait(false);
        assert!(start);
        let (mut second, start) = turns.wait(false);
        assert!(!start);
        let turn = turns.next().unwrap();
        turn.answer(&Ok(made("a")));
        assert_eq!((got(&mut first).as_deref(), got(&mut second).as_deref()), (Some("a"), Some("a")));
        assert!(turns.next().is_none());
        assert!(turns.wait(false).1, "nobody is at it any more");
    }

    #[test]
    fn who_comes_later_waits_unless_the_text_would_be_the_same() {
        let turns = Turns::default();
        let (_first, _) = turns.wait(false);
        let mut turn = turns.next().unwrap();
        let (mut cached, _) = turns.wait(true);
        let (mut plain, _) = turns.wait(false);
        turn.take_in_late_comers(true, || false);
        turn.answer(&Ok(made("old")));
        assert_eq!(got(&mut cached).as_deref(), Some("old"));
        assert_eq!(plain.try_recv().unwrap_err(), TryRecvError::Empty);
        let mut turn = turns.next().unwrap();
        let (mut third, _) = turns.wait(false);
        turn.take_in_late_comers(true, || true);
        turn.answer(&Ok(made("new")));
        assert_eq!((got(&mut plain).as_deref(), got(&mut third).as_deref()), (Some("new"), Some("new")));
        assert!(turns.next().is_none());
    }

    #[test]
    fn what_is_out_of_date_is_not_cached_and_not_for_late_comers() {
        let turns = Turns::default();
        let (mut first, _) = turns.wait(false);
        let mut turn = turns.next().unwrap();
        turns.invalidate(|| Ok(())).unwrap();
        let (mut late, _) = turns.wait(true);
        turn.take_in_late_comers(true, || true);
        turn.store(|| panic!("stored")).unwrap();
        turn.answer(&Ok(made("old")));
        assert_eq!(got(&mut first).as_deref(), Some("old"));
        assert!(got(&mut late).is_none());
        let turn = turns.next().unwrap();
        let mut stored = false;
        turn.store(|| {
            stored = true;
            Ok(())
        })
        .unwrap();
        assert!(stored);
        turn.answer(&Ok(made("new")));
        assert_eq!(got(&mut late).as_deref(), Some("new"));
    }

    #[test]
    fn a_copy_that_could_not_be_deleted_or_replaced_is_not_trusted() {
        let turns = Turns::default();
        let fail = || Err(Error::driver("read-only"));
        assert!(turns.trusts_copy());
        turns.invalidate(fail).unwrap_err();
        assert!(!turns.trusts_copy());
        let (_first, _) = turns.wait(true);
        let turn = turns.next().unwrap();
        turn.store(fail).unwrap_err();
        assert!(!turns.trusts_copy());
        turn.store(|| Ok(())).unwrap();
        assert!(turns.trusts_copy());
    }

    #[test]
    fn a_turn_that_ends_early_leaves_nobody_waiting() {
        let turns = Turns::default();
        let (mut first, _) = turns.wait(false);
        drop(turns.next().unwrap());
        assert_eq!(first.try_recv().unwrap_err(), TryRecvError::Closed);
        assert!(turns.wait(false).1);
    }
}
