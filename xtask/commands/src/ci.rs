//! `cargo xtask ci`: every check, the quickest first.

mod programs;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Instant;
use std::{env, fs, panic, thread};

use argh::FromArgs;
use database::Uri;
use dispatcher::{FAMILIES, Registry};
use driver_api::{Error, Namespace};
use fixtures::postgres::Cluster;
use fixtures::{Case, Schema, Strictness};

use crate::compare::{Verdict, compare};
use crate::files::files_below;
use crate::{
    api, browser, command, debian, faults, features, file_error, guide, namespaces, package_test, packages,
    postgres, root, target, tidy,
};

/// Run all checks and tests.
#[derive(FromArgs)]
#[argh(subcommand, name = "ci")]
pub(crate) struct Ci {
    /// a folder of cases with expected files to compare with: CASE/expected/RESOURCE/FILENAME
    #[argh(option)]
    expected: Option<PathBuf>,

    /// the step to begin with, by the beginning of its name: after a failure, those before it need not be repeated
    #[argh(option)]
    from: Option<String>,

    /// install cargo-deny, which compiles for minutes
    #[argh(switch)]
    install: bool,
}

/// The cases that each build generates its files from.
const SOURCES: &[&str] = &["office", "older-dird-separated", "older-sip"];

/// A check, by the name that it is printed with.
type Step<'s> = (&'static str, &'s Check<'s>);

type Check<'s> = dyn Fn() -> Result<(), Error> + Sync + 's;

impl Ci {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let server = LazyLock::new(Server::start);
        let tests = || {
            // Tests run a driver of the Python program, and check the JSON Schema of the configuration. They say what is missing.
            debian::find_or_install("python3", "python3-jsonschema");
            programs::test(&at_once(&server.as_ref().map_err(same)?.settings()))
        };
        let guides = || guides(&server.as_ref().map_err(same)?.settings());
        let combinations = || {
            let server = server.as_ref().map_err(same)?;
            combinations(&server.cluster, &server.settings())
        };
        let documentation =
            || cargo("doc --quiet --workspace --no-deps", &[("RUSTDOCFLAGS", "--deny warnings")]);
        let expected = || match &self.expected {
            Some(folder) => expected(folder, &server.as_ref().map_err(same)?.cluster),
            None => Ok(()),
        };
        let system = || {
            // If there can't be one, the step of the packages says why.
            let _ = package_test::prepare();
            Ok(())
        };
        let clippy = || cargo("clippy --quiet --workspace --all-targets -- --deny warnings", &[]);
        // The steps of a line are taken at the same time: some use one processor, or wait.
        let steps: &[&[Step<'_>]] = &[
            &[("format", &|| cargo("fmt --all --check", &[]))],
            &[("tidy", &tidy::check), ("clippy", &clippy)],
            &[("documentation", &documentation)],
            &[("public interfaces", &api::check_where_possible)],
            &[("licences and sources", &|| self.deny())],
            &[("tests, with PostgreSQL", &tests)],
            &[
                ("faults", &faults::quick),
                ("status page in a browser", &browser::run_where_possible),
                ("a system for packages", &system),
            ],
            // The guides have a target folder of their own.
            &[("guides", &guides), ("each family and each engine alone", &combinations)],
            &[("packages", &package_test::run_where_possible)],
            &[("expected files, on both engines", &expected)],
        ];
        self.take(steps)
    }

    /// Checks the licences and sources of all crates. Known weaknesses are not checked, because the result would change with
    /// the day.
    fn deny(&self) -> Result<(), Error> {
        if self.install {
            // Beside cargo, and not in the target folder, so that the next clone has it.
            packages::ensure_cargo_tool("cargo-deny")?;
        } else if !debian::has("cargo-deny") {
            say!(
                "NOT TESTED: licences and sources, because cargo-deny is not installed; type: cargo install --locked \
                 cargo-deny, or use --install"
            );
            return Ok(());
        }
        cargo("deny --workspace check bans licenses sources", &[])
    }

    /// Takes the steps in their order, from the one that the command line names.
    fn take(&self, steps: &[&[Step<'_>]]) -> Result<(), Error> {
        let start = Instant::now();
        let begins = |name: &str| self.from.as_deref().is_none_or(|from| name.starts_with(from));
        let all = || steps.iter().copied().flatten();
        let Some(first) = all().position(|(name, _)| begins(name)) else {
            let names: Vec<&str> = all().map(|(name, _)| *name).collect();
            return Err(Error::driver(format!("--from: no step begins so; there are {}", names.join("; "))));
        };
        let mut left_out = first;
        for steps in steps {
            let skipped = left_out.min(steps.len());
            left_out -= skipped;
            let steps = &steps[skipped..];
            if !steps.is_empty() {
                let names: Vec<&str> = steps.iter().map(|(name, _)| *name).collect();
                say!("\n== {} (after {} s)", names.join(" + "), start.elapsed().as_secs());
                together(steps)?;
            }
        }
        say!("\nall checks passed, after {} s", start.elapsed().as_secs());
        Ok(())
    }
}

/// Takes steps at the same time, all to their ends.
fn together(steps: &[Step<'_>]) -> Result<(), Error> {
    if let [(_, check)] = steps {
        return check();
    }
    let results: Vec<Result<(), Error>> = thread::scope(|scope| {
        let running: Vec<_> = steps.iter().map(|(_, check)| scope.spawn(check)).collect();
        running
            .into_iter()
            .map(|step| step.join().unwrap_or_else(|panic| panic::resume_unwind(panic)))
            .collect()
    });
    let failed =
        |((name, _), result): (&Step<'_>, Result<(), Error>)| Some(result.err()?.context(*name).chain());
    passed_without(steps.iter().zip(results).filter_map(failed))
}

/// Fails with these messages, if there are any.
fn passed_without(failures: impl Iterator<Item = String>) -> Result<(), Error> {
    let failures: Vec<String> = failures.collect();
    if failures.is_empty() { Ok(()) } else { Err(Error::driver(failures.join("; "))) }
}

/// The PostgreSQL server of all tests.
struct Server {
    cluster: Cluster,
    uri: String,
}

impl Server {
    fn start() -> Result<Server, Error> {
        postgres::ensure()?;
        postgres::ensure_pgbouncer()?;
        let cluster = Cluster::start()?;
        Ok(Server { uri: cluster.uri("postgres"), cluster })
    }

    /// Returns the environment variables of tests. Snapshots are compared, never written; a missing server is a failure, not a
    /// skipped test; and two runs try the same random values.
    fn settings(&self) -> [(&'static str, &str); 4] {
        [
            ("INSTA_UPDATE", "no"),
            ("CONFGEND_REQUIRE_POSTGRES", "1"),
            ("CONFGEND_TEST_POSTGRES", &self.uri),
            ("PROPTEST_RNG_SEED", "1"),
        ]
    }
}

/// The settings for tests, more of which than there are processors run at once: those of the program wait most of their time.
fn at_once<'s>(settings: &[(&'static str, &'s str)]) -> Vec<(&'static str, &'s str)> {
    [settings, &[("RUST_TEST_THREADS", "4")]].concat()
}

/// The error of a server that did not start, for each step that needs it.
fn same(error: &Error) -> Error {
    Error::driver(error.chain())
}

/// Runs cargo with these words as arguments, and with these environment variables.
fn cargo(words: &str, settings: &[(&str, &str)]) -> Result<(), Error> {
    cargo_in(root(), words, settings)
}

fn cargo_in(folder: &Path, words: &str, settings: &[(&str, &str)]) -> Result<(), Error> {
    say!("cargo {words}");
    let mut cargo = command::cargo();
    command::run(cargo.current_dir(folder).args(words.split(' ')).envs(settings.iter().copied()))
}

/// Follows the guide for authors of drivers, and checks the crate that it makes in the crate's own folder.
fn guides(settings: &[(&str, &str)]) -> Result<(), Error> {
    let server = settings.iter().copied().filter(|(name, _)| *name == "CONFGEND_TEST_POSTGRES");
    guide::check(&server.collect::<Vec<_>>())?;
    // Its tests are a step of the guide.
    let example = guide::example();
    say!("\nin {}", example.display());
    let (profile, target) = (packages::dev_profile(), target());
    let clippy = format!("clippy --quiet --all-targets --config {} -- --deny warnings", profile.display());
    cargo_in(&example, &clippy, &[("CARGO_TARGET_DIR", &target.display().to_string())])
}

/// Checks `confgend` with each set of features that a packager may choose, and builds some of them. Each of these generates the
/// files that it has drivers for, and they must be the same as those of the whole program. The tests run with the smallest
/// set, which lacks the most.
fn combinations(cluster: &Cluster, settings: &[(&'static str, &str)]) -> Result<(), Error> {
    let scratch = Scratch::new()?;
    let registry = Registry::new(FAMILIES)?;
    let mut sources = Vec::new();
    for case in SOURCES {
        let case = Case::named(case).ok_or_else(|| Error::driver(format!("there is no case {case}")))?;
        let schema = case.schema();
        let sqlite = Uri::Sqlite(scratch.load(&case)?);
        let postgres: Uri = cluster.case_database(&case)?.parse()?;
        let whole = scratch.path(&format!("whole-{}", case.name));
        let namespaces = namespaces(&registry, schema);
        ensure_all(xtask_generate::into_folder(&registry, &namespaces, &sqlite, None, &whole)?)?;
        sources.push((schema, namespaces, sqlite, postgres, whole));
    }
    features::check()?;
    for (features, are_tested) in features::built_sets() {
        let selection =
            format!("--package dispatcher --package drivers --no-default-features --features {features}");
        if are_tested {
            cargo(&format!("clippy --quiet --all-targets {selection} -- --deny warnings"), &[])?;
            // This also builds the program, as the tests run it.
            cargo(&format!("test --quiet {selection}"), &at_once(settings))?;
        } else {
            cargo(&format!("build --quiet --bin confgend {selection}"), &[])?;
        }
        for (schema, namespaces, sqlite, postgres, whole) in &sources {
            let has = |feature: &str| features.split(',').any(|it| it == feature);
            let is_built = |namespace: &&Namespace| has(feature_of(namespace, *schema));
            let built: Vec<String> = namespaces.iter().filter(is_built).map(ToString::to_string).collect();
            if built.is_empty() {
                continue;
            }
            let uri = if has("postgres") { postgres } else { sqlite };
            let out = scratch.path(&features.replace(',', "-"));
            run_confgend(&built, uri, &out)?;
            same_files(&built, &out, whole)?;
        }
    }
    // The whole program is what stays in the target folder.
    cargo("build --quiet --bin confgend", &[])
}

/// The feature that brings the driver of a file.
fn feature_of(namespace: &Namespace, schema: Schema) -> &str {
    match (namespace.resource(), schema) {
        ("asterisk", Schema::Older) => "asterisk-older",
        (resource, _) => resource,
    }
}

fn ensure_all(are_generated: bool) -> Result<(), Error> {
    if are_generated { Ok(()) } else { Err(Error::driver("not all files could be generated")) }
}

/// Generates these files with the program that was built last.
fn run_confgend(namespaces: &[String], uri: &Uri, out: &Path) -> Result<(), Error> {
    // The password in the URI of the throw-away server protects nothing, so the URI may be an argument.
    let uri = match uri {
        Uri::Sqlite(path) => format!("sqlite:{}", path.display()),
        Uri::Postgres(uri) => uri.clone(),
    };
    // This configuration excludes the files of this machine.
    let config = root().join("dispatcher/tests/it/alone.yml");
    let mut confgend = Command::new(target().join("debug/confgend"));
    confgend.arg("generate").args(namespaces).args(["--db", &uri, "--out"]).arg(out);
    command::run(confgend.arg("--config").arg(config))
}

/// Checks that these files are the same in both folders.
fn same_files(names: &[String], folder: &Path, whole: &Path) -> Result<(), Error> {
    for name in names {
        if read(&folder.join(name))? != read(&whole.join(name))? {
            let message = "a build with fewer features writes other bytes than the whole program";
            return Err(Error::driver(message).context(name.as_str()));
        }
    }
    say!("{} files are the same as those of the whole program", names.len());
    Ok(())
}

/// Compares every case below a folder with its expected files, on both engines.
fn expected(folder: &Path, cluster: &Cluster) -> Result<(), Error> {
    let registry = Registry::new(FAMILIES)?;
    let scratch = Scratch::new()?;
    let mut different = 0;
    for case in Case::below(folder)? {
        let (names, others): (Vec<_>, Vec<_>) = files_below(&case.dir.join("expected"))?
            .into_iter()
            .partition(|name| registry.find(name).is_ok());
        if !others.is_empty() {
            say!("{}: not compared, because no driver writes them: {}", case.name, others.join(" "));
        }
        if names.is_empty() {
            continue;
        }
        let engines = [Uri::Sqlite(scratch.load(&case)?), cluster.case_database(&case)?.parse()?];
        for (engine, uri) in ["sqlite", "postgres"].into_iter().zip(&engines) {
            let out = scratch.path(&format!("{}-{engine}", case.name));
            say!("\n{} on {engine}", case.name);
            let namespaces = names.iter().map(|name| registry.find(name)).collect::<Result<Vec<_>, _>>()?;
            let config = case.config_file();
            ensure_all(xtask_generate::into_folder(&registry, &namespaces, uri, config.as_deref(), &out)?)?;
            for name in &names {
                let verdict =
                    compare(name, &read(&case.dir.join("expected").join(name))?, &read(&out.join(name))?);
                say!("{verdict:<10} {name}");
                if let Verdict::Differs(difference) = verdict {
                    say!("{difference}");
                    different += 1;
                }
            }
        }
    }
    if different == 0 {
        Ok(())
    } else {
        Err(Error::driver(format!("{different} files differ from the expected ones")))
    }
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| file_error(path, error))
}

/// A temporary folder, deleted on drop.
struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Result<Scratch, Error> {
        tempfile::tempdir().map(Scratch).map_err(|error| file_error(&env::temp_dir(), error))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Loads a case into an SQLite file; returns its path.
    fn load(&self, case: &Case) -> Result<PathBuf, Error> {
        let path = self.path(&format!("{}.db", case.name));
        fixtures::load_sqlite(case, &path, Strictness::Lenient)?;
        Ok(path)
    }
}
