//! The programs of the image, linked statically with musl: they need no other files.

use std::env::consts::ARCH;
use std::path::PathBuf;
use std::process::Command;

use driver_api::Error;

use crate::licences::{Linked, report};
use crate::packages::{Features, compile};
use crate::{command, debian};

/// The programs of the image.
pub(super) struct Programs {
    /// `confgend`
    pub(super) service: Program,
    /// `wazo-confgen`
    pub(super) client: Program,
}

/// A program.
pub(super) struct Program {
    pub(super) path: PathBuf,
    /// The licences of the crates in it.
    pub(super) licences: String,
}

/// Compiles the programs for this machine's architecture. Installs what is missing for that, where this user may.
pub(super) fn build(features: &Features) -> Result<Programs, Error> {
    let triple = format!("{ARCH}-unknown-linux-musl");
    ensure_standard_library(&triple)?;
    ensure_compiler()?;
    let service = compile::service(&features.list(), Some(&triple))?;
    let client = compile::client(Some(&triple))?;
    Ok(Programs {
        service: Program { path: service, licences: report(&features.linked())? },
        client: Program { path: client, licences: report(&Linked::client())? },
    })
}

fn ensure_standard_library(triple: &str) -> Result<(), Error> {
    let folder =
        command::output(Command::new("rustc").args(["--print", "target-libdir", "--target", triple]))?;
    if PathBuf::from(folder.trim()).exists() {
        return Ok(());
    }
    say!("Rust has no standard library for {triple}; running: rustup target add {triple}");
    command::run(Command::new("rustup").args(["target", "add", triple]))
}

/// Ensures that there is a compiler for the C code of dependencies.
fn ensure_compiler() -> Result<(), Error> {
    const COMPILER: &str = "musl-gcc";
    if debian::find_or_install(COMPILER, "musl-tools") {
        return Ok(());
    }
    let message = format!("{COMPILER} is not installed; type: sudo apt-get install musl-tools");
    Err(Error::driver(message))
}
