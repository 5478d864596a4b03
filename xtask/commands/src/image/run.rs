//! Runs the image of a layout in namespaces of its own, where no container engine is.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use database::Uri;
use dispatcher::{FAMILIES, Registry, config, generate};
use driver_api::Error;
use fixtures::{Case, Schema, Strictness};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::contents::USER;
use super::layout::Config;
use super::unpacked::Unpacked;
use crate::packages::Features;
use crate::{command, debian, file_error, free_port, namespaces};

/// The most time that the service may take to start, and to stop.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Mounts, and starts the program.
const SCRIPT: &str = include_str!("run.sh");

/// Folders that an engine makes, as places to mount something.
const MOUNTED: &[&str] = &["proc", "srv"];

/// Runs the image: its user, its read-only root, its answers, its health check, and its end.
pub(super) fn test(layout: &Path, features: &Features) -> Result<(), Error> {
    if !debian::is_root() {
        return Err(
            Error::driver("only root can mount what a container engine would mount").context("--test")
        );
    }
    if !features.has_engine("sqlite") {
        return Err(Error::driver("the test needs the engine sqlite").context("--engines"));
    }
    let bytes = fs::read(layout).map_err(|error| file_error(layout, error))?;
    let unpacked = Unpacked::read(&bytes).map_err(|error| error.context(layout.display().to_string()))?;
    let site = Site::new()?;
    unpacked.unpack(&site.root())?;
    for name in MOUNTED {
        site.make(&format!("root/{name}"), 0)?;
    }
    let container = Container::start(&site, &unpacked.config)?;
    let start = container.wait_until_healthy()?;
    say!("healthy {} ms after the start", start.as_millis());
    container.check_limits()?;
    check_answers(&site, &container, features)?;
    container.stop()?;
    say!("the image: runs as {USER} on a read-only root, is healthy, answers, and ends with 0 on SIGTERM");
    Ok(())
}

/// A temporary folder with the files of the image and what is mounted.
struct Site {
    folder: TempDir,
    /// The ports of the files and of the status page.
    ports: [u16; 2],
}

impl Site {
    fn new() -> Result<Site, Error> {
        let folder = tempfile::tempdir().map_err(|error| file_error(&std::env::temp_dir(), error))?;
        let site = Site { folder, ports: [free_port()?, free_port()?] };
        for (name, owner) in [("root", 0), ("conf.d", 0), ("data", 0), ("cache", USER)] {
            site.make(name, owner)?;
        }
        let [files, status] = site.ports;
        let text = format!(
            "db_uri: sqlite:/srv/office.db\nlisten_address: 127.0.0.1\nlisten_port: {files}\nhttp: {{listen: {status}}}\n"
        );
        let path = site.path("conf.d/10-test.yml");
        fs::write(&path, text).map_err(|error| file_error(&path, error))?;
        fixtures::load_sqlite(&office()?, &site.database(), Strictness::Lenient)?;
        Ok(site)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn root(&self) -> PathBuf {
        self.path("root")
    }

    fn database(&self) -> PathBuf {
        self.path("data/office.db")
    }

    /// Makes a folder that belongs to a user.
    fn make(&self, name: &str, owner: u32) -> Result<(), Error> {
        let path = self.path(name);
        fs::create_dir(&path)
            .and_then(|()| chown(&path, Some(owner), Some(owner)))
            .map_err(|error| file_error(&path, error))
    }
}

fn office() -> Result<Case, Error> {
    Case::named("office").ok_or_else(|| Error::driver("there is no case office"))
}

/// The running image. It is killed when this is dropped.
struct Container<'a> {
    config: &'a Config,
    /// `unshare`, which waits for the service, and ends as it does.
    unshare: Child,
    /// The file with the output of the service.
    log: PathBuf,
    ports: [u16; 2],
    cache: PathBuf,
    started: Instant,
}

impl<'a> Container<'a> {
    fn start(site: &Site, config: &'a Config) -> Result<Container<'a>, Error> {
        let log = site.path("log");
        let printed = File::create(&log).map_err(|error| file_error(&log, error))?;
        let settings = &config.config;
        let mut command = Command::new("unshare");
        command.args(["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", SCRIPT, "sh"]);
        command.arg(site.root()).arg(site.folder.path()).arg(&settings.user);
        command.args(&settings.entrypoint).args(&settings.cmd).stderr(printed);
        command.env_clear().envs(environment(config));
        let started = Instant::now();
        let unshare = command.spawn().map_err(|error| file_error(Path::new("unshare"), error))?;
        Ok(Container { config, unshare, log, ports: site.ports, cache: site.path("cache"), started })
    }

    /// The process that is number 1 in its namespace; none while it is not started.
    fn pid(&self) -> Option<i32> {
        let id = self.unshare.id();
        fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?.trim().parse().ok()
    }

    /// Runs a program of the image beside the service, as `podman exec` does; returns what it prints.
    fn exec(&self, words: &[String]) -> Result<String, Error> {
        let pid = self.pid().ok_or_else(|| self.failed("does not run"))?;
        let user = USER.to_string();
        let mut command = Command::new("nsenter");
        command.args(["--target", &pid.to_string(), "--mount", "--pid", "--root", "--wd"]);
        command.args(["--setuid", &user, "--setgid", &user]);
        command.env_clear().envs(environment(self.config));
        command::output(command.arg("--").args(words))
    }

    /// Runs the health check until it succeeds; returns how long that took since the start.
    fn wait_until_healthy(&self) -> Result<Duration, Error> {
        loop {
            let result = self.exec(&self.config.config.healthcheck.test[1..]);
            let elapsed = self.started.elapsed();
            match result {
                Ok(_) => return Ok(elapsed),
                Err(error) if elapsed > TIMEOUT => {
                    return Err(self.failed("is not healthy").because(error.chain()));
                }
                Err(_) => thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// Checks the user and the root of the service.
    fn check_limits(&self) -> Result<(), Error> {
        let pid = self.pid().ok_or_else(|| self.failed("does not run"))?;
        let read = |name: &str| {
            let path = format!("/proc/{pid}/{name}");
            fs::read_to_string(&path).map_err(|error| file_error(Path::new(&path), error))
        };
        let user = format!("Uid:\t{USER}\t{USER}\t{USER}\t{USER}");
        holds("the service is no other user", read("status")?.lines().any(|line| line == user))?;
        // Ids, device and root of the mount, then its place and its options.
        let mounts = read("mountinfo")?;
        let root = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        let mut root = root.filter(|words| words.get(4) == Some(&"/"));
        let is_read_only = |words: &Vec<&str>| words.get(5).is_some_and(|options| options.starts_with("ro"));
        holds("the root is read-only", root.next_back().as_ref().is_some_and(is_read_only))
    }

    /// Ends the service as an engine does.
    fn stop(mut self) -> Result<(), Error> {
        let pid = self.pid().and_then(Pid::from_raw).ok_or_else(|| self.failed("does not run"))?;
        let failed =
            |what: &str, error: std::io::Error| Error::driver(what).because(error).context("the image");
        kill_process(pid, Signal::TERM).map_err(|error| failed("gets no signal", error.into()))?;
        let start = Instant::now();
        while start.elapsed() < TIMEOUT {
            match self.unshare.try_wait().map_err(|error| failed("can't be waited for", error))? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(self.failed(&format!("ended with {status}"))),
                None => thread::sleep(Duration::from_millis(10)),
            }
        }
        Err(self.failed("did not end on SIGTERM"))
    }

    fn failed(&self, what: &str) -> Error {
        let printed = fs::read_to_string(&self.log).unwrap_or_default();
        Error::driver(format!("{what}; it prints: {}", command::one_line(&printed))).context("the image")
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        // Ends the service, too, if it still runs.
        let _ = self.unshare.kill();
        let _ = self.unshare.wait();
    }
}

fn environment(config: &Config) -> impl Iterator<Item = (&str, &str)> {
    config.config.env.iter().filter_map(|variable| variable.split_once('='))
}

/// Checks that the image serves the files of the case, byte for byte, and keeps copies.
fn check_answers(site: &Site, container: &Container<'_>, features: &Features) -> Result<(), Error> {
    let registry = Registry::new(FAMILIES)?;
    let mut names = namespaces(&registry, Schema::Current);
    names.retain(|name| features.has(name.resource()));
    let config = config::only(None, &registry)?;
    let mut database = database::open(&Uri::Sqlite(site.database()))?;
    let mut snapshot = database.snapshot()?;
    let [port, _] = container.ports;
    for namespace in &names {
        let name = namespace.to_string();
        let text = generate::file(&registry, &config, namespace, &mut *snapshot).result?;
        let words = ["wazo-confgen", "--port", &port.to_string(), &name].map(str::to_owned);
        holds(&format!("{name} is the file of the case"), container.exec(&words)? == text)?;
        let copy = container.cache.join(&name);
        let owner = fs::metadata(&copy).map_err(|error| file_error(&copy, error))?.uid();
        holds(&format!("the copy of {name} belongs to {USER}"), owner == USER)?;
    }
    say!("served: {} files, all as they are generated here", names.len());
    Ok(())
}

fn holds(what: &str, condition: bool) -> Result<(), Error> {
    if condition { Ok(()) } else { Err(Error::driver(format!("this is not true: {what}"))) }
}
