//! `cargo xtask ci`: every check, in the order in which a developer wants to hear of trouble.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use std::{env, fs};

use argh::FromArgs;
use database::Uri;
use dispatcher::{FAMILIES, Registry};
use driver_api::{Error, Namespace};
use fixtures::postgres::Cluster;
use fixtures::{Case, Schema, Strictness};

use crate::compare::{Verdict, compare};
use crate::files::files_below;
use crate::{
    debian, features, file_error, generate, guide, namespaces, not_started, package_test, postgres, root,
    target,
};

/// Run all checks and tests.
#[derive(FromArgs)]
#[argh(subcommand, name = "ci")]
pub(crate) struct Ci {
    /// a folder of cases with expected files to compare with: CASE/expected/RESOURCE/FILENAME
    #[argh(option)]
    expected: Option<PathBuf>,
}

/// The cases that each build generates its files from.
const SOURCES: &[&str] = &["office", "older-dird-separated", "older-sip"];

impl Ci {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let start = Instant::now();
        step("format");
        cargo("fmt --all --check", &[])?;
        step("clippy");
        cargo("clippy --quiet --workspace --all-targets -- --deny warnings", &[])?;
        step("documentation");
        cargo("doc --quiet --workspace --no-deps", &[("RUSTDOCFLAGS", "--deny warnings")])?;
        step("licences and sources");
        deny()?;
        step("tests, with PostgreSQL");
        postgres::ensure()?;
        let cluster = Cluster::start()?;
        let server = cluster.uri("postgres");
        // Snapshots are compared, never written; a missing server is a failure, not a skipped test.
        let settings = [
            ("INSTA_UPDATE", "no"),
            ("CONFGEND_REQUIRE_POSTGRES", "1"),
            ("CONFGEND_TEST_POSTGRES", server.as_str()),
        ];
        cargo("test --quiet --workspace", &settings)?;
        step("the driver guide");
        driver_guide(&settings)?;
        step("each family and each engine alone");
        combinations(&cluster, &settings)?;
        step("packages");
        package_test::run_where_possible()?;
        if let Some(folder) = &self.expected {
            step("expected files, on both engines");
            expected(folder, &cluster)?;
        }
        say!("\nall is well, after {} s", start.elapsed().as_secs());
        Ok(())
    }
}

fn step(name: &str) {
    say!("\n== {name}");
}

fn cargo(words: &str, settings: &[(&str, &str)]) -> Result<(), Error> {
    cargo_in(root(), words, settings)
}

fn cargo_in(folder: &Path, words: &str, settings: &[(&str, &str)]) -> Result<(), Error> {
    say!("cargo {words}");
    let status = crate::cargo()
        .current_dir(folder)
        .args(words.split(' '))
        .envs(settings.iter().copied())
        .status()
        .map_err(|error| not_started("cargo", error))?;
    if status.success() { Ok(()) } else { Err(Error::driver(format!("cargo {words}: failed"))) }
}

fn deny() -> Result<(), Error> {
    if !debian::has("cargo-deny") {
        say!("not checked: cargo-deny is not installed (cargo install cargo-deny)");
        return Ok(());
    }
    cargo("deny --workspace check bans licenses sources", &[])
}

/// Follows the guide for authors of drivers, and checks its result as such an author would: from outside.
fn driver_guide(settings: &[(&str, &str)]) -> Result<(), Error> {
    let server = settings.iter().copied().filter(|(name, _)| *name == "CONFGEND_TEST_POSTGRES");
    guide::check(&server.collect::<Vec<_>>())?;
    let (example, built) = (guide::example(), guide::built());
    say!("\nin {}", example.display());
    let built = built.display().to_string();
    let settings = [settings, &[("CARGO_TARGET_DIR", built.as_str())]].concat();
    cargo_in(&example, "clippy --quiet --all-targets -- --deny warnings", &settings)?;
    cargo_in(&example, "test --quiet", &settings)
}

/// Builds and tests `confgend` with some features only, and has each build generate all that it can: its
/// files must be those of the whole program.
fn combinations(cluster: &Cluster, settings: &[(&str, &str)]) -> Result<(), Error> {
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
        generated(generate::into_folder(&registry, &namespaces, &sqlite, None, &whole)?)?;
        sources.push((schema, namespaces, sqlite, postgres, whole));
    }
    for features in features::sets() {
        let selection = format!("--package dispatcher --no-default-features --features {features}");
        cargo(&format!("clippy --quiet --all-targets {selection} -- --deny warnings"), &[])?;
        cargo(&format!("test --quiet {selection}"), settings)?;
        cargo(&format!("build --quiet {selection}"), &[])?;
        for (schema, namespaces, sqlite, postgres, whole) in &sources {
            let has = |feature: &str| features.split(',').any(|it| it == feature);
            let is_built = |namespace: &&Namespace| has(feature(namespace, *schema));
            let built: Vec<String> = namespaces.iter().filter(is_built).map(ToString::to_string).collect();
            if built.is_empty() {
                continue;
            }
            let uri = if has("postgres") { postgres } else { sqlite };
            let out = scratch.path(&features.replace(',', "-"));
            confgend(&built, uri, &out)?;
            same_files(&built, &out, whole)?;
        }
    }
    // All of that is compiled now. In the end, it is the whole program that stays in the target folder.
    features::check()
}

/// The feature that brings the driver of a file.
fn feature(namespace: &Namespace, schema: Schema) -> &str {
    match (namespace.resource(), schema) {
        ("asterisk", Schema::Older) => "asterisk-older",
        (resource, _) => resource,
    }
}

fn generated(all: bool) -> Result<(), Error> {
    if all { Ok(()) } else { Err(Error::driver("not all files could be generated")) }
}

fn confgend(namespaces: &[String], uri: &Uri, out: &Path) -> Result<(), Error> {
    // The URI of the throw-away server holds a password of no value, so it may be an argument.
    let uri = match uri {
        Uri::Sqlite(path) => format!("sqlite:{}", path.display()),
        Uri::Postgres(uri) => uri.clone(),
    };
    let program = target().join("debug/confgend");
    // It says that nothing counts that this machine has configured.
    let config = root().join("dispatcher/tests/it/alone.yml");
    let mut command = Command::new(&program);
    command
        .arg("generate")
        .args(namespaces)
        .args(["--db", &uri, "--out"])
        .arg(out)
        .arg("--config")
        .arg(config);
    let status = command.status();
    generated(status.map_err(|error| file_error(&program, error))?.success())
}

/// Whether these files below `folder` are the same below `whole`.
fn same_files(names: &[String], folder: &Path, whole: &Path) -> Result<(), Error> {
    for name in names {
        if read(&folder.join(name))? != read(&whole.join(name))? {
            return Err(
                Error::driver("a build with fewer features writes another text").context(name.as_str())
            );
        }
    }
    say!("{} files, the same as the whole program's", names.len());
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
            say!("{}: not compared, since no driver writes them: {}", case.name, others.join(" "));
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
            generated(generate::into_folder(&registry, &namespaces, uri, config.as_deref(), &out)?)?;
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

/// A folder that is gone afterwards.
struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Result<Scratch, Error> {
        tempfile::tempdir().map(Scratch).map_err(|error| file_error(&env::temp_dir(), error))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A case as an SQLite file.
    fn load(&self, case: &Case) -> Result<PathBuf, Error> {
        let path = self.path(&format!("{}.db", case.name));
        fixtures::load_sqlite(case, &path, Strictness::Lenient)?;
        Ok(path)
    }
}
