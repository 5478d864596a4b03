//! The command `completion`: scripts by which shells complete the command line, and the words that they ask for.
//!
//! The scripts come from the definition of the command line. The files, data sets and generations depend on the machine
//! and its configuration, so a script asks the program for them.

mod bash;
mod fish;
mod line;
mod zsh;

use std::path::PathBuf;
use std::str::FromStr;

use argh::{ArgsInfo, CommandInfoWithArgs, FromArgs};
use driver_api::{Config, Error};
use drivers::Registry;
use fixtures_data::Case;

use self::line::Program;
use super::{DONE, Failure, print, usage};
use crate::config::{self, Strictness};

/// Print the script by which a shell completes the command line of confgend. Packages install the scripts. For such
/// scripts, it prints the files, the data sets for confgend try, and the generations of the history.
#[derive(ArgsInfo, FromArgs)]
#[argh(subcommand, name = "completion")]
#[argh(example = "confgend completion bash")]
pub(super) struct Completion {
    /// bash, zsh or fish for a script; files, cases or generations for words, one on a line
    #[argh(positional, arg_name = "what")]
    what: What,

    /// the main configuration file, for files and generations; /etc/wazo-confgend/config.yml by default
    #[argh(option, arg_name = "path")]
    config: Option<PathBuf>,
}

/// A shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// GNU Bash.
    Bash,
    /// The Z shell.
    Zsh,
    /// Fish.
    Fish,
}

impl Shell {
    /// Returns the script by which the shell completes the command line of `confgend`, which may lack commands that a
    /// build leaves out.
    pub fn script(self, command_line: &CommandInfoWithArgs) -> String {
        self.script_for(&Program::of(command_line, None))
    }

    /// Returns the script by which the shell completes the command line of a program without commands that asks for files,
    /// such as `wazo-confgen`. Its script asks `confgend` which files there are; on a machine without it, it offers
    /// these.
    pub fn script_of_client(self, command_line: &CommandInfoWithArgs, files: &[String]) -> String {
        self.script_for(&Program::of(command_line, Some(files.to_vec())))
    }

    fn script_for(self, program: &Program) -> String {
        match self {
            Shell::Bash => bash::script(program),
            Shell::Zsh => zsh::script(program),
            Shell::Fish => fish::script(program),
        }
    }
}

/// What is printed.
enum What {
    Script(Shell),
    Words(Asked),
}

/// Words that depend on the machine and its configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Asked {
    Files,
    Cases,
    Generations,
}

impl FromStr for What {
    type Err = String;

    fn from_str(text: &str) -> Result<What, String> {
        Ok(match text {
            "bash" => What::Script(Shell::Bash),
            "zsh" => What::Script(Shell::Zsh),
            "fish" => What::Script(Shell::Fish),
            "files" => What::Words(Asked::Files),
            "cases" => What::Words(Asked::Cases),
            "generations" => What::Words(Asked::Generations),
            _ => return Err("expected bash, zsh, fish, files, cases or generations".to_owned()),
        })
    }
}

impl Completion {
    pub(super) fn execute(&self, registry: &Registry) -> Result<u8, Failure> {
        let text = match self.what {
            What::Script(shell) => shell.script(&super::command_line()),
            What::Words(asked) => self.words(asked, registry).map_err(usage)?.join("\n"),
        };
        print(text.trim_end());
        print("\n");
        Ok(DONE)
    }

    fn words(&self, asked: Asked, registry: &Registry) -> Result<Vec<String>, Error> {
        if asked == Asked::Cases {
            return Ok(Case::installed().into_iter().map(|case| case.name).collect());
        }
        // Warnings would stand between the words of a person who types.
        let loaded = config::load(self.config.as_deref(), Strictness::Lenient, registry)?;
        match asked {
            Asked::Generations => generations(&loaded.config),
            _ => Ok(loaded.registry.namespaces().map(ToString::to_string).collect()),
        }
    }
}

/// Returns the numbers of the generations, the newest first.
fn generations(config: &Config) -> Result<Vec<String>, Error> {
    let numbers = config::history(config)?.numbers()?;
    Ok(numbers.iter().rev().map(ToString::to_string).collect())
}
