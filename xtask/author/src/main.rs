//! `cargo xtask new-driver` and `cargo xtask fixtures`, as a program.

use std::process::ExitCode;

use argh::FromArgs;
use xtask_author::{Fixtures, NewDriver, start};

/// The commands for authors of drivers.
#[derive(FromArgs)]
struct Author {
    #[argh(subcommand)]
    command: Command,
}

#[derive(FromArgs)]
#[argh(subcommand)]
enum Command {
    Fixtures(Fixtures),
    NewDriver(NewDriver),
}

fn main() -> ExitCode {
    start(|Author { command }| match command {
        Command::Fixtures(fixtures) => fixtures.run(),
        Command::NewDriver(new_driver) => new_driver.run(),
    })
}
