//! The packages in a system that systemd has booted, where the unit is what it says.

use std::fs;
use std::path::Path;
use std::process::Command;

use driver_api::Error;

use super::root::Root;
use super::{Packages, configure, load_database};
use crate::{debian, file_error, target};

/// What happens in the system: every command has to succeed.
const SCRIPT: &str = include_str!("booted.sh");
/// Runs the script, and shuts the system down.
const UNIT: &str = include_str!("booted.service");
/// What the script has been doing, line by line.
const TRACE: &str = "/srv/trace";
/// The line that ends what went well.
const WELL: &str = "all is well";

/// The network of the system is its own, so nobody else is on this port.
const PORT: u16 = 8669;
/// How long all of it may take.
const SECONDS: &str = "180";

/// Boots a system, and has it install, run, upgrade and purge the packages. Where systemd can't be booted, says so.
pub(super) fn run(base: &Path, packages: &Packages) -> Result<(), Error> {
    if !debian::has("systemd-nspawn") {
        debian::install("systemd-container");
    }
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
        say!("NOT TESTED: the unit under systemd, since systemd-nspawn can't boot it here: {messages}");
        return Ok(());
    }
    let trace = root.read(TRACE)?;
    if trace.lines().any(|line| line == WELL) {
        say!("under systemd: installed, fenced in, reloaded, killed, upgraded, stopped, purged");
        return Ok(());
    }
    let trace_file = target().join("package-test-trace");
    fs::write(&trace_file, &trace).map_err(|error| file_error(&trace_file, error))?;
    let last = trace.lines().rfind(|line| line.starts_with("+ ")).unwrap_or_default();
    Err(Error::driver(format!("failed at: {last}; all of it is in {}", trace_file.display()))
        .context("the packages under systemd"))
}

/// Boots the system, and waits until it is down; returns the last line that systemd-nspawn prints.
fn boot(root: &Root) -> String {
    let output = Command::new("timeout")
        .args(["--kill-after=20", SECONDS, "systemd-nspawn", "--quiet", "--boot", "--console=pipe"])
        // No systemd has to run outside.
        .args(["--register=no", "--keep-unit", "--private-network", "--machine=package-test", "--directory"])
        .arg(root.path("/"))
        .output();
    match output {
        Ok(output) => String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default().to_owned(),
        Err(error) => error.to_string(),
    }
}
