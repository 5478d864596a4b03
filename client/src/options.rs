//! The options of the command line, and the request that they make.

#![expect(clippy::doc_markdown, reason = "the comments on the options are the texts of --help")]
#![expect(clippy::struct_excessive_bools, reason = "each switch of the command line is a field")]

use std::ffi::OsString;
use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};

use crate::argparse;
use crate::name::Name;

/// Asks the service for a configuration file and prints it.
#[derive(FromArgs, ArgsInfo)]
#[argh(help_triggers("-h", "--help"))]
#[argh(usage = "[options] resource/filename")]
#[argh(example = "wazo-confgen asterisk/pjsip.conf --cached")]
#[argh(note = "Options may stand before or after the name, and long ones may be shortened.")]
#[argh(
    note = "If the service does not answer, or answers nothing, the last good copy of the file is printed."
)]
#[argh(error_code(
    0,
    "The whole reply is printed, which may be empty; or the last good copy, and why on standard error."
))]
#[argh(error_code(1, "There is no reply, or not all of it, and no copy; nothing is printed."))]
#[argh(error_code(2, "The command line is wrong."))]
pub(crate) struct Options {
    /// the file to ask for, like asterisk/pjsip.conf
    #[argh(positional, arg_name = "resource/filename")]
    name: Option<String>,

    /// the configuration file; by default /etc/wazo-confgend-client/config.conf
    #[argh(option, short = 'c', arg_name = "path")]
    pub(crate) config_file: Option<PathBuf>,

    /// the Unix socket of the service; by default the key socket, or /run/wazo-confgend/confgend.sock unless a host
    /// or port is given. An empty path: none. The host is asked if the socket does not accept
    #[argh(option, arg_name = "path")]
    pub(crate) socket: Option<PathBuf>,

    /// the host of the service, a name or an IPv4 address; by default the key server of the file, or 127.0.0.1
    #[argh(option)]
    pub(crate) host: Option<String>,

    /// the TCP port; by default the key port, or 8669
    #[argh(option, short = 'p')]
    pub(crate) port: Option<u16>,

    /// how many seconds connecting may take, with all attempts; by default the key timeout, or 5
    #[argh(option, short = 't', arg_name = "seconds")]
    pub(crate) timeout: Option<u32>,

    /// how many seconds the reply may take; by default the key reply_timeout, or 60
    #[argh(option, arg_name = "seconds")]
    pub(crate) reply_timeout: Option<u32>,

    /// accept the cached copy of the service, if it has one
    #[argh(switch)]
    cached: bool,

    /// make the service delete its cached copy, and print nothing
    #[argh(switch)]
    invalidate: bool,

    /// print nothing, and no copy, if the service does not answer; keep no copy
    #[argh(switch)]
    pub(crate) no_fallback: bool,

    /// append the line [confgend-NAME-end](!) to asterisk/NAME.conf, which tells Asterisk that the file is whole
    #[argh(switch)]
    pub(crate) end_mark: bool,

    /// print the version
    #[argh(switch)]
    version: bool,
}

/// The meaning of a command line.
pub(crate) enum Request {
    /// A text that needs no service: the help or the version.
    Text(String),
    /// The file of this name, from the service.
    File(Options, String),
}

/// Reads the command line, without the name of the program. The error is a message for the user.
pub(crate) fn read(program: &str, words: Vec<OsString>) -> Result<Request, String> {
    let hint = |message: &str| format!("{}; see {program} --help", message.trim_end());
    let words = words
        .into_iter()
        .map(|word| word.into_string().map_err(|word| hint(&format!("{} is not UTF-8", word.display()))))
        .collect::<Result<Vec<_>, _>>()?;
    let words = argparse::rewrite(&words, Options::get_args_info().flags).map_err(|error| hint(&error))?;
    match Options::from_args(&[program], &words) {
        Ok(options) if options.version => {
            Ok(Request::Text(format!("{program} {}\n", env!("CARGO_PKG_VERSION"))))
        }
        Ok(mut options) => match options.name.take() {
            Some(name) => match options.check_end_mark(&name) {
                Ok(()) => Ok(Request::File(options, name)),
                Err(message) => Err(hint(&message)),
            },
            None => Err(hint("name a file to ask for, like asterisk/pjsip.conf")),
        },
        Err(early) if early.status.is_ok() => Ok(Request::Text(early.output)),
        Err(early) => Err(hint(&early.output)),
    }
}

impl Options {
    fn check_end_mark(&self, name: &str) -> Result<(), String> {
        if !self.end_mark || Name::of(name).and_then(Name::end_mark).is_some() {
            return Ok(());
        }
        let reason = "only Asterisk knows a section as the mark of an end";
        Err(format!("--end-mark is for files like asterisk/pjsip.conf, not for {name:?}: {reason}"))
    }

    /// Returns the text of the request: the name as the user wrote it, and the arguments.
    pub(crate) fn request(&self, name: &str) -> String {
        let mut request = name.to_owned();
        for (wanted, argument) in [(self.invalidate, " invalidate"), (self.cached, " cached")] {
            if wanted {
                request.push_str(argument);
            }
        }
        request
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_can_be_typed() {
        for example in Options::get_args_info().examples {
            let words = example.split(' ').skip(1).map(OsString::from).collect();
            assert!(matches!(read("wazo-confgen", words), Ok(Request::File(..))), "{example}");
        }
        assert!(
            matches!(read("x", vec!["--help".into()]), Ok(Request::Text(help)) if help.contains("--cached\n"))
        );
    }
}
