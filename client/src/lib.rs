//! `wazo-confgen`: asks the service for a configuration file and prints it.
//!
//! Asterisk runs this program once for each file of a reload, and reads its output as configuration, even if the
//! program fails. So the program starts in about a millisecond, prints nothing before the whole reply has arrived,
//! and prints the last good copy of the file if there is no reply. It shares no code with the service: only a
//! request and a reply connect the two.
//!
//! Begin with `options.rs`, which reads the command line, `exchange.rs`, which asks, and `delivery.rs`, which decides
//! what is printed. The library is for the program, and for tools that describe its command line.

mod argparse;
mod connection;
mod copies;
mod deadline;
mod delivery;
mod exchange;
mod ini;
pub mod keys;
mod name;
mod options;
mod outage;
mod settings;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use argh::{ArgsInfo as _, CommandInfoWithArgs};
use options::{Options, Request};

/// Neither a reply nor a copy can be printed.
const FAILED: u8 = 1;
/// The command line is wrong.
const USAGE: u8 = 2;

/// Returns the command line of the program: its options with their descriptions.
pub fn command_line() -> CommandInfoWithArgs {
    CommandInfoWithArgs { name: "wazo-confgen", ..Options::get_args_info() }
}

/// Runs the program: reads the command line of the process, asks, and prints.
pub fn run() -> ExitCode {
    let mut words = env::args_os();
    let program = words.next().and_then(|path| name(&path)).unwrap_or_else(|| "wazo-confgen".to_owned());
    match answer(&program, words.collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(&program, &failure.message);
            ExitCode::from(failure.code)
        }
    }
}

/// Writes a message to standard error.
fn tell(program: &str, message: &str) {
    // An error of standard error can't be reported.
    let _ = writeln!(io::stderr(), "{}", one_line(&format!("{program}: {message}")));
}

/// Returns the name by which the program was called. A link may have another name.
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

fn answer(program: &str, words: Vec<OsString>) -> Result<(), Failure> {
    match options::read(program, words).map_err(usage)? {
        Request::Text(text) => print(&[text.as_bytes()]),
        Request::File(options, name) => {
            let delivery = delivery::deliver(&options, &name);
            let delivery = delivery.map_err(|message| failed(format!("{name}: {message}")))?;
            let printed = print(&delivery.pieces());
            delivery.keep();
            if let Some(notice) = &delivery.notice {
                tell(program, &format!("{name}: {notice}"));
            }
            printed
        }
    }
}

fn print(pieces: &[&[u8]]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let mut write = || pieces.iter().try_for_each(|piece| out.write_all(piece)).and_then(|()| out.flush());
    write().map_err(|error| failed(format!("standard output: can't be written: {error}")))
}

/// Escapes the control characters of a message.
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
