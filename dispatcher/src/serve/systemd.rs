//! What the service tells systemd, and the PID file.

use std::fs;
use std::path::Path;
use std::time::Duration;

use driver_api::Error;
use sd_notify::NotifyState;

use crate::output;

pub(super) fn ready() {
    notify(&[NotifyState::Ready]);
}

pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(_) => notify(&[NotifyState::Reloading]),
    }
}

pub(super) fn stopping() {
    notify(&[NotifyState::Stopping]);
}

fn notify(state: &[NotifyState<'_>]) {
    // Without systemd there is nobody to tell, which is no error.
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!("systemd can't be notified: {error}");
    }
}

/// Tells systemd for ever that the service can still do something, if it wants to know.
pub(super) async fn keep_watchdog_quiet() {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    loop {
        notify(&[NotifyState::Watchdog]);
        tokio::time::sleep((limit / 2).max(Duration::from_millis(1))).await;
    }
}

/// A file with the number of the process, for as long as this lives.
pub(super) struct PidFile<'a>(&'a Path);

impl PidFile<'_> {
    pub(super) fn write(path: &Path) -> Result<PidFile<'_>, Error> {
        output::replace(path, &PidFile::text())?;
        Ok(PidFile(path))
    }

    fn text() -> String {
        format!("{}\n", std::process::id())
    }
}

impl Drop for PidFile<'_> {
    fn drop(&mut self) {
        // Another one may have written its own meanwhile.
        if fs::read_to_string(self.0).is_ok_and(|text| text == PidFile::text()) {
            let _ = fs::remove_file(self.0);
        }
    }
}
