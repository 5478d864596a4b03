//! Every line that depends on a row has its origin. `own-lines.txt` lists the lines that are the program's own: with any
//! data, a driver writes no other line without a row.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use database::Uri;
use driver_api::{Config, Entry, Session};
use fixtures::{Case, Schema, Strictness, load_sqlite, load_synthetic_sqlite};

/// The lines without an origin, by file.
type OwnLines = BTreeMap<&'static str, BTreeSet<String>>;

/// Adds the lines that a driver writes without an origin.
fn add_own_lines(entry: &'static Entry, config: &Config, path: &Path, own: &mut OwnLines) {
    let mut database = database::open(&Uri::Sqlite(path.to_owned())).unwrap();
    let mut snapshot = database.snapshot().unwrap();
    let mut session = Session::new(&mut *snapshot).explaining(None);
    // A driver may fail over a case that is about its failure.
    let Ok(text) = entry.build(config).and_then(|driver| driver.generate(&mut session)) else { return };
    let recorded = session.take_origins();
    let origins = recorded.iter().map(|origin| origin.line);
    let notes = session.take_explanation().lines.into_iter().map(|note| note.line);
    let known: BTreeSet<usize> = origins.chain(notes).collect();
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.is_empty() && !line.starts_with(';'));
    let without = lines.filter(|(number, _)| !known.contains(number)).map(|(_, line)| line.trim_end());
    own.entry(entry.namespace).or_default().extend(without.map(str::to_owned));
}

fn config(entry: &Entry, case: Option<&Case>) -> Config {
    let mut config = case.map_or_else(Config::default, |case| case.config().unwrap());
    config.fill_from(&entry.built_in().unwrap());
    config
}

/// Returns the lines without an origin over all cases, and over a synthetic system of each schema.
fn all_own_lines() -> OwnLines {
    let folder = tempfile::tempdir().unwrap();
    let mut own = OwnLines::new();
    let mut cases = Case::all();
    cases.extend(Case::below(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases")).unwrap_or_default());
    for case in &cases {
        let path = folder.path().join(format!("{}.db", case.name));
        load_sqlite(case, &path, Strictness::Lenient).unwrap();
        for entry in case.schema().drivers(drivers_asterisk::DRIVERS) {
            add_own_lines(entry, &config(entry, Some(case)), &path, &mut own);
        }
    }
    for schema in Schema::ALL {
        let path = folder.path().join(format!("synthetic-{schema}.db"));
        load_synthetic_sqlite(schema, 60, &path).unwrap();
        for entry in schema.drivers(drivers_asterisk::DRIVERS) {
            add_own_lines(entry, &config(entry, None), &path, &mut own);
        }
    }
    own
}

#[test]
fn a_line_without_a_row_is_the_programs_own() {
    let own = all_own_lines();
    let mut shown = String::new();
    for (file, lines) in own.iter().filter(|(_, lines)| !lines.is_empty()) {
        shown.extend([file, "\n"]);
        for line in lines {
            shown.extend(["    ", line, "\n"]);
        }
    }
    let listed = include_str!("own-lines.txt");
    let new: Vec<&str> = shown.lines().filter(|line| !listed.lines().any(|known| known == *line)).collect();
    assert!(new.is_empty(), "these lines have no origin: {new:#?}");
    assert_eq!(shown, listed, "the list has lines that no driver writes any more");
}
