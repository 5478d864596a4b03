//! `wazo-confgen`: asks the service for a configuration file and prints it.
//!
//! Asterisk runs this program once for each file of a reload, and takes all that it prints for configuration,
//! even if it fails. So the program starts in about a millisecond, and prints nothing before the whole reply is
//! there. It shares no code with the service: only a request and a reply over TCP connect the two.
//!
//! Begin with [`options`], which reads the command line, and [`exchange`], which asks.

mod argparse;
mod exchange;
mod ini;
mod options;
mod settings;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use options::Request;
use settings::Settings;

/// No reply arrived, or it can't be printed.
const FAILED: u8 = 1;
/// The command line is wrong.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let mut words = env::args_os();
    let program = words.next().and_then(|path| name(&path)).unwrap_or_else(|| "wazo-confgen".to_owned());
    match run(&program, words.collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // An error of standard error has no place to go.
            let _ = writeln!(io::stderr(), "{}", one_line(&format!("{program}: {}", failure.message)));
            ExitCode::from(failure.code)
        }
    }
}

/// The name under which the program was called: a link may have another one.
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
        Request::Text(text) => print(text.as_bytes()),
        Request::File(options, name) => {
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

/// The message with its control characters escaped.
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
