//! `cargo xtask bench --apply`: measures `confgend apply`, compared with generating the same files, and a watch.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use driver_api::Error;
use fixtures::Schema;
use fixtures::postgres::Cluster;
use postgres::Client;
use xtask_measure::median;

use crate::command::{self, cargo};
use crate::{file_error, target};

/// How long the cost of an idle watch is measured.
const IDLE: Duration = Duration::from_secs(60);

/// The time limit for a commit to reach Asterisk.
const LIMIT: Duration = Duration::from_secs(120);

/// A telephone system, and the files that are applied. `true` stands in for Asterisk: it answers at once.
struct Site {
    folder: tempfile::TempDir,
    client: Client,
    changes: u32,
}

/// Measures with these numbers of users, each command this many times, in turn.
pub(crate) fn run(users: &[u32], runs: usize) -> Result<(), Error> {
    command::run(cargo().args(["build", "--quiet", "--release", "--bin", "confgend"]))?;
    let cluster = Cluster::start()?;
    for users in users {
        let uri = cluster.create_database(&format!("apply_{users}"))?;
        fixtures::load_synthetic_postgres(Schema::Current, *users, &uri)?;
        let mut site = Site::new(&uri)?;
        say!("\n{users} users, whole processes, medians of {runs} runs\n");
        site.measure(runs)?;
        site.measure_watch(runs)?;
    }
    Ok(())
}

impl Site {
    fn new(uri: &str) -> Result<Site, Error> {
        let folder = tempfile::tempdir().map_err(|error| file_error(&std::env::temp_dir(), error))?;
        let config = folder.path().join("config.yml");
        let text = format!(
            "db_uri: {uri}\ncache: cache\nextra_config_files: ''\nlog_filename: ''\npid_file: ''\n\
             apply: {{folder: files, debounce_seconds: 1, min_interval_seconds: 1}}\n\
             reload: {{command: ['true'], log: }}\n"
        );
        fs::write(&config, text).map_err(|error| file_error(&config, error))?;
        Ok(Site { client: fixtures::postgres::connect(uri)?, folder, changes: 0 })
    }

    fn confgend(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        let config = self.folder.path().join("config.yml");
        command.args(arguments).arg("--config").arg(config).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn time(&self, arguments: &[&str]) -> Result<Duration, Error> {
        let start = Instant::now();
        command::run(&mut self.confgend(arguments))?;
        Ok(start.elapsed())
    }

    /// Changes how many calls one user may have, which is in `pjsip.conf`.
    fn change(&mut self) -> Result<(), Error> {
        self.changes += 1;
        let sql = format!(
            "UPDATE userfeatures SET simultcalls = {} WHERE id = (SELECT min(id) FROM userfeatures)",
            10 + self.changes
        );
        self.client.batch_execute(&sql).map_err(|error| Error::driver("no change").because(error))
    }

    fn measure(&mut self, runs: usize) -> Result<(), Error> {
        let out = self.folder.path().join("generated").display().to_string();
        let generate = ["generate", "--quiet", "--out", &out];
        // The synthetic system has an error that Asterisk reports, too.
        let apply = ["apply", "--force"];
        self.time(&generate)?;
        let first = self.time(&apply)?;
        let (mut generated, mut nothing, mut one) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..runs {
            generated.push(self.time(&generate)?);
            nothing.push(self.time(&apply)?);
            self.change()?;
            one.push(self.time(&apply)?);
        }
        let yardstick = median(&generated);
        say!("{:<44} {:>8} {:>6}", "", "s", "ratio");
        let line =
            |title: &str, seconds: f64| say!("{title:<44} {seconds:>8.2} {:>6.2}", seconds / yardstick);
        line("generate --out, all files", yardstick);
        line("apply, the first", first.as_secs_f64());
        line("apply, nothing changed", median(&nothing));
        line("apply, one user changed", median(&one));
        Ok(())
    }

    /// Measures what a watch costs while nothing happens, and how long a commit takes to reach Asterisk.
    fn measure_watch(&mut self, runs: usize) -> Result<(), Error> {
        let log = self.folder.path().join("watch.log");
        let output = File::create(&log).map_err(|error| file_error(&log, error))?;
        let mut command = self.confgend(&["apply", "--watch"]);
        let errors = output.try_clone().map_err(|error| file_error(&log, error))?;
        command.stdout(output).stderr(errors);
        let mut watch = Watch(command.spawn().map_err(|error| file_error(&program(), error))?);
        let applied =
            |log: &Path| fs::read_to_string(log).unwrap_or_default().matches(" generation ").count();
        // It generates all files first, and the statistics of the changes so far come late.
        thread::sleep(Duration::from_secs(90));
        let before = watch.cpu()?;
        thread::sleep(IDLE);
        let idle = (watch.cpu()? - before) / IDLE.as_secs_f64() * 60.0;
        let mut times = Vec::new();
        for _ in 0..runs {
            let known = applied(&log);
            self.change()?;
            let start = Instant::now();
            while applied(&log) == known {
                if start.elapsed() > LIMIT || watch.0.try_wait().is_ok_and(|ended| ended.is_some()) {
                    let told = fs::read_to_string(&log).unwrap_or_default();
                    let last = told.lines().last().unwrap_or("it says nothing");
                    return Err(Error::driver(format!("the change does not reach Asterisk: {last}")));
                }
                thread::sleep(Duration::from_millis(5));
            }
            times.push(start.elapsed());
            thread::sleep(Duration::from_secs(3));
        }
        say!("\nwatch, idle: {idle:.2} CPU seconds a minute");
        say!(
            "watch, from the commit to the reload: {:.2} s, of which 1 s is the wait for quiet",
            median(&times)
        );
        Ok(())
    }
}

fn program() -> PathBuf {
    target().join("release/confgend")
}

/// A process that watches. It is ended on drop.
struct Watch(Child);

impl Watch {
    /// Returns the processor time that the process has used, in seconds.
    fn cpu(&mut self) -> Result<f64, Error> {
        let path = PathBuf::from(format!("/proc/{}/stat", self.0.id()));
        let text = fs::read_to_string(&path).map_err(|error| file_error(&path, error))?;
        // Behind the name of the program, which may have blanks: user and system time are the 12th and 13th field.
        let fields = text.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ').skip(11).take(2);
        let ticks: f64 = fields.filter_map(|field| field.parse::<f64>().ok()).sum();
        Ok(ticks / 100.0)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
