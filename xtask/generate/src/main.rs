//! `cargo xtask generate`, as a program.

#![expect(clippy::print_stderr, reason = "a program for people at a terminal")]

use std::env;
use std::process::ExitCode;

use driver_api::Error;
use xtask_generate::{Generate, HELP, say};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", error.chain());
            ExitCode::FAILURE
        }
    }
}

/// Runs the command. Its name is the first argument, as in `cargo xtask`.
fn run() -> Result<(), Error> {
    let words: Vec<String> = env::args_os().skip(2).map(|word| word.to_string_lossy().into_owned()).collect();
    match Generate::parse(&words.iter().map(String::as_str).collect::<Vec<_>>())? {
        Some(generate) => generate.run(),
        None => {
            say!("{}", HELP.trim_end());
            Ok(())
        }
    }
}
