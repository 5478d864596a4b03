//! The address of the service and the timeouts: from the command line, else the file, else the defaults.

use std::path::Path;
use std::time::Duration;

use crate::ini::File;
use crate::options::Options;

/// Where the package puts the configuration file.
const FILE: &str = "/etc/wazo-confgend-client/config.conf";

/// The address of the service, and the timeouts.
#[derive(Debug, PartialEq)]
pub(crate) struct Settings {
    /// The name or IPv4 address of a host.
    pub(crate) server: String,
    pub(crate) port: u16,
    /// How long connecting may take.
    pub(crate) timeout: Duration,
    /// How long the reply may take, from the connection to its end.
    pub(crate) reply_timeout: Duration,
}

impl Settings {
    /// Reads what the options leave open from the file. A malformed file is an error, and so is a text in place of
    /// a number.
    pub(crate) fn new(options: &Options) -> Result<Settings, String> {
        let file = File::read(options.config_file.as_deref().unwrap_or(Path::new(FILE)))?;
        let server =
            given(options.host.clone()).map_or_else(|| file.text("server"), |host| Ok(Some(host)))?;
        let port = given(options.port).map_or_else(|| file.number("port"), |port| Ok(Some(port)))?;
        let seconds = |option: Option<u32>, key, default| {
            let seconds = given(option).map_or_else(|| file.number(key), |seconds| Ok(Some(seconds)))?;
            Ok::<_, String>(Duration::from_secs(given(seconds).unwrap_or(default).into()))
        };
        Ok(Settings {
            server: given(server).unwrap_or_else(|| "127.0.0.1".to_owned()),
            port: given(port).unwrap_or(8669),
            timeout: seconds(options.timeout, "timeout", 5)?,
            reply_timeout: seconds(options.reply_timeout, "reply_timeout", 60)?,
        })
    }
}

/// The value; 0 and an empty text count as none.
fn given<T: Default + PartialEq>(value: Option<T>) -> Option<T> {
    value.filter(|value| *value != T::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{self, Request};

    fn settings(words: &[&str]) -> Settings {
        let line = words.iter().map(Into::into).chain(["a/b".into()]).collect();
        match options::read("wazo-confgen", line) {
            Ok(Request::File(options, _)) => Settings::new(&options).unwrap(),
            _ => panic!("{words:?} don't ask for a file"),
        }
    }

    #[test]
    fn defaults_hold_without_a_file() {
        let defaults = Settings {
            server: "127.0.0.1".to_owned(),
            port: 8669,
            timeout: Duration::from_secs(5),
            reply_timeout: Duration::from_secs(60),
        };
        assert_eq!(settings(&["-c", "/nonexistent"]), defaults);
        let nothing = ["-c", "/nonexistent", "--host=", "-p0", "-t0", "--reply-timeout=0"];
        assert_eq!(settings(&nothing), defaults);
    }

    #[test]
    fn options_replace_the_defaults() {
        let given = Settings {
            server: "pbx".to_owned(),
            port: 1,
            timeout: Duration::from_secs(2),
            reply_timeout: Duration::from_secs(u32::MAX.into()),
        };
        let words = ["-c", "/nonexistent", "--host=pbx", "-p1", "-t2", "--reply-timeout=4294967295"];
        assert_eq!(settings(&words), given);
    }
}
