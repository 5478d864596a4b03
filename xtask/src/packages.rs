//! Builds the Debian packages of the service and of its client.

mod description;
mod driver_crate;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{env, fmt, fs};

use dispatcher::{FAMILIES, Registry};
use driver_api::{Error, Namespace};

use crate::{cargo, debian, file_error, not_started};

pub(crate) use driver_crate::{Driver, DriverCrate, Program, listed, our_drivers};

/// The profile of packages for use.
pub(crate) const RELEASE: &str = "release";

const ENGINES: &[&str] = &["postgres", "sqlite"];

/// The feature that every package has.
const ALLOCATOR: &str = "jemalloc";

/// The cargo features of a build.
#[derive(PartialEq)]
pub(crate) struct Features {
    families: Vec<String>,
    engines: Vec<String>,
}

impl Features {
    /// Everything there is.
    pub(crate) fn all() -> Result<Features, Error> {
        Features::choose(None, None)
    }

    pub(crate) fn choose(families: Option<&str>, engines: Option<&str>) -> Result<Features, Error> {
        // A family's feature is called as its resource.
        let registry = Registry::new(FAMILIES)?;
        let known: BTreeSet<&str> = registry.namespaces().map(Namespace::resource).collect();
        let known: Vec<&str> = known.into_iter().collect();
        Ok(Features {
            families: select(families, &known).map_err(|error| error.context("--families"))?,
            engines: select(engines, ENGINES).map_err(|error| error.context("--engines"))?,
        })
    }

    fn has_family(&self, name: &str) -> bool {
        self.families.iter().any(|family| family == name)
    }

    fn list(&self) -> String {
        // The family is packaged with its files for databases of the older schema.
        let older = if self.has_family("asterisk") { "asterisk-older," } else { "" };
        format!("{older}{},{},{ALLOCATOR}", self.families.join(","), self.engines.join(","))
    }
}

impl fmt::Display for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.families.join(", "), self.engines.join(", "))
    }
}

/// The names of a list with commas, all of which have to be known; without a list, all that are known.
fn select(list: Option<&str>, known: &[&str]) -> Result<Vec<String>, Error> {
    let Some(list) = list else {
        return Ok(known.iter().map(ToString::to_string).collect());
    };
    let names = list.split(',').map(str::trim);
    let selected: BTreeSet<&str> = names.collect();
    match selected.iter().find(|name| !known.contains(name)) {
        Some(name) => Err(Error::driver(format!("there is no {name:?}; choose from {}", known.join(",")))),
        None => Ok(selected.into_iter().map(str::to_owned).collect()),
    }
}

/// How packages are built, and where they go.
#[derive(Clone, Copy)]
pub(crate) struct Build<'a> {
    pub(crate) profile: &'a str,
    /// What follows the version after a dash; a higher one is an upgrade.
    pub(crate) revision: u32,
    pub(crate) out: &'a Path,
}

impl Build<'_> {
    /// The packages of the service and of the client.
    pub(crate) fn packages(&self, features: &Features) -> Result<Vec<PathBuf>, Error> {
        Ok(vec![self.service(features)?, self.client()?])
    }

    pub(crate) fn service(&self, features: &Features) -> Result<PathBuf, Error> {
        let mut command = self.cargo_deb_of_service(features.has_family("asterisk"), "");
        command.args(["--no-default-features", "--features", &features.list()]);
        package_of(&mut command)
    }

    pub(crate) fn client(&self) -> Result<PathBuf, Error> {
        package_of(&mut self.cargo_deb("client", ""))
    }

    /// The package of the service with somebody else's program, which its version and its description tell.
    pub(crate) fn service_with(&self, program: &Program) -> Result<PathBuf, Error> {
        // Where cargo-deb looks for what it would have built.
        let scratch = tempfile::tempdir().map_err(|error| file_error(&env::temp_dir(), error))?;
        let folder = scratch.path().join(self.profile);
        fs::create_dir(&folder)
            .and_then(|()| fs::copy(&program.path, folder.join("confgend")))
            .map_err(|error| file_error(&program.path, error))?;
        let mut command = self.cargo_deb_of_service(program.reads_templates(), &program.mark);
        command.arg("--no-build").env("CARGO_TARGET_DIR", scratch.path());
        let package = package_of(&mut command)?;
        let quickly: &[&str] = if self.profile == RELEASE { &[] } else { &["-Zgzip", "-z1"] };
        description::add(&package, &program.description(), quickly)?;
        Ok(package)
    }

    /// The templates are Asterisk's, so the package has them only with that family.
    fn cargo_deb_of_service(&self, has_asterisk: bool, mark: &str) -> Command {
        let mut command = self.cargo_deb("dispatcher", mark);
        if has_asterisk {
            command.args(["--variant", "asterisk"]);
        }
        command
    }

    fn cargo_deb(&self, package: &str, mark: &str) -> Command {
        let mut command = cargo();
        command.args(["deb", "--quiet", "--locked", "--package", package, "--profile", self.profile]);
        command.args(["--deb-revision", &format!("{}{mark}", self.revision)]).arg("--output").arg(self.out);
        if self.profile != RELEASE {
            command.arg("--fast");
        }
        command
    }
}

/// Runs cargo-deb; returns where the package is.
fn package_of(command: &mut Command) -> Result<PathBuf, Error> {
    let output =
        command.stderr(Stdio::inherit()).output().map_err(|error| not_started("cargo deb", error))?;
    if !output.status.success() {
        return Err(Error::driver("cargo deb: failed"));
    }
    // It prints where the package is.
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    printed
        .lines()
        .last()
        .map(PathBuf::from)
        .ok_or_else(|| Error::driver("cargo deb doesn't say where the package is"))
}

/// Runs a command; returns what it prints. An error has what it complains about, on one line.
pub(crate) fn run(command: &mut Command) -> Result<String, Error> {
    let Output { status, stdout, stderr } =
        command.output().map_err(|error| file_error(Path::new(command.get_program()), error))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if status.success() {
        return Ok(text(&stdout));
    }
    let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
    Err(Error::driver(format!("{status}: {}", one_line(&text(&stderr)))).context(words.join(" ")))
}

/// A message of several lines as one.
pub(crate) fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" | ")
}

/// Sees to it that there is a tool such as cargo-deb: installs it where it is missing.
pub(crate) fn ensure_cargo_tool(name: &str) -> Result<(), Error> {
    if debian::has(name) {
        return Ok(());
    }
    say!("{name} is not here: cargo install --locked {name}");
    let status = cargo().args(["install", "--quiet", "--locked", name]).status();
    if status.is_ok_and(|status| status.success()) {
        Ok(())
    } else {
        Err(Error::driver(format!("{name} can't be installed; type: cargo install --locked {name}")))
    }
}

#[cfg(test)]
mod tests {
    use driver_api::Config;

    use super::*;

    #[test]
    fn features_are_chosen_by_name() {
        let features =
            |families, engines| Features::choose(families, engines).map(|features| features.list());
        assert_eq!(
            features(None, None).unwrap(),
            "asterisk-older,asterisk,dird,phoned,provd,wazo,postgres,sqlite,jemalloc"
        );
        assert_eq!(features(Some("wazo, provd"), Some("postgres")).unwrap(), "provd,wazo,postgres,jemalloc");
        assert_eq!(
            features(Some("sip"), None).unwrap_err().chain(),
            "--families: there is no \"sip\"; choose from asterisk,dird,phoned,provd,wazo"
        );
        assert_eq!(
            features(None, Some("")).unwrap_err().chain(),
            "--engines: there is no \"\"; choose from postgres,sqlite"
        );
    }

    #[test]
    fn the_packaged_configuration_does_not_contradict_what_is_built_in() {
        let packaged = Config::from_yaml(include_str!("../../dispatcher/debian/config.yml")).unwrap();
        let mut built_in = dispatcher::config::defaults();
        built_in.fill_from(&Registry::new(FAMILIES).unwrap().defaults().unwrap());
        let mut packaged_first = packaged.clone();
        packaged_first.fill_from(&built_in);
        built_in.fill_from(&packaged);
        assert_eq!(packaged_first, built_in);
        assert!(packaged.get::<String>("db_uri").unwrap().is_some());
    }

    #[test]
    fn the_changelog_of_the_packages_begins_with_this_version() {
        let changelog = include_str!("../../dispatcher/debian/changelog");
        assert!(
            changelog.starts_with(concat!("confgend (", env!("CARGO_PKG_VERSION"), "-1) ")),
            "{changelog}"
        );
    }
}
