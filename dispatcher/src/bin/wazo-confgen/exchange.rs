//! One question to the service and its reply.
//!
//! A request is a line of text, and ends where its sender stops sending. A reply is what the service
//! sends until it closes the connection: there is no length and no status, so a connection that ends in
//! any other way is the only sign that something is missing.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use crate::settings::Settings;

/// How much of a reply is made room for at first, in bytes: enough for most of them.
const ROOM: usize = 64 * 1024;

/// Sends a request and returns the whole reply. Fails with the place and the reason if there is no
/// connection, or no reply, or not all of it.
pub(crate) fn ask(settings: &Settings, request: &str) -> Result<Vec<u8>, String> {
    let Settings { server, port, timeout, reply_timeout } = settings;
    let failed = |what: &str, limit: &Duration, error: &io::Error| {
        if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) {
            format!("{server}:{port}: {what} within {} s", limit.as_secs())
        } else {
            format!("{server}:{port}: {what}: {error}")
        }
    };
    let stream = connect(server, *port, Deadline::after(*timeout))
        .map_err(|error| failed("can't connect", timeout, &error))?;
    let mut exchange = Exchange { stream: &stream, deadline: Deadline::after(*reply_timeout) };
    exchange.send(request).map_err(|error| failed("can't send the request", reply_timeout, &error))?;
    exchange.receive().map_err(|error| failed("can't get the whole reply", reply_timeout, &error))
}

/// Connects to a host over IPv4, which is all that the service listens on. The time is shared by the
/// addresses of the host, so that one that is silent leaves some to the next.
fn connect(server: &str, port: u16, deadline: Deadline) -> io::Result<TcpStream> {
    let addresses: Vec<_> = (server, port).to_socket_addrs()?.filter(SocketAddr::is_ipv4).collect();
    let mut result = Err(io::Error::other("the host has no IPv4 address"));
    for (address, left) in addresses.iter().zip((1..=addresses.len()).rev()) {
        let share = deadline.left()? / u32::try_from(left).unwrap_or(u32::MAX);
        result = TcpStream::connect_timeout(address, share);
        if result.is_ok() {
            break;
        }
    }
    result
}

/// A connection, and how long the exchange on it may take.
struct Exchange<'s> {
    stream: &'s TcpStream,
    deadline: Deadline,
}

impl Exchange<'_> {
    /// Sends the request at once, since the Python service takes what arrives first for all of it. That
    /// nothing follows is the end of the request for ours.
    fn send(&mut self, request: &str) -> io::Result<()> {
        self.stream.set_write_timeout(Some(self.deadline.left()?))?;
        self.stream.write_all(request.as_bytes())?;
        self.stream.shutdown(Shutdown::Write)
    }

    fn receive(&mut self) -> io::Result<Vec<u8>> {
        let mut reply = Vec::with_capacity(ROOM);
        self.read_to_end(&mut reply)?;
        Ok(reply)
    }
}

impl Read for Exchange<'_> {
    /// Reads what is there, or waits for it until the deadline.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.deadline.left()?))?;
        self.stream.read(buffer)
    }
}

/// The moment at which waiting ends. It is kept as a start and a length, since their sum may be too far
/// away for a clock.
#[derive(Clone, Copy)]
struct Deadline {
    start: Instant,
    limit: Duration,
}

impl Deadline {
    fn after(limit: Duration) -> Deadline {
        Deadline { start: Instant::now(), limit }
    }

    /// How long is left, more than nothing. Fails when the time is over.
    fn left(self) -> io::Result<Duration> {
        match self.limit.checked_sub(self.start.elapsed()) {
            None | Some(Duration::ZERO) => Err(ErrorKind::TimedOut.into()),
            Some(left) => Ok(left),
        }
    }
}
