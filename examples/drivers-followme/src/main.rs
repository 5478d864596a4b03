//! The program `confgend` with the drivers of this crate, in addition to its own.

fn main() -> std::process::ExitCode {
    dispatcher::run(&[dispatcher::FAMILIES, &[drivers_followme::DRIVERS]].concat())
}
