//! How the client reaches the service, and where the copies are. The command line overrides the file, and the file
//! the defaults.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::exchange::Limits;
use crate::ini::File;
use crate::keys::{self, Key};
use crate::options::Options;

/// The addresses of the service, and the time limits.
#[derive(Debug, PartialEq)]
pub(crate) struct Settings {
    /// The Unix socket, which is tried first.
    pub(crate) socket: Option<Socket>,
    /// The name or IPv4 address of a host.
    pub(crate) server: String,
    pub(crate) port: u16,
    /// The time limits for connecting and for the reply.
    pub(crate) limits: Limits,
}

/// A Unix socket.
#[derive(Debug, PartialEq)]
pub(crate) struct Socket {
    pub(crate) path: PathBuf,
    /// Whether the command line or the file names it.
    pub(crate) is_given: bool,
}

/// The folders of the copies.
#[derive(Debug, PartialEq)]
pub(crate) struct Folders {
    /// The cache of the service.
    pub(crate) cache: PathBuf,
    /// The client's own copies.
    pub(crate) copies: PathBuf,
}

/// Reads the configuration file.
pub(crate) fn file(options: &Options) -> Result<File, String> {
    File::read(options.config_file.as_deref().unwrap_or(Path::new(keys::FILE)))
}

impl Settings {
    /// Takes the settings from the options, and reads the others from the file. A text in place of a number is an
    /// error.
    pub(crate) fn new(options: &Options, file: &File) -> Result<Settings, String> {
        let server = given(match given(options.host.clone()) {
            None => file.text(keys::SERVER)?,
            host => host,
        });
        let port = given(match given(options.port) {
            None => file.number(keys::PORT)?,
            port => port,
        });
        let seconds = |option: Option<u32>, key: Key, default| {
            let seconds = given(option).map_or_else(|| file.number(key), |seconds| Ok(Some(seconds)))?;
            Ok::<_, String>(Duration::from_secs(given(seconds).unwrap_or(default).into()))
        };
        let limits = Limits {
            connect: seconds(options.timeout, keys::TIMEOUT, 5)?,
            reply: seconds(options.reply_timeout, keys::REPLY_TIMEOUT, 60)?,
            retries: true,
        };
        let socket = Socket::new(options, file, server.is_some() || port.is_some())?;
        Folders::check(file)?;
        let server = server.unwrap_or_else(|| keys::SERVER.default.to_owned());
        Ok(Settings { socket, server, port: port.unwrap_or(8669), limits })
    }
}

impl Socket {
    /// Returns the socket of the command line, of the file, or the default one. Only the first two are used beside a
    /// given host or port. An empty path means that there is none.
    fn new(options: &Options, file: &File, has_address: bool) -> Result<Option<Socket>, String> {
        let given = match options.socket.clone() {
            None => file.text(keys::SOCKET)?.map(PathBuf::from),
            socket => socket,
        };
        Ok(match given {
            Some(path) => (!path.as_os_str().is_empty()).then_some(Socket { path, is_given: true }),
            None => (!has_address).then(|| Socket { path: keys::SOCKET.default.into(), is_given: false }),
        })
    }
}

impl Folders {
    /// Returns the folders, or none if copies are switched off. A bad value, or a bad file, must not cost the copy:
    /// then the defaults hold, and [`Settings::new`] reports the error.
    pub(crate) fn new(options: &Options, file: Option<&File>) -> Option<Folders> {
        let is_off = file.is_some_and(|file| matches!(file.truth(keys::FALLBACK), Ok(Some(false))));
        let folder = |key: Key| {
            let text = file.and_then(|file| file.text(key).ok().flatten());
            given(text).map_or_else(|| PathBuf::from(key.default), PathBuf::from)
        };
        let folders = || Folders { cache: folder(keys::CACHE), copies: folder(keys::COPIES) };
        (!is_off && !options.no_fallback).then(folders)
    }

    fn check(file: &File) -> Result<(), String> {
        file.truth(keys::FALLBACK).and(file.text(keys::CACHE)).and(file.text(keys::COPIES)).map(drop)
    }
}

/// Returns the value, unless it is 0 or an empty text, which count as none.
fn given<T: Default + PartialEq>(value: Option<T>) -> Option<T> {
    value.filter(|value| *value != T::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{self, Request};

    fn options(words: &[&str]) -> Options {
        let line = words.iter().map(Into::into).chain(["a/b".into()]).collect();
        match options::read("wazo-confgen", line) {
            Ok(Request::File(options, _)) => options,
            _ => panic!("{words:?} don't ask for a file"),
        }
    }

    fn file(text: &str) -> File {
        File::parse("c.conf".to_owned(), text.to_owned()).unwrap()
    }

    fn settings(words: &[&str]) -> Settings {
        Settings::new(&options(words), &file("")).unwrap()
    }

    fn limits(connect: u64, reply: u64) -> Limits {
        Limits { connect: Duration::from_secs(connect), reply: Duration::from_secs(reply), retries: true }
    }

    fn socket(words: &[&str], text: &str) -> Option<(String, bool)> {
        let socket = Settings::new(&options(words), &file(text)).unwrap().socket?;
        Some((socket.path.to_str().unwrap().to_owned(), socket.is_given))
    }

    #[test]
    fn the_defaults_apply_without_a_file() {
        let defaults = Settings {
            socket: Some(Socket { path: keys::SOCKET.default.into(), is_given: false }),
            server: "127.0.0.1".to_owned(),
            port: 8669,
            limits: limits(5, 60),
        };
        assert_eq!(settings(&[]), defaults);
        let nothing = ["--host=", "-p0", "-t0", "--reply-timeout=0"];
        assert_eq!(settings(&nothing), defaults);
    }

    #[test]
    fn a_file_with_the_documented_defaults_changes_nothing() {
        let lines = keys::KEYS.iter().map(|key| format!("{}={}\n", key.name, key.default));
        let file = file(&format!("[confgen]\n{}", lines.collect::<String>()));
        let with_file = Settings::new(&options(&[]), &file).unwrap();
        let socket = with_file.socket.map(|socket| Socket { is_given: false, ..socket });
        assert_eq!(Settings { socket, ..with_file }, settings(&[]));
        assert_eq!(Folders::new(&options(&[]), Some(&file)), Folders::new(&options(&[]), None));
    }

    #[test]
    fn options_replace_the_defaults() {
        let given = Settings {
            socket: Some(Socket { path: "/s".into(), is_given: true }),
            server: "pbx".to_owned(),
            port: 1,
            limits: limits(2, u32::MAX.into()),
        };
        let words = ["--host=pbx", "-p1", "-t2", "--reply-timeout=4294967295", "--socket=/s"];
        assert_eq!(settings(&words), given);
    }

    #[test]
    fn a_host_or_port_replaces_the_default_socket() {
        assert_eq!(socket(&["-p1"], ""), None);
        assert_eq!(socket(&["--host=a"], ""), None);
        assert_eq!(socket(&[], "[confgen]\nport=1"), None);
        assert_eq!(socket(&[], "[confgen]\nserver=a"), None);
        assert_eq!(
            socket(&["-p0"], "[confgen]\nserver=\ntimeout=1"),
            Some((keys::SOCKET.default.to_owned(), false))
        );
    }

    #[test]
    fn a_given_socket_is_used_beside_a_host() {
        let file = "[confgen]\nserver=a\nsocket=/f";
        assert_eq!(socket(&["-p1"], file), Some(("/f".to_owned(), true)));
        assert_eq!(socket(&["-p1", "--socket=/o"], file), Some(("/o".to_owned(), true)));
    }

    #[test]
    fn an_empty_socket_is_none() {
        assert_eq!(socket(&[], "[confgen]\nsocket="), None);
        assert_eq!(socket(&["--socket="], "[confgen]\nsocket=/f"), None);
    }

    #[test]
    fn a_bad_file_costs_no_copy() {
        let folders = |words: &[&str], text: &str| Folders::new(&options(words), Some(&file(text)));
        let defaults = Folders { cache: keys::CACHE.default.into(), copies: keys::COPIES.default.into() };
        assert_eq!(Folders::new(&options(&[]), None).as_ref(), Some(&defaults));
        for text in ["", "[confgen]\ncache=\ncopies=", "[confgen]\nfallback=maybe\ncache=%"] {
            assert_eq!(folders(&[], text).as_ref(), Some(&defaults), "{text}");
        }
        let given = Folders { cache: "/a".into(), copies: "/b".into() };
        assert_eq!(folders(&[], "[confgen]\nfallback=yes\ncache=/a\ncopies=/b"), Some(given));
        for text in ["[confgen]\nfallback=maybe", "[confgen]\ncache=%", "[confgen]\ncopies=%"] {
            assert!(Settings::new(&options(&[]), &file(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn the_command_line_or_the_file_switches_copies_off() {
        let is_off = |words: &[&str], text: &str| Folders::new(&options(words), Some(&file(text))).is_none();
        assert!(is_off(&["--no-fallback"], "[confgen]\nfallback=yes"));
        assert!(is_off(&[], "[confgen]\nfallback=no"));
        assert!(!is_off(&[], "[confgen]\nfallback="));
    }
}
