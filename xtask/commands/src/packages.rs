//! Builds the Debian packages of the service and of the client.

pub(crate) mod compile;
pub(crate) mod date;
mod description;
mod driver_crate;
mod manuals;
mod notices;
pub(crate) mod paths;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fmt, fs};

use dispatcher::{FAMILIES, Registry};
use driver_api::{Error, Namespace};

use crate::command::{self, cargo};
use crate::licences::Linked;
use crate::{debian, file_error, root, target};

pub(crate) use driver_crate::{Driver, DriverCrate, Program, listed, our_drivers};

/// The profile of packages for use.
pub(crate) const RELEASE: &str = "release";

/// The profile of packages that are tested and thrown away.
pub(crate) const TEST: &str = "dev";

const ENGINES: &[&str] = &["postgres", "sqlite"];

/// The feature of drivers that the configuration defines. A packager chooses it among the families.
const CUSTOM: &str = "custom";

/// The family with templates below `/etc`.
const ASTERISK: &str = "asterisk";

/// The feature that every package has.
const ALLOCATOR: &str = "mimalloc";

/// The cargo features of a build.
#[derive(PartialEq)]
pub(crate) struct Features {
    /// The families, and [`CUSTOM`].
    families: Vec<String>,
    engines: Vec<String>,
    /// Whether nothing is left out.
    is_all: bool,
}

impl Features {
    /// All families and engines.
    pub(crate) fn all() -> Result<Features, Error> {
        Features::choose(None, None)
    }

    /// Those of a small product. Its package shows how much smaller a build with fewer families is.
    pub(crate) fn small() -> Result<Features, Error> {
        Features::choose(Some("provd"), Some("postgres"))
    }

    pub(crate) fn choose(families: Option<&str>, engines: Option<&str>) -> Result<Features, Error> {
        // A family's feature has the name of its resource.
        let registry = Registry::new(FAMILIES)?;
        let resources = registry.namespaces().map(Namespace::resource);
        let known: BTreeSet<&str> = resources.chain([CUSTOM]).collect();
        let known: Vec<&str> = known.into_iter().collect();
        let families = select(families, &known).map_err(|error| error.context("--families"))?;
        let engines = select(engines, ENGINES).map_err(|error| error.context("--engines"))?;
        let is_all = families.len() == known.len() && engines.len() == ENGINES.len();
        Ok(Features { families, engines, is_all })
    }

    /// Whether a family is among them.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.families.iter().any(|family| family == name)
    }

    /// Whether they have drivers in the configuration.
    pub(crate) fn has_custom(&self) -> bool {
        self.has(CUSTOM)
    }

    /// Whether an engine is among them.
    pub(crate) fn has_engine(&self, name: &str) -> bool {
        self.engines.iter().any(|engine| engine == name)
    }

    fn parts(&self) -> Parts {
        Parts { has_templates: self.has(ASTERISK), has_custom: self.has_custom() }
    }

    /// What is linked into the program with these features.
    pub(crate) fn linked(&self) -> Linked {
        Linked::service(self.list())
    }

    /// The list for cargo.
    pub(crate) fn list(&self) -> String {
        if self.is_all {
            // Cargo has this build already, because it is that of a build that names no features.
            return "default".to_owned();
        }
        // The family is packaged with its files for databases of the older schema.
        let older = if self.has(ASTERISK) { "asterisk-older," } else { "" };
        format!("{older}{},{},{ALLOCATOR}", self.families.join(","), self.engines.join(","))
    }
}

impl fmt::Display for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.families.join(", "), self.engines.join(", "))
    }
}

/// The files of a package that only some programs use.
#[derive(Clone, Copy)]
struct Parts {
    /// The templates that the family `asterisk` reads.
    has_templates: bool,
    /// The bridge, the data set and the document of drivers in the configuration.
    has_custom: bool,
}

impl Parts {
    /// The variant in dispatcher/Cargo.toml that has these files.
    fn variant(self) -> Option<&'static str> {
        match (self.has_templates, self.has_custom) {
            (true, true) => Some("asterisk-custom"),
            (true, false) => Some(ASTERISK),
            (false, true) => Some(CUSTOM),
            (false, false) => None,
        }
    }
}

/// The names in a comma-separated list; all known names without one. An unknown name is an error.
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

/// The path of a configuration of cargo with which a crate from outside has the profile `dev` of this workspace, so that it
/// shares compiled dependencies.
pub(crate) fn dev_profile() -> PathBuf {
    root().join("xtask/commands/src/dev-profile.toml")
}

/// The settings with which packages are built.
#[derive(Clone, Copy)]
pub(crate) struct Build<'a> {
    pub(crate) profile: &'a str,
    /// The Debian revision, after the version and a dash. A higher one is an upgrade.
    pub(crate) revision: u32,
    pub(crate) out: &'a Path,
    /// The checkout with the other files of the packages.
    pub(crate) checkout: &'a Path,
}

impl Build<'_> {
    /// The packages of the service and of the client.
    pub(crate) fn packages(&self, features: &Features) -> Result<Vec<PathBuf>, Error> {
        if self.profile == TEST {
            // Of the whole workspace, these are compiled already.
            command::run(cargo().args(["build", "--quiet", "--bin", "confgend", "--bin", "wazo-confgen"]))?;
        }
        Ok(vec![self.service(features)?, self.client()?])
    }

    pub(crate) fn service(&self, features: &Features) -> Result<PathBuf, Error> {
        if self.profile == RELEASE {
            compile::service(&features.list(), None)?;
        }
        let programs = target().join(self.folder());
        manuals::of_service(&programs, features.parts())?;
        notices::of_service(&programs, &features.linked())?;
        package_of(&mut self.cargo_deb_of_service(features.parts(), "")?)
    }

    pub(crate) fn client(&self) -> Result<PathBuf, Error> {
        if self.profile == RELEASE {
            compile::client(None)?;
        }
        let programs = target().join(self.folder());
        manuals::of_client(&programs)?;
        notices::of_client(&programs)?;
        package_of(&mut self.cargo_deb("client", "")?)
    }

    /// The package of the service with the program of another crate. Its version and its description name that crate.
    pub(crate) fn service_with(&self, program: &Program) -> Result<PathBuf, Error> {
        if self.profile == RELEASE {
            paths::check(&program.path)?;
        }
        // cargo-deb takes the program from here, as if it had built it.
        let scratch = tempfile::tempdir().map_err(|error| file_error(&env::temp_dir(), error))?;
        let folder = scratch.path().join(self.folder());
        fs::create_dir(&folder)
            .and_then(|()| fs::copy(&program.path, folder.join("confgend")))
            .map_err(|error| file_error(&program.path, error))?;
        let parts = Parts { has_templates: program.reads_templates(), has_custom: program.takes_definitions };
        manuals::of_service(&folder, parts)?;
        notices::of_service(&folder, &program.linked())?;
        let mut command = self.cargo_deb_of_service(parts, &program.mark)?;
        command.env("CARGO_TARGET_DIR", scratch.path());
        let package = package_of(&mut command)?;
        let compression: &[&str] = if self.profile == RELEASE { &[] } else { &["-Zgzip", "-z1"] };
        description::add(&package, &program.description(), compression)?;
        Ok(package)
    }

    /// The folder of the programs, below the target folder.
    fn folder(&self) -> &str {
        if self.profile == TEST { "debug" } else { self.profile }
    }

    /// The command that packages the service with the files that its program uses.
    fn cargo_deb_of_service(&self, parts: Parts, mark: &str) -> Result<Command, Error> {
        let mut command = self.cargo_deb("dispatcher", mark)?;
        if let Some(variant) = parts.variant() {
            command.args(["--variant", variant]);
        }
        Ok(command)
    }

    fn cargo_deb(&self, package: &str, mark: &str) -> Result<Command, Error> {
        let mut command = cargo();
        command.current_dir(self.checkout).env("CARGO_TARGET_DIR", target());
        command.env(date::VARIABLE, date::seconds()?);
        command.args(["deb", "--quiet", "--locked", "--package", package, "--profile", self.profile]);
        command.args(["--deb-revision", &format!("{}{mark}", self.revision)]).arg("--output").arg(self.out);
        // Debian's programs have no symbols, and cargo-deb would keep those that the profile keeps.
        command.args(["--strip", "--no-build"]);
        if self.profile == TEST {
            command.arg("--fast");
        }
        Ok(command)
    }
}

/// Runs cargo-deb; returns the path of the package, which it prints on its last line.
fn package_of(cargo_deb: &mut Command) -> Result<PathBuf, Error> {
    let printed = command::standard_output(cargo_deb)?;
    let printed = String::from_utf8_lossy(&printed);
    let path = printed.lines().last().map(PathBuf::from);
    path.ok_or_else(|| Error::driver("does not print the path of the package").context("cargo deb"))
}

/// Installs what makes packages: cargo-deb, and the program that tells which libraries a program needs. Without that one,
/// cargo-deb leaves the dependencies empty where Debian has its libraries below /usr (Debian 13).
pub(crate) fn ensure_cargo_deb() -> Result<(), Error> {
    if !debian::find_or_install("dpkg-shlibdeps", "dpkg-dev") {
        return Err(Error::driver(
            "dpkg-shlibdeps is not installed, without which the packages would name no libraries as dependencies; type: \
             sudo apt-get install dpkg-dev",
        ));
    }
    ensure_cargo_tool("cargo-deb")
}

/// Installs a tool such as cargo-deb, unless it is installed.
pub(crate) fn ensure_cargo_tool(name: &str) -> Result<(), Error> {
    if debian::has(name) {
        return Ok(());
    }
    say!("{name} is not installed; running: cargo install --locked {name}");
    command::run(cargo().args(["install", "--quiet", "--locked", name]))
}

#[cfg(test)]
mod tests {
    use driver_api::Config;

    use super::*;

    #[test]
    fn features_are_chosen_by_name() {
        let features =
            |families, engines| Features::choose(families, engines).map(|features| features.list());
        assert_eq!(features(None, None).unwrap(), "default");
        assert_eq!(features(Some("wazo,phoned,dird,custom,asterisk,provd"), None).unwrap(), "default");
        assert_eq!(
            features(Some("asterisk"), None).unwrap(),
            "asterisk-older,asterisk,postgres,sqlite,mimalloc"
        );
        assert_eq!(features(Some("wazo, provd"), Some("postgres")).unwrap(), "provd,wazo,postgres,mimalloc");
        assert_eq!(
            features(Some("sip"), None).unwrap_err().chain(),
            "--families: there is no \"sip\"; choose from asterisk,custom,dird,phoned,provd,wazo"
        );
        assert_eq!(
            features(None, Some("")).unwrap_err().chain(),
            "--engines: there is no \"\"; choose from postgres,sqlite"
        );
    }

    #[test]
    fn a_package_has_the_files_of_its_features() {
        let manifest = include_str!("../../../dispatcher/Cargo.toml");
        let variant = |families| Features::choose(Some(families), None).unwrap().parts().variant();
        assert_eq!(variant("provd,wazo"), None);
        for families in ["asterisk", "custom", "asterisk,custom"] {
            let name = families.replace(',', "-");
            assert_eq!(variant(families), Some(name.as_str()));
            let heading = format!("\n[package.metadata.deb.variants.{name}]\n");
            let (_, section) = manifest.split_once(&heading).unwrap();
            let section = section.split("\n[").next().unwrap_or_default();
            assert_eq!(section.contains("/templates/contexts.conf"), families.contains("asterisk"), "{name}");
            assert_eq!(section.contains("/confgend-python-driver"), families.contains("custom"), "{name}");
        }
    }

    #[test]
    fn the_packaged_configuration_agrees_with_the_defaults() {
        let packaged = Config::from_yaml(include_str!("../../../dispatcher/debian/config.yml")).unwrap();
        // Only a package knows the folder and the group of the socket.
        let socket = "{listen_socket: /run/wazo-confgend/confgend.sock, listen_socket_group: asterisk}";
        let mut built_in = Config::from_yaml(socket).unwrap();
        built_in.fill_from(&dispatcher::config::defaults());
        built_in.fill_from(&Registry::new(FAMILIES).unwrap().defaults().unwrap());
        let mut packaged_first = packaged.clone();
        packaged_first.fill_from(&built_in);
        built_in.fill_from(&packaged);
        assert_eq!(packaged_first, built_in);
        assert!(packaged.get::<String>("db_uri").unwrap().is_some());
    }

    #[test]
    fn a_comment_of_the_packaged_configuration_can_be_uncommented() {
        let text = include_str!("../../../dispatcher/debian/config.yml");
        // A key behind `#` has no blank in between, and what is below it has two.
        let is_value = |line: &str| !line.starts_with("# ") || line.starts_with("#  ");
        let uncommented =
            text.lines().map(|line| line.strip_prefix('#').filter(|_| is_value(line)).unwrap_or(line));
        let uncommented: Vec<&str> = uncommented.collect();
        let mut config = Config::from_yaml(&uncommented.join("\n")).unwrap().named("config.yml");
        assert_eq!(config.get("apply.folder").unwrap(), Some("/var/lib/confgend".to_owned()));
        let registry = Registry::new(FAMILIES).unwrap();
        assert_eq!(dispatcher::config::unknown(&config, &registry).unwrap(), [""; 0]);
        config.fill_from(&dispatcher::config::only(None, &registry).unwrap());
        let problems = dispatcher::config::problems(&config, &registry, &mut Vec::new());
        assert_eq!(problems.iter().map(Error::chain).collect::<Vec<_>>(), [""; 0]);
    }

    #[test]
    fn the_changelog_of_the_packages_begins_with_this_version() {
        let changelog = include_str!("../../../dispatcher/debian/changelog");
        assert!(
            changelog.starts_with(concat!("confgend (", env!("CARGO_PKG_VERSION"), "-1) ")),
            "{changelog}"
        );
    }
}
