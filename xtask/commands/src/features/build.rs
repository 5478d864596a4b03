//! Builds the program with sets of features, and finds out which crates each build has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use driver_api::Error;
use serde_json::Value;

use super::{ALL, ENGINES, code};
use crate::metadata::messages;
use crate::{command, file_error, root};

/// How far the compiler goes with a set of features.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Depth {
    /// To the program for use.
    Release,
    /// To the last warning, each of which is an error. There is no program.
    Check,
}

/// The crates of one build, from cargo's messages.
#[derive(Default)]
pub(super) struct Build {
    /// Cargo's identifiers of the crates.
    pub(super) packages: BTreeSet<String>,
    /// The crates that compile C code.
    in_c: BTreeSet<String>,
    /// The size of the program in bytes; 0 if there is none.
    pub(super) size: u64,
}

/// A build for each set of features.
pub(super) struct Builds(BTreeMap<String, Build>);

impl Builds {
    /// Builds these sets, the library alone, and the whole program. Fails if a build has an engine that is not among its
    /// features.
    pub(super) fn new(depth: Depth, sets: BTreeSet<String>) -> Result<Builds, Error> {
        // The library needs no family, because a program of another crate may have families of its own.
        let mut builds = BTreeMap::from([("postgres".to_owned(), build(depth, "postgres", &["--lib"])?)]);
        for set in sets {
            let build = build(depth, &set, &["--bin", "confgend"])?;
            check_engines(&set, &build)?;
            builds.insert(set, build);
        }
        // The last build stays in the target folder: the whole program.
        builds.insert(ALL.to_owned(), build(depth, ALL, &["--bin", "confgend"])?);
        Ok(Builds(builds))
    }

    pub(super) fn of(&self, set: &str) -> Result<&Build, Error> {
        self.0.get(set).ok_or_else(|| Error::driver("not built").context(set.to_owned()))
    }
}

impl Build {
    /// The foreign crates that this build has and `base` has not, as a short text for the table.
    pub(super) fn dependencies(&self, base: &Build) -> Result<String, Error> {
        let more = self.packages.difference(&base.packages).filter(|id| !id.starts_with("path+"));
        let mut names: Vec<&str> = more.map(|id| name(id)).collect();
        names.sort_unstable();
        let direct = direct_dependencies()?;
        let direct: Vec<&str> = names.iter().copied().filter(|name| direct.contains(*name)).collect();
        let in_c: Vec<&str> = self.in_c.difference(&base.in_c).map(|id| name(id)).collect();
        let in_c = if in_c.is_empty() { String::new() } else { format!("; C code in {}", code(&in_c)) };
        let text = match names.len() {
            0 => "nothing".to_owned(),
            1..=3 => code(&names),
            count => format!("{count} crates, among them {}", code(&direct)),
        };
        Ok(text + &in_c)
    }
}

/// The dependencies that the workspace names in Cargo.toml. All others are dependencies of these.
fn direct_dependencies() -> Result<BTreeSet<String>, Error> {
    let path = root().join("Cargo.toml");
    let manifest = fs::read_to_string(&path).map_err(|error| file_error(&path, error))?;
    let section = manifest.lines().skip_while(|line| *line != "[workspace.dependencies]").skip(1);
    let section = section.take_while(|line| !line.starts_with('['));
    Ok(section.filter_map(|line| Some(line.split_once(" = ")?.0.to_owned())).collect())
}

/// The name in an identifier like `registry+https://…#ring@0.17.14` or `path+file:///…/session#0.1.0`.
fn name(id: &str) -> &str {
    let (source, version) = id.rsplit_once('#').unwrap_or((id, ""));
    match version.split_once('@') {
        Some((name, _)) => name,
        None => source.rsplit('/').next().unwrap_or(source),
    }
}

/// Checks that a build has the crates of its engines, and of no other engine.
fn check_engines(set: &str, build: &Build) -> Result<(), Error> {
    let names: BTreeSet<&str> = build.packages.iter().map(|id| name(id)).collect();
    for (engine, crates) in ENGINES {
        let wanted = set.split(',').any(|feature| feature == *engine);
        if let Some(wrong) = crates.iter().find(|it| names.contains(*it) != wanted) {
            let is = if wanted { "is not compiled" } else { "is compiled" };
            return Err(Error::driver(format!("the crate {wrong} {is}")).context(format!("features {set}")));
        }
    }
    Ok(())
}

/// Builds `target` of the package with these features only. Cargo's messages name every crate of the program, compiled
/// now or before.
fn build(depth: Depth, set: &str, target: &[&str]) -> Result<Build, Error> {
    let start = Instant::now();
    let mut cargo = cargo_build(depth, set, target, "json-render-diagnostics");
    let output = match depth {
        Depth::Release => command::standard_output(&mut cargo)?,
        Depth::Check => without_complaint(&mut cargo)?,
    };
    let mut build = Build::default();
    for message in messages(&output)? {
        let Some(id) = message["package_id"].as_str() else { continue };
        build.packages.insert(id.to_owned());
        let libraries = message["linked_libs"].as_array().into_iter().flatten().filter_map(Value::as_str);
        if libraries.into_iter().any(|library| library.starts_with("static=")) {
            build.in_c.insert(id.to_owned());
        }
        if let Some(program) = message["executable"].as_str().map(PathBuf::from) {
            build.size = fs::metadata(&program).map_err(|error| file_error(&program, error))?.len();
        }
    }
    eprintln!(
        "{set}: {} crates, {} bytes, {} s",
        build.packages.len(),
        build.size,
        start.elapsed().as_secs()
    );
    Ok(build)
}

/// Runs cargo, which prints nothing but its messages unless there is an error or a warning.
fn without_complaint(cargo: &mut Command) -> Result<Vec<u8>, Error> {
    let output = command::capture(cargo)?;
    if output.status.success() && output.stderr.is_empty() {
        return Ok(output.stdout);
    }
    say!("{}", String::from_utf8_lossy(&output.stderr));
    Err(Error::driver("the compiler complains, as shown above").context(command::shown(cargo)))
}

/// The command that builds or checks `target` with these features only, and prints messages in this format.
pub(super) fn cargo_build(depth: Depth, set: &str, target: &[&str], format: &str) -> Command {
    let command: &[&str] = match depth {
        Depth::Release => &["build", "--release"],
        Depth::Check => &["check"],
    };
    let mut cargo = command::cargo();
    cargo.args(command).args(["--quiet", "--package", "dispatcher", "--no-default-features"]);
    cargo.args(["--features", set, "--message-format", format]).args(target);
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    const RING: &str = "registry+https://github.com/rust-lang/crates.io-index#ring@0.17.14";
    const SQLITE: &str = "registry+https://github.com/rust-lang/crates.io-index#libsqlite3-sys@0.39.1";
    const DATABASE: &str = "path+file:///srv/confgend/database#0.1.0";

    fn compiled(ids: &[&str], in_c: &[&str]) -> Build {
        let set = |ids: &[&str]| ids.iter().map(ToString::to_string).collect();
        Build { packages: set(ids), in_c: set(in_c), size: 0 }
    }

    #[test]
    fn an_identifier_contains_the_name_of_the_crate() {
        assert_eq!([RING, DATABASE, "path+file:///srv/x#acme@1.0.0"].map(name), ["ring", "database", "acme"]);
    }

    #[test]
    fn dependencies_are_foreign_crates_beyond_the_base() {
        let base = compiled(&[RING], &[RING]);
        let text = |ids: &[&str], in_c: &[&str]| compiled(ids, in_c).dependencies(&base).unwrap();
        assert_eq!(text(&[RING, DATABASE], &[RING]), "nothing");
        assert_eq!(text(&[RING, SQLITE], &[RING, SQLITE]), "`libsqlite3-sys`; C code in `libsqlite3-sys`");
        let four = ["r#rusqlite@1.0.0", "r#a@1.0.0", "r#b@1.0.0", "r#c@1.0.0"];
        assert_eq!(text(&four, &[]), "4 crates, among them `rusqlite`");
    }

    #[test]
    fn an_engine_beyond_the_features_is_found() {
        let sqlite = ["r#libsqlite3-sys@1.0.0", "r#rusqlite@1.0.0"];
        let check = |set, ids: &[&str]| check_engines(set, &compiled(ids, &[])).map_err(|e| e.chain());
        assert_eq!(check("sqlite,wazo", &sqlite), Ok(()));
        assert_eq!(
            check("sqlite,wazo", &[&sqlite[..], &[RING]].concat()),
            Err("features sqlite,wazo: the crate ring is compiled".to_owned())
        );
        assert_eq!(
            check("sqlite,wazo", &sqlite[1..]),
            Err("features sqlite,wazo: the crate libsqlite3-sys is not compiled".to_owned())
        );
    }
}
