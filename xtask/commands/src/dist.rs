//! `cargo xtask dist`: builds the Debian packages of the service and of the client.

use std::path::{self, Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use argh::FromArgs;
use driver_api::Error;

use crate::packages::{Build, DriverCrate, Features, Program, RELEASE, ensure_cargo_deb};
use crate::{command, file_error, package_test, root, target};

/// Build the Debian packages confgend and confgend-client.
#[derive(FromArgs)]
#[argh(subcommand, name = "dist")]
pub(crate) struct Dist {
    /// the families to build in, like asterisk,provd, and custom for drivers in the configuration; all by default
    #[argh(option)]
    families: Option<String>,

    /// the database engines to build in, like postgres; all by default
    #[argh(option)]
    engines: Option<String>,

    /// the folder of a crate with drivers of your own; its program is packaged instead of this workspace's
    #[argh(option, long = "crate")]
    driver_crate: Option<PathBuf>,

    /// the folder for the packages; target/dist by default
    #[argh(option)]
    out: Option<PathBuf>,

    /// test packages in a temporary Debian system, instead of building them for use
    #[argh(switch)]
    test: bool,
}

impl Dist {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let driver_crate = self.driver_crate()?;
        if self.test {
            return package_test::run(driver_crate);
        }
        ensure_cargo_deb()?;
        let out = self.out.clone().unwrap_or_else(|| target().join("dist"));
        // cargo-deb runs in the folder of the workspace.
        let out = path::absolute(&out).map_err(|error| file_error(&out, error))?;
        let build = Build { profile: RELEASE, revision: 1, out: &out, checkout: root() };
        match driver_crate {
            Some(driver_crate) => package_crate(&build, &driver_crate),
            None => self.package_workspace(&build),
        }
    }

    fn driver_crate(&self) -> Result<Option<DriverCrate>, Error> {
        let Some(folder) = &self.driver_crate else { return Ok(None) };
        if self.families.is_some() || self.engines.is_some() {
            return Err(Error::driver(format!(
                "can't be combined with --families or --engines: {} chooses the features of that program, with \
                 dispatcher = {{ …, default-features = false, features = [\"asterisk\", \"postgres\", …] }}",
                folder.join("Cargo.toml").display()
            ))
            .context("--crate"));
        }
        DriverCrate::find(folder).map(Some)
    }

    fn package_workspace(&self, build: &Build<'_>) -> Result<(), Error> {
        let features = Features::choose(self.families.as_deref(), self.engines.as_deref())?;
        show(&features.to_string(), &build.packages(&features)?)?;
        let small = Features::small()?;
        if small != features {
            let scratch = tempfile::tempdir().map_err(|error| file_error(&env::temp_dir(), error))?;
            say!("\nfor comparison, not kept:");
            show(&small.to_string(), &[Build { out: scratch.path(), ..*build }.service(&small)?])?;
        }
        Ok(())
    }
}

/// Packages the service with the program of another crate, and the client, which has no drivers.
fn package_crate(build: &Build<'_>, driver_crate: &DriverCrate) -> Result<(), Error> {
    let program = driver_crate.build(build.profile)?;
    let packages = [build.service_with(&program)?, build.client()?];
    show(&program.origin, &packages)?;
    show_drivers(&program);
    Ok(())
}

fn show_drivers(program: &Program) {
    say!("\ndrivers that confgend does not have:");
    let mut own = program.own_drivers().peekable();
    if own.peek().is_none() {
        say!("none; does main pass its DRIVERS to dispatcher::run?");
    }
    for driver in own {
        say!("{driver}");
    }
}

/// Prints the size of each package and of each program in it.
fn show(what: &str, packages: &[PathBuf]) -> Result<(), Error> {
    say!("{what}");
    for package in packages {
        let size = fs::metadata(package).map_err(|error| file_error(package, error))?.len();
        say!("{size:>10} bytes  {}", package.display());
        for (path, size) in programs(package)? {
            say!("{size:>10} bytes    {path}");
        }
    }
    Ok(())
}

/// The programs in a package, with their sizes in bytes.
fn programs(package: &Path) -> Result<Vec<(String, u64)>, Error> {
    let listing = command::output(Command::new("dpkg-deb").arg("--contents").arg(package))?;
    // Mode, owner, size, date, time, path.
    let programs = listing.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [mode, _, size, _, _, path] = words.as_slice() else { return None };
        let program = mode.starts_with('-') && mode.contains('x');
        program.then(|| Some(((*path).to_owned(), size.parse().ok()?)))?
    });
    Ok(programs.collect())
}
