//! `confgend`: turns the database of a telephony system into configuration files.

use std::process::ExitCode;

use dispatcher::FAMILIES;

// The library compiles without families, for programs that have their own. This program needs one.
const _: () = assert!(
    !FAMILIES.is_empty() || cfg!(feature = "custom"),
    "confgend needs a family of drivers: enable a feature such as `asterisk`; docs/packaging.md lists them all"
);

fn main() -> ExitCode {
    dispatcher::run(FAMILIES)
}
