//! confgend, with the drivers of this crate beside its own.

fn main() -> std::process::ExitCode {
    dispatcher::run(&[dispatcher::FAMILIES, &[drivers_followme::DRIVERS]].concat())
}
