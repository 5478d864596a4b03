//! `cargo xtask bench --review`: measures what it costs to review all files of a synthetic telephone system, against the
//! time that it takes to generate them.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{fs, io};

use argh::FromArgs;
use dispatcher::file_set::Origins;
use dispatcher::{FAMILIES, NAMESPACE_WIDTH, Registry, Report, config, file_set, folder};
use driver_api::{Config, Error, Namespace};
use fixtures::Schema;
use fixtures::postgres::Cluster;
use review::{Diff, DiffOptions, FileSet, Rules, Style};
use tempfile::TempDir;
use xtask_measure::{median, peak_megabytes};

use crate::{command, file_error};

/// The measurements, each in a process of its own.
const KINDS: &[&str] = &[
    "generate",
    "check",
    "diff",
    "gate asterisk/pjsip.conf",
    "gate asterisk/extensions.conf",
    "gate-all asterisk/pjsip.conf",
];

/// Measure a review in a process of its own; bench --review runs this.
#[derive(FromArgs)]
#[argh(subcommand, name = "measure-review")]
pub(crate) struct MeasureReview {
    /// what to measure
    #[argh(option)]
    kind: String,

    /// the database
    #[argh(option)]
    db: String,

    /// the number of runs
    #[argh(option)]
    runs: usize,
}

/// Measures all kinds on telephone systems of these sizes.
pub(crate) fn run(users: &[u32], runs: usize) -> Result<(), Error> {
    let cluster = Cluster::start()?;
    for &users in users {
        let uri = cluster.create_database(&format!("review_{users}"))?;
        fixtures::load_synthetic_postgres(Schema::Current, users, &uri)?;
        say!("\n{users} users\n");
        say!(
            "{:<NAMESPACE_WIDTH$} {:>11} {:>12} {:>10} {:>6} {:>9} {:>6}",
            "what",
            "bytes",
            "generate ms",
            "ms",
            "ratio",
            "peak MB",
            "/ text"
        );
        for kind in KINDS {
            let program = std::env::current_exe()
                .map_err(|error| Error::driver("this program has no path").because(error))?;
            let runs = runs.to_string();
            let arguments = ["measure-review", "--kind", kind, "--db", &uri, "--runs", &runs];
            command::run(Command::new(program).args(arguments))?;
        }
    }
    Ok(())
}

/// The files of the current schema, and what generates them.
struct Files {
    registry: Registry,
    config: Config,
    names: Vec<Namespace>,
    database: Box<dyn database::Database>,
}

impl Files {
    /// Generates the files and returns them with the time that it took.
    fn generate(&mut self, origins: Origins) -> Result<(FileSet, Duration), Error> {
        let start = Instant::now();
        let mut snapshot = self.database.snapshot()?;
        let mut messages = io::sink();
        let mut report = Report::quiet(&mut messages);
        let set = file_set::generate(
            &self.registry,
            &self.config,
            &self.names,
            &mut *snapshot,
            &mut report,
            origins,
        );
        Ok((set, start.elapsed()))
    }

    /// Writes the files below a folder, each with this change.
    fn changed(&mut self, change: impl Fn(&str) -> String) -> Result<TempDir, Error> {
        let folder =
            tempfile::tempdir().map_err(|error| file_error(Path::new("a temporary folder"), error))?;
        let (set, _) = self.generate(Origins::None)?;
        for (name, file) in set.iter() {
            let path = folder.path().join(name.to_string());
            let text = change(&String::from_utf8_lossy(&file.text));
            let written =
                fs::create_dir_all(path.parent().unwrap_or(&path)).and_then(|()| fs::write(&path, text));
            written.map_err(|error| file_error(&path, error))?;
        }
        Ok(folder)
    }

    /// Generates the texts as `confgend generate` does, without their origins, and returns the time that it took.
    fn texts(&mut self) -> Result<Duration, Error> {
        let start = Instant::now();
        let mut snapshot = self.database.snapshot()?;
        for name in &self.names {
            let outcome = dispatcher::generate::file(&self.registry, &self.config, name, &mut *snapshot);
            black_box(outcome.result?);
        }
        Ok(start.elapsed())
    }
}

impl MeasureReview {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let registry = Registry::new(FAMILIES)?;
        let config = config::only(None, &registry)?;
        let (kind, names) = match self.kind.split_once(' ') {
            Some((kind, name)) => (kind, vec![registry.find(name)?]),
            None => (self.kind.as_str(), crate::namespaces(&registry, Schema::Current)),
        };
        let mut files = Files { registry, config, names, database: database::open(&self.db.parse()?)? };
        let (mut generations, mut times, mut bytes) = (Vec::new(), Vec::new(), 0);
        // The first run fills the server's caches and is not counted.
        for run in 0..=self.runs {
            let generation = files.texts()?;
            let (time, size) = files.measure(kind)?;
            bytes = size;
            if run > 0 {
                generations.push(generation);
                times.push(time);
            }
        }
        let (generation, time) = (median(&generations), median(&times));
        let peak = peak_megabytes();
        say!(
            "{:<NAMESPACE_WIDTH$} {bytes:>11} {:>12.1} {:>10.1} {:>6.2} {peak:>9.1} {:>6.2}",
            self.kind,
            generation * 1e3,
            time * 1e3,
            time / generation,
            peak * f64::from(1 << 20) / f64::from(u32::try_from(bytes.max(1)).unwrap_or(u32::MAX))
        );
        Ok(())
    }
}

impl Files {
    /// Measures one run: returns its time and the bytes of the texts.
    fn measure(&mut self, kind: &str) -> Result<(Duration, usize), Error> {
        let rules = Rules::default();
        let start = Instant::now();
        match kind {
            "generate" => {
                let (set, time) = self.generate(Origins::All)?;
                Ok((time, set.bytes()))
            }
            "diff" => {
                let folder = self.changed(|text| text.replacen("yes", "no", 1))?;
                let start = Instant::now();
                let bytes = self.diff(folder.path())?;
                Ok((start.elapsed(), bytes))
            }
            "check" => {
                let (set, _) = self.generate(Origins::All)?;
                black_box(review::check(&set, None, &rules));
                Ok((start.elapsed(), set.bytes()))
            }
            _ => {
                // One section has changed, or all.
                let folder = match kind {
                    "gate" => self.changed(|text| {
                        let middle = (text.len() / 2..text.len()).find(|at| text.is_char_boundary(*at));
                        let (before, behind) = text.split_at(middle.unwrap_or_default());
                        before.to_owned() + &behind.replacen("yes", "no", 1)
                    })?,
                    _ => self.changed(|text| text.replace("type = ", "type =  "))?,
                };
                let start = Instant::now();
                let bytes = self.gate(folder.path(), &rules)?;
                Ok((start.elapsed(), bytes))
            }
        }
    }

    /// Compares the files with those of a folder, as `confgend diff` does.
    fn diff(&mut self, folder: &Path) -> Result<usize, Error> {
        let mut snapshot = self.database.snapshot()?;
        let mut messages = io::sink();
        let mut report = Report::quiet(&mut messages);
        let (mut diff, mut bytes) = (Diff::default(), 0);
        let origins = Origins::OfColumns(review::is_secret);
        for name in &self.names {
            let (registry, config) = (&self.registry, &self.config);
            let new = file_set::file(registry, config, name, &mut *snapshot, &mut report, origins);
            let old = folder::present(folder, name)?;
            diff.add(name, old.as_ref(), new.as_ref(), DiffOptions::default());
            bytes += new.map_or(0, |file| file.text.len());
        }
        black_box(diff.text(Style::default()));
        Ok(bytes)
    }

    /// Does what a request costs whose text is not that of the copy in a folder: generating, and looking at both texts.
    fn gate(&mut self, folder: &Path, rules: &Rules) -> Result<usize, Error> {
        let mut snapshot = self.database.snapshot()?;
        let mut bytes = 0;
        for name in &self.names {
            let outcome = dispatcher::generate::file(&self.registry, &self.config, name, &mut *snapshot);
            let text = outcome.result?;
            let path = folder.join(name.to_string());
            let mut good = || fs::read_to_string(&path).ok();
            black_box(review::new_rejections(name, &text, &mut good, rules));
            bytes += text.len();
        }
        Ok(bytes)
    }
}
