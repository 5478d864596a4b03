//! `cargo xtask new-driver`: creates a driver that compiles, is registered, and has a case and snapshots.

mod check;
mod family;
mod names;
mod package;
mod template;
mod write;

use std::path::PathBuf;

use argh::FromArgs;
use driver_api::{Error, Namespace};
use drivers::{FAMILIES, Registry};

use self::names::Names;
use self::package::Package;
use self::write::NewFile;

/// Create a driver: a source file with a query, its registration, a case and snapshots.
#[derive(FromArgs)]
#[argh(subcommand, name = "new-driver")]
pub struct NewDriver {
    /// the file that the driver writes, like asterisk.followme.conf
    #[argh(positional)]
    namespace: String,

    /// the family of this workspace to add the driver to; by default, the one of the resource
    #[argh(option)]
    family: Option<String>,

    /// the folder of a crate outside this workspace to add the driver to; it is created if it does not exist
    #[argh(option, long = "crate")]
    package: Option<PathBuf>,

    /// the name of the driver, for the key plugins; by default wazo in this workspace, and outside the name of the
    /// folder without drivers-
    #[argh(option)]
    name: Option<String>,
}

impl NewDriver {
    /// Runs the command.
    pub fn run(&self) -> Result<(), Error> {
        let (package, names, files) = self.plan().map_err(|error| error.context("nothing was changed"))?;
        say!("{}", package.folder.display());
        write::files(&package.folder, &files)?;
        say!("\ncompiling it and writing its snapshots; in a new crate that takes some minutes");
        write::snapshots(&package)?;
        say!("\n{}", package.next_steps(&names)?);
        Ok(())
    }

    /// Finds every error before anything is written.
    fn plan(&self) -> Result<(Package, Names, Vec<NewFile>), Error> {
        let namespace: Namespace = self.namespace.parse()?;
        let package = self.package(&namespace)?;
        let name = self.name.as_deref().unwrap_or(package.driver_name());
        let names = Names::new(&namespace, name)?;
        check_name_is_free(&namespace, name)?;
        let (names, files) = package.files(names)?;
        Ok((package, names, files))
    }

    fn package(&self, namespace: &Namespace) -> Result<Package, Error> {
        match (&self.family, &self.package) {
            (Some(_), Some(_)) => Err(Error::driver(
                "a driver is in one crate; give either --family, for this workspace, or --crate",
            )),
            (None, Some(folder)) => Package::outside(folder),
            (family, None) => Package::of_workspace(family.as_deref(), namespace),
        }
    }
}

/// Refuses a driver with the file and the name of a driver of this workspace: a program can't have both.
fn check_name_is_free(namespace: &Namespace, name: &str) -> Result<(), Error> {
    let registry = Registry::new(FAMILIES)?;
    if registry.drivers(namespace).iter().any(|entry| entry.name == name) {
        let message = format!("confgend has a driver called {name} already; --name gives another name");
        return Err(Error::driver(message).context(namespace.to_string()));
    }
    Ok(())
}
