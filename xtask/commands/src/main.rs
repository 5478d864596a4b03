//! `cargo xtask`: the commands for developers of confgend. `generate` and those for authors of drivers are packages of their
//! own, which `cargo xtask` starts.

#![expect(clippy::print_stderr, reason = "a program for people at a terminal")]

// Every module prints with it.
#[macro_use(say)]
extern crate xtask_generate;

mod api;
mod bench;
mod bench_apply;
mod bench_beside;
mod bench_profile;
mod bench_review;
mod bench_serve;
mod book;
mod browser;
mod ci;
mod compare;
mod completion;
mod debian;
mod dist;
mod docs;
mod faults;
mod features;
mod files;
mod generate;
mod git;
mod guide;
mod image;
mod licences;
mod man;
mod package_test;
mod packages;
mod parse;
mod postgres;
mod publish;
mod tidy;

use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;

use argh::FromArgs;
use driver_api::Error;
use xtask_author::{command, metadata};
use xtask_generate::{file_error, namespaces, root, target};

/// The commands for developers of confgend.
#[derive(FromArgs)]
struct Xtask {
    #[argh(subcommand)]
    command: Command,
}

#[derive(FromArgs)]
#[argh(subcommand)]
enum Command {
    Api(api::Api),
    Bench(bench::Bench),
    Book(book::Book),
    Ci(ci::Ci),
    Completion(completion::Completion),
    Dist(dist::Dist),
    Docs(docs::Docs),
    Faults(faults::Faults),
    Features(features::Features),
    Fixtures(xtask_author::Fixtures),
    Generate(generate::Generate),
    Guide(guide::Guide),
    Image(image::Image),
    Licences(licences::Licences),
    Man(man::Man),
    MeasureReview(bench_review::MeasureReview),
    NewDriver(xtask_author::NewDriver),
    Parse(parse::Parse),
    Publish(publish::Publish),
    Screenshots(browser::Screenshots),
    TestPage(browser::TestPage),
    Tidy(tidy::Tidy),
}

fn main() -> ExitCode {
    xtask_author::start(|Xtask { command }| run(command))
}

fn run(command: Command) -> Result<(), Error> {
    match command {
        Command::Api(api) => api.run(),
        Command::Bench(bench) => bench.run(),
        Command::Book(book) => book.run(),
        Command::Ci(ci) => ci.run(),
        Command::Completion(completion) => completion.run(),
        Command::Dist(dist) => dist.run(),
        Command::Docs(docs) => docs.run(),
        Command::Faults(faults) => faults.run(),
        Command::Features(features) => features.run(),
        Command::Fixtures(fixtures) => fixtures.run(),
        Command::Generate(generate) => generate.run(),
        Command::Guide(guide) => guide.run(),
        Command::Image(image) => image.run(),
        Command::Licences(licences) => licences.run(),
        Command::Man(man) => man.run(),
        Command::MeasureReview(measure) => measure.run(),
        Command::NewDriver(new_driver) => new_driver.run(),
        Command::Parse(parse) => parse.run(),
        Command::Publish(publish) => publish.run(),
        Command::Screenshots(screenshots) => screenshots.run(),
        Command::TestPage(test) => test.run(),
        Command::Tidy(tidy) => tidy.run(),
    }
}

/// Returns a port on which nothing listens now.
fn free_port() -> Result<u16, Error> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| Error::driver("there is no free port").because(error))
}
