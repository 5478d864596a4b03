//! Measures in a process that does nothing else, so that time, memory and allocations are those of what is measured.
//! `cargo xtask bench` runs it.

#![expect(clippy::print_stderr, clippy::print_stdout, reason = "a program whose output another one reads")]

mod allocations;
mod command;
mod files;
mod followme;

use std::process::ExitCode;

use argh::FromArgs;

/// Measure something once.
#[derive(FromArgs)]
struct Measure {
    #[argh(subcommand)]
    what: What,
}

#[derive(FromArgs)]
#[argh(subcommand)]
enum What {
    Files(files::Files),
    Command(command::Command),
}

fn main() -> ExitCode {
    let Measure { what } = argh::from_env();
    let result = match what {
        What::Files(files) => files.run(),
        What::Command(command) => command.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", error.chain());
            ExitCode::FAILURE
        }
    }
}
