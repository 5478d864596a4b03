//! `cargo xtask guide`: follows a guide as its reader would, and compares what happens with what the guide shows.
//!
//! A guide is Markdown. Its fenced blocks of code say what to do, in their order; other text is only read:
//!
//! - ```` ```console ````: lines that begin with `$ ` are typed into one bash, lines below them that begin with `> ` go on
//!   with the command, and what follows is its output. A command has to end with 0, the last one of
//!   ```` ```console fails ```` with another code.
//! - ```` ```rust src/followme.rs ````: a file to save, by its path in the folder where the reader is at this point.
//! - In an output, a line `…` stands for any lines, and `…` in a line for any text.
//!
//! The reader begins in an empty home with the folder `confgend` in it, which is this checkout.

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
pub(crate) use self::world::built;
use self::world::{HOME, World};
use crate::packages::ensure_cargo_tool;
use crate::{file_error, postgres, root};

/// Do what a guide tells its reader to do, and compare what happens with what it shows.
#[derive(FromArgs)]
#[argh(subcommand, name = "guide")]
pub(crate) struct Guide {
    /// a file in Markdown; docs/driver-guide.md by default
    #[argh(positional)]
    file: Option<PathBuf>,

    /// write what was printed into the guide, and what was made into its example, where they differ
    #[argh(switch)]
    update: bool,

    /// keep the folder in which the guide was followed, until the next run
    #[argh(switch)]
    keep: bool,
}

const DRIVER_GUIDE: &str = "docs/driver-guide.md";

/// What [`DRIVER_GUIDE`] makes, in the reader's home and here.
const MADE: &str = "drivers-followme";
const EXAMPLE: &str = "examples/drivers-followme";

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(600);

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

    /// Follows the guide for authors of drivers, and compares the example with what it makes.
    fn make_example(&self, variables: &[(&str, &str)]) -> Result<(), Error> {
        postgres::ensure()?;
        ensure_cargo_tool("cargo-insta")?;
        let world = self.follow(DRIVER_GUIDE, &root().join(DRIVER_GUIDE), variables)?;
        example::compare(&world.home().join(MADE), &root().join(EXAMPLE), self.update)
    }

    /// Takes all steps of a guide, with these environment variables beside the usual ones.
    fn follow(&self, name: &str, path: &Path, variables: &[(&str, &str)]) -> Result<World, Error> {
        let text = fs::read_to_string(path).map_err(|error| file_error(path, error))?;
        let guide = markdown::Guide { name: name.to_owned(), text };
        let steps = guide.steps()?;
        let world = World::new(self.keep)?;
        let mut reader = Reader {
            guide: &guide,
            shell: Shell::start(world.home(), world.variables(variables), PATIENCE)?,
            comparison: Comparison::new(&[(world.home(), HOME), (&built(), "target")]),
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
        // What went wrong says more than what was printed before.
        followed.and(compared)?;
        Ok(world)
    }
}

/// For `cargo xtask ci`: the guide for authors of drivers, with these environment variables.
pub(crate) fn check(variables: &[(&str, &str)]) -> Result<(), Error> {
    Guide { file: None, update: false, keep: false }.make_example(variables)
}

/// The folder of the example.
pub(crate) fn example() -> PathBuf {
    root().join(EXAMPLE)
}

/// Who follows a guide.
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
    /// Where the guide shows the output, and what is to be there.
    range: Range<usize>,
    text: String,
}

impl Reader<'_> {
    fn take(&mut self, step: &Step) -> Result<(), Error> {
        match step {
            Step::File { path, text, line } => {
                say!("{}: {path}", self.guide.place(*line));
                let path = self.shell.folder().join(path);
                let folder = path.parent().unwrap_or(&path);
                fs::create_dir_all(folder)
                    .and_then(|()| fs::write(&path, text))
                    .map_err(|error| file_error(&path, error).context(self.guide.place(*line)))
            }
            Step::Command(command) => self.type_in(command),
        }
    }

    fn type_in(&mut self, command: &Command) -> Result<(), Error> {
        let title = format!("{}: {}", self.guide.place(command.line), command.title());
        say!("{title}");
        let start = Instant::now();
        let outcome = self.shell.run(&command.text).map_err(|error| error.context(title.as_str()))?;
        if start.elapsed() > Duration::from_secs(1) {
            say!("    {:.1} s", start.elapsed().as_secs_f64());
        }
        if command.fails != (outcome.code != 0) {
            say!("{}", outcome.output);
            let message = if command.fails { "succeeds, but is shown to fail" } else { "fails" };
            return Err(Error::driver(format!("{message}: exit code {}", outcome.code)).context(title));
        }
        let printed = self.comparison.as_printed_elsewhere(&outcome.output);
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
        "{count} outputs are not what the guide shows; if they are right, type the same with --update"
    )))
}

/// The guide with what was really printed.
fn updated(guide: &str, differences: &[Difference]) -> String {
    let mut text = guide.to_owned();
    // From the end, so that the places before stay where they are.
    for difference in differences.iter().rev() {
        text.replace_range(difference.range.clone(), &difference.text);
    }
    text
}
