//! What Debian's own tools do here, where this is Debian and we may install packages.

use std::process::Command;

/// Whether we are root.
pub(crate) fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

/// Whether there is a program of this name that can be started.
pub(crate) fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

/// Installs a package, saying so, if we may. Whether it is there then, the caller finds out.
pub(crate) fn install(package: &str) {
    if is_root() && has("apt-get") {
        say!("installing Debian's package {package}");
        apt_get(&["update", "-q"]);
        apt_get(&["install", "-q", "-y", "--no-install-recommends", package]);
    }
}

fn apt_get(words: &[&str]) {
    let _ = Command::new("apt-get").args(words).env("DEBIAN_FRONTEND", "noninteractive").status();
}
