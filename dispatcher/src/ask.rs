//! Asks the running service for its cached copies, as `wazo-confgen --cached` does.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use driver_api::settings::Settings as _;
use driver_api::{Config, Error, Namespace};
use review::GeneratedFile;
use service::Listen;

/// How long a connection and a whole reply may take.
const CONNECTING: Duration = Duration::from_secs(5);
const REPLY: Duration = Duration::from_secs(60);

/// The largest reply that is read.
const MAX_BYTES: u64 = 1 << 30;

/// Where the service listens.
enum Address {
    Unix(PathBuf),
    Tcp(SocketAddr),
}

/// A connection of either kind.
pub(crate) trait Connection: Read + Write {
    /// The end of a request. Over TCP, the Python service takes the first piece for the whole request, as it is. The line
    /// end on a Unix socket has the service reset the connection if it ends before the whole reply is sent.
    const END: &'static str;

    /// Sets how long the next call may take.
    fn limit(&self, left: Duration) -> io::Result<()>;

    /// Ends what this side sends.
    fn finish(&self) -> io::Result<()>;
}

/// Asks for the cached copy of a file. An empty reply means that the service has none, or an empty one.
///
/// # Errors
///
/// The service can't be reached, or the reply does not come to its end. The error names its address.
pub(crate) fn cached(config: &Config, name: &Namespace) -> Result<Option<GeneratedFile>, Error> {
    let address =
        Address::of(&Listen::read(config)?).map_err(|message| config.error("listen_port", message))?;
    let text = address.ask(name).map_err(|error| {
        let message = format!("the service did not answer the request for {name}");
        Error::driver(message).because(error).context(address.to_string())
    })?;
    Ok((!text.is_empty()).then(|| GeneratedFile::new(text)))
}

impl Address {
    /// Returns the address at which a client of this machine reaches the service.
    fn of(listen: &Listen) -> Result<Address, &'static str> {
        if let Some(path) = &listen.listen_socket {
            return Ok(Address::Unix(path.clone()));
        }
        let Some(address) = listen.address().filter(|address| address.port() != 0) else {
            return Err("the service listens on any free port, so nobody can tell where to ask it");
        };
        Ok(Address::Tcp(reachable(address)))
    }

    fn ask(&self, file: &Namespace) -> io::Result<Vec<u8>> {
        match self {
            Address::Tcp(address) => exchange(&mut TcpStream::connect_timeout(address, CONNECTING)?, file),
            Address::Unix(path) => exchange(&mut connect_unix(path.clone())?, file),
        }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Address::Unix(path) => path.display().fmt(f),
            Address::Tcp(address) => address.fmt(f),
        }
    }
}

/// Returns the address by which a program of this machine reaches a service that listens on this one.
pub(crate) fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// Connects to a Unix socket. The system has no time limit for that, and waits if too many others wait.
fn connect_unix(path: PathBuf) -> io::Result<UnixStream> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(UnixStream::connect(path)));
    receiver.recv_timeout(CONNECTING).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Sends a request, and reads the reply to its end.
fn exchange<C: Connection>(connection: &mut C, file: &Namespace) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + REPLY;
    connection.limit(REPLY)?;
    connection.write_all(format!("{file} cached{}", C::END).as_bytes())?;
    connection.finish()?;
    let mut reply = Vec::new();
    Limited { connection, deadline }.take(MAX_BYTES + 1).read_to_end(&mut reply)?;
    if reply.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("the reply has more than 1 GiB"));
    }
    Ok(reply)
}

/// Reads until a deadline.
pub(crate) struct Limited<'c, C> {
    connection: &'c mut C,
    deadline: Instant,
}

impl<'c, C: Connection> Limited<'c, C> {
    pub(crate) fn new(connection: &'c mut C, limit: Duration) -> Limited<'c, C> {
        Limited { connection, deadline: Instant::now() + limit }
    }
}

impl<C: Connection> Read for Limited<'_, C> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.connection.limit(left)?;
        self.connection.read(buffer)
    }
}

impl Connection for TcpStream {
    const END: &'static str = "";

    fn limit(&self, left: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(left)).and_then(|()| self.set_write_timeout(Some(left)))
    }

    fn finish(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

impl Connection for UnixStream {
    const END: &'static str = "\n";

    fn limit(&self, left: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(left)).and_then(|()| self.set_write_timeout(Some(left)))
    }

    fn finish(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}
