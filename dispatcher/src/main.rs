//! `confgend`: turns the database of a telephony system into configuration files.

#[cfg(not(any(
    feature = "asterisk",
    feature = "dird",
    feature = "phoned",
    feature = "provd",
    feature = "wazo"
)))]
compile_error!(
    "confgend needs a family of drivers: enable one of the features `asterisk`, `dird`, `phoned`, `provd`, `wazo`"
);

use std::process::ExitCode;

/// The service lives for months and needs a hundred megabytes now and then, for a moment.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    dispatcher::run(dispatcher::FAMILIES)
}
