//! Services for the client, and how it is run.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::LazyLock;
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};
use tempfile::NamedTempFile;

/// A service for one connection.
pub(crate) struct Service {
    pub(crate) port: u16,
    /// Returns the request.
    thread: JoinHandle<String>,
}

impl Service {
    /// Starts a service that calls `answer` after it has received the whole request.
    pub(crate) fn new(answer: impl FnOnce(&mut TcpStream) + Send + 'static) -> Service {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let size = stream.read(&mut request).unwrap();
            assert_eq!(stream.read(&mut [0]).unwrap(), 0, "the first read gets the whole request");
            answer(&mut stream);
            String::from_utf8(request[..size].to_vec()).unwrap()
        });
        Service { port, thread }
    }

    pub(crate) fn with_reply(reply: &'static str) -> Service {
        Service::new(|stream| stream.write_all(reply.as_bytes()).unwrap())
    }

    /// Runs the client with these words and the port of this service.
    pub(crate) fn ask(&self, words: &[&str]) -> Output {
        output(client(words).args(["--port", &self.port.to_string()]))
    }

    pub(crate) fn request(self) -> String {
        self.thread.join().unwrap()
    }
}

/// The client without a copy, unless the words name a configuration file.
pub(crate) fn client(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wazo-confgen"));
    command.args(["--config-file", NO_COPIES]).args(words);
    command
}

/// The configuration file of a client that finds no copy on the machine of the test.
pub(crate) const NO_COPIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/no-copies.conf");

pub(crate) fn output(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// A configuration file for one test. No copy is on the machine.
pub(crate) struct ConfigFile(NamedTempFile);

impl ConfigFile {
    pub(crate) fn new(text: &str) -> ConfigFile {
        let mut file = NamedTempFile::new().unwrap();
        let without_copies = "[confgen]\ncache=/nonexistent\ncopies=/nonexistent\n";
        file.write_all(text.replace("[confgen]\n", without_copies).as_bytes()).unwrap();
        ConfigFile(file)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }
}

/// Asserts that the client printed exactly this reply.
pub(crate) fn assert_reply(output: &Output, reply: &[u8]) {
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout == reply, "{} bytes of {}", output.stdout.len(), reply.len());
}

/// Asserts that the client printed exactly this message to standard error, and nothing to standard output.
pub(crate) fn assert_error(output: &Output, code: i32, message: &str) {
    assert_eq!(String::from_utf8_lossy(&output.stderr), format!("wazo-confgen: {message}\n"));
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(code), &b""[..]));
}

/// A port on which no program listens. The socket keeps it from other programs.
pub(crate) fn closed_port() -> u16 {
    static SOCKET: LazyLock<Socket> = LazyLock::new(bound);
    port(&SOCKET)
}

/// A socket that has a port but does not listen: the system refuses connections.
fn bound() -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket
}

fn port(socket: &Socket) -> u16 {
    socket.local_addr().unwrap().as_socket().unwrap().port()
}

/// The end of one connection to a service.
pub(crate) enum Then {
    /// The whole reply arrives.
    Reply(&'static str),
    /// This part of a reply arrives, and then the connection is reset, as if the service were killed.
    Reset(&'static str),
    /// Nothing happens until the client gives up.
    Hang,
}

/// A service for several connections.
pub(crate) struct Script {
    pub(crate) port: u16,
    requests: Receiver<String>,
}

impl Script {
    pub(crate) fn new(steps: impl IntoIterator<Item = Then>) -> Script {
        Script::after(Duration::ZERO, steps)
    }

    /// Starts a service that listens after a pause. Until then its port refuses connections.
    pub(crate) fn after(pause: Duration, steps: impl IntoIterator<Item = Then>) -> Script {
        let mut steps: VecDeque<Then> = steps.into_iter().collect();
        let socket = bound();
        let port = port(&socket);
        if pause.is_zero() {
            socket.listen(128).unwrap();
        }
        let (sender, requests) = mpsc::channel();
        thread::spawn(move || {
            thread::sleep(pause);
            socket.listen(128).unwrap();
            let listener = TcpListener::from(socket);
            while let Some(step) = steps.pop_front() {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = String::new();
                stream.read_to_string(&mut request).unwrap();
                let _ = sender.send(request);
                step.run(&mut stream);
            }
        });
        Script { port, requests }
    }

    /// Returns the requests that came so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.try_iter().collect()
    }
}

impl Then {
    fn run(self, stream: &mut TcpStream) {
        match self {
            Then::Reply(reply) => stream.write_all(reply.as_bytes()).unwrap(),
            Then::Reset(part) => {
                stream.write_all(part.as_bytes()).unwrap();
                reset(stream);
            }
            Then::Hang => {
                stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
                // A client that is gone has closed both directions, which a write finds out.
                while stream.write_all(b"x").is_ok() {
                    thread::sleep(Duration::from_millis(20));
                }
            }
        }
    }
}

/// Has the end of the connection be a reset.
pub(crate) fn reset(stream: &TcpStream) {
    SockRef::from(stream).set_linger(Some(Duration::ZERO)).unwrap();
}
