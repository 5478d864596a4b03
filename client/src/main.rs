//! `wazo-confgen`: asks the service for a configuration file and prints it.

use std::process::ExitCode;

fn main() -> ExitCode {
    client::run()
}
