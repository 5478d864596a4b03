//! Installs packages of Debian, where this system is Debian and the user is root.

use std::process::Command;

/// Whether the user is root.
pub(crate) fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

/// Whether a program of this name can be started.
pub(crate) fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

/// Whether a program is there. If it is not, this installs the package that has it, if the user may.
pub(crate) fn find_or_install(program: &str, package: &str) -> bool {
    if has(program) {
        return true;
    }
    install(package);
    has(program)
}

/// Installs a package if the user may. The caller checks whether the package is there afterwards.
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
