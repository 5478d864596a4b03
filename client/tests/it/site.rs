//! A machine with copies: the cache of the service, the client's own folder, and a configuration file.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Output;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use crate::support::{Script, client, closed_port, output};

pub(crate) struct Site {
    folder: TempDir,
}

impl Site {
    /// A machine without copies.
    pub(crate) fn new() -> Site {
        Site::with_keys("")
    }

    pub(crate) fn with_keys(keys: &str) -> Site {
        let site = Site { folder: tempfile::tempdir().unwrap() };
        let (cache, copies) = (site.path("cache"), site.path("copies"));
        fs::create_dir_all(cache.join("a")).unwrap();
        fs::create_dir_all(copies.join("a")).unwrap();
        let text = format!("[confgen]\ncache={}\ncopies={}\n{keys}", cache.display(), copies.display());
        fs::write(site.path("c.conf"), text).unwrap();
        site
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file, like `cache/a/b`, which was made some seconds ago.
    pub(crate) fn write(&self, path: &str, text: &str, seconds: u64) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        File::options().append(true).open(path).unwrap().set_modified(ago(seconds)).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.path(path)).ok()
    }

    /// Returns the seconds since a file was made.
    pub(crate) fn age(&self, path: &str) -> u64 {
        fs::metadata(self.path(path)).unwrap().modified().unwrap().elapsed().unwrap_or_default().as_secs()
    }

    /// Runs the client on this machine.
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        output(client(&["-c", self.path("c.conf").to_str().unwrap()]).args(words))
    }

    /// Runs the client, which asks this service.
    pub(crate) fn ask(&self, service: &Script, words: &[&str]) -> Output {
        self.run(&[words, &["--port", &service.port.to_string()]].concat())
    }

    /// Runs the client while the service is down.
    pub(crate) fn ask_nobody(&self, words: &[&str]) -> Output {
        self.run(&[words, &["-t1", "--port", &closed_port().to_string()]].concat())
    }
}

#[expect(clippy::disallowed_methods, reason = "copies have ages")]
fn ago(seconds: u64) -> SystemTime {
    SystemTime::now() - Duration::from_secs(seconds)
}

/// Asserts that the client printed this text, and in one line why it is a copy, from which file and how old.
#[track_caller]
pub(crate) fn assert_copy(run: &Output, text: &str, reason: &str, origin: &str) {
    let error = String::from_utf8_lossy(&run.stderr);
    assert_eq!(
        (run.status.code(), String::from_utf8_lossy(&run.stdout).as_ref()),
        (Some(0), text),
        "{error}"
    );
    assert!(error.starts_with("wazo-confgen: ") && error.contains(reason), "{error}");
    assert!(error.ends_with(&format!("{origin} ago, is printed instead\n")), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
}

/// Asserts that the client printed nothing and failed.
#[track_caller]
pub(crate) fn assert_nothing(run: &Output, reason: &str) {
    let error = String::from_utf8_lossy(&run.stderr);
    assert_eq!((run.status.code(), run.stdout.as_slice()), (Some(1), &b""[..]), "{error}");
    assert!(error.contains(reason) && !error.contains("copy"), "{error}");
}
