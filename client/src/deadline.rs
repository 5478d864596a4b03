//! Time limits.

use std::io::{self, ErrorKind};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// A deadline, kept as a start and a length: their sum may not fit into an `Instant`.
#[derive(Clone, Copy)]
pub(crate) struct Deadline {
    start: Instant,
    limit: Duration,
}

impl Deadline {
    pub(crate) fn after(limit: Duration) -> Deadline {
        Deadline { start: Instant::now(), limit }
    }

    /// Returns the time that is left, which is above zero. After the deadline, it returns an error.
    pub(crate) fn left(self) -> io::Result<Duration> {
        match self.limit.checked_sub(self.start.elapsed()) {
            None | Some(Duration::ZERO) => Err(ErrorKind::TimedOut.into()),
            Some(left) => Ok(left),
        }
    }
}

/// Runs a call for which the system has no time limit, and waits for its result until the limit. A call that takes
/// longer ends with the program.
pub(crate) fn within<T: Send + 'static>(
    limit: Duration,
    call: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    // An error of `send` means that nobody waits any more.
    thread::Builder::new().spawn(move || drop(sender.send(call())))?;
    receiver.recv_timeout(limit).unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}

/// Returns whether an error says that a time limit is used up.
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_hangs_is_left_behind() {
        let hang = || {
            thread::sleep(Duration::from_secs(60));
            Ok(())
        };
        assert!(is_timeout(&within(Duration::from_millis(10), hang).unwrap_err()));
        assert_eq!(within(Duration::from_secs(60), || Ok(7)).unwrap(), 7);
        let denied = within::<()>(Duration::from_secs(60), || Err(ErrorKind::PermissionDenied.into()));
        assert_eq!(denied.unwrap_err().kind(), ErrorKind::PermissionDenied);
    }

    #[test]
    fn the_longest_limit_does_not_overflow() {
        assert!(Deadline::after(Duration::MAX).left().is_ok());
        assert!(is_timeout(&Deadline::after(Duration::ZERO).left().unwrap_err()));
    }
}
