//! `confgend`: turns the database of a telephony system into configuration files.

#[cfg(not(any(feature = "asterisk", feature = "phoned", feature = "provd", feature = "wazo")))]
compile_error!(
    "confgend needs a family of drivers: enable one of the features `asterisk`, `phoned`, `provd`, `wazo`"
);

use std::process::ExitCode;

fn main() -> ExitCode {
    dispatcher::run(dispatcher::FAMILIES)
}
