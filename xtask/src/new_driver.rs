//! `cargo xtask new-driver`: a driver that compiles, is registered, has a case and snapshots.

mod family;
mod names;
mod package;

use std::path::PathBuf;

use argh::FromArgs;
use dispatcher::{FAMILIES, Registry};
use driver_api::{Error, Namespace};

use self::names::Names;
use self::package::{NewFile, Package};

/// Create a driver: a source file with a query, its registration, a case and snapshots.
#[derive(FromArgs)]
#[argh(subcommand, name = "new-driver")]
pub(crate) struct NewDriver {
    /// the file that it writes, like asterisk.followme.conf
    #[argh(positional)]
    namespace: String,

    /// the family of this workspace that gets it; that of the resource by default
    #[argh(option)]
    family: Option<String>,

    /// the folder of a crate outside this workspace that gets it, and is created if it is not there
    #[argh(option, long = "crate")]
    package: Option<PathBuf>,

    /// what the key plugins selects it by; by default wazo in this workspace, and outside the name of
    /// the folder without drivers-
    #[argh(option)]
    name: Option<String>,
}

impl NewDriver {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let (package, names, files) = self.plan().map_err(|error| error.context("nothing was changed"))?;
        say!("{}", package.folder.display());
        package.write(&files)?;
        say!("\ncompiling it and writing its snapshots; in a new crate that takes some minutes");
        package.write_snapshots()?;
        say!("\n{}", package.next_steps(&names)?);
        Ok(())
    }

    /// Finds everything that can be wrong, before anything is written.
    fn plan(&self) -> Result<(Package, Names, Vec<NewFile>), Error> {
        let namespace: Namespace = self.namespace.parse()?;
        let package = self.package(&namespace)?;
        let name = self.name.as_deref().unwrap_or(package.driver_name());
        let names = Names::new(&namespace, name)?;
        check_against_ours(&namespace, name)?;
        let (names, files) = package.files(names)?;
        Ok((package, names, files))
    }

    fn package(&self, namespace: &Namespace) -> Result<Package, Error> {
        match (&self.family, &self.package) {
            (Some(_), Some(_)) => Err(Error::driver(
                "a driver has one place: --family is for this workspace, --crate for outside",
            )),
            (None, Some(folder)) => Package::outside(folder),
            (family, None) => Package::of_workspace(family.as_deref(), namespace),
        }
    }
}

/// A program has all families, and a driver must be the only one of its name there.
fn check_against_ours(namespace: &Namespace, name: &str) -> Result<(), Error> {
    let registry = Registry::new(FAMILIES)?;
    if registry.drivers(namespace).iter().any(|entry| entry.name == name) {
        let message = format!("confgend has a driver called {name} already; --name gives another name");
        return Err(Error::driver(message).context(namespace.to_string()));
    }
    Ok(())
}
