//! A Debian system in a folder.

use std::collections::BTreeSet;
use std::env::consts::ARCH;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use driver_api::Error;

use crate::{command, debian, file_error, target};

/// The dependencies of the packages that a minimal system lacks, and an init system.
const INCLUDED: &str = "--include=adduser,dbus,systemd,systemd-sysv";

/// Returns the archive of a newly installed system, which is created once and kept. The error is the reason why it can't
/// be created on this machine.
pub(super) fn base() -> Result<PathBuf, String> {
    let text = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let release = release(&text).filter(|_| debian::has("dpkg"));
    let release = release.ok_or_else(|| "this is not Debian".to_owned())?;
    if !debian::is_root() {
        return Err("only root can create a system".to_owned());
    }
    let archive = work_folder().join(format!("{release}-{ARCH}.tar"));
    if !archive.exists() {
        create(release, &archive).map_err(|error| error.chain())?;
    }
    Ok(archive)
}

fn work_folder() -> PathBuf {
    target().join("package-test-systems")
}

/// The name of Debian's release in the text of `os-release`: of this machine, against whose libraries the programs are linked.
fn release(text: &str) -> Option<&str> {
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
        Some(line.trim_matches('"'))
    };
    value("VERSION_CODENAME").filter(|_| value("ID") == Some("debian"))
}

fn create(release: &str, archive: &Path) -> Result<(), Error> {
    debian::find_or_install("debootstrap", "debootstrap");
    say!("debootstrap {release}, once");
    let folder = new_folder()?;
    command::output(
        Command::new("debootstrap").args(["--variant=minbase", INCLUDED, release]).arg(folder.path()),
    )?;
    command::output(Command::new("chroot").arg(folder.path()).args(["apt-get", "clean"]))?;
    // Only a complete archive gets the name.
    let part = archive.with_extension("part");
    command::output(
        Command::new("tar")
            .arg("--create")
            .arg("--file")
            .arg(&part)
            .arg("--directory")
            .arg(folder.path())
            .arg("."),
    )?;
    fs::rename(&part, archive).map_err(|error| file_error(archive, error))
}

fn new_folder() -> Result<tempfile::TempDir, Error> {
    let work = work_folder();
    fs::create_dir_all(&work)
        .and_then(|()| tempfile::tempdir_in(&work))
        .map_err(|error| file_error(&work, error))
}

/// A temporary system, deleted on drop.
pub(super) struct Root(tempfile::TempDir);

impl Root {
    pub(super) fn unpack(base: &Path) -> Result<Root, Error> {
        let folder = new_folder()?;
        command::output(
            Command::new("tar")
                .arg("--extract")
                .arg("--file")
                .arg(base)
                .arg("--directory")
                .arg(folder.path()),
        )?;
        Ok(Root(folder))
    }

    /// A path of the system, as seen from outside.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path.trim_start_matches('/'))
    }

    pub(super) fn read(&self, path: &str) -> Result<String, Error> {
        fs::read_to_string(self.path(path)).map_err(|error| file_error(Path::new(path), error))
    }

    /// Writes a file, and creates its directory if it does not exist.
    pub(super) fn write(&self, path: &str, text: &str) -> Result<(), Error> {
        let file = self.path(path);
        fs::create_dir_all(file.parent().unwrap_or(&file))
            .and_then(|()| fs::write(&file, text))
            .map_err(|error| file_error(Path::new(path), error))
    }

    /// A command that runs in the system, as root.
    pub(super) fn command(&self, options: &[&str]) -> Command {
        let mut command = Command::new("chroot");
        command.args(options).arg(self.0.path()).env_clear().current_dir("/");
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    }

    /// Runs a command in the system; returns what it prints.
    pub(super) fn run(&self, words: &[&str]) -> Result<String, Error> {
        command::output(self.command(&[]).args(words))
    }

    /// Installs packages from outside, and keeps edited configuration files.
    pub(super) fn install(&self, packages: &[PathBuf]) -> Result<(), Error> {
        let names = packages.iter().map(|package| self.bring(package)).collect::<Result<Vec<_>, _>>()?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.dpkg("--install", &names)
    }

    /// Copies a file to `/srv`; returns its path there.
    pub(super) fn bring(&self, file: &Path) -> Result<String, Error> {
        let name = format!("/srv/{}", file.file_name().unwrap_or_default().display());
        fs::copy(file, self.path(&name)).map_err(|error| file_error(file, error))?;
        Ok(name)
    }

    /// Runs dpkg, which refuses to replace a package by an earlier version.
    pub(super) fn dpkg(&self, action: &str, what: &[&str]) -> Result<(), Error> {
        command::output(
            self.command(&[]).args(["dpkg", "--force-confold", "--refuse-downgrade", action]).args(what),
        )
        .map(drop)
    }

    /// The owner and the mode of a file, or the target of a symbolic link.
    pub(super) fn describe(&self, path: &str) -> Result<String, Error> {
        let link = ["-type", "l", "-printf", "-> %l"];
        let other = ["-printf", "%u:%g %m"];
        let described = command::output(
            self.command(&[]).args(["find", path, "-maxdepth", "0"]).args(link).arg("-o").args(other),
        )?;
        // The two are one folder, and releases of Debian link to either.
        Ok(described.replace("-> /usr/lib/", "-> /lib/"))
    }

    /// The paths of all files.
    pub(super) fn files(&self) -> Result<BTreeSet<String>, Error> {
        Ok(self.run(&["find", "/"])?.lines().map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_is_of_the_release_of_this_machine() {
        let trixie = "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nVERSION_CODENAME=trixie\nID=debian\n";
        assert_eq!(release(trixie), Some("trixie"));
        assert_eq!(release("ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n"), None);
        assert_eq!(release(""), None);
    }
}
