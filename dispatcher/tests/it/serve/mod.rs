//! Runs the service, and asks it over TCP as its clients do.

mod cache;
mod crowd;
#[cfg(feature = "custom")]
mod custom;
#[cfg(feature = "postgres")]
mod database;
mod diff;
#[cfg(feature = "asterisk")]
mod gate;
#[cfg(feature = "asterisk")]
mod guard;
mod history;
mod life;
mod log;
#[cfg(feature = "asterisk")]
mod patches;
#[cfg(feature = "asterisk")]
mod recovery;
mod requests;
mod socket;
mod status;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use fixtures::Scratch;
use rustix::process::{Pid, Signal, kill_process};

use crate::Folder;

/// The time limit for a single step of a test.
const STEP_LIMIT: Duration = Duration::from_secs(30);

pub(crate) const IDENTITY: (&str, &str) =
    ("infos", r#"{"uuid": "6fe0c2a8-8f0c-4d0a-9b7e-2d6b0f3d6b11", "wazo_version": "26.08"}"#);
pub(crate) const UUID: &str = "uuid: 6fe0c2a8-8f0c-4d0a-9b7e-2d6b0f3d6b11\n";

/// A running service, with its own folder for all files. Dropping it kills the service.
struct Daemon {
    child: Child,
    address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
    /// The number of requests that [`ask`](Daemon::ask) made. The log has a line for each.
    asked: AtomicUsize,
    folder: Folder,
}

impl Daemon {
    /// Starts the service with a configuration, on a free port.
    fn start(configuration: &str) -> Daemon {
        Daemon::start_in(Folder::new(&[]), configuration)
    }

    /// Starts the service in a folder that may have files.
    fn start_in(folder: Folder, configuration: &str) -> Daemon {
        let mut command = Command::new(env!("CARGO_BIN_EXE_confgend"));
        command.args(["serve", "--config", &folder.text("config.yml")]);
        Daemon::start_by(command, folder, configuration)
    }

    /// Starts the service by a command.
    fn start_by(mut command: Command, folder: Folder, configuration: &str) -> Daemon {
        write_configuration(&folder, configuration);
        command.stderr(Stdio::piped()).stdout(Stdio::null()).stdin(Stdio::null());
        command.env_remove("JOURNAL_STREAM");
        let mut child = command.spawn().unwrap();
        let log = Arc::default();
        follow(&mut child, &log);
        let address = ([127, 0, 0, 1], 0).into();
        let mut daemon = Daemon { child, address, log, asked: AtomicUsize::new(0), folder };
        let first = daemon.wait_for_log(" files on ");
        let address = first.split(" files on ").nth(1).unwrap().split([',', ' ']).next().unwrap();
        // A service that listens on a Unix socket alone has no address.
        daemon.address = address.parse().unwrap_or(daemon.address);
        daemon
    }

    /// Starts the service on a small SQLite database.
    fn on_scratch(database: &Scratch, configuration: &str) -> Daemon {
        Daemon::start(&format!("db_uri: sqlite:{}\n{configuration}", database.path().display()))
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(STEP_LIMIT)).unwrap();
        stream
    }

    /// Sends a request in one piece, as `wazo-confgen` does, and returns the reply.
    fn ask(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_ref()).unwrap();
        self.asked.fetch_add(1, Ordering::Relaxed);
        rest(&mut stream)
    }

    /// Returns the lines of the log so far that contain a text.
    fn log(&self, text: &str) -> Vec<String> {
        self.log.lock().unwrap().iter().filter(|line| line.contains(text)).cloned().collect()
    }

    /// Waits for a line of the log that contains a text, and returns the last one.
    fn wait_for_log(&self, text: &str) -> String {
        let deadline = Instant::now() + STEP_LIMIT;
        loop {
            if let Some(line) = self.log(text).pop() {
                return line;
            }
            assert!(Instant::now() < deadline, "no {text:?} in the log: {:#?}", self.log(""));
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Returns the outcomes of all requests: `wazo/uuid.yml: generated, 43 bytes`, or `no reply to …`.
    fn outcomes(&self) -> Vec<String> {
        let deadline = Instant::now() + STEP_LIMIT;
        loop {
            let outcomes: Vec<String> = self.log("").iter().filter_map(|line| outcome(line)).collect();
            if outcomes.len() >= self.asked.load(Ordering::Relaxed) {
                return outcomes;
            }
            assert!(Instant::now() < deadline, "requests are missing in the log: {:#?}", self.log(""));
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Returns the outcome of the last request.
    fn outcome(&self) -> String {
        self.outcomes().pop().unwrap()
    }

    fn cached(&self, namespace: &str) -> PathBuf {
        self.folder.path("cache").join(namespace)
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits until the service has ended by itself.
    fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + STEP_LIMIT;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end: {:#?}", self.log(""));
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the outcome of a request from its line in the log. Other lines have none.
fn outcome(line: &str) -> Option<String> {
    let (_, message) = line.split_once("(confgend.serve")?.1.split_once("): ")?;
    let (peer, message) = message.split_once(": ")?;
    if !peer.starts_with("127.0.0.1:") && !peer.starts_with("pid ") {
        return None;
    }
    match message.split_once(" bytes, ") {
        Some((request, _)) => Some(format!("{request} bytes")),
        None => message.starts_with("no reply to ").then(|| message.to_owned()),
    }
}

/// Writes a configuration with all paths below the folder of the test, so that nothing is read from `/etc`.
fn write_configuration(folder: &Folder, configuration: &str) {
    let common =
        "listen_port: 0\ncache: cache\npid_file: pid\nlog_filename: ''\nextra_config_files: conf.d\n";
    std::fs::create_dir_all(folder.path("conf.d")).unwrap();
    // If a key is there twice, the last value counts.
    std::fs::write(folder.path("config.yml"), format!("{common}{configuration}")).unwrap();
}

/// Collects the lines of the log.
fn follow(child: &mut Child, log: &Arc<Mutex<Vec<String>>>) {
    let stderr = child.stderr.take().unwrap();
    let log = Arc::clone(log);
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines() {
            let Ok(line) = line else { return };
            log.lock().unwrap().push(line);
        }
    });
}

/// Reads until the service closes the connection.
fn rest(stream: &mut impl Read) -> String {
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

/// Returns whether the connection ends without a reply, normally or by a reset.
fn ends_without_reply(stream: &mut TcpStream) -> bool {
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    reply.is_empty()
}

fn half_close(stream: &TcpStream) {
    stream.shutdown(Shutdown::Write).unwrap();
}
