//! The service, started as its unit says, in a system without a running systemd.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use driver_api::Error;

use super::root::Root;
use super::{UNIT, holds};
use crate::command;
use crate::file_error;

/// The most time that the service may take to start, and to stop.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A running service; it is killed when this is dropped.
pub(super) struct Service {
    child: Child,
    /// The file with its output.
    log: PathBuf,
}

impl Service {
    /// Creates the directories and starts the program as the user, as systemd does. Waits until the service is ready.
    pub(super) fn start(root: &Root) -> Result<Service, Error> {
        let unit = Unit(root.read(UNIT)?);
        let (user, group) = (unit.value("User")?, unit.value("Group")?);
        for (key, parent) in [
            ("RuntimeDirectory", "/run"),
            ("CacheDirectory", "/var/cache"),
            ("StateDirectory", "/var/lib"),
            ("LogsDirectory", "/var/log"),
        ] {
            let path = format!("{parent}/{}", unit.value(key)?);
            root.run(&["install", "--directory", "--owner", user, "--group", group, &path])?;
        }
        let socket = notify_socket(root)?;
        let log = root.path("/srv/service.log");
        let printed = File::create(&log).map_err(|error| file_error(&log, error))?;
        let errors = printed.try_clone().map_err(|error| file_error(&log, error))?;
        let child = root
            .command(&[&format!("--userspec={user}:{group}")])
            .args(unit.value("ExecStart")?.split(' '))
            .env("NOTIFY_SOCKET", NOTIFY)
            .stdout(printed)
            .stderr(errors)
            .spawn()
            .map_err(|error| file_error(Path::new("chroot"), error))?;
        let service = Service { child, log };
        service.wait_until_ready(&socket)?;
        Ok(service)
    }

    fn wait_until_ready(&self, socket: &UnixDatagram) -> Result<(), Error> {
        let mut message = [0; 1024];
        loop {
            let Ok(length) = socket.recv(&mut message) else {
                let printed = fs::read_to_string(&self.log).unwrap_or_default();
                let (seconds, printed) = (TIMEOUT.as_secs(), command::one_line(&printed));
                return Err(Error::driver(format!("is not ready after {seconds} s; it prints: {printed}"))
                    .context("the service"));
            };
            if message[..length].split(|byte| *byte == b'\n').any(|line| line == b"READY=1") {
                return Ok(());
            }
        }
    }

    pub(super) fn pid(&self) -> u32 {
        // `chroot` executes the program in its own process.
        self.child.id()
    }

    /// Stops it as systemd does.
    pub(super) fn stop(&mut self) -> Result<(), Error> {
        command::output(Command::new("kill").arg("-TERM").arg(self.pid().to_string()))?;
        let start = Instant::now();
        while start.elapsed() < TIMEOUT {
            if let Ok(Some(status)) = self.child.try_wait() {
                return holds(&format!("the service ends with success: {status}"), status.success());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err(Error::driver("does not stop").context("the service"))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const NOTIFY: &str = "/run/notify";

/// The socket on which a service of the type `notify` reports its state.
fn notify_socket(root: &Root) -> Result<UnixDatagram, Error> {
    let path = root.path(NOTIFY);
    let bind = || {
        // An earlier service has left its socket.
        if path.exists() {
            fs::remove_file(&path)?;
        }
        let socket = UnixDatagram::bind(&path)?;
        socket.set_read_timeout(Some(TIMEOUT))?;
        fs::set_permissions(&path, Permissions::from_mode(0o777))?;
        Ok(socket)
    };
    bind().map_err(|error| file_error(&path, error))
}

/// The text of a unit.
struct Unit(String);

impl Unit {
    fn value(&self, key: &str) -> Result<&str, Error> {
        let mut lines = self.0.lines().filter_map(|line| line.split_once('='));
        let found = lines.find(|(name, _)| *name == key);
        found.map(|(_, value)| value).ok_or_else(|| Error::driver(format!("has no {key}")).context(UNIT))
    }
}
