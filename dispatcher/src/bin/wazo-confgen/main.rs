//! `wazo-confgen`: asks the service for a configuration file and prints it.
//!
//! Asterisk runs this program once for each file of a reload, and reads whatever it prints as
//! configuration, whatever its exit code. So it starts in about a millisecond, which is why it knows no
//! driver and no database, and it prints nothing until the whole reply is there.

mod exchange;
mod ini;
mod options;
mod settings;
mod words;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use options::Wish;
use settings::Settings;

/// There is no reply, or it can't be passed on; nothing was printed.
const FAILED: u8 = 1;
/// The command line is wrong.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let mut words = env::args_os();
    let program = words.next().and_then(|path| name(&path)).unwrap_or_else(|| "wazo-confgen".to_owned());
    match run(&program, words.collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody is left to be told when this can't be written.
            let _ = writeln!(io::stderr(), "{}", one_line(&format!("{program}: {}", failure.message)));
            ExitCode::from(failure.code)
        }
    }
}

/// What the program was called as, which a link may choose.
fn name(path: &OsString) -> Option<String> {
    Some(Path::new(path).file_name()?.to_string_lossy().into_owned())
}

struct Failure {
    code: u8,
    message: String,
}

fn usage(message: String) -> Failure {
    Failure { code: USAGE, message }
}

fn failed(message: String) -> Failure {
    Failure { code: FAILED, message }
}

fn run(program: &str, words: Vec<OsString>) -> Result<(), Failure> {
    match options::read(program, words).map_err(usage)? {
        Wish::Text(text) => print(text.as_bytes()),
        Wish::File(options, name) => {
            let reply = Settings::new(&options)
                .and_then(|settings| exchange::ask(&settings, &options.request(&name)))
                .map_err(|message| format!("{name}: {message}"));
            print(&reply.map_err(failed)?)
        }
    }
}

fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .map_err(|error| failed(format!("standard output: can't be written: {error}")))
}

/// The message with its line breaks and other control characters made visible.
fn one_line(message: &str) -> String {
    let mut line = String::with_capacity(message.len());
    for character in message.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}
