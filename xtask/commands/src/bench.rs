//! `cargo xtask bench`: measures how long each file takes, and how long PostgreSQL takes to deliver the rows of the same
//! queries.

use std::fs;
use std::io;
use std::process::Command;
use std::slice;
use std::time::{Duration, Instant};

use argh::FromArgs;
use dispatcher::generate::Writer;
use dispatcher::{FAMILIES, NAMESPACE_WIDTH, Registry, config};
use driver_api::{Error, Namespace, Rows, Snapshot, Value};
use fixtures::Schema;
use fixtures::postgres::Cluster;

use crate::command;
use crate::postgres::ensure;

/// Generate each file from a synthetic telephone system in a throw-away PostgreSQL, and print the median time, the time
/// in which PostgreSQL delivers the rows of the same queries with COPY, the ratio of the two, the peak memory of the
/// process, and the size of the file. One more line measures all files of the current Asterisk, one after the other, as
/// in a reload. Files of older releases are generated from a telephone system with the older schema.
#[derive(FromArgs)]
#[argh(subcommand, name = "bench")]
pub(crate) struct Bench {
    /// the files to generate, like asterisk/pjsip.conf; all by default
    #[argh(positional)]
    namespaces: Vec<String>,

    /// the number of users of the telephone system (20000); may be given several times
    #[argh(option)]
    users: Vec<u32>,

    /// the number of runs for each file (7)
    #[argh(option, default = "7")]
    runs: usize,

    /// measure the service and its client instead, compared with nginx
    #[argh(switch)]
    serve: bool,

    /// measure the commands that review files instead, compared with generating them
    #[argh(switch)]
    review: bool,

    /// measure apply instead, compared with generating the same files, and what a watch costs
    #[argh(switch)]
    apply: bool,
}

/// Measure files in a process of their own; bench runs this.
#[derive(FromArgs)]
#[argh(subcommand, name = "measure")]
pub(crate) struct Measure {
    #[argh(positional)]
    namespaces: Vec<String>,

    /// the title of the line
    #[argh(option)]
    title: String,

    /// the database
    #[argh(option)]
    db: String,

    /// the number of runs
    #[argh(option)]
    runs: usize,

    /// the number of users in the database
    #[argh(option)]
    users: u32,
}

const USERS: u32 = 20_000;

impl Bench {
    pub(crate) fn run(self) -> Result<(), Error> {
        if cfg!(debug_assertions) {
            return run_in_release();
        }
        ensure()?;
        let users = if self.users.is_empty() { vec![USERS] } else { self.users };
        if self.serve {
            return crate::bench_serve::run(users.first().copied().unwrap_or(USERS));
        }
        if self.review {
            return crate::bench_review::run(&users, self.runs);
        }
        if self.apply {
            return crate::bench_apply::run(&users, self.runs);
        }
        let registry = Registry::new(FAMILIES)?;
        let namespaces = if self.namespaces.is_empty() {
            registry.namespaces().cloned().collect()
        } else {
            self.namespaces.iter().map(|text| registry.find(text)).collect::<Result<Vec<_>, _>>()?
        };
        let cluster = Cluster::start()?;
        for (users, schema) in users.into_iter().flat_map(|users| Schema::ALL.map(|schema| (users, schema))) {
            let for_it = crate::namespaces(&registry, schema);
            let wanted: Vec<Namespace> =
                namespaces.iter().filter(|namespace| for_it.contains(namespace)).cloned().collect();
            if wanted.is_empty() {
                continue;
            }
            let uri = load(&cluster, schema, users)?;
            for namespace in &wanted {
                measure_in_process(
                    &namespace.to_string(),
                    slice::from_ref(namespace),
                    &uri,
                    self.runs,
                    users,
                )?;
            }
            if self.namespaces.is_empty() && schema == Schema::Current {
                let asterisk = wanted.iter().filter(|namespace| namespace.resource() == "asterisk");
                let asterisk: Vec<Namespace> = asterisk.cloned().collect();
                measure_in_process("asterisk/*", &asterisk, &uri, self.runs, users)?;
            }
        }
        Ok(())
    }
}

/// Creates a database with this number of users, and prints the header of the table. Returns the URI of the database.
fn load(cluster: &Cluster, schema: Schema, users: u32) -> Result<String, Error> {
    let uri = cluster.create_database(&format!("bench_{users}"))?;
    let start = Instant::now();
    fixtures::load_synthetic_postgres(schema, users, &uri)?;
    let seconds = start.elapsed().as_secs_f64();
    say!("\n{users} users, {schema} schema, loaded in {seconds:.1} s\n");
    say!(
        "{:<NAMESPACE_WIDTH$} {:>7} {:>11} {:>10} {:>10} {:>6} {:>9} {:>9}",
        "namespace",
        "queries",
        "bytes",
        "ms",
        "COPY ms",
        "ratio",
        "us/user",
        "peak MB"
    );
    Ok(uri)
}

/// Runs the same command in a release build.
fn run_in_release() -> Result<(), Error> {
    let arguments = std::env::args_os().skip(1);
    let release = ["run", "--quiet", "--release", "--package", "xtask-commands", "--"];
    command::run(command::cargo().args(release).args(arguments))
}

/// Measures in a process of its own, so that the peak of memory is that of these files.
fn measure_in_process(
    title: &str,
    namespaces: &[Namespace],
    uri: &str,
    runs: usize,
    users: u32,
) -> Result<(), Error> {
    let program = std::env::current_exe()
        .map_err(|error| Error::driver("this program has no path").because(error).context(title))?;
    let mut measure = Command::new(program);
    measure.args(["measure", "--title", title, "--db", uri]);
    measure.args(["--runs", &runs.to_string(), "--users", &users.to_string()]);
    command::run(measure.args(namespaces.iter().map(ToString::to_string)))
}

impl Measure {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let registry = Registry::new(FAMILIES)?;
        let config = config::only(None, &registry)?;
        let writers =
            self.namespaces.iter().map(|text| Writer::new(&registry, &config, &registry.find(text)?));
        let writers = writers.collect::<Result<Vec<_>, _>>()?;
        let mut database = database::open(&self.db.parse()?)?;
        let mut baseline = Baseline::connect(&self.db)?;
        let (mut times, mut copies, mut bytes) = (Vec::new(), Vec::new(), 0);
        let mut queries = Vec::new();
        // The first run fills the server's caches and is not counted.
        for run in 0..=self.runs {
            let mut snapshot = database.snapshot()?;
            let mut recorder = Recorder { snapshot: &mut *snapshot, queries: Vec::new() };
            let start = Instant::now();
            bytes = 0;
            for writer in &writers {
                bytes += writer.write(&mut recorder).result?.len();
            }
            let time = start.elapsed();
            queries = recorder.queries;
            drop(snapshot);
            let copy = baseline.copy(&queries)?;
            if run > 0 {
                times.push(time);
                copies.push(copy);
            }
        }
        let (time, copy) = (median(times), median(copies));
        let ratio = if queries.is_empty() { "-".to_owned() } else { format!("{:.2}", time / copy) };
        say!(
            "{:<NAMESPACE_WIDTH$} {:>7} {bytes:>11} {:>10.2} {:>10.2} {ratio:>6} {:>9.2} {:>9.1}",
            self.title,
            queries.len(),
            time * 1e3,
            copy * 1e3,
            time * 1e6 / f64::from(self.users),
            peak_megabytes()
        );
        Ok(())
    }
}

/// The median in seconds.
pub(crate) fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(f64::NAN, Duration::as_secs_f64)
}

/// The peak memory of this process.
pub(crate) fn peak_megabytes() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    kilobytes.map_or(f64::NAN, |kilobytes| kilobytes / 1024.0)
}

/// Records the queries of a driver, with their parameters filled in.
struct Recorder<'a> {
    snapshot: &'a mut dyn Snapshot,
    queries: Vec<String>,
}

impl Snapshot for Recorder<'_> {
    fn run(&mut self, sql: &str, params: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
        let mut text = sql.to_owned();
        for (i, value) in params.iter().enumerate() {
            let literal = match value {
                Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
                Value::Integer(number) => number.to_string(),
                other => return Err(Error::driver(format!("{other:?} can't be written as a literal"))),
            };
            text = text.replace(&format!("${}", i + 1), &literal);
        }
        self.queries.push(text);
        self.snapshot.run(sql, params, rows)
    }
}

/// The time of PostgreSQL alone: it runs the queries and sends the rows, and the client discards them.
struct Baseline(postgres::Client);

impl Baseline {
    fn connect(uri: &str) -> Result<Baseline, Error> {
        let mut client = fixtures::postgres::connect(uri)?;
        // The same setting as in a session.
        client.batch_execute("SET jit = off").map_err(failed)?;
        Ok(Baseline(client))
    }

    fn copy(&mut self, queries: &[String]) -> Result<Duration, Error> {
        let start = Instant::now();
        for query in queries {
            let mut rows = self.0.copy_out(&format!("COPY ({query}) TO STDOUT")).map_err(failed)?;
            io::copy(&mut rows, &mut io::sink())
                .map_err(|error| Error::driver("COPY failed").because(error))?;
        }
        Ok(start.elapsed())
    }
}

fn failed(error: postgres::Error) -> Error {
    Error::driver("PostgreSQL refuses the query").because(error)
}
