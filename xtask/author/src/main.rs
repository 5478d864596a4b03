//! `cargo xtask new-driver` and `cargo xtask fixtures`, as a program.

#![expect(clippy::print_stderr, reason = "a program for people at a terminal")]

use std::env;
use std::process::ExitCode;

use argh::{EarlyExit, FromArgs};
use xtask_author::{Fixtures, NewDriver};
use xtask_generate::say;

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
    let words: Vec<String> = env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // The program is not called by its own name.
    let result = match Author::from_args(&["cargo xtask"], &words) {
        Ok(Author { command: Command::Fixtures(fixtures) }) => fixtures.run(),
        Ok(Author { command: Command::NewDriver(new_driver) }) => new_driver.run(),
        Err(EarlyExit { output, status: Ok(()) }) => {
            say!("{output}");
            return ExitCode::SUCCESS;
        }
        Err(EarlyExit { output, .. }) => {
            eprintln!("{output}\nRun cargo xtask --help for more information.");
            return ExitCode::FAILURE;
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", error.chain());
            ExitCode::FAILURE
        }
    }
}
