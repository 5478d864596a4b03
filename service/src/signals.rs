//! The signals of the process.

use std::future::pending;

use driver_api::Error;
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// From now on signals don't end the process by themselves.
    pub(crate) fn new() -> Result<Signals, Error> {
        let on =
            |kind| signal(kind).map_err(|error| Error::driver("signals can't be received").because(error));
        Ok(Signals {
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
            hang_up: on(SignalKind::hangup())?,
        })
    }

    /// Waits for a signal to stop, and returns its name.
    pub(crate) async fn stop(&mut self) -> &'static str {
        tokio::select! {
            Some(()) = self.terminate.recv() => "SIGTERM",
            Some(()) = self.interrupt.recv() => "SIGINT",
            else => pending().await,
        }
    }

    /// Waits for a signal to stop, which it names, or to reload, which is `None`.
    pub(crate) async fn stop_or_reload(&mut self) -> Option<&'static str> {
        let Signals { terminate, interrupt, hang_up } = self;
        tokio::select! {
            Some(()) = terminate.recv() => Some("SIGTERM"),
            Some(()) = interrupt.recv() => Some("SIGINT"),
            Some(()) = hang_up.recv() => None,
            else => pending().await,
        }
    }
}
