//! A telephone system in PostgreSQL, the service before it, and its clients.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use driver_api::Error;
use fixtures::Schema;
use fixtures::postgres::{Cluster, own};
use postgres::Client;
use tempfile::TempDir;

use super::proxy::Proxy;
use super::tally::{Got, Tally};
use crate::bench_serve::exchange;
use crate::{file_error, free_port, target};

/// The file of all requests. Each of its lines changes with the [state](Site::change) of the database.
pub(super) const FILE: &str = "asterisk/voicemail.conf";

/// How long a fault may last before it counts as a defect of the service.
const RECOVERY: Duration = Duration::from_secs(60);

/// The threads that send requests during a fault.
const LOAD: usize = 4;

pub(super) struct Site {
    pub(super) folder: TempDir,
    /// The database; behind a proxy for the service.
    pub(super) cluster: Cluster,
    pub(super) proxy: Proxy,
    uri: String,
    programs: PathBuf,
    service: Option<Child>,
    /// The address of the service.
    pub(super) address: SocketAddr,
    state: bool,
    /// The texts of both states, as a service without faults generated them.
    texts: BTreeSet<Vec<u8>>,
}

impl Site {
    /// Creates a system with this number of users, starts the service, and takes the texts of both states.
    pub(super) fn new(users: u32, quick: bool) -> Result<Site, Error> {
        let folder = tempfile::tempdir().map_err(|error| file_error(&std::env::temp_dir(), error))?;
        let cluster = own().ok_or_else(|| Error::driver("PostgreSQL does not start"))?;
        let uri = cluster.create_database("faults")?;
        fixtures::load_synthetic_postgres(Schema::Current, users, &uri)?;
        let proxy = Proxy::start(SocketAddr::from((Ipv4Addr::LOCALHOST, port_of(&uri)?)))?;
        let mut site = Site {
            folder,
            cluster,
            proxy,
            uri,
            programs: target().join(if quick { "debug" } else { "release" }),
            service: None,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?)),
            state: false,
            texts: BTreeSet::new(),
        };
        let through_proxy =
            site.uri.replace(&format!(":{}/", port_of(&site.uri)?), &format!(":{}/", site.proxy.port));
        site.configure(&through_proxy)?;
        site.start()?;
        for _ in 0..2 {
            site.change()?;
            let text = site.good_text()?;
            site.texts.insert(text);
        }
        if site.texts.len() == 2 { Ok(site) } else { Err(Error::driver("both states have the same text")) }
    }

    /// Returns a text of the service that no fault has met. On a machine that is busy, the first connections may take longer
    /// than the short time that the configuration allows.
    fn good_text(&self) -> Result<Vec<u8>, Error> {
        let deadline = Instant::now() + RECOVERY;
        loop {
            let text = self.ask("").map_err(|error| Error::driver("no reply").because(error))?;
            if !text.is_empty() {
                return Ok(text);
            }
            if Instant::now() > deadline {
                return Err(Error::driver("the file is empty before any fault"));
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Writes the configuration with this database.
    pub(super) fn configure(&self, uri: &str) -> Result<(), Error> {
        let path = self.folder.path().join("config.yml");
        let text = format!(
            "db_uri: {uri}\nlisten_port: {}\ncache: cache\npid_file: ''\nlog_filename: log\nextra_config_files: ''\n\
             service: {{max_connections: 20000, idle_seconds: 600, reply_seconds: 600, reuse: no}}\n\
             database: {{connect_seconds: 1, retry_seconds: 1, lock_seconds: 1}}\n",
            self.address.port()
        );
        fs::write(&path, text).map_err(|error| file_error(&path, error))
    }

    /// Starts the service, and waits until it listens.
    pub(super) fn start(&mut self) -> Result<(), Error> {
        let program = self.programs.join("confgend");
        let mut command = Command::new(&program);
        command.args(["serve", "--config"]).arg(self.folder.path().join("config.yml")).stderr(Stdio::null());
        self.service = Some(command.spawn().map_err(|error| file_error(&program, error))?);
        let deadline = Instant::now() + RECOVERY;
        while TcpStream::connect(self.address).is_err() {
            if Instant::now() > deadline {
                return Err(Error::driver("the service does not start"));
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Ends the service by a signal.
    pub(super) fn signal(&mut self, signal: &str) -> Result<(), Error> {
        let Some(mut service) = self.service.take() else { return Ok(()) };
        let failed = |error| Error::driver("the service can't be stopped").because(error);
        kill(signal, service.id()).and_then(|()| service.wait()).map(|_| ()).map_err(failed)
    }

    /// Waits for the end of a service that was killed.
    pub(super) fn reap(&mut self) {
        if let Some(mut service) = self.service.take() {
            let _ = service.wait();
        }
    }

    /// Returns the process id of the service.
    pub(super) fn pid(&self) -> u32 {
        self.service.as_ref().map_or(0, Child::id)
    }

    /// Returns a connection to the database that goes past the proxy.
    pub(super) fn client(&self) -> Result<Client, Error> {
        fixtures::postgres::connect(&self.uri)
    }

    pub(super) fn uri(&self) -> &str {
        &self.uri
    }

    /// Commits the other of the two states to the database.
    pub(super) fn change(&mut self) -> Result<(), Error> {
        self.state = !self.state;
        let name = if self.state { "A" } else { "B" };
        let sql = format!("UPDATE voicemail SET fullname = '{name}'");
        self.client()?
            .batch_execute(&sql)
            .map_err(|error| Error::driver("the state can't change").because(error))
    }

    /// Sends a request with these arguments, and reads to the end of the reply.
    pub(super) fn ask(&self, arguments: &str) -> io::Result<Vec<u8>> {
        ask(self.address, arguments)
    }

    /// Sends a request, and judges the reply.
    pub(super) fn got(&self, arguments: &str) -> Got {
        self.judge(&self.ask(arguments))
    }

    fn judge(&self, reply: &io::Result<Vec<u8>>) -> Got {
        judge(&self.texts, reply)
    }

    /// Starts the client program, as Asterisk does. [`printed`](Site::printed) waits for it.
    pub(super) fn start_client(&self) -> Result<Child, Error> {
        let folder = self.folder.path();
        let settings = folder.join("client.conf");
        let text = format!(
            "[confgen]\nserver = 127.0.0.1\nport = {}\ntimeout = 5\ncache = {}\n",
            self.address.port(),
            folder.join("cache").display()
        );
        fs::write(&settings, text).map_err(|error| file_error(&settings, error))?;
        let program = self.programs.join("wazo-confgen");
        let mut command = Command::new(&program);
        command.arg("-c").arg(&settings).arg(FILE).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().map_err(|error| file_error(&program, error))
    }

    /// Judges what a client program prints.
    pub(super) fn printed(&self, client: Child) -> Got {
        self.judge(&client.wait_with_output().map(|output| output.stdout))
    }

    /// Judges the cached copy on the disk. A missing one counts as lost.
    pub(super) fn copy(&self) -> Got {
        self.judge(&fs::read(self.cache().join(FILE)))
    }

    pub(super) fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// Sends plain requests until the service has generated a file, and returns how long that took.
    pub(super) fn recover(&self, replies: &mut Tally) -> Result<Duration, Error> {
        let start = Instant::now();
        let mut log = Log::behind(&self.folder.path().join("log"))?;
        while start.elapsed() < RECOVERY {
            replies.count(&self.got(""));
            if log.rest()?.contains(&format!("{FILE}: generated,")) {
                return Ok(start.elapsed());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Err(Error::driver("the service does not recover"))
    }

    /// Does the work while clients send requests, and returns what they got.
    pub(super) fn under_load<T>(
        &mut self,
        work: impl FnOnce(&mut Site) -> Result<T, Error>,
    ) -> Result<(T, Tally), Error> {
        let stop = AtomicBool::new(false);
        let (address, texts) = (self.address, self.texts.clone());
        let client = |arguments: &'static str| {
            let (stop, texts) = (&stop, &texts);
            move || {
                let mut tally = Tally::default();
                while !stop.load(Ordering::Acquire) {
                    tally.count(&judge(texts, &ask(address, arguments)));
                    // As many requests as a reload sends, not as many as the machine can.
                    thread::sleep(Duration::from_millis(2));
                }
                tally
            }
        };
        thread::scope(|scope| {
            let arguments = ["", " cached"].into_iter().cycle().take(LOAD);
            let clients: Vec<_> = arguments.map(|arguments| scope.spawn(client(arguments))).collect();
            let result = work(self);
            stop.store(true, Ordering::Release);
            let mut tally = Tally::default();
            for client in clients {
                tally += client.join().map_err(|_| Error::driver("a client panicked"))?;
            }
            Ok((result?, tally))
        })
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.proxy.hang(false);
        let _ = self.signal("KILL");
    }
}

/// Sends a signal to a process.
pub(super) fn kill(signal: &str, pid: u32) -> io::Result<()> {
    let status =
        Command::new("kill").args([format!("-{signal}"), pid.to_string()]).stderr(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("kill: {status}"))) }
}

fn ask(address: SocketAddr, arguments: &str) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    exchange(address, format!("{FILE}{arguments}\n").as_bytes(), &mut text)?;
    Ok(text)
}

/// Compares a reply with the texts of the states.
fn judge(texts: &BTreeSet<Vec<u8>>, reply: &io::Result<Vec<u8>>) -> Got {
    match reply {
        Err(_) => Got::Lost,
        Ok(text) if text.is_empty() => Got::Empty,
        Ok(text) if texts.contains(text) => Got::Whole,
        Ok(_) => Got::Torn,
    }
}

fn port_of(uri: &str) -> Result<u16, Error> {
    let (address, _) = uri.rsplit_once('/').unwrap_or((uri, ""));
    let port = address.rsplit(':').next().unwrap_or_default();
    port.parse().map_err(|_| Error::driver("the server's URI has no port"))
}

/// The end of a log.
struct Log(File);

impl Log {
    fn behind(path: &Path) -> Result<Log, Error> {
        let open = || {
            let mut file = File::open(path)?;
            io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
            Ok(file)
        };
        open().map(Log).map_err(|error| file_error(path, error))
    }

    /// Returns what was added since the last call.
    fn rest(&mut self) -> Result<String, Error> {
        let mut bytes = Vec::new();
        let read = self.0.read_to_end(&mut bytes);
        read.map_err(|error| Error::driver("the log can't be read").because(error))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
