//! One request to the service and its reply.
//!
//! A request is a line of text, and ends where the client stops sending. A reply is all that the service sends
//! until it closes the connection. It has no length and no status: only a reset shows that a part of it is
//! missing. If the connection is refused or reset, the service is probably being started again, so the client
//! asks again.

use std::fmt::Write as _;
use std::io::{self, Read};
use std::thread;
use std::time::{Duration, Instant};

use crate::connection::{Connection, NotConnected, Stream, connect, may_pass};
use crate::deadline::{Deadline, is_timeout};
use crate::settings::Settings;

/// The initial capacity for a reply in bytes. Most replies fit into it.
const CAPACITY: usize = 64 * 1024;

/// The pause before the second attempt, and the longest pause. Each pause is twice as long as the one before.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));

/// The least time that an attempt to connect has, if the attempts before it used up the time limit. On a busy machine, it takes
/// more than a few milliseconds to learn that a socket refuses, and the message would tell of a time limit instead.
const LEAST: Duration = Duration::from_millis(200);

/// How long the client tries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limits {
    /// The time for connecting, of all attempts together, with the pauses between them.
    pub(crate) connect: Duration,
    /// The time for one exchange, from the connection to the end of the reply.
    pub(crate) reply: Duration,
    /// Whether the client tries again.
    pub(crate) retries: bool,
}

/// A limit that is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exhausted {
    Connect,
    Reply,
}

/// There is no reply, or not all of it.
pub(crate) struct NoReply {
    /// What happened, with the address.
    pub(crate) message: String,
    pub(crate) exhausted: Option<Exhausted>,
}

/// An attempt failed.
enum Failed {
    Connecting(NotConnected),
    /// The exchange failed on a connection.
    Exchanging {
        message: String,
        error: io::Error,
    },
}

/// Sends a request and returns the whole reply. A connection that is refused or reset is tried again within the
/// limits.
pub(crate) fn ask(settings: &Settings, limits: Limits, request: &str) -> Result<Vec<u8>, NoReply> {
    let (mut pause, longest) = PAUSES;
    let mut connecting = Timer::new(limits.connect);
    let mut exchanging = Timer::new(limits.reply);
    let mut has_tried = false;
    loop {
        let failed = match attempt(settings, limits, request, &mut connecting, &mut exchanging) {
            Ok(reply) => return Ok(reply),
            Err(failed) => failed,
        };
        let exhausted = if exchanging.is_over() {
            Some(Exhausted::Reply)
        } else {
            connecting.is_over().then_some(Exhausted::Connect)
        };
        if exhausted.is_some() || !limits.retries || !failed.may_pass() {
            let mut message = failed.message(limits);
            if exhausted.is_some() && has_tried {
                let _ = write!(message, ", tried for {} s", limits.connect.as_secs());
            }
            return Err(NoReply { message, exhausted });
        }
        has_tried = true;
        connecting.time(|left| thread::sleep(pause.min(left)));
        pause = longest.min(pause * 2);
    }
}

fn attempt(
    settings: &Settings,
    limits: Limits,
    request: &str,
    connecting: &mut Timer,
    exchanging: &mut Timer,
) -> Result<Vec<u8>, Failed> {
    let connection = connecting
        .time(|left| connect(settings, left.max(LEAST), limits.connect))
        .map_err(Failed::Connecting)?;
    exchanging.time(|_| exchange(&connection, limits.reply, request))
}

fn exchange(connection: &Connection, limit: Duration, request: &str) -> Result<Vec<u8>, Failed> {
    let Connection { stream, peer } = connection;
    let mut exchange = Exchange { stream, deadline: Deadline::after(limit) };
    let failed = |message, error| Failed::Exchanging { message: format!("{peer}: {message}"), error };
    exchange.send(request).map_err(|error| failed("can't send the request", error))?;
    exchange.receive().map_err(|error| failed("can't get the whole reply", error))
}

impl Failed {
    fn may_pass(&self) -> bool {
        match self {
            Failed::Connecting(failure) => failure.may_pass,
            Failed::Exchanging { error, .. } => may_pass(error) && !is_timeout(error),
        }
    }

    fn message(self, limits: Limits) -> String {
        match self {
            Failed::Connecting(failure) => failure.message,
            Failed::Exchanging { message, error } if is_timeout(&error) => {
                format!("{message} within {} s", limits.reply.as_secs())
            }
            Failed::Exchanging { message, error } => format!("{message}: {error}"),
        }
    }
}

/// What several actions leave of a time.
struct Timer {
    left: Duration,
}

impl Timer {
    fn new(limit: Duration) -> Timer {
        Timer { left: limit }
    }

    /// Runs an action, which gets the time that is left, and subtracts the time that it takes.
    fn time<T>(&mut self, action: impl FnOnce(Duration) -> T) -> T {
        let start = Instant::now();
        let result = action(self.left);
        self.left = self.left.saturating_sub(start.elapsed());
        result
    }

    fn is_over(&self) -> bool {
        self.left.is_zero()
    }
}

/// A connection, and the deadline of the exchange.
struct Exchange<'s> {
    stream: &'s Stream,
    deadline: Deadline,
}

impl Exchange<'_> {
    /// Sends the request in one piece, since the Python service takes the first piece for the whole request. The
    /// service confgend takes the end of the stream for the end of the request. Over a Unix socket, the request
    /// ends with a line feed, which the service leaves unread until it has sent the whole reply: if it ends before
    /// that, the system resets the connection.
    fn send(&mut self, request: &str) -> io::Result<()> {
        self.stream.set_write_timeout(self.deadline.left()?)?;
        match self.stream {
            Stream::Tcp(_) => self.stream.write_all(request.as_bytes())?,
            Stream::Unix(_) => {
                self.stream.write_all(format!("{}\n", request.trim_end_matches('\n')).as_bytes())?;
            }
        }
        self.stream.finish()
    }

    fn receive(&mut self) -> io::Result<Vec<u8>> {
        let mut reply = Vec::with_capacity(CAPACITY);
        self.read_to_end(&mut reply)?;
        Ok(reply)
    }
}

impl Read for Exchange<'_> {
    /// Waits for data until the deadline.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.deadline.left()?)?;
        self.stream.read(buffer)
    }
}
