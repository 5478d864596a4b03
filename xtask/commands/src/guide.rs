//! `cargo xtask guide`: follows a guide as its reader would, and compares the results with those in the guide.
//!
//! A guide is a Markdown document. Its fenced blocks of code are steps, taken in order; other text is ignored:
//!
//! - ```` ```console ````: lines that begin with `$ ` are typed into one bash. Lines below them that begin with `> `
//!   continue the command, and the lines after that are its output. A command has to end with 0, the last one of
//!   ```` ```console fails ```` with another code.
//! - ```` ```rust src/followme.rs ````: a file to save, by its path in the reader's current folder.
//! - In an output, a line `…` stands for any lines, and `…` in a line for any text.
//!
//! The reader begins in a home that has only the folder `confgend`, a copy of this checkout.

mod example;
mod expect;
mod markdown;
mod shell;
mod world;

use std::fs;
use std::ops::Range;
use std::path::{self, Path, PathBuf};
use std::time::{Duration, Instant};

use argh::FromArgs;
use driver_api::Error;

use self::expect::Comparison;
use self::markdown::{Command, Step};
use self::shell::Shell;
use self::world::{HOME, World, target_folder};
use crate::packages::ensure_cargo_tool;
use crate::{file_error, postgres, root};

/// Do what a guide tells its reader to do, and compare the results with those in the guide.
#[derive(FromArgs)]
#[argh(subcommand, name = "guide")]
pub(crate) struct Guide {
    /// a file in Markdown; docs/driver-guide.md by default
    #[argh(positional)]
    file: Option<PathBuf>,

    /// where the results differ, update the guide with the printed outputs, and its example with the new files
    #[argh(switch)]
    update: bool,

    /// keep the folder in which the guide was followed, until the next run
    #[argh(switch)]
    keep: bool,
}

const DRIVER_GUIDE: &str = "docs/driver-guide.md";

/// The other documents whose commands are typed: the first minute in a checkout, and the guides for operators.
const OTHERS: [&str; 3] = ["README.md", "docs/a-day.md", "docs/custom-drivers.md"];

/// The crate that [`DRIVER_GUIDE`] makes: its folder in the reader's home, and in this checkout.
const CRATE: &str = "drivers-followme";
const EXAMPLE: &str = "examples/drivers-followme";

/// The most time that a command may take.
const TIMEOUT: Duration = Duration::from_secs(600);

impl Guide {
    pub(crate) fn run(&self) -> Result<(), Error> {
        match &self.file {
            Some(file) => {
                let path = path::absolute(file).map_err(|error| file_error(file, error))?;
                self.follow(&file.display().to_string(), &path, &[]).map(|_| ())
            }
            None => self.make_example(&[]),
        }
    }

    /// Follows the guide for authors of drivers, and compares the example with the crate that the guide makes.
    fn make_example(&self, variables: &[(&str, &str)]) -> Result<(), Error> {
        postgres::ensure()?;
        ensure_cargo_tool("cargo-insta")?;
        let world = self.follow(DRIVER_GUIDE, &root().join(DRIVER_GUIDE), variables)?;
        example::compare(&world.home().join(CRATE), &root().join(EXAMPLE), self.update)
    }

    /// Takes all steps of a guide, with these environment variables in addition.
    fn follow(&self, name: &str, path: &Path, variables: &[(&str, &str)]) -> Result<World, Error> {
        let text = fs::read_to_string(path).map_err(|error| file_error(path, error))?;
        let guide = markdown::Guide { name: name.to_owned(), text };
        let steps = guide.steps()?;
        let world = World::new(self.keep)?;
        let mut reader = Reader {
            guide: &guide,
            shell: Shell::start(world.home(), world.variables(variables), TIMEOUT)?,
            comparison: Comparison::new(&[(world.home(), HOME), (&target_folder(), "target")]),
            differences: Vec::new(),
        };
        let followed = steps.iter().try_for_each(|step| reader.take(step));
        let differences = reader.differences;
        let compared = if self.update {
            let text = updated(&guide.text, &differences);
            fs::write(path, text).map_err(|error| file_error(path, error))
        } else {
            report(&differences)
        };
        // A failed step says more than the differences before it.
        followed.and(compared)?;
        Ok(world)
    }
}

/// Checks the guide for authors of drivers, with these environment variables in addition, and the other documents.
pub(crate) fn check(variables: &[(&str, &str)]) -> Result<(), Error> {
    let guide = Guide { file: None, update: false, keep: false };
    guide.make_example(variables)?;
    OTHERS.iter().try_for_each(|name| guide.follow(name, &root().join(name), variables).map(|_| ()))
}

/// The folder of the example.
pub(crate) fn example() -> PathBuf {
    root().join(EXAMPLE)
}

/// The state of a run through a guide.
struct Reader<'a> {
    guide: &'a markdown::Guide,
    shell: Shell,
    comparison: Comparison,
    differences: Vec<Difference>,
}

/// An output that is not the one that the guide shows.
struct Difference {
    /// The command, with its line in the guide.
    command: String,
    diff: String,
    /// The part of the guide that shows the output, and the new text for it.
    range: Range<usize>,
    text: String,
}

impl Reader<'_> {
    fn take(&mut self, step: &Step) -> Result<(), Error> {
        match step {
            Step::File { path, text, line } => {
                say!("{}: {path}", self.guide.location(*line));
                let path = self.shell.folder().join(path);
                let folder = path.parent().unwrap_or(&path);
                fs::create_dir_all(folder)
                    .and_then(|()| fs::write(&path, text))
                    .map_err(|error| file_error(&path, error).context(self.guide.location(*line)))
            }
            Step::Command(command) => self.type_in(command),
        }
    }

    fn type_in(&mut self, command: &Command) -> Result<(), Error> {
        let title = format!("{}: {}", self.guide.location(command.line), command.title());
        say!("{title}");
        let start = Instant::now();
        let outcome = self.shell.run(&command.text).map_err(|error| error.context(title.as_str()))?;
        if start.elapsed() > Duration::from_secs(1) {
            say!("    {:.1} s", start.elapsed().as_secs_f64());
        }
        if command.fails != (outcome.code != 0) {
            say!("{}", outcome.output);
            let message = if command.fails { "succeeds, but the guide shows it fail" } else { "fails" };
            return Err(Error::driver(format!("{message}: exit code {}", outcome.code)).context(title));
        }
        let printed = self.comparison.with_folders_of_guide(&outcome.output);
        if let Some(diff) = self.comparison.difference(&command.output, &printed) {
            let (range, text) = (command.range.clone(), command.shown(&printed));
            self.differences.push(Difference { command: title, diff, range, text });
        }
        Ok(())
    }
}

fn report(differences: &[Difference]) -> Result<(), Error> {
    if differences.is_empty() {
        return Ok(());
    }
    for difference in differences {
        say!("\n{}\n{}", difference.command, difference.diff);
    }
    let count = differences.len();
    Err(Error::driver(format!(
        "{count} outputs differ from those in the guide; if they are right, repeat the command with --update"
    )))
}

/// The guide with the printed outputs in place of those that differ.
fn updated(guide: &str, differences: &[Difference]) -> String {
    let mut text = guide.to_owned();
    // From the end, so that the ranges before stay valid.
    for difference in differences.iter().rev() {
        text.replace_range(difference.range.clone(), &difference.text);
    }
    text
}
