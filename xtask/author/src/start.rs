//! Starts a command of `cargo xtask`.

use std::env;
use std::process::ExitCode;

use argh::{EarlyExit, FromArgs};
use driver_api::Error;

/// Parses the words behind `cargo xtask`, and runs the command. Prints help if they ask for it, and errors.
pub fn start<C: FromArgs>(run: impl FnOnce(C) -> Result<(), Error>) -> ExitCode {
    let words: Vec<String> = env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // The program is not called by its own name.
    let result = match C::from_args(&["cargo xtask"], &words) {
        Ok(command) => run(command),
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
