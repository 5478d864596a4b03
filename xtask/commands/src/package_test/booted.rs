//! The packages in a system that systemd has booted, and that enforces the unit.

use std::fs;
use std::path::Path;
use std::process::Command;

use driver_api::Error;

use super::root::Root;
use super::{Packages, configure, load_database};
use crate::{debian, file_error, target};

/// The commands that run in the system. Each of them has to succeed.
const SCRIPT: &str = include_str!("booted.sh");
/// Runs the script, and shuts the system down.
const UNIT: &str = include_str!("booted.service");
/// The trace of the script, with a line for each command.
const TRACE: &str = "/srv/trace";
/// The last line of a successful run.
const SUCCESS: &str = "all checks passed";

/// The system has a network of its own, so the port is free.
const PORT: u16 = 8669;
/// The most time, in seconds, for all of it.
const SECONDS: &str = "180";

/// Boots a system that installs, runs, upgrades and purges the packages. Prints a message if systemd can't be booted.
pub(super) fn run(base: &Path, packages: &Packages) -> Result<(), Error> {
    debian::find_or_install("systemd-nspawn", "systemd-container");
    let root = Root::unpack(base)?;
    for package in packages.first.iter().chain(&packages.upgrade) {
        root.bring(package)?;
    }
    load_database(&root)?;
    configure(&root, PORT, "{}")?;
    root.write("/srv/booted.sh", SCRIPT)?;
    root.write("/etc/systemd/system/booted.service", UNIT)?;
    root.run(&["systemctl", "enable", "booted.service"])?;
    let messages = boot(&root);
    if !root.path(TRACE).exists() {
        say!(
            "NOT TESTED: the unit under systemd, because systemd-nspawn can't boot a system here: {messages}"
        );
        return Ok(());
    }
    let trace = root.read(TRACE)?;
    if trace.lines().any(|line| line == SUCCESS) {
        say!("under systemd: installed, sandboxed, reloaded, killed, upgraded, stopped, purged");
        return Ok(());
    }
    let trace_file = target().join("package-test-trace");
    fs::write(&trace_file, &trace).map_err(|error| file_error(&trace_file, error))?;
    let last = trace.lines().rfind(|line| line.starts_with("+ ")).unwrap_or_default();
    Err(Error::driver(format!("failed at: {last}; the whole trace is in {}", trace_file.display()))
        .context("the packages under systemd"))
}

/// Boots the system and waits until it has shut down; returns the last line that systemd-nspawn prints.
fn boot(root: &Root) -> String {
    let output = Command::new("timeout")
        .args(["--kill-after=20", SECONDS, "systemd-nspawn", "--quiet", "--boot", "--console=pipe"])
        // These options need no running systemd outside.
        .args(["--register=no", "--keep-unit", "--private-network", "--machine=package-test", "--directory"])
        .arg(root.path("/"))
        .output();
    match output {
        Ok(output) => String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default().to_owned(),
        Err(error) => error.to_string(),
    }
}
