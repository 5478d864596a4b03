//! `cargo xtask features`: builds the sets of features that a packager may choose, and shows the cost of each feature.

mod build;
mod refusals;

use std::collections::BTreeSet;
use std::fs;

use argh::FromArgs;
use dispatcher::{Brings, FAMILIES, Feature, Registry, features};
use driver_api::Error;

use self::build::{Builds, Depth};
use self::refusals::refusals;
use crate::{file_error, root};

/// Build the program with each family alone, with each engine alone, and with all. Print a table of the features for
/// docs/packaging.md, with namespaces, dependencies and the size of the program.
#[derive(FromArgs)]
#[argh(subcommand, name = "features")]
pub(crate) struct Features {
    /// check each set without building it, and compare the tables with docs/packaging.md, except for the sizes
    #[argh(switch)]
    check: bool,
}

impl Features {
    pub(crate) fn run(&self) -> Result<(), Error> {
        if self.check {
            return check();
        }
        let builds = Builds::new(Depth::Release, rows().map(|row| row.set()).collect())?;
        let refusals = refusals(Depth::Release)?;
        for line in table(&builds)?.iter().chain(&[String::new()]).chain(&refusals) {
            say!("{line}");
        }
        Ok(())
    }
}

/// Checks that each set compiles without a warning, and that docs/packaging.md has the tables: the crates of each set, and the
/// error messages of those that can't be built.
pub(crate) fn check() -> Result<(), Error> {
    let mut lines = table(&Builds::new(Depth::Check, sets())?)?;
    // The sizes in the last column are those of release builds.
    for line in &mut lines {
        line.truncate(line.trim_end_matches(" |").rfind('|').unwrap_or_default());
    }
    lines.extend(refusals(Depth::Check)?);
    let path = root().join(PAGE);
    let page = fs::read_to_string(&path).map_err(|error| file_error(&path, error))?;
    lines.retain(|line| !page.lines().any(|it| it.starts_with(line.as_str())));
    if lines.is_empty() {
        return Ok(());
    }
    for line in &lines {
        say!("{line}");
    }
    let message =
        "the lines above are missing; run `cargo xtask features`, and paste the tables that it prints";
    Err(Error::driver(message).context(PAGE))
}

/// The page with the tables.
const PAGE: &str = "docs/packaging.md";

/// The engines, each with crates that are only compiled for it: C code, TLS, and crates that depend on them.
const ENGINES: &[(&str, &[&str])] =
    &[("postgres", &["ring", "rustls", "tokio-postgres"]), ("sqlite", &["libsqlite3-sys", "rusqlite"])];

/// The features of the whole program.
const ALL: &str = "default";

/// A small family, to measure properties with.
const SMALL: &str = "wazo";

/// The sets of features that a packager may choose: each family on each engine, all families on each engine, and the sets
/// of the table.
fn sets() -> BTreeSet<String> {
    let of_engine = |(engine, _): &(&str, _)| {
        let mut sets: Vec<String> = families().map(|feature| format!("{engine},{}", feature.name)).collect();
        sets.push(format!("{},{engine}", all_families()));
        sets
    };
    ENGINES.iter().flat_map(of_engine).chain(rows().map(|row| row.set())).collect()
}

/// The sets to generate files with, and whether to run the tests with them: all families on the engine of sites, and a
/// small product on the other one.
pub(crate) fn built_sets() -> [(String, bool); 2] {
    [(format!("{},postgres", all_families()), false), (format!("sqlite,{SMALL}"), true)]
}

fn families() -> impl Iterator<Item = &'static Feature> {
    features().filter(|feature| matches!(feature.brings, Brings::Family))
}

/// The features of all families and of their files.
fn all_families() -> String {
    let brings_files = |feature: &&Feature| matches!(feature.brings, Brings::Family | Brings::Files(_));
    features().filter(brings_files).map(|feature| feature.name).collect::<Vec<_>>().join(",")
}

/// A row of the table: one feature.
struct Row {
    feature: &'static Feature,
    /// The other features that it is built with.
    beside: String,
    /// The features of the build to compare with: the crates of that build are not counted for this feature.
    base: String,
}

fn rows() -> impl Iterator<Item = Row> {
    features().map(|feature| {
        let beside = match feature.brings {
            Brings::Family => "postgres".to_owned(),
            Brings::Files(files) => format!("postgres,{}", resource(files)),
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

/// The resource of files, which is the name of their family.
fn resource(files: &[&'static str]) -> &'static str {
    files.first().and_then(|file| file.split_once('/')).map_or("", |(resource, _)| resource)
}

impl Row {
    fn set(&self) -> String {
        format!("{},{}", self.beside, self.feature.name)
    }

    /// The crate of this project that the feature is about.
    fn package(&self) -> String {
        match self.feature.brings {
            Brings::Family => format!("drivers-{}", self.feature.name),
            Brings::Files(files) => format!("drivers-{}", resource(files)),
            Brings::Engine(_) => "database".to_owned(),
            Brings::Property(_) => "dispatcher".to_owned(),
        }
    }

    /// The files that it adds. A file with a feature of its own counts for that feature, and not for its family.
    fn files(&self, registry: &Registry) -> String {
        let name = self.feature.name;
        let has_own_feature = |file: &String| {
            features().any(|it| matches!(it.brings, Brings::Files(own) if own.contains(&file.as_str())))
        };
        let of_family = registry.namespaces().filter(|namespace| namespace.resource() == name);
        let own: Vec<String> = match self.feature.brings {
            Brings::Family => {
                of_family.map(ToString::to_string).filter(|file| !has_own_feature(file)).collect()
            }
            Brings::Files(files) => files.iter().map(|&file| file.to_owned()).collect(),
            Brings::Engine(_) | Brings::Property(_) => Vec::new(),
        };
        if own.len() > 3 { format!("`{name}/*`, {} files", own.len()) } else { code(&own) }
    }

    /// The other features, for the table.
    fn other_features(&self) -> String {
        if self.beside == all_families() {
            return "all families".to_owned();
        }
        code(&self.beside.split(',').collect::<Vec<_>>())
    }
}

/// Names as code in Markdown.
fn code(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// The lines of the table. The last column has the sizes.
fn table(builds: &Builds) -> Result<Vec<String>, Error> {
    let registry = Registry::new(FAMILIES)?;
    let mut lines = vec![
        "| feature | crate | files | compiled for it | built with | program |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    for row in rows() {
        let build = builds.of(&row.set())?;
        lines.push(format!(
            "| `{}` | `{}` | {} | {} | {} | {} |",
            row.feature.name,
            row.package(),
            row.files(&registry),
            build.dependencies(builds.of(&row.base)?)?,
            row.other_features(),
            megabytes(build.size),
        ));
    }
    let all = builds.of(ALL)?;
    let count = registry.namespaces().count();
    lines.push(format!("| all | | {count} files | | | {} |", megabytes(all.size)));
    Ok(lines)
}

fn megabytes(bytes: u64) -> String {
    let tenths = (bytes + 50_000) / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sets_cover_each_family_on_each_engine() {
        let sets = sets();
        for (engine, _) in ENGINES {
            for family in families() {
                assert!(sets.contains(&format!("{engine},{}", family.name)), "{sets:?}");
            }
            assert!(sets.contains(&format!("{},{engine}", all_families())), "{sets:?}");
        }
        // The builds of each row in the table are among the sets.
        for row in rows() {
            assert!(sets.contains(&row.set()), "{} in {sets:?}", row.set());
            assert!(row.base == "postgres" || sets.contains(&row.base), "{} in {sets:?}", row.base);
        }
    }
}
