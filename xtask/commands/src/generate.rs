//! `cargo xtask generate`, in the list of commands. `cargo xtask` starts the package `xtask-generate` for it.

use argh::{CommandInfo, EarlyExit, FromArgs, SubCommand};
use driver_api::Error;
use xtask_generate::{ABOUT, HELP};

/// The command, which parses its arguments itself.
pub(crate) struct Generate(xtask_generate::Generate);

impl SubCommand for Generate {
    const COMMAND: &'static CommandInfo = &CommandInfo { name: "generate", short: &'\0', description: ABOUT };
}

impl FromArgs for Generate {
    fn from_args(_: &[&str], words: &[&str]) -> Result<Generate, EarlyExit> {
        match xtask_generate::Generate::parse(words) {
            Ok(Some(generate)) => Ok(Generate(generate)),
            Ok(None) => Err(EarlyExit { output: HELP.to_owned(), status: Ok(()) }),
            Err(error) => Err(EarlyExit::from(error.chain())),
        }
    }
}

impl Generate {
    pub(crate) fn run(&self) -> Result<(), Error> {
        self.0.run()
    }
}
