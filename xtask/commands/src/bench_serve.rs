//! `cargo xtask bench --serve`: measures the service, compared with a server that only sends files.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs};

use driver_api::Error;
use fixtures::Schema;
use fixtures::postgres::Cluster;

use crate::command::{self, cargo};
use crate::{debian, file_error, free_port, target};

/// The file of all requests.
const FILE: &str = "asterisk/rtp.conf";

/// The numbers of clients that send requests at the same time. Each client sends one request after the other.
const CLIENTS: [usize; 3] = [1, 16, 256];

/// The number of measurements of each server, in turn, because the load of the machine varies.
const ROUNDS: usize = 5;

/// The number of requests in a round, of all clients together.
const REQUESTS: usize = 8192;

/// The number of starts of the client program.
const STARTS: usize = 500;

/// Measures the service on a synthetic telephone system with this number of users.
pub(crate) fn run(users: u32) -> Result<(), Error> {
    let scratch = tempfile::tempdir().map_err(|error| file_error(&env::temp_dir(), error))?;
    build()?;
    let cluster = Cluster::start()?;
    let uri = cluster.create_database("serve")?;
    fixtures::load_synthetic_postgres(Schema::Current, users, &uri)?;
    let confgend = Service::start(scratch.path(), &uri)?;
    let text = ask(confgend.address, FILE.as_bytes())?;
    let nginx = Nginx::start(scratch.path(), &text)?;
    say!("\nconfgend, idle: {:.1} MB resident", confgend.resident_megabytes()?);

    let request = format!("GET /{FILE} HTTP/1.0\r\n\r\n");
    let reply = ask(nginx.address, request.as_bytes())?;
    if !reply.ends_with(&text) {
        return Err(Error::driver("nginx does not send the file"));
    }
    let servers = [
        Server { name: "confgend", address: confgend.address, request: format!("{FILE} cached"), text },
        Server { name: "nginx", address: nginx.address, request, text: reply },
    ];
    say!("\n{FILE}, {} bytes, cached, a connection for each request\n", servers[0].text.len());
    say!(
        "{:<10} {:>7} {:>11} {:>9} {:>9} {:>10}",
        "server",
        "clients",
        "requests/s",
        "p50 us",
        "p99 us",
        "p99 ratio"
    );
    for clients in CLIENTS {
        compare(&servers, clients)?;
    }
    measure_starts(&confgend, scratch.path())?;
    let pjsip = ask(confgend.address, b"asterisk/pjsip.conf")?;
    say!("\nconfgend, 15 s after pjsip.conf of {users} users, {} bytes:", pjsip.len());
    drop(pjsip);
    // After the reply, it looks at the new text and keeps it in the history.
    thread::sleep(Duration::from_secs(15));
    say!("{:.1} MB resident", confgend.resident_megabytes()?);
    Ok(())
}

/// Builds the programs in the release profile.
fn build() -> Result<(), Error> {
    let programs = ["--bin", "confgend", "--bin", "wazo-confgen"];
    command::run(cargo().args(["build", "--quiet", "--release"]).args(programs))
}

/// A process that is ended on drop.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // SIGTERM, since SIGKILL would leave the worker processes of nginx running.
        let _ = Command::new("sh").args(["-c", &format!("kill {}", self.0.id())]).status();
        let _ = self.0.wait();
    }
}

struct Service {
    process: Process,
    address: SocketAddr,
}

impl Service {
    fn start(folder: &Path, uri: &str) -> Result<Service, Error> {
        let config = folder.join("config.yml");
        let text = format!(
            "db_uri: {uri}\nlisten_port: 0\ncache: cache\npid_file: pid\nlog_filename: log\nextra_config_files: ''\n"
        );
        fs::write(&config, text).map_err(|error| file_error(&config, error))?;
        let program = target().join("release/confgend");
        let child = Command::new(&program).args(["serve", "--config"]).arg(&config).spawn();
        let process = Process(child.map_err(|error| file_error(&program, error))?);
        let log = folder.join("log");
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            let lines = fs::read_to_string(&log).unwrap_or_default();
            if let Some((_, rest)) = lines.split_once(" files on ")
                && let Some(address) = rest.split(',').next().and_then(|address| address.parse().ok())
            {
                return Ok(Service { process, address });
            }
            thread::sleep(Duration::from_millis(10));
        }
        Err(Error::driver("the service does not start within 10 s"))
    }

    fn resident_megabytes(&self) -> Result<f64, Error> {
        let path = PathBuf::from(format!("/proc/{}/status", self.process.0.id()));
        let status = fs::read_to_string(&path).map_err(|error| file_error(&path, error))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
        kilobytes.map(|kilobytes| kilobytes / 1024.0).ok_or_else(|| Error::driver("no VmRSS"))
    }
}

struct Nginx {
    _process: Process,
    address: SocketAddr,
}

impl Nginx {
    /// Serves the one file, and logs requests, as the service does.
    fn start(folder: &Path, text: &[u8]) -> Result<Nginx, Error> {
        let program = nginx()?;
        let files = folder.join("files");
        let file = files.join(FILE);
        fs::create_dir_all(file.parent().unwrap_or(&files)).map_err(|error| file_error(&files, error))?;
        fs::write(&file, text).map_err(|error| file_error(&file, error))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let config = folder.join("nginx.conf");
        let folder_name = folder.display();
        let user = if debian::is_root() { "user root;" } else { "" };
        let lines = format!(
            "{user} daemon off; worker_processes auto; pid {folder_name}/nginx.pid; error_log {folder_name}/nginx.err;
            events {{ worker_connections 2048; }}
            http {{
                access_log {folder_name}/nginx.log;
                client_body_temp_path {folder_name}/1; proxy_temp_path {folder_name}/2; fastcgi_temp_path {folder_name}/3;
                uwsgi_temp_path {folder_name}/4; scgi_temp_path {folder_name}/5;
                sendfile on; tcp_nopush on;
                server {{ listen {address} backlog=4096; root {folder_name}/files; }}
            }}"
        );
        fs::write(&config, lines).map_err(|error| file_error(&config, error))?;
        let child =
            Command::new(&program).arg("-c").arg(&config).arg("-p").arg(folder).stderr(Stdio::null()).spawn();
        let process = Process(child.map_err(|error| file_error(&program, error))?);
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(address).is_err() {
            if Instant::now() > deadline {
                let log = fs::read_to_string(folder.join("nginx.err")).unwrap_or_default();
                return Err(Error::driver("nginx does not start").because(log));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(Nginx { _process: process, address })
    }
}

/// Finds nginx: the program of the system, or Debian's package, unpacked below the target folder.
fn nginx() -> Result<PathBuf, Error> {
    let unpacked = target().join("nginx");
    let paths = [PathBuf::from("/usr/sbin/nginx"), unpacked.join("usr/sbin/nginx")];
    if let Some(found) = paths.iter().find(|path| path.is_file()) {
        return Ok(found.clone());
    }
    say!("nginx is not installed; unpacking Debian's package below {}", unpacked.display());
    fs::create_dir_all(&unpacked).map_err(|error| file_error(&unpacked, error))?;
    let script = "apt-get download -q nginx && dpkg-deb --extract nginx_*.deb .";
    let status = Command::new("sh").args(["-ec", script]).current_dir(&unpacked).status();
    let [_, program] = paths;
    if status.is_ok_and(|status| status.success()) && program.is_file() {
        return Ok(program);
    }
    Err(Error::driver(
        "nginx is not installed, and the comparison needs it; type: sudo apt-get install nginx-light",
    ))
}

/// Sends a request over a connection of its own, and reads to the end.
fn ask(address: SocketAddr, request: &[u8]) -> Result<Vec<u8>, Error> {
    let mut reply = Vec::new();
    exchange(address, request, &mut reply)
        .map_err(|error| Error::driver("no reply").because(error).context(address.to_string()))?;
    Ok(reply)
}

/// Sends a request over a connection of its own, and appends the reply to the buffer.
pub(crate) fn exchange(address: SocketAddr, request: &[u8], reply: &mut Vec<u8>) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(request)?;
    stream.read_to_end(reply)?;
    Ok(())
}

struct Server {
    name: &'static str,
    address: SocketAddr,
    request: String,
    text: Vec<u8>,
}

/// Measures both servers, one after the other and again, and prints a line for each.
fn compare(servers: &[Server; 2], clients: usize) -> Result<(), Error> {
    let mut figures = [Figures::default(), Figures::default()];
    for _ in 0..ROUNDS {
        for (server, figures) in servers.iter().zip(&mut figures) {
            figures.add(measure(server, clients)?);
        }
    }
    let [ours, theirs] = figures.map(Figures::percentiles);
    for (server, (rate, p50, p99)) in servers.iter().zip([ours, theirs]) {
        let ratio = if server.name == "confgend" { format!("{:.2}", p99 / theirs.2) } else { String::new() };
        say!("{:<10} {clients:>7} {rate:>11.0} {p50:>9.0} {p99:>9.0} {ratio:>10}", server.name);
    }
    Ok(())
}

#[derive(Default)]
struct Figures {
    times: Vec<Duration>,
    elapsed: Duration,
}

impl Figures {
    fn add(&mut self, other: Figures) {
        self.times.extend(other.times);
        self.elapsed += other.elapsed;
    }

    /// Requests a second, and the median and 99th percentile of their times in microseconds.
    fn percentiles(mut self) -> (f64, f64, f64) {
        self.times.sort_unstable();
        let at = |share: usize| {
            let time = self.times.get(self.times.len() * share / 100);
            time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
        };
        #[expect(clippy::cast_precision_loss, reason = "some ten thousand")]
        let rate = self.times.len() as f64 / self.elapsed.as_secs_f64();
        (rate, at(50), at(99))
    }
}

/// Measures a server with this number of clients at the same time.
fn measure(server: &Server, clients: usize) -> Result<Figures, Error> {
    let ready = Barrier::new(clients + 1);
    let client = || -> io::Result<Vec<Duration>> {
        let mut reply = Vec::with_capacity(2 * server.text.len());
        let mut times = Vec::with_capacity(REQUESTS / clients);
        ready.wait();
        for _ in 0..REQUESTS / clients {
            reply.clear();
            let start = Instant::now();
            exchange(server.address, server.request.as_bytes(), &mut reply)?;
            times.push(start.elapsed());
            // Only the length is compared, because the header of nginx's reply contains the time.
            if reply.len() != server.text.len() {
                return Err(io::Error::other(format!("a reply of {} bytes", reply.len())));
            }
        }
        Ok(times)
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..clients).map(|_| scope.spawn(client)).collect();
        ready.wait();
        let start = Instant::now();
        let mut figures = Figures::default();
        for client in clients {
            let times = client.join().unwrap_or_else(|_| Err(io::Error::other("a client failed")));
            figures.times.extend(
                times.map_err(|error| Error::driver("no reply").because(error).context(server.name))?,
            );
        }
        figures.elapsed = start.elapsed();
        Ok(figures)
    })
}

/// Measures starts of the client program, and of a program that does nothing.
fn measure_starts(service: &Service, folder: &Path) -> Result<(), Error> {
    let settings = folder.join("client.conf");
    let text = format!("[confgen]\nport = {}\n", service.address.port());
    fs::write(&settings, text).map_err(|error| file_error(&settings, error))?;
    let client = target().join("release/wazo-confgen");
    let (mut ours, mut nothing) = (Figures::default(), Figures::default());
    for _ in 0..STARTS {
        let mut command = Command::new(&client);
        command.arg("-c").arg(&settings).args([FILE, "--cached"]);
        ours.times.push(start_to_exit(command)?);
        nothing.times.push(start_to_exit(Command::new("/bin/true"))?);
    }
    let ((_, p50, p99), (_, least, _)) = (ours.percentiles(), nothing.percentiles());
    say!("\nwazo-confgen {FILE} --cached, from start to exit: p50 {p50:.0} us, p99 {p99:.0} us");
    say!("/bin/true: p50 {least:.0} us");
    Ok(())
}

fn start_to_exit(mut command: Command) -> Result<Duration, Error> {
    command.stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status();
    let time = start.elapsed();
    match status {
        Ok(status) if status.success() => Ok(time),
        _ => Err(Error::driver("the program failed").context(command.get_program().to_string_lossy())),
    }
}
