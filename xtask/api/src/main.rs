//! Prints the public interface of a crate, one item a line, from the JSON that rustdoc wrote of it:
//! `xtask-api target/doc/driver_api.json`. `cargo xtask api` calls it.

use std::process::ExitCode;

use public_api::Builder;

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("usage: xtask-api FILE.json");
        return ExitCode::FAILURE;
    };
    // Blanket implementations and auto traits are a dozen lines for each type, and say nothing that its fields don't.
    let interface = Builder::from_rustdoc_json(path).omit_blanket_impls(true).omit_auto_trait_impls(true).build();
    match interface {
        Ok(interface) => {
            print!("{interface}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
