//! The sockets on which the service listens: TCP, a Unix socket, or both.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::net::UnixStream as Probe;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use driver_api::{Error, ErrorKind};
use nix::unistd::Group;
use rustix::fs::Mode;
use rustix::process::umask;
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixSocket, UnixStream};

use crate::settings::Listen;
use crate::stream::Peer;

/// The maximum number of connections that wait to be accepted. The system may have a lower limit.
const BACKLOG: u32 = 4096;

/// The listening sockets.
pub(crate) struct Listeners {
    tcp: Option<(TcpListener, SocketAddr)>,
    unix: Option<(UnixListener, SocketFile)>,
}

/// An accepted connection.
pub(crate) enum Connection {
    Tcp(TcpStream, Peer),
    Unix(UnixStream, Peer),
}

impl Connection {
    pub(crate) fn peer(&self) -> Peer {
        match self {
            Connection::Tcp(_, peer) | Connection::Unix(_, peer) => *peer,
        }
    }
}

impl Listeners {
    pub(crate) fn new(settings: &Listen) -> Result<Listeners, Error> {
        let tcp = settings.address().map(listen_on_tcp).transpose()?;
        let unix = match &settings.listen_socket {
            Some(path) => Some(listen_on_unix(path, settings)?),
            None => None,
        };
        Ok(Listeners { tcp, unix })
    }

    /// Waits for a client.
    pub(crate) async fn accept(&self) -> io::Result<Connection> {
        let tcp = async {
            let Some((listener, _)) = &self.tcp else { return pending().await };
            listener.accept().await.map(|(stream, address)| Connection::Tcp(stream, Peer::Address(address)))
        };
        let unix = async {
            let Some((listener, _)) = &self.unix else { return pending().await };
            let (stream, _) = listener.accept().await?;
            let peer = Peer::Process(stream.peer_cred().ok());
            Ok(Connection::Unix(stream, peer))
        };
        tokio::select! {
            accepted = tcp => accepted,
            accepted = unix => accepted,
        }
    }
}

/// `127.0.0.1:8669 and /run/wazo-confgend/confgend.sock`
impl fmt::Display for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((_, address)) = &self.tcp {
            address.fmt(f)?;
        }
        if let Some((_, file)) = &self.unix {
            let and = if self.tcp.is_some() { " and " } else { "" };
            write!(f, "{and}{}", file.path.display())?;
        }
        Ok(())
    }
}

fn listen_on_tcp(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let open = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG)?;
        // With port 0, the system chooses one.
        let address = listener.local_addr().unwrap_or(address);
        Ok((listener, address))
    };
    open().map_err(|error: io::Error| {
        let message = format!("can't listen on {address}");
        let context = "configuration keys listen_address, listen_port";
        Error::new(ErrorKind::Config, message).because(error).context(context)
    })
}

fn listen_on_unix(path: &Path, settings: &Listen) -> Result<(UnixListener, SocketFile), Error> {
    let refuse = |error: io::Error| {
        let message = format!("can't listen on {}", path.display());
        Error::new(ErrorKind::Config, message).because(error).context("configuration key listen_socket")
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(refuse)?;
    }
    remove_stale(path).map_err(refuse)?;
    let open = || {
        let socket = UnixSocket::new_stream()?;
        // Nobody else may connect before the file has its group and mode.
        let usual = umask(Mode::RWXG | Mode::RWXO);
        let bound = socket.bind(path);
        umask(usual);
        bound?;
        let file = SocketFile::new(path)?;
        Ok((socket.listen(BACKLOG)?, file))
    };
    let (listener, file) = open().map_err(refuse)?;
    if let Some(group) = &settings.listen_socket_group
        && let Err(error) = give_to_group(path, group)
    {
        // Other clients can still connect.
        let message = format!("{}: group {group} can't connect", path.display());
        let error = Error::new(ErrorKind::Config, message).because(error);
        let error = error.context("configuration key listen_socket_group").chain();
        tracing::warn!(event = "configuration", key = "listen_socket_group", error, "{error}");
    }
    let mode = fs::Permissions::from_mode(settings.listen_socket_mode.0);
    fs::set_permissions(path, mode).map_err(refuse)?;
    Ok((listener, file))
}

/// Removes the socket that a killed service left. Fails if a service listens on it, or if it is another kind of file.
fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(metadata) if metadata.file_type().is_socket() => {}
        Ok(_) => {
            return Err(io::Error::other("there is a file that is no socket: delete it, or change the key"));
        }
    }
    match Probe::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Err(io::Error::other("another process listens on it: stop that service, or change the key")),
    }
}

fn give_to_group(path: &Path, name: &str) -> io::Result<()> {
    let group = Group::from_name(name)?.ok_or_else(|| io::Error::other("there is no such group"))?;
    chown(path, None, Some(group.gid.as_raw()))
}

/// The file of a Unix socket. Dropping it deletes the file, unless another service has replaced it.
struct SocketFile {
    path: PathBuf,
    id: (u64, u64),
}

impl SocketFile {
    fn new(path: &Path) -> io::Result<SocketFile> {
        Ok(SocketFile { path: path.to_owned(), id: SocketFile::id(path)? })
    }

    fn id(path: &Path) -> io::Result<(u64, u64)> {
        fs::symlink_metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if SocketFile::id(&self.path).is_ok_and(|id| id == self.id) {
            let _ = fs::remove_file(&self.path);
        }
    }
}
