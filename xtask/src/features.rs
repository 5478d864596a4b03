//! `cargo xtask features`: builds what a packager may choose, and shows what each cargo feature costs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Instant;

use argh::FromArgs;
use dispatcher::{Brings, FAMILIES, Feature, Registry, features};
use driver_api::Error;
use serde_json::Value;

use crate::{cargo, file_error, not_started, root};

/// Build the program with each family alone, with each engine alone, and with all, and print a table of
/// the features for README.md, with namespaces, dependencies and the size of the program.
#[derive(FromArgs)]
#[argh(subcommand, name = "features")]
pub(crate) struct Features {
    /// build for development, measure nothing, and compare with README.md
    #[argh(switch)]
    check: bool,
}

impl Features {
    pub(crate) fn run(&self) -> Result<(), Error> {
        if self.check {
            return check();
        }
        let builds = Builds::new("release", rows().map(|row| row.set()).collect())?;
        let refusals = refusals("release")?;
        for line in builds.table()?.iter().chain(&[String::new()]).chain(&refusals) {
            say!("{line}");
        }
        Ok(())
    }
}

/// Checks what is compiled for each set, what is refused, and that README.md says so.
pub(crate) fn check() -> Result<(), Error> {
    let mut lines = Builds::new("dev", sets())?.table()?;
    // The last column is measured.
    for line in &mut lines {
        line.truncate(line.trim_end_matches(" |").rfind('|').unwrap_or_default());
    }
    lines.extend(refusals("dev")?);
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).map_err(|error| file_error(&path, error))?;
    lines.retain(|line| !readme.lines().any(|it| it.starts_with(line.as_str())));
    if lines.is_empty() {
        return Ok(());
    }
    for line in &lines {
        say!("{line}");
    }
    let message =
        "these lines are not there, or begin otherwise; `cargo xtask features` prints the tables to paste";
    Err(Error::driver(message).context("README.md"))
}

/// The engines, and the crates that are compiled for one and for nothing else: C code, TLS, and what needs
/// it.
const ENGINES: &[(&str, &[&str])] = &[
    ("postgres", &["postgres", "ring", "rustls", "tokio-postgres"]),
    ("sqlite", &["libsqlite3-sys", "rusqlite"]),
];

/// A small family.
const SMALL: &str = "wazo";

/// The sets of features that a packager may choose: each family on each engine, each engine with all
/// families, and what the table is measured with.
pub(crate) fn sets() -> BTreeSet<String> {
    let of_engine = |(engine, _): &(&str, _)| {
        let mut sets: Vec<String> = families().map(|feature| format!("{engine},{}", feature.name)).collect();
        sets.push(format!("{},{engine}", all_families()));
        sets
    };
    ENGINES.iter().flat_map(of_engine).chain(rows().map(|row| row.set())).collect()
}

fn families() -> impl Iterator<Item = &'static Feature> {
    features().filter(|feature| matches!(feature.brings, Brings::Family))
}

/// The features of all families and of their files.
fn all_families() -> String {
    let brings_files = |feature: &&Feature| matches!(feature.brings, Brings::Family | Brings::File(_));
    features().filter(brings_files).map(|feature| feature.name).collect::<Vec<_>>().join(",")
}

/// What the table says of one feature.
struct Row {
    feature: &'static Feature,
    /// The features that it is built with.
    beside: String,
    /// What has everything but this feature: what is compiled for it, too, is not the feature's.
    base: String,
}

fn rows() -> impl Iterator<Item = Row> {
    features().map(|feature| {
        let beside = match feature.brings {
            Brings::Family => "postgres".to_owned(),
            Brings::File(file) => format!("postgres,{}", resource(file)),
            Brings::Engine(_) => all_families(),
            Brings::Property(_) => format!("postgres,{SMALL}"),
        };
        let other_engine = ENGINES.iter().find(|(engine, _)| *engine != feature.name);
        let base = match (&feature.brings, other_engine) {
            (Brings::Engine(_), Some((engine, _))) => format!("{beside},{engine}"),
            _ => beside.clone(),
        };
        Row { feature, beside, base }
    })
}

fn resource(file: &str) -> &str {
    file.split_once('/').map_or(file, |(resource, _)| resource)
}

impl Row {
    fn set(&self) -> String {
        format!("{},{}", self.beside, self.feature.name)
    }

    /// The crate of this project that the feature is about.
    fn package(&self) -> String {
        match self.feature.brings {
            Brings::Family => format!("drivers-{}", self.feature.name),
            Brings::File(file) => format!("drivers-{}", resource(file)),
            Brings::Engine(_) => "database".to_owned(),
            Brings::Property(_) => "dispatcher".to_owned(),
        }
    }

    /// The files that come with it: one that has a feature of its own is of that, and not of its family.
    fn files(&self, registry: &Registry) -> String {
        let name = self.feature.name;
        let has_its_own =
            |file: &String| features().any(|it| matches!(it.brings, Brings::File(own) if own == file));
        let of_family = registry.namespaces().filter(|namespace| namespace.resource() == name);
        let own: Vec<String> = match self.feature.brings {
            Brings::Family => of_family.map(ToString::to_string).filter(|file| !has_its_own(file)).collect(),
            Brings::File(file) => vec![file.to_owned()],
            Brings::Engine(_) | Brings::Property(_) => Vec::new(),
        };
        if own.len() > 3 { format!("`{name}/*`, {} files", own.len()) } else { code(&own) }
    }

    fn besides(&self) -> String {
        if self.beside == all_families() {
            return "all families".to_owned();
        }
        code(&self.beside.split(',').collect::<Vec<_>>())
    }
}

/// Names as Markdown has them.
fn code(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// What cargo compiled.
#[derive(Default)]
struct Build {
    /// The crates, as cargo identifies them.
    packages: BTreeSet<String>,
    /// Those of them that compile a library in C.
    in_c: BTreeSet<String>,
    /// The size of the program in bytes; 0 for the library alone.
    size: u64,
}

/// What cargo compiled for each set of features.
struct Builds(BTreeMap<String, Build>);

impl Builds {
    /// Builds these, and what the table needs beside them, and sees to it that no engine is compiled that was
    /// not asked for.
    fn new(profile: &str, sets: BTreeSet<String>) -> Result<Builds, Error> {
        // The library may be without families: somebody else's program has its own.
        let mut builds = BTreeMap::from([("postgres".to_owned(), build(profile, "postgres", &["--lib"])?)]);
        for set in sets {
            let build = build(profile, &set, &["--bin", "confgend"])?;
            engines_are_those_of(&set, &build)?;
            builds.insert(set, build);
        }
        // What stays in the target folder is the whole program.
        builds.insert(ALL.to_owned(), build(profile, ALL, &["--bin", "confgend"])?);
        Ok(Builds(builds))
    }

    fn of(&self, set: &str) -> Result<&Build, Error> {
        self.0.get(set).ok_or_else(|| Error::driver("not built").context(set.to_owned()))
    }

    /// The table, a line each; the last column has the sizes.
    fn table(&self) -> Result<Vec<String>, Error> {
        let registry = Registry::new(FAMILIES)?;
        let mut lines = vec![
            "| feature | crate | files | compiled for it | built with | program |".to_owned(),
            "|---|---|---|---|---|---|".to_owned(),
        ];
        for row in rows() {
            let build = self.of(&row.set())?;
            lines.push(format!(
                "| `{}` | `{}` | {} | {} | {} | {} |",
                row.feature.name,
                row.package(),
                row.files(&registry),
                build.dependencies(self.of(&row.base)?)?,
                row.besides(),
                megabytes(build.size),
            ));
        }
        let all = self.of(ALL)?;
        let count = registry.namespaces().count();
        lines.push(format!("| all | | {count} files | | | {} |", megabytes(all.size)));
        Ok(lines)
    }
}

const ALL: &str = "default";

fn megabytes(bytes: u64) -> String {
    let tenths = (bytes + 50_000) / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

impl Build {
    /// The crates of others that are compiled beyond those of `base`, in a few words.
    fn dependencies(&self, base: &Build) -> Result<String, Error> {
        let more = self.packages.difference(&base.packages).filter(|id| !id.starts_with("path+"));
        let mut names: Vec<&str> = more.map(|id| name(id)).collect();
        names.sort_unstable();
        let chosen = chosen()?;
        let chosen: Vec<&str> = names.iter().copied().filter(|name| chosen.contains(*name)).collect();
        let in_c: Vec<&str> = self.in_c.difference(&base.in_c).map(|id| name(id)).collect();
        let in_c = if in_c.is_empty() { String::new() } else { format!("; C code in {}", code(&in_c)) };
        let text = match names.len() {
            0 => "nothing".to_owned(),
            1..=3 => code(&names),
            count => format!("{count} crates, among them {}", code(&chosen)),
        };
        Ok(text + &in_c)
    }
}

/// The crates that the workspace names; others come in by them.
fn chosen() -> Result<BTreeSet<String>, Error> {
    let path = root().join("Cargo.toml");
    let manifest = fs::read_to_string(&path).map_err(|error| file_error(&path, error))?;
    let section = manifest.lines().skip_while(|line| *line != "[workspace.dependencies]").skip(1);
    let section = section.take_while(|line| !line.starts_with('['));
    Ok(section.filter_map(|line| Some(line.split_once(" = ")?.0.to_owned())).collect())
}

/// The name in an identifier like `registry+https://…#ring@0.17.14` or `path+file:///…/session#0.1.0`.
fn name(id: &str) -> &str {
    let (place, version) = id.rsplit_once('#').unwrap_or((id, ""));
    match version.split_once('@') {
        Some((name, _)) => name,
        None => place.rsplit('/').next().unwrap_or(place),
    }
}

fn engines_are_those_of(set: &str, build: &Build) -> Result<(), Error> {
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

/// Builds `target` of the package with these features only. What cargo says it compiled, or has compiled
/// before, is what the program consists of; a look at manifests would be a guess.
fn build(profile: &str, set: &str, target: &[&str]) -> Result<Build, Error> {
    let start = Instant::now();
    let output = cargo_build(profile, set, target, RENDERED)?;
    if !output.status.success() {
        return Err(Error::driver(format!("cargo build --no-default-features --features {set}: failed")));
    }
    let mut build = Build::default();
    for message in messages(&output) {
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

/// The format of cargo's messages that shows people the errors.
const RENDERED: &str = "json-render-diagnostics";

fn cargo_build(profile: &str, set: &str, target: &[&str], format: &str) -> Result<Output, Error> {
    cargo()
        .args(["build", "--quiet", "--package", "dispatcher", "--no-default-features"])
        .args(["--profile", profile, "--features", set, "--message-format", format])
        .args(target)
        .stderr(if format == RENDERED { Stdio::inherit() } else { Stdio::null() })
        .output()
        .map_err(|error| not_started("cargo", error))
}

fn messages(output: &Output) -> impl Iterator<Item = Value> {
    output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok())
}

/// Sets that make no program, and how what the build says begins.
const REFUSED: &[(&str, &str)] = &[
    ("", "confgend needs a database engine: "),
    ("provd", "confgend needs a database engine: "),
    ("postgres", "confgend needs a family of drivers: "),
    ("sqlite", "confgend needs a family of drivers: "),
];

/// A table of what the build says to sets that make no program: one error of one sentence each.
fn refusals(profile: &str) -> Result<Vec<String>, Error> {
    let mut lines = vec!["| features | the build says |".to_owned(), "|---|---|".to_owned()];
    for (set, beginning) in REFUSED {
        let sentence = refusal(profile, set).map_err(|error| error.context(format!("features {set:?}")))?;
        if !sentence.starts_with(beginning) {
            return Err(
                Error::driver(format!("the build says {sentence:?}")).context(format!("features {set:?}"))
            );
        }
        let features = if set.is_empty() { "none".to_owned() } else { code(&[set]) };
        lines.push(format!("| {features} | {sentence} |"));
    }
    Ok(lines)
}

/// The one error of a build that fails. What a constant asserts comes with words of the compiler before it.
fn refusal(profile: &str, set: &str) -> Result<String, Error> {
    let output = cargo_build(profile, set, &["--bin", "confgend"], "json")?;
    if output.status.success() {
        return Err(Error::driver("makes a program, and must not"));
    }
    let is_error = |message: &Value| {
        let text = message["message"]["message"].as_str()?;
        (message["message"]["level"] == "error").then(|| text.to_owned())
    };
    let errors: Vec<String> = messages(&output).filter_map(|message| is_error(&message)).collect();
    let errors: Vec<&str> = errors.iter().map(String::as_str).filter(|text| !is_sum(text)).collect();
    match errors.as_slice() {
        [error] => Ok(error.trim_start_matches("evaluation panicked: ").to_owned()),
        errors => Err(Error::driver(format!("not one error: {errors:?}"))),
    }
}

/// How many errors there were is no error of its own.
fn is_sum(text: &str) -> bool {
    text.starts_with("aborting due to ")
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
    fn crates_are_called_by_their_names() {
        assert_eq!([RING, DATABASE, "path+file:///srv/x#acme@1.0.0"].map(name), ["ring", "database", "acme"]);
    }

    #[test]
    fn dependencies_are_those_of_others_that_the_base_has_not() {
        let base = compiled(&[RING], &[RING]);
        let text = |ids: &[&str], in_c: &[&str]| compiled(ids, in_c).dependencies(&base).unwrap();
        assert_eq!(text(&[RING, DATABASE], &[RING]), "nothing");
        assert_eq!(text(&[RING, SQLITE], &[RING, SQLITE]), "`libsqlite3-sys`; C code in `libsqlite3-sys`");
        let four = ["r#rusqlite@1.0.0", "r#a@1.0.0", "r#b@1.0.0", "r#c@1.0.0"];
        assert_eq!(text(&four, &[]), "4 crates, among them `rusqlite`");
    }

    #[test]
    fn an_engine_that_was_not_asked_for_is_found() {
        let sqlite = ["r#libsqlite3-sys@1.0.0", "r#rusqlite@1.0.0"];
        let check = |set, ids: &[&str]| engines_are_those_of(set, &compiled(ids, &[])).map_err(|e| e.chain());
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

    #[test]
    fn each_family_is_built_on_each_engine_and_all_on_each() {
        let sets = sets();
        for (engine, _) in ENGINES {
            for family in families() {
                assert!(sets.contains(&format!("{engine},{}", family.name)), "{sets:?}");
            }
            assert!(sets.contains(&format!("{},{engine}", all_families())), "{sets:?}");
        }
        // What is measured is built, and what it is compared with.
        for row in rows() {
            assert!(sets.contains(&row.set()), "{} in {sets:?}", row.set());
            assert!(row.base == "postgres" || sets.contains(&row.base), "{} in {sets:?}", row.base);
        }
    }
}
