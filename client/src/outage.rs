//! Remembers for a few seconds that the service did not answer.
//!
//! Asterisk asks for `pjsip.conf` up to 30 times in one reload. If the service is down, only the first of these
//! clients waits; the others try once and print the copy.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::copies::{may_write_in, now, open_file};
use crate::exchange::{Exhausted, Limits};

/// The name of the file in the folder of own copies. Its time is that of the outage.
const FILE: &str = ".down";

/// The time after which the client waits again.
const VALIDITY: Duration = Duration::from_secs(10);

/// How long a silent host may keep a client that knows of the outage.
const SHORT: Duration = Duration::from_secs(1);

/// An outage, recorded in a file.
pub(crate) struct Outage {
    path: PathBuf,
    /// What the file says, if it is fresh.
    pub(crate) exhausted: Option<Exhausted>,
    /// Whether the file exists.
    is_recorded: bool,
}

impl Outage {
    /// Reads the record in a folder. Without a folder, or a record, there is no outage.
    pub(crate) fn read(folder: &Path) -> Outage {
        let path = folder.join(FILE);
        let mut text = String::new();
        let mut read = || {
            let (file, metadata) = open_file(&path)?;
            let time = metadata.modified()?;
            file.take(16).read_to_string(&mut text)?;
            Ok::<_, std::io::Error>(time)
        };
        let time = read();
        // A time in the future is of a clock that was set back.
        let is_fresh = |time| now().duration_since(time).is_ok_and(|age| age < VALIDITY);
        let exhausted = match text.as_str() {
            "connect\n" => Some(Exhausted::Connect),
            "reply\n" => Some(Exhausted::Reply),
            _ => None,
        };
        let is_recorded = time.is_ok();
        Outage { path, exhausted: exhausted.filter(|_| time.is_ok_and(is_fresh)), is_recorded }
    }

    /// Records that a limit is used up. A folder that is not writable is no error: then each client waits.
    pub(crate) fn record(&self, exhausted: Exhausted) {
        let word = match exhausted {
            Exhausted::Connect => "connect\n",
            Exhausted::Reply => "reply\n",
        };
        if self.may_write() {
            let _ = fs::write(&self.path, word);
        }
    }

    /// Deletes the record, since the service answers again.
    pub(crate) fn end(&self) {
        if self.is_recorded && self.may_write() {
            let _ = fs::remove_file(&self.path);
        }
    }

    fn may_write(&self) -> bool {
        self.path.parent().is_some_and(|folder| may_write_in(folder).is_ok_and(|may| may))
    }
}

impl Exhausted {
    /// Returns the limits of a client that has a copy, soon after this limit was used up.
    pub(crate) fn shorten(self, limits: Limits) -> Limits {
        let reply = match self {
            Exhausted::Connect => limits.reply,
            Exhausted::Reply => limits.reply.min(limits.connect),
        };
        Limits { connect: limits.connect.min(SHORT), reply, retries: false }
    }
}
