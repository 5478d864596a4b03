//! A connection to the service: over its Unix socket if there is one, else over TCP.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::deadline::{Deadline, is_timeout, within};
use crate::settings::{Settings, Socket};

/// The messages of the resolver about a host that does not exist. All other failures may pass: the server of names
/// does not answer, or the network is not up yet. The standard library passes on no code, only these texts of the
/// C library. If they changed, an unknown host would merely be tried until the time limit.
const NO_SUCH_HOST: [&str; 2] = ["Name or service not known", "No address associated with hostname"];

/// A connection.
pub(crate) struct Connection {
    pub(crate) stream: Stream,
    /// The address, for messages.
    pub(crate) peer: String,
}

pub(crate) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// There is no connection.
#[derive(Debug)]
pub(crate) struct NotConnected {
    /// What happened, with the addresses.
    pub(crate) message: String,
    /// Whether the next attempt may succeed.
    pub(crate) may_pass: bool,
}

/// Connects to the socket, and to the host if the socket does not accept. Both share the time limit, so that a
/// silent socket leaves time for the host. Messages tell the limit of all attempts together, `told`.
pub(crate) fn connect(
    settings: &Settings,
    limit: Duration,
    told: Duration,
) -> Result<Connection, NotConnected> {
    let deadline = Deadline::after(limit);
    let Some(socket) = &settings.socket else { return connect_tcp(settings, deadline, told) };
    let refusal = match connect_unix(socket, limit / 2) {
        Ok(connection) => return Ok(connection),
        Err(error) => error,
    };
    connect_tcp(settings, deadline, told).map_err(|failure| {
        // Without a word about it in the configuration, the absence of the socket is no news.
        if refusal.kind() == ErrorKind::NotFound && !socket.is_given {
            return failure;
        }
        let path = socket.path.display();
        let message = format!("{path}: {}; {}", describe(&refusal, told), failure.message);
        NotConnected { message, may_pass: failure.may_pass || may_pass(&refusal) }
    })
}

/// Connects to a Unix socket. The system waits without a limit if too many others wait for the same socket.
fn connect_unix(socket: &Socket, limit: Duration) -> io::Result<Connection> {
    fs::metadata(&socket.path)?;
    let path = socket.path.clone();
    let stream = within(limit, move || UnixStream::connect(path))?;
    Ok(Connection { stream: Stream::Unix(stream), peer: socket.path.display().to_string() })
}

/// Connects to a host over IPv4, the only protocol of the service. The addresses of the host share the time that is
/// left, so that a silent address leaves time for the next.
fn connect_tcp(settings: &Settings, deadline: Deadline, told: Duration) -> Result<Connection, NotConnected> {
    let Settings { server, port, .. } = settings;
    let peer = format!("{server}:{port}");
    let failed = |error: &io::Error, may_pass| NotConnected {
        message: format!("{peer}: {}", describe(error, told)),
        may_pass,
    };
    let addresses =
        resolve(server, *port, deadline).map_err(|error| failed(&error, is_unresolved_yet(&error)))?;
    if addresses.is_empty() {
        return Err(failed(&io::Error::other("the host has no IPv4 address"), false));
    }
    let connect = || {
        let mut result = Err(ErrorKind::TimedOut.into());
        for (address, left) in addresses.iter().zip((1..=addresses.len()).rev()) {
            let share = deadline.left()? / u32::try_from(left).unwrap_or(u32::MAX);
            // The system refuses a limit of zero.
            result = TcpStream::connect_timeout(address, share.max(Duration::from_millis(1)))
                .and_then(not_to_itself);
            if result.is_ok() {
                break;
            }
        }
        result
    };
    match connect() {
        Ok(stream) => Ok(Connection { stream: Stream::Tcp(stream), peer }),
        Err(error) => Err(failed(&error, may_pass(&error))),
    }
}

/// Refuses a connection of the client to itself. The system may choose the service's port for the client's end if
/// nobody listens there, and then the client would take its request for the reply.
fn not_to_itself(stream: TcpStream) -> io::Result<TcpStream> {
    if stream.local_addr()? == stream.peer_addr()? {
        return Err(ErrorKind::ConnectionRefused.into());
    }
    Ok(stream)
}

/// Returns the IPv4 addresses of a host. The resolver may take longer than the deadline, so it has a thread.
fn resolve(server: &str, port: u16, deadline: Deadline) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = server.parse::<Ipv4Addr>() {
        return Ok(vec![(address, port).into()]);
    }
    let server = server.to_owned();
    let addresses = move || Ok((server.as_str(), port).to_socket_addrs()?.collect::<Vec<_>>());
    let addresses = within(deadline.left()?, addresses)?;
    Ok(addresses.into_iter().filter(SocketAddr::is_ipv4).collect())
}

fn is_unresolved_yet(error: &io::Error) -> bool {
    let message = error.to_string();
    error.kind() != ErrorKind::InvalidInput && !NO_SUCH_HOST.iter().any(|known| message.contains(known))
}

/// Returns whether the next attempt may succeed: the service is being started, or the network comes up.
pub(crate) fn may_pass(error: &io::Error) -> bool {
    use ErrorKind as Kind;
    is_timeout(error)
        || matches!(
            error.kind(),
            Kind::ConnectionRefused
                | Kind::ConnectionReset
                | Kind::ConnectionAborted
                | Kind::BrokenPipe
                | Kind::NotConnected
                | Kind::HostUnreachable
                | Kind::NetworkUnreachable
                | Kind::NetworkDown
        )
}

fn describe(error: &io::Error, limit: Duration) -> String {
    if is_timeout(error) {
        format!("can't connect within {} s", limit.as_secs())
    } else {
        format!("can't connect: {error}")
    }
}

impl Stream {
    pub(crate) fn set_read_timeout(&self, limit: Duration) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => stream.set_read_timeout(Some(limit)),
            Stream::Unix(stream) => stream.set_read_timeout(Some(limit)),
        }
    }

    pub(crate) fn set_write_timeout(&self, limit: Duration) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => stream.set_write_timeout(Some(limit)),
            Stream::Unix(stream) => stream.set_write_timeout(Some(limit)),
        }
    }

    pub(crate) fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => { stream }.write_all(bytes),
            Stream::Unix(stream) => { stream }.write_all(bytes),
        }
    }

    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => { stream }.read(buffer),
            Stream::Unix(stream) => { stream }.read(buffer),
        }
    }

    /// Ends what this side sends.
    pub(crate) fn finish(&self) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Stream::Unix(stream) => stream.shutdown(Shutdown::Write),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unknown_host_is_not_looked_up_again() {
        let unresolved = |message: &str| {
            is_unresolved_yet(&io::Error::other(format!("failed to lookup address information: {message}")))
        };
        assert!(unresolved("Temporary failure in name resolution"));
        assert!(unresolved("Non-recoverable failure in name resolution"));
        assert!(!unresolved("Name or service not known"));
        let malformed = ("two..dots", 1).to_socket_addrs().unwrap_err();
        assert!(!is_unresolved_yet(&malformed), "{malformed}");
    }

    #[test]
    fn a_connection_to_itself_counts_as_refused() {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        socket.connect(&socket.local_addr().unwrap()).unwrap();
        let error = not_to_itself(socket.into()).unwrap_err();
        assert!(may_pass(&error), "{error}");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(TcpStream::connect(listener.local_addr().unwrap()).and_then(not_to_itself).is_ok());
    }

    #[test]
    fn a_numeric_address_needs_no_resolver() {
        let over = Deadline::after(Duration::ZERO);
        assert_eq!(resolve("127.0.0.1", 7, over).unwrap(), [SocketAddr::from(([127, 0, 0, 1], 7))]);
        assert!(is_timeout(&resolve("localhost", 7, over).unwrap_err()));
    }
}
