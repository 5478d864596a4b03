//! `cargo xtask licences`: the licences of what other authors wrote and a program contains.
//!
//! `linked.rs` finds the crates, `bundled.rs` knows the C code in them, `texts.rs` finds the texts of their licences, and
//! `report.rs` writes all of it into one file. The packages have it, too.

mod bundled;
mod linked;
mod report;
mod texts;

use std::fs;
use std::path::{Path, PathBuf};

use argh::FromArgs;
use driver_api::Error;

use crate::packages::{DriverCrate, Features};
use crate::{file_error, root};

pub(crate) use report::report;

/// Write the licences of the crates in a program, and of the C code in them, into a file.
#[derive(FromArgs)]
#[argh(subcommand, name = "licences")]
pub(crate) struct Licences {
    /// the families in the program, like asterisk,provd; all by default
    #[argh(option)]
    families: Option<String>,

    /// the database engines in the program, like postgres; all by default
    #[argh(option)]
    engines: Option<String>,

    /// the folder of a crate with drivers of your own, for its program
    #[argh(option, long = "crate")]
    driver_crate: Option<PathBuf>,

    /// for the client wazo-confgen, in place of the service
    #[argh(switch)]
    client: bool,

    /// the file to write
    #[argh(positional)]
    file: PathBuf,
}

impl Licences {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let has_features = self.families.is_some() || self.engines.is_some();
        let text = match (&self.driver_crate, self.client) {
            (None, true) if !has_features => report(&Linked::client())?,
            (Some(folder), false) if !has_features => report(&DriverCrate::find(folder)?.linked())?,
            (None, false) => {
                report(&Features::choose(self.families.as_deref(), self.engines.as_deref())?.linked())?
            }
            _ => return Err(Error::driver("takes --client, or --crate, or --families and --engines")),
        };
        fs::write(&self.file, text).map_err(|error| file_error(&self.file, error))
    }
}

/// A program, as cargo links it.
pub(crate) struct Linked {
    program: &'static str,
    manifest: PathBuf,
    /// The cargo features, separated by commas. Without them, those by default.
    features: Option<String>,
}

impl Linked {
    /// The client, `wazo-confgen`.
    pub(crate) fn client() -> Linked {
        Linked { program: "wazo-confgen", manifest: root().join("client/Cargo.toml"), features: None }
    }

    /// The service, `confgend`, with these features.
    pub(crate) fn service(features: String) -> Linked {
        let manifest = root().join("dispatcher/Cargo.toml");
        Linked { program: "confgend", manifest, features: Some(features) }
    }

    /// The `confgend` of another crate.
    pub(crate) fn service_of(manifest: &Path) -> Linked {
        Linked { program: "confgend", manifest: manifest.to_owned(), features: None }
    }
}
