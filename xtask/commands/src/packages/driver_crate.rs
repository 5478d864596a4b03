//! A crate outside this repository: a library with drivers, and a program `confgend` that contains them.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dispatcher::FAMILIES;
use driver_api::{Error, Namespace};
use serde_json::Value;

use super::RELEASE;
use crate::command::{self, cargo};
use crate::licences::Linked;
use crate::metadata::{Metadata, Package, messages};
use crate::{file_error, root, target};

const PROGRAM: &str = "confgend";

/// The files whose drivers in this workspace read `/etc/wazo-confgend/templates`, which the package contains.
const FROM_TEMPLATES: [&str; 2] = ["asterisk/extensions.conf", "asterisk/modules.conf"];

/// A crate that has the program.
pub(crate) struct DriverCrate {
    manifest: PathBuf,
    name: String,
    version: String,
    /// Whether the versions of its dependencies are fixed.
    is_locked: bool,
}

impl DriverCrate {
    /// Finds the crate in this folder.
    pub(crate) fn find(folder: &Path) -> Result<DriverCrate, Error> {
        find(folder).map_err(|error| error.context(folder.display().to_string()).context("--crate"))
    }

    /// Builds the program, and asks it for its version and its drivers.
    pub(crate) fn build(&self, profile: &str) -> Result<Program, Error> {
        let path = self.compile(profile)?;
        let drivers = ask(&path).map_err(|error| error.context(path.display().to_string()))?;
        let takes_definitions = has_try(&path)?;
        let manifest = self.manifest.clone();
        Ok(Program {
            path,
            manifest,
            origin: self.to_string(),
            mark: self.mark(),
            drivers,
            takes_definitions,
        })
    }

    /// What is linked into the program.
    pub(crate) fn linked(&self) -> Linked {
        Linked::service_of(&self.manifest)
    }

    fn compile(&self, profile: &str) -> Result<PathBuf, Error> {
        let mut command = cargo();
        // In the folder of the crate, cargo reads the crate's configuration.
        command.current_dir(self.manifest.parent().unwrap_or(root()));
        command.args(["build", "--manifest-path"]).arg(&self.manifest);
        command.args(["--bin", PROGRAM, "--profile", profile, "--message-format=json-render-diagnostics"]);
        if self.is_locked {
            command.arg("--locked");
        }
        if profile == RELEASE {
            super::paths::remap(&mut command)?;
        } else {
            command.arg("--config").arg(super::dev_profile()).env("CARGO_TARGET_DIR", target());
        }
        let output =
            command::standard_output(&mut command).map_err(|error| error.context(self.to_string()))?;
        executable(&messages(&output)?).ok_or_else(|| {
            Error::driver(format!("cargo build doesn't name the file of {PROGRAM}")).context(self.to_string())
        })
    }

    /// The end of the Debian revision of its package. To Debian, the revision begins after the last hyphen. A revision
    /// that ends with `~rc.1` sorts before the one without it, as a pre-release does in cargo.
    fn mark(&self) -> String {
        let (version, build) = self.version.split_at(self.version.find('+').unwrap_or(self.version.len()));
        let version = version.replacen('-', "~", 1) + build;
        let allowed = |c: char| if c.is_ascii_alphanumeric() || "+~".contains(c) { c } else { '.' };
        format!("+{}.{version}", self.name).chars().map(allowed).collect()
    }
}

impl fmt::Display for DriverCrate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

fn find(folder: &Path) -> Result<DriverCrate, Error> {
    let manifest = manifest(folder)?;
    let metadata = Metadata::of(folder)?;
    let is_locked = metadata.workspace_root.join("Cargo.lock").exists();
    let Some(package) = metadata.package_at(&manifest) else {
        return Err(Error::driver("is a workspace; give the folder of the package with your program"));
    };
    if !has_program(&package) {
        return Err(Error::driver(format!(
            "the package {} has no binary called {PROGRAM}; add one to Cargo.toml, with path = \"src/main.rs\", \
             where main calls dispatcher::run with dispatcher::FAMILIES and your DRIVERS",
            package.name
        )));
    }
    Ok(DriverCrate { manifest, name: package.name, version: package.version, is_locked })
}

/// The path of a folder's Cargo.toml. It is an error if there is none.
fn manifest(folder: &Path) -> Result<PathBuf, Error> {
    if !folder.is_dir() {
        return Err(Error::driver(
            "there is no such folder; give the one with the Cargo.toml of your drivers",
        ));
    }
    let folder = folder.canonicalize().map_err(|error| file_error(folder, error))?;
    let manifest = folder.join("Cargo.toml");
    if manifest.is_file() {
        Ok(manifest)
    } else {
        Err(Error::driver("has no Cargo.toml; give the folder with the Cargo.toml of your drivers"))
    }
}

fn has_program(package: &Package) -> bool {
    package.targets.iter().any(|target| target.is("bin") && target.name == PROGRAM)
}

/// The path of the program, from cargo's messages.
fn executable(messages: &[Value]) -> Option<PathBuf> {
    messages.iter().find_map(|message| {
        let path = message["executable"].as_str().filter(|_| message["target"]["name"] == PROGRAM)?;
        Some(PathBuf::from(path))
    })
}

/// The drivers of a program, which must be confgend of this version.
fn ask(program: &Path) -> Result<BTreeSet<Driver>, Error> {
    check_version(command::output(Command::new(program).arg("--version"))?.trim_end())?;
    // This configuration excludes the files of this machine.
    let config = root().join("dispatcher/tests/it/alone.yml");
    let output = command::capture(
        Command::new(program).args(["list", "--config"]).arg(config).stderr(Stdio::inherit()),
    )?;
    // If the operator has to choose among drivers, the command fails, but lists them.
    let drivers = listed(&String::from_utf8_lossy(&output.stdout));
    if drivers.is_empty() { Err(Error::driver("lists no driver")) } else { Ok(drivers) }
}

/// Whether a program has the command for drivers in the configuration, which belongs to the feature `custom`.
fn has_try(program: &Path) -> Result<bool, Error> {
    let output = Command::new(program).args(["try", "--help"]).output();
    output.map(|output| output.status.success()).map_err(|error| file_error(program, error))
}

/// Refuses a program of another version, which may need another unit or other files below `/etc`.
fn check_version(found: &str) -> Result<(), Error> {
    let expected = concat!("confgend ", env!("CARGO_PKG_VERSION"));
    if found == expected {
        return Ok(());
    }
    let checkout = root().display();
    Err(Error::driver(format!(
        "the program is {found:?}, but the package is for {expected}; set the paths of its dependencies to {checkout}"
    )))
}

/// The drivers in the output of `confgend list`: a heading, and a line for each.
pub(crate) fn listed(text: &str) -> BTreeSet<Driver> {
    let drivers = text.lines().skip(1).map_while(|line| {
        let mut words = line.split_whitespace();
        Some(Driver { namespace: words.next()?.parse().ok()?, name: words.next()?.to_owned() })
    });
    drivers.collect()
}

/// The drivers of this repository.
pub(crate) fn our_drivers() -> BTreeSet<Driver> {
    let drivers = FAMILIES.iter().copied().flatten().filter_map(|entry| {
        Some(Driver { namespace: entry.namespace.parse().ok()?, name: entry.name.to_owned() })
    });
    drivers.collect()
}

/// A driver: the file that it writes, and its name.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Driver {
    namespace: Namespace,
    name: String,
}

impl fmt::Display for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.namespace, self.name)
    }
}

/// A program `confgend` that has been built.
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    manifest: PathBuf,
    /// The name and version of its crate.
    pub(crate) origin: String,
    /// The end of the Debian revision of its package.
    pub(crate) mark: String,
    pub(crate) drivers: BTreeSet<Driver>,
    /// Whether the configuration can define more drivers.
    pub(crate) takes_definitions: bool,
}

impl Program {
    /// What is linked into it.
    pub(crate) fn linked(&self) -> Linked {
        Linked::service_of(&self.manifest)
    }

    /// The drivers that this workspace does not have. A driver with the file and the name of one of ours is not among
    /// them.
    pub(crate) fn own_drivers(&self) -> impl Iterator<Item = &Driver> {
        let ours = our_drivers();
        self.drivers.iter().filter(move |driver| !ours.contains(driver))
    }

    /// Whether it contains a driver of this workspace that reads templates.
    pub(crate) fn reads_templates(&self) -> bool {
        let ours = our_drivers();
        let is_reader = |driver: &&Driver| FROM_TEMPLATES.contains(&driver.namespace.to_string().as_str());
        self.drivers.intersection(&ours).any(|driver| is_reader(&driver))
    }

    /// The key `plugins` that selects its own drivers.
    pub(crate) fn selection(&self) -> String {
        let entries: Vec<String> =
            self.own_drivers().map(|it| format!("{}: {}", it.namespace.dotted(), it.name)).collect();
        format!("{{{}}}", entries.join(", "))
    }

    /// The lines at the end of its package's description.
    pub(crate) fn description(&self) -> String {
        let mut lines = format!(" .\n The program is that of {}", self.origin);
        let own: Vec<String> = self.own_drivers().map(|driver| format!("\n  {driver}")).collect();
        lines += if own.is_empty() { "." } else { ", which has drivers of its own:" };
        lines + &own.concat() + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "NAMESPACE                      DRIVER       SELECTED\n\
                        asterisk/hep.conf              acme         no\n\
                        asterisk/hep.conf              wazo         yes\n\
                        asterisk/followme.conf         wazo         yes\n";

    fn program(list: &str) -> Program {
        let drivers = listed(list);
        Program {
            path: PathBuf::new(),
            manifest: PathBuf::new(),
            origin: "drivers-followme 0.1.0".into(),
            mark: String::new(),
            drivers,
            takes_definitions: true,
        }
    }

    #[test]
    fn a_description_lists_the_drivers_of_the_crate() {
        assert_eq!(
            program(LIST).description(),
            " .\n The program is that of drivers-followme 0.1.0, which has drivers of its own:\n  \
             asterisk/followme.conf (wazo)\n  asterisk/hep.conf (acme)\n"
        );
        assert_eq!(program(LIST).selection(), "{asterisk.followme.conf: wazo, asterisk.hep.conf: acme}");
        let list = "NAMESPACE\nasterisk/hep.conf wazo\n";
        assert_eq!(program(list).description(), " .\n The program is that of drivers-followme 0.1.0.\n");
    }

    #[test]
    fn a_program_of_another_version_is_refused() {
        check_version(concat!("confgend ", env!("CARGO_PKG_VERSION"))).unwrap();
        let error = check_version("confgend 0.0.1").unwrap_err().chain();
        assert!(
            error.starts_with("the program is \"confgend 0.0.1\", but the package is for confgend "),
            "{error}"
        );
    }

    #[test]
    fn only_the_table_of_drivers_is_read() {
        assert_eq!(listed(&format!("{LIST}\nfeatures: asterisk, sqlite\n")), listed(LIST));
        assert_eq!(listed(LIST).len(), 3);
    }

    #[test]
    fn only_drivers_of_this_workspace_read_templates() {
        assert!(!program(LIST).reads_templates());
        assert!(program(&format!("{LIST}asterisk/extensions.conf wazo yes\n")).reads_templates());
        assert!(!program(&format!("{LIST}asterisk/extensions.conf acme yes\n")).reads_templates());
    }

    #[test]
    fn revisions_sort_like_the_versions_of_the_crate() {
        let mark = |name: &str, version: &str| {
            DriverCrate {
                manifest: PathBuf::new(),
                name: name.into(),
                version: version.into(),
                is_locked: false,
            }
            .mark()
        };
        assert_eq!(mark("drivers-followme", "0.1.0"), "+drivers.followme.0.1.0");
        assert_eq!(mark("h323_drivers", "1.2.3-rc-a.4+git-5"), "+h323.drivers.1.2.3~rc.a.4+git.5");
        assert_eq!(mark("a", "1.0.0+git-5"), "+a.1.0.0+git.5");
    }

    fn refused(folder: &Path) -> String {
        DriverCrate::find(folder).map(|it| it.to_string()).unwrap_err().chain()
    }

    #[test]
    fn a_folder_without_the_program_is_refused() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = format!("--crate: {}", scratch.path().display());
        assert_eq!(
            refused(&scratch.path().join("nowhere")),
            format!(
                "{folder}/nowhere: there is no such folder; give the one with the Cargo.toml of your drivers"
            )
        );
        assert_eq!(
            refused(scratch.path()),
            format!("{folder}: has no Cargo.toml; give the folder with the Cargo.toml of your drivers")
        );
        let write = |name: &str, text: &str| std::fs::write(scratch.path().join(name), text).unwrap();
        write("Cargo.toml", "[package\n");
        assert!(refused(scratch.path()).starts_with(&format!("{folder}: cargo metadata ")));
        write("Cargo.toml", "[workspace]\n");
        assert_eq!(
            refused(scratch.path()),
            format!("{folder}: is a workspace; give the folder of the package with your program")
        );
        write("lib.rs", "");
        let package =
            "[package]\nname = \"drivers-a\"\nversion = \"0.2.0\"\n[lib]\npath = \"lib.rs\"\n[workspace]\n";
        write("Cargo.toml", package);
        assert!(
            refused(scratch.path()).starts_with(&format!(
                "{folder}: the package drivers-a has no binary called confgend; add one"
            ))
        );
        write("Cargo.toml", &format!("{package}[[bin]]\nname = \"confgend\"\npath = \"lib.rs\"\n"));
        assert_eq!(DriverCrate::find(scratch.path()).unwrap().to_string(), "drivers-a 0.2.0");
    }
}
