//! Chromium without a window.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use driver_api::Error;

use crate::{command, debian};

/// The message where there is no browser.
pub(super) const MISSING: &str =
    "Chromium is not installed, and the status page needs it; type: sudo apt-get install chromium";

/// How long a page may run its scripts, in virtual milliseconds, which pass as fast as nothing happens.
const SCRIPTS: u32 = 12_000;

pub(super) struct Browser {
    /// The folder of its profile.
    profile: PathBuf,
}

/// The colours that the browser prefers.
#[derive(Clone, Copy)]
pub(super) enum Scheme {
    Dark = 0,
    Light = 1,
}

impl Browser {
    /// Finds Chromium, or installs Debian's package if this user may.
    pub(super) fn find(folder: &Path) -> Option<Browser> {
        debian::find_or_install("chromium", "chromium").then(|| Browser { profile: folder.join("profile") })
    }

    /// Returns the document after its scripts have run for a while.
    pub(super) fn document(&self, url: &str) -> Result<String, Error> {
        let mut command = self.command();
        command.arg(format!("--virtual-time-budget={SCRIPTS}"));
        command::output(command.args(["--dump-dom", url]))
    }

    pub(super) fn screenshot(
        &self,
        url: &str,
        scheme: Scheme,
        (width, height): (u32, u32),
        path: &Path,
    ) -> Result<(), Error> {
        let mut command = self.command();
        command
            .arg(format!("--blink-settings=preferredColorScheme={}", scheme as u8))
            .arg(format!("--window-size={width},{height}"))
            .arg(format!("--screenshot={}", path.display()));
        command::output(command.args(["--hide-scrollbars", url])).map(drop)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("chromium");
        command.args(["--headless", "--disable-gpu", "--no-first-run", "--lang=en"]);
        command.arg(format!("--user-data-dir={}", self.profile.display())).stdin(Stdio::null());
        if debian::is_root() {
            // The sandbox refuses root. The pages are our own.
            command.arg("--no-sandbox");
        }
        command
    }
}
