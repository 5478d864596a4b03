//! One request to the service and its reply.
//!
//! A request is a line of text, and ends where the client stops sending. A reply is all that the service sends until
//! it closes the connection. It has no length and no status: only a reset tells that a part of it is missing.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use crate::settings::Settings;

/// The first capacity for a reply, in bytes: most replies fit in.
const CAPACITY: usize = 64 * 1024;

/// Sends a request and returns the whole reply. An error names the address and the reason.
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

/// Connects to a host over IPv4, the only protocol of the service. Its addresses share the time, so that a silent one
/// leaves some to the next.
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

/// A connection, and the deadline of the exchange.
struct Exchange<'s> {
    stream: &'s TcpStream,
    deadline: Deadline,
}

impl Exchange<'_> {
    /// Sends the request in one piece: the Python service takes the first piece for the whole request. For ours, the
    /// end of the stream is the end of the request.
    fn send(&mut self, request: &str) -> io::Result<()> {
        self.stream.set_write_timeout(Some(self.deadline.left()?))?;
        self.stream.write_all(request.as_bytes())?;
        self.stream.shutdown(Shutdown::Write)
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
        self.stream.set_read_timeout(Some(self.deadline.left()?))?;
        self.stream.read(buffer)
    }
}

/// The moment at which waiting ends: a start and a length, since a clock may not hold their sum.
#[derive(Clone, Copy)]
struct Deadline {
    start: Instant,
    limit: Duration,
}

impl Deadline {
    fn after(limit: Duration) -> Deadline {
        Deadline { start: Instant::now(), limit }
    }

    /// Returns the time that is left, which is above zero; an error after the deadline.
    fn left(self) -> io::Result<Duration> {
        match self.limit.checked_sub(self.start.elapsed()) {
            None | Some(Duration::ZERO) => Err(ErrorKind::TimedOut.into()),
            Some(left) => Ok(left),
        }
    }
}
