//! Notifications for systemd, and the PID file.

use std::fs;
use std::path::Path;
use std::time::Duration;

use driver_api::Error;
use sd_notify::NotifyState;

use crate::file;

pub(crate) fn ready() {
    notify(&[NotifyState::Ready]);
}

pub(crate) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(_) => notify(&[NotifyState::Reloading]),
    }
}

pub(crate) fn stopping() {
    notify(&[NotifyState::Stopping]);
}

fn notify(state: &[NotifyState<'_>]) {
    // Without systemd, this does nothing and succeeds.
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "systemd can't be notified: {error}");
    }
}

/// Notifies the watchdog of systemd for ever, if the unit has one.
pub(crate) async fn notify_watchdog() {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    loop {
        notify(&[NotifyState::Watchdog]);
        tokio::time::sleep((limit / 2).max(Duration::from_millis(1))).await;
    }
}

/// The file with the process id. Dropping it deletes the file.
pub(crate) struct PidFile<'a>(&'a Path);

impl PidFile<'_> {
    pub(crate) fn write(path: &Path) -> Result<PidFile<'_>, Error> {
        file::replace(path, &PidFile::text())?;
        Ok(PidFile(path))
    }

    fn text() -> String {
        format!("{}\n", std::process::id())
    }
}

impl Drop for PidFile<'_> {
    fn drop(&mut self) {
        // Another process may have written its id meanwhile.
        if fs::read_to_string(self.0).is_ok_and(|text| text == PidFile::text()) {
            let _ = fs::remove_file(self.0);
        }
    }
}
