//! Passes commands to Asterisk: through a program, or through its manager interface.

use std::process::Command;
use std::time::Duration;

use driver_api::Error;

/// The maximum size of an answer in bytes.
const MAX_ANSWER: usize = 1 << 20;

/// Something that passes commands to Asterisk.
pub trait Asterisk {
    /// Sends a command. Returns the answer, of any number of lines.
    ///
    /// # Errors
    ///
    /// Asterisk can't be reached, or does not answer within the time limit.
    fn send(&mut self, command: &str, limit: Duration) -> Result<String, Error>;
}

/// A program that takes the command as its last argument: `asterisk -rx`.
pub struct Program {
    words: Vec<String>,
}

impl Program {
    /// Creates it from the program and its first arguments.
    pub fn new(words: Vec<String>) -> Program {
        Program { words }
    }
}

impl Asterisk for Program {
    fn send(&mut self, command: &str, limit: Duration) -> Result<String, Error> {
        let (program, arguments) =
            self.words.split_first().ok_or_else(|| Error::driver("there is no program"))?;
        let limits = command::Limits { time: limit, output: MAX_ANSWER };
        let output =
            command::run(Command::new(program).args(arguments).arg(command), limits, command::Stderr::Merged)
                .map_err(|failure| Error::driver("no answer").because(failure).context(program.as_str()))?;
        let answer = String::from_utf8_lossy(&output.text).into_owned();
        if output.status.success() {
            return Ok(answer);
        }
        let first = answer.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it says nothing");
        Err(Error::driver(format!("{first} ({})", output.status)).context(program.as_str()))
    }
}
