//! Decides what is printed: the reply, or the last good copy in its place.
//!
//! Asterisk takes everything that it is not told away. So an old file is better than none, and an empty reply counts
//! as no reply if there is a copy: it may be a failure of the service.

use crate::copies::{self, Copies, describe_age};
use crate::exchange::{NoReply, ask};
use crate::name::{Name, has_word};
use crate::options::Options;
use crate::outage::Outage;
use crate::settings::{self, Folders, Settings};

/// A text to print.
pub(crate) struct Delivery {
    text: Vec<u8>,
    /// The line behind a text that is not empty.
    end_mark: Option<String>,
    /// Why the text is not the reply.
    pub(crate) notice: Option<String>,
    /// The copies in which the text is kept.
    keep_in: Option<Copies>,
}

/// Asks the service for a file. The error is a message.
pub(crate) fn deliver(options: &Options, name: &str) -> Result<Delivery, String> {
    let request = options.request(name);
    let file = settings::file(options);
    let invalidates = has_word(&request, "invalidate");
    let folders = Folders::new(options, file.as_ref().ok());
    let fallback = folders.filter(|_| !invalidates).zip(Name::of(&request));
    let fallback = fallback.map(|(folders, name)| Fallback {
        copies: Copies::new(&folders, name),
        outage: Outage::read(&folders.copies),
    });
    let reply = file.and_then(|file| Settings::new(options, &file)).and_then(|settings| match &fallback {
        Some(fallback) => fallback.ask(&settings, &request),
        None => ask(&settings, settings.limits, &request).map_err(|failure| failure.message),
    });
    // The reply to an invalidation is empty. Another one would be no file.
    let reply = if invalidates { reply.map(|_| Vec::new()) } else { reply };
    let end_mark = Name::of(&request).and_then(Name::end_mark).filter(|_| options.end_mark);
    let delivery = match fallback {
        Some(fallback) => fallback.choose(reply),
        None => reply.map(Delivery::of_reply),
    };
    delivery.map(|delivery| Delivery { end_mark, ..delivery })
}

impl Delivery {
    fn of_reply(text: Vec<u8>) -> Delivery {
        Delivery { text, end_mark: None, notice: None, keep_in: None }
    }

    fn of_copy(copy: copies::Text, reason: &str) -> Delivery {
        let (path, age) = (copy.path.display(), describe_age(copy.age));
        let notice = format!("{reason}; the copy {path}, made {age} ago, is printed instead");
        Delivery { notice: Some(notice), ..Delivery::of_reply(copy.bytes) }
    }

    /// Returns the text in pieces: the file, and the line that marks its end. An empty file has no mark, so that
    /// Asterisk refuses it and keeps what it has.
    pub(crate) fn pieces(&self) -> Vec<&[u8]> {
        let mut pieces = vec![self.text.as_slice()];
        if let Some(mark) = self.end_mark.as_ref().filter(|_| !self.text.is_empty()) {
            let line_end: &[u8] = if self.text.ends_with(b"\n") { b"" } else { b"\n" };
            pieces.extend([line_end, b"[", mark.as_bytes(), b"](!)\n"]);
        }
        pieces
    }

    /// Keeps a good reply for the time when there is none.
    pub(crate) fn keep(&self) {
        if let Some(copies) = &self.keep_in {
            copies.keep(&self.text);
        }
    }
}

/// What stands in for a reply.
struct Fallback {
    copies: Copies,
    outage: Outage,
}

impl Fallback {
    /// Asks the service. Soon after a time limit was used up, a client with a copy does not wait for it again.
    fn ask(&self, settings: &Settings, request: &str) -> Result<Vec<u8>, String> {
        let limits = match self.outage.exhausted.filter(|_| self.copies.exist()) {
            Some(exhausted) => exhausted.shorten(settings.limits),
            None => settings.limits,
        };
        match ask(settings, limits, request) {
            Ok(reply) => {
                self.outage.end();
                Ok(reply)
            }
            Err(NoReply { message, exhausted }) => {
                if let Some(exhausted) = exhausted {
                    self.outage.record(exhausted);
                }
                Err(message)
            }
        }
    }

    fn choose(self, reply: Result<Vec<u8>, String>) -> Result<Delivery, String> {
        let Fallback { copies, .. } = self;
        let error = match reply {
            Ok(text) if !text.is_empty() => {
                return Ok(Delivery { keep_in: Some(copies), ..Delivery::of_reply(text) });
            }
            Ok(text) if copies.confirm_empty() => {
                copies.forget_own();
                return Ok(Delivery::of_reply(text));
            }
            Ok(_) => None,
            Err(message) => Some(message),
        };
        match (copies.last_good(), error) {
            (Some(copy), error) => {
                Ok(Delivery::of_copy(copy, error.as_deref().unwrap_or("the reply is empty")))
            }
            (None, None) => Ok(Delivery::of_reply(Vec::new())),
            (None, Some(message)) => Err(message),
        }
    }
}
