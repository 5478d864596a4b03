//! `cargo xtask`: the commands for developers of confgend.

#![expect(clippy::print_stderr, reason = "a program for people at a terminal")]

/// Prints a line. A reader that stops early (`| head`) is no error.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}

mod bench;
mod bench_apply;
mod bench_review;
mod bench_serve;
mod browser;
mod ci;
mod command;
mod compare;
mod debian;
mod dist;
mod faults;
mod features;
mod files;
mod fixtures;
mod generate;
mod git;
mod guide;
mod new_driver;
mod package_test;
mod packages;
mod parse;
mod postgres;
mod tidy;

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ::fixtures::Schema;
use argh::FromArgs;
use dispatcher::Registry;
use driver_api::{Error, Namespace};

/// The commands for developers of confgend.
#[derive(FromArgs)]
struct Xtask {
    #[argh(subcommand)]
    command: Command,
}

#[derive(FromArgs)]
#[argh(subcommand)]
enum Command {
    Bench(bench::Bench),
    Ci(ci::Ci),
    Dist(dist::Dist),
    Faults(faults::Faults),
    Features(features::Features),
    Fixtures(fixtures::Fixtures),
    Generate(generate::Generate),
    Guide(guide::Guide),
    Measure(bench::Measure),
    MeasureReview(bench_review::MeasureReview),
    NewDriver(new_driver::NewDriver),
    Parse(parse::Parse),
    Screenshots(browser::Screenshots),
    TestPage(browser::TestPage),
    Tidy(tidy::Tidy),
}

fn main() -> ExitCode {
    let Xtask { command } = argh::from_env();
    let result = match command {
        Command::Bench(bench) => bench.run(),
        Command::Ci(ci) => ci.run(),
        Command::Dist(dist) => dist.run(),
        Command::Faults(faults) => faults.run(),
        Command::Features(features) => features.run(),
        Command::Fixtures(fixtures) => fixtures.run(),
        Command::Generate(generate) => generate.run(),
        Command::Guide(guide) => guide.run(),
        Command::Measure(measure) => measure.run(),
        Command::MeasureReview(measure) => measure.run(),
        Command::NewDriver(new_driver) => new_driver.run(),
        Command::Parse(parse) => parse.run(),
        Command::Screenshots(screenshots) => screenshots.run(),
        Command::TestPage(test) => test.run(),
        Command::Tidy(tidy) => tidy.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", error.chain());
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The namespaces that have a driver for databases of this schema, sorted.
fn namespaces(registry: &Registry, schema: Schema) -> Vec<Namespace> {
    let has_driver = |namespace: &&Namespace| {
        registry.drivers(namespace).iter().any(|entry| Schema::from(entry.schema) == schema)
    };
    registry.namespaces().filter(has_driver).cloned().collect()
}

/// The folder for build results, all of which can be built again.
fn target() -> PathBuf {
    root().join("target")
}

/// Returns a port on which nothing listens now.
fn free_port() -> Result<u16, Error> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| Error::driver("there is no free port").because(error))
}

/// An error of a file or folder.
fn file_error(path: &Path, error: std::io::Error) -> Error {
    Error::driver("can't be used").because(error).context(path.display().to_string())
}
