//! Measures files: how long they take, and how long PostgreSQL takes to deliver the rows of the same queries.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use argh::FromArgs;
use database::Database;
use driver_api::{Config, EngineRow, Error, Namespace, Rows, Snapshot, Value};
use drivers::config::{Program, run_without_limits};
use drivers::{FAMILIES, Registry, generate};
use xtask_measure::{TITLE_WIDTH, median, peak_megabytes};

use crate::{allocations, followme};

/// Measure files, and print a line of the table.
#[derive(FromArgs)]
#[argh(subcommand, name = "files")]
pub(crate) struct Files {
    #[argh(positional)]
    namespaces: Vec<String>,

    /// the title of the line
    #[argh(option)]
    title: String,

    /// the database
    #[argh(option)]
    db: String,

    /// a list of patches of the files, in YAML
    #[argh(option)]
    patches: Option<String>,

    /// a configuration file with definitions of drivers
    #[argh(option)]
    config: Option<PathBuf>,

    /// the number of runs
    #[argh(option)]
    runs: usize,

    /// the number of users in the database
    #[argh(option)]
    users: u32,

    /// print a line for each query, too
    #[argh(switch)]
    queries: bool,

    /// only generate the files, again and again, for a profiler
    #[argh(switch)]
    only: bool,
}

const TOOL: Program = Program { keys: Vec::new, resolve_paths: |_, _| {}, run: run_without_limits };

/// The drivers of the files.
struct Measured {
    registry: Registry,
    config: Config,
    namespaces: Vec<Namespace>,
}

impl Files {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let registry = Registry::new(&[FAMILIES, &[followme::DRIVERS]].concat())?;
        let config = self.config.as_deref().map(|file| TOOL.read(file)).transpose()?;
        let mut config = config.unwrap_or_else(|| {
            let compiled = Config::from_yaml("plugins: {asterisk.followme.conf: compiled}");
            compiled.unwrap_or_default()
        });
        config.fill_from(&registry.defaults()?);
        let (registry, problems) = registry.with_definitions(&config);
        if let Some(problem) = problems.into_iter().next() {
            return Err(problem);
        }
        let namespaces =
            self.namespaces.iter().map(|text| registry.find(text)).collect::<Result<Vec<_>, _>>()?;
        if let Some(patches) = &self.patches {
            for file in &namespaces {
                let patches = format!("patches: {{{}: {patches}}}", file.dotted());
                config.fill_from(&Config::from_yaml(&patches)?);
            }
        }
        let measured = Measured { registry, config, namespaces };
        let mut database = database::open(&self.db.parse()?)?;
        // The first run fills the server's caches and is not counted.
        let mut recorded = measured.recorded(&mut *database)?;
        if self.only {
            return (0..self.runs).try_for_each(|_| measured.generate(&mut *database).map(drop));
        }
        let mut baseline = Baseline::connect(&self.db)?;
        let (mut times, mut copies, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..self.runs {
            let (lengths, time) = measured.generate(&mut *database)?;
            bytes = lengths;
            times.push(time);
            let start = Instant::now();
            recorded.iter_mut().try_for_each(|query| baseline.copy(query))?;
            copies.push(start.elapsed());
        }
        // The rest is counted, and would disturb the clock.
        let peak = peak_megabytes();
        let (result, allocations) = allocations::of(|| measured.generate(&mut *database));
        result?;
        let (time, copy) = (median(&times), median(&copies));
        let ratio = if recorded.is_empty() || !baseline.is_there() {
            "-".to_owned()
        } else {
            format!("{:.2}", time / copy)
        };
        let largest = bytes.iter().max().copied().unwrap_or_default();
        println!(
            "{:<TITLE_WIDTH$} {:>7} {:>11} {:>10.2} {:>10.2} {ratio:>6} {:>9.2} {allocations:>11} {peak:>8.1} {:>9.1}",
            self.title,
            recorded.len(),
            bytes.iter().sum::<usize>(),
            time * 1e3,
            copy * 1e3,
            time * 1e6 / f64::from(self.users),
            peak - megabytes(largest),
        );
        if self.queries {
            for _ in 1..self.runs {
                for (query, again) in recorded.iter_mut().zip(measured.recorded(&mut *database)?) {
                    query.times.extend(again.times);
                }
            }
            recorded.iter().for_each(RecordedQuery::print);
        }
        Ok(())
    }
}

impl Measured {
    /// Generates the files as a run of confgend does. Returns their lengths, and the time from the first query on.
    fn generate(&self, database: &mut dyn Database) -> Result<(Vec<usize>, Duration), Error> {
        let mut snapshot = database.snapshot()?;
        let start = Instant::now();
        let make = |file: &Namespace, snapshot: &mut dyn Snapshot| self.length(file, snapshot);
        let mut lengths = Vec::new();
        generate::each(&self.namespaces, &mut *snapshot, &make, &mut |_, length| lengths.push(length));
        let time = start.elapsed();
        Ok((lengths.into_iter().collect::<Result<_, _>>()?, time))
    }

    fn length(&self, file: &Namespace, snapshot: &mut dyn Snapshot) -> Result<usize, Error> {
        generate::file(&self.registry, &self.config, file, snapshot).result.map(|text| text.len())
    }

    /// Generates one file after the other, and returns their queries.
    fn recorded(&self, database: &mut dyn Database) -> Result<Vec<RecordedQuery>, Error> {
        let mut snapshot = database.snapshot()?;
        let mut recorder = Recorder { snapshot: &mut *snapshot, queries: Vec::new() };
        for file in &self.namespaces {
            self.length(file, &mut recorder)?;
        }
        Ok(recorder.queries)
    }
}

#[expect(clippy::cast_precision_loss, reason = "no file has a size that a float can't hold well enough")]
fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}

/// A query of a driver, with its parameters filled in.
struct RecordedQuery {
    sql: String,
    rows: usize,
    /// The times until the rows were decoded.
    times: Vec<Duration>,
    /// The times in which PostgreSQL delivers the rows.
    copies: Vec<Duration>,
}

impl RecordedQuery {
    fn print(&self) {
        let table = self.sql.split_once("FROM ").map_or("", |(_, rest)| rest);
        let table = table.split_whitespace().next().unwrap_or_default();
        println!(
            "  {:<28} {:>8} rows {:>10.2} ms {:>10.2} ms COPY",
            table,
            self.rows,
            median(&self.times) * 1e3,
            median(&self.copies) * 1e3
        );
    }
}

/// Records the queries of drivers.
struct Recorder<'a> {
    snapshot: &'a mut dyn Snapshot,
    queries: Vec<RecordedQuery>,
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
        let mut counter = Counter { rows, number: 0 };
        let start = Instant::now();
        self.snapshot.run(sql, params, &mut counter)?;
        let times = vec![start.elapsed()];
        self.queries.push(RecordedQuery { sql: text, rows: counter.number, times, copies: Vec::new() });
        Ok(())
    }
}

/// Counts the rows of a query.
struct Counter<'a> {
    rows: &'a mut dyn Rows,
    number: usize,
}

impl Rows for Counter<'_> {
    fn columns(&mut self, names: &[&str]) -> Result<(), Error> {
        self.rows.columns(names)
    }

    fn row(&mut self, row: &dyn EngineRow) -> Result<(), Error> {
        self.number += 1;
        self.rows.row(row)
    }
}

/// The time of PostgreSQL alone: it runs the queries and sends the rows, and the client discards them.
struct Baseline(Option<postgres::Client>);

impl Baseline {
    /// Connects to a PostgreSQL server. SQLite has no such measure.
    fn connect(uri: &str) -> Result<Baseline, Error> {
        if !uri.starts_with("postgres") {
            return Ok(Baseline(None));
        }
        let mut client = fixtures::postgres::connect(uri)?;
        // The same setting as in a session.
        client.batch_execute("SET jit = off").map_err(failed)?;
        Ok(Baseline(Some(client)))
    }

    fn is_there(&self) -> bool {
        self.0.is_some()
    }

    fn copy(&mut self, query: &mut RecordedQuery) -> Result<(), Error> {
        let Some(client) = &mut self.0 else { return Ok(()) };
        let start = Instant::now();
        let mut rows = client.copy_out(&format!("COPY ({}) TO STDOUT", query.sql)).map_err(failed)?;
        io::copy(&mut rows, &mut io::sink()).map_err(|error| Error::driver("COPY failed").because(error))?;
        query.copies.push(start.elapsed());
        Ok(())
    }
}

fn failed(error: postgres::Error) -> Error {
    Error::driver("PostgreSQL refuses the query").because(error)
}
