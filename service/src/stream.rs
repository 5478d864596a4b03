//! The connections of clients: TCP, and Unix sockets.
//!
//! A client takes the normal end of a connection for the end of a whole reply, or of an empty file. So a connection of
//! either kind ends with a reset, even if the process is killed, unless [`close`](Stream::close) ends it.

use std::fmt;
use std::future::Future;
use std::io::{self, Read};
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use rustix::net::RecvFlags;
use rustix::net::sockopt::set_socket_linger;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, Interest};
use tokio::net::{TcpStream, UnixStream, unix};
use tokio::time::timeout;

/// The size of a reply from which on the client may still be reading it when the service has sent it.
pub(crate) const LARGE: u64 = 64 << 10;

/// The time limit for reading data that a client sends after its request.
const LINGER: Duration = Duration::from_secs(1);

/// The size of a piece of a request.
const PIECE: usize = 4096;

/// The other side of a connection, as the log shows it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Peer {
    Address(SocketAddr),
    /// The process at the other end of a Unix socket; none if the system does not say.
    Process(Option<unix::UCred>),
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Address(address) => address.fmt(f),
            Peer::Process(Some(process)) => {
                let pid = process.pid().unwrap_or_default();
                write!(f, "pid {pid} uid {}", process.uid())
            }
            Peer::Process(None) => f.write_str("unknown process"),
        }
    }
}

/// A connection.
pub(crate) trait Stream: AsyncWrite + Unpin + Send {
    /// Prepares the connection, so that it ends with a reset.
    fn prepare(&self);

    /// Waits until the client has sent more than these bytes, and adds it to them. Returns 0 at the end of the stream.
    fn receive(&mut self, bytes: &mut Vec<u8>) -> impl Future<Output = io::Result<usize>> + Send;

    /// Ends the connection normally, after a reply of this length. Nothing that the client still sends may destroy the
    /// reply.
    fn close(self, length: u64) -> impl Future<Output = ()> + Send;
}

impl Stream for TcpStream {
    fn prepare(&self) {
        // An error is ignored, here and below: the client has closed the connection.
        let _ = set_socket_linger(self, Some(Duration::ZERO));
    }

    async fn receive(&mut self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        self.read_buf(bytes).await
    }

    /// It first reads what the client still sends: unread data would reset the connection.
    async fn close(mut self, length: u64) {
        let _ = set_socket_linger(&self, None);
        let _ = self.shutdown().await;
        let mut ignored = [0; 512];
        if length > LARGE {
            let end = async { while self.read(&mut ignored).await.is_ok_and(|read| read > 0) {} };
            let _ = timeout(LINGER, end).await;
        } else if let Ok(mut stream) = self.into_std() {
            // The stream is non-blocking, so this reads only data that has arrived.
            while stream.read(&mut ignored).is_ok_and(|read| read > 0) {}
        }
    }
}

/// Unix sockets have no reset on demand. But if one side closes the connection with data that it has not read, the
/// other side gets the error of a reset behind the data. So the service leaves the request unread to the end.
impl Stream for UnixStream {
    fn prepare(&self) {}

    async fn receive(&mut self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        let known = bytes.len();
        loop {
            let ready = self.ready(Interest::READABLE).await?;
            bytes.resize(known + PIECE, 0);
            let peeked = self.try_io(Interest::READABLE, || {
                let (_, length) = rustix::net::recv(&*self, &mut bytes[..], RecvFlags::PEEK)?;
                // The bytes that were there before are no news. With this error, the runtime waits for further ones.
                if length > known || length == 0 { Ok(length) } else { Err(io::ErrorKind::WouldBlock.into()) }
            });
            bytes.truncate(*peeked.as_ref().unwrap_or(&0).max(&known));
            match peeked {
                Ok(length) => return Ok(length.saturating_sub(known)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && ready.is_read_closed() => {
                    return Ok(0);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn close(self, _: u64) {
        let Ok(mut stream) = self.into_std() else { return };
        // From here on, the client can't send data that would stay unread.
        let _ = stream.shutdown(Shutdown::Both);
        let mut ignored = [0; PIECE];
        while stream.read(&mut ignored).is_ok_and(|read| read > 0) {}
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream as Client;

    use tokio::runtime;

    use super::*;

    fn pair() -> (UnixStream, Client) {
        let (ours, theirs) = Client::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        (UnixStream::from_std(ours).unwrap(), theirs)
    }

    fn run<T>(test: impl Future<Output = T>) -> T {
        runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
    }

    /// Reads to the end of the connection. Returns the text, and whether the end was a reset.
    fn end(client: &mut Client) -> (String, bool) {
        let mut bytes = Vec::new();
        let result = client.read_to_end(&mut bytes);
        let is_reset = result.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset);
        (String::from_utf8(bytes).unwrap(), is_reset)
    }

    #[test]
    fn pieces_of_a_request_come_one_by_one() {
        run(async {
            let (mut stream, mut client) = pair();
            let mut bytes = Vec::new();
            client.write_all(b"one").unwrap();
            assert_eq!((stream.receive(&mut bytes).await.unwrap(), bytes.as_slice()), (3, &b"one"[..]));
            let waited = timeout(Duration::from_millis(50), stream.receive(&mut bytes)).await;
            assert!(waited.is_err(), "the same bytes are no news");
            bytes.truncate(3);
            client.write_all(b"\ntwo").unwrap();
            assert_eq!(stream.receive(&mut bytes).await.unwrap(), 4);
            assert_eq!(bytes, b"one\ntwo");
            client.shutdown(Shutdown::Write).unwrap();
            assert_eq!((stream.receive(&mut bytes).await.unwrap(), bytes.len()), (0, 7));
        });
    }

    #[test]
    fn a_silent_client_ends_the_stream() {
        run(async {
            let (mut stream, client) = pair();
            drop(client);
            let mut bytes = Vec::new();
            assert_eq!((stream.receive(&mut bytes).await.unwrap(), bytes.len()), (0, 0));
        });
    }

    #[test]
    fn only_a_closed_connection_ends_without_a_reset() {
        for (closes, request) in [(true, "a/b\n"), (false, "a/b\n"), (true, "a/b"), (false, "a/b")] {
            let (mut client, sent) = run(async {
                let (mut stream, mut client) = pair();
                client.write_all(request.as_bytes()).unwrap();
                stream.receive(&mut Vec::new()).await.unwrap();
                stream.write_all(b"reply").await.unwrap();
                client.write_all(b"late data").unwrap();
                if closes {
                    stream.close(5).await;
                } else {
                    drop(stream);
                }
                let sent = client.write_all(b"too late");
                (client, sent)
            });
            assert_eq!(end(&mut client), ("reply".to_owned(), !closes), "{request:?}");
            assert_eq!(sent.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        }
    }
}
