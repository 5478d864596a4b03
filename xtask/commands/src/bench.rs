//! `cargo xtask bench`: measures how long each file takes, and how long PostgreSQL takes to deliver the rows of the same
//! queries.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::slice;
use std::time::Instant;

use argh::FromArgs;
use dispatcher::{FAMILIES, Registry};
use driver_api::{Error, Namespace};
use fixtures::Schema;
use fixtures::postgres::Cluster;
use xtask_measure::TITLE_WIDTH;

use crate::bench_beside::Beside;
use crate::command;
use crate::postgres::ensure;

/// Generate each file from a synthetic telephone system in a throw-away PostgreSQL, and print the median time, the time
/// in which PostgreSQL delivers the rows of the same queries with COPY, the ratio of the two, how often memory is
/// allocated, the peak memory of the process, and the part of it above the size of the largest file. Further lines
/// measure `pjsip.conf` with a patch of the configuration, a file by a driver in Rust and the same by one that the
/// configuration defines, and all files of the current Asterisk in one run. Files of older releases are generated from a
/// telephone system with the older schema.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
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

    /// print a line for each query, too: its rows, its time with decoding, and that of COPY
    #[argh(switch)]
    queries: bool,

    /// measure the same in SQLite, too
    #[argh(switch)]
    sqlite: bool,

    /// write a flame graph of each file below target/bench, too
    #[argh(switch)]
    profile: bool,

    /// measure whole processes instead, in turn with those of another revision, which is built below target/bench
    #[argh(option)]
    compare: Option<String>,

    /// measure whole processes instead, in turn with this command of the shell; {file} and {db} stand for the file and
    /// the database
    #[argh(option)]
    beside: Option<String>,

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

const USERS: u32 = 20_000;

/// The file that two drivers make, which are for comparison alone.
const FOLLOWME: &str = "asterisk/followme.conf";

/// The largest file, which is also measured with patches.
const PATCHED: &str = "asterisk/pjsip.conf";

/// Patches that look at all of its sections.
const PATCHES: &str = "[{section_type: auth, remove: [password]}]";

impl Bench {
    pub(crate) fn run(self) -> Result<(), Error> {
        ensure()?;
        let users = if self.users.is_empty() { vec![USERS] } else { self.users.clone() };
        if self.serve {
            return crate::bench_serve::run(users[0]);
        }
        if self.review {
            // It measures what this process does.
            return if cfg!(debug_assertions) {
                run_in_release()
            } else {
                crate::bench_review::run(&users, self.runs)
            };
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
        let beside = Beside::prepare(self.compare.as_deref(), self.beside.as_deref())?;
        let program = build("release")?;
        let cluster = Cluster::start()?;
        for (users, schema) in users.into_iter().flat_map(|users| Schema::ALL.map(|schema| (users, schema))) {
            let for_it = crate::namespaces(&registry, schema);
            let wanted: Vec<Namespace> =
                namespaces.iter().filter(|namespace| for_it.contains(namespace)).cloned().collect();
            if wanted.is_empty() {
                continue;
            }
            let site = Site::load(&cluster, schema, users)?;
            match &beside {
                Some(beside) => beside.measure(&program, &wanted, &site.uri, self.runs)?,
                None => self.measure(&program, &wanted, &site)?,
            }
        }
        Ok(())
    }

    fn measure(&self, program: &Path, wanted: &[Namespace], site: &Site) -> Result<(), Error> {
        let asterisk = wanted.iter().filter(|namespace| namespace.resource() == "asterisk");
        let asterisk: Vec<Namespace> = asterisk.cloned().collect();
        let mut lines: Vec<(String, &[Namespace])> =
            wanted.iter().map(|file| (file.to_string(), slice::from_ref(file))).collect();
        if self.namespaces.is_empty() && site.schema == Schema::Current {
            lines.push(("asterisk/*".to_owned(), &asterisk));
            lines.push(("*".to_owned(), wanted));
        }
        let sqlite = self.sqlite.then(|| site.load_sqlite()).transpose()?;
        header();
        if self.namespaces.is_empty() && site.schema == Schema::Current {
            self.measure_definition(program, site)?;
        }
        for (title, files) in lines {
            command::run(&mut self.measure_files(program, &title, files, &site.uri, site.users))?;
            if title == PATCHED {
                let title = format!("{title} (patched)");
                let mut measure = self.measure_files(program, &title, files, &site.uri, site.users);
                command::run(measure.args(["--patches", PATCHES]))?;
            }
            if let Some(sqlite) = &sqlite {
                let title = format!("{title} (SQLite)");
                let uri = format!("sqlite:{}", sqlite.path().join("site.db").display());
                command::run(&mut self.measure_files(program, &title, files, &uri, site.users))?;
            }
            if self.profile {
                let program = build("profiling")?;
                let mut measure = self.measure_files(&program, &title, files, &site.uri, site.users);
                crate::bench_profile::write(&title, measure.arg("--only"))?;
            }
        }
        Ok(())
    }

    /// Measures a driver in Rust, and one that the configuration defines for the same file.
    fn measure_definition(&self, program: &Path, site: &Site) -> Result<(), Error> {
        let files = [FOLLOWME.parse()?];
        command::run(&mut self.measure_files(program, FOLLOWME, &files, &site.uri, site.users))?;
        let title = format!("{FOLLOWME} (YAML)");
        let mut measure = self.measure_files(program, &title, &files, &site.uri, site.users);
        command::run(measure.arg("--config").arg(xtask_generate::root().join("xtask/measure/followme.yml")))
    }

    /// The command that measures files in a process of its own.
    fn measure_files(
        &self,
        program: &Path,
        title: &str,
        files: &[Namespace],
        uri: &str,
        users: u32,
    ) -> Command {
        let mut measure = Command::new(program);
        measure.args(["files", "--title", title, "--db", uri]);
        measure.args(["--runs", &self.runs.to_string(), "--users", &users.to_string()]);
        // The program confgend sets the allocator in this way.
        measure.env("MIMALLOC_PURGE_DELAY", "20");
        if self.queries {
            measure.arg("--queries");
        }
        measure.args(files.iter().map(ToString::to_string));
        measure
    }
}

/// A telephone system in a database.
struct Site {
    uri: String,
    users: u32,
    schema: Schema,
}

impl Site {
    fn load(cluster: &Cluster, schema: Schema, users: u32) -> Result<Site, Error> {
        let uri = cluster.create_database(&format!("bench_{users}"))?;
        let start = Instant::now();
        fixtures::load_synthetic_postgres(schema, users, &uri)?;
        say!("\n{users} users, {schema} schema, loaded in {:.1} s\n", start.elapsed().as_secs_f64());
        Ok(Site { uri, users, schema })
    }

    /// Loads the same system into an SQLite database in a temporary folder.
    fn load_sqlite(&self) -> Result<tempfile::TempDir, Error> {
        let folder = tempfile::tempdir()
            .map_err(|error| Error::driver("there is no temporary folder").because(error))?;
        fixtures::load_synthetic_sqlite(self.schema, self.users, &folder.path().join("site.db"))?;
        Ok(folder)
    }
}

fn header() {
    say!(
        "{:<TITLE_WIDTH$} {:>7} {:>11} {:>10} {:>10} {:>6} {:>9} {:>11} {:>8} {:>9}",
        "namespace",
        "queries",
        "bytes",
        "ms",
        "COPY ms",
        "ratio",
        "us/user",
        "allocations",
        "peak MB",
        "above MB"
    );
}

/// Builds the program that measures with this profile. Returns its path.
pub(crate) fn build(profile: &str) -> Result<PathBuf, Error> {
    let arguments = ["build", "--quiet", "--package", "xtask-measure", "--profile", profile];
    command::run(command::cargo().args(arguments))?;
    Ok(crate::target().join(profile).join("xtask-measure"))
}

/// Runs the same command in a release build.
fn run_in_release() -> Result<(), Error> {
    let arguments = std::env::args_os().skip(1);
    let release = ["run", "--quiet", "--release", "--package", "xtask-commands", "--"];
    command::run(command::cargo().args(release).args(arguments))
}
