//! The picture of `confgend diff` in the README: its real output, from one state of the case `office` to another.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs, io};

use database::Uri;
use dispatcher::file_set::{self, Origins};
use dispatcher::{FAMILIES, Registry, Report, config};
use driver_api::Error;
use fixtures::{Case, Strictness};
use review::{DiffOptions, FileSet, Style};
use xtask_generate::{file_error, namespaces};

use super::terminal::Terminal;

/// A change of a row of the case: the table, a part of the row that no other row has, and what takes its place. Without
/// that, the row goes.
type Edit = (&'static str, &'static str, Option<&'static str>);

/// The state before.
const BEFORE: &[Edit] = &[("linefeatures", r#""name":"zn6k3qge""#, None)];

/// The state after: a line goes and another comes, a password, a mailbox and two queues change.
const AFTER: &[Edit] = &[
    ("linefeatures", r#""name":"8urq8948""#, None),
    ("endpoint_sip_section_option", r#""value":"sj7ankey""#, Some(r#""value":"k2v9wq4m""#)),
    ("queue", r#""musicclass":"moh-ten0000-1""#, Some(r#""musicclass":"moh-ten0000-0""#)),
    ("queuemember", r#""category":"group","position":0"#, Some(r#""category":"group","position":9"#)),
    (
        "voicemail",
        r#""password":null,"fullname":"José Tanaka""#,
        Some(r#""password":"2846","fullname":"José Tanaka""#),
    ),
];

/// Draws what `confgend diff` prints.
pub(super) fn svg() -> Result<String, Error> {
    let (before, after) = (files(BEFORE)?, files(AFTER)?);
    let diff = review::diff(&before, &after, DiffOptions::default());
    let output = diff.text(Style { has_colors: true, ..Style::default() });
    Ok(Terminal { command: "confgend diff", output: &output }.svg())
}

/// Generates the files of the case with these changes.
fn files(edits: &[Edit]) -> Result<FileSet, Error> {
    let scratch = tempfile::tempdir().map_err(|error| file_error(&env::temp_dir(), error))?;
    let case = edited_case(&scratch.path().join("office"), edits)?;
    let path = scratch.path().join("office.db");
    fixtures::load_sqlite(&case, &path, Strictness::Lenient)?;
    let registry = Registry::new(FAMILIES)?;
    let config = config::only(None, &registry)?;
    let names = namespaces(&registry, case.schema());
    let mut database = database::open(&Uri::Sqlite(path))?;
    let mut snapshot = database.snapshot()?;
    let mut messages = io::sink();
    let mut report = Report::quiet(&mut messages);
    let origins = Origins::OfColumns(review::is_secret);
    let set = file_set::generate(&registry, &config, &names, &mut *snapshot, &mut report, origins);
    if report.finish() { Ok(set) } else { Err(Error::driver("a file of the case office can't be generated")) }
}

/// Copies the case, and changes its rows.
fn edited_case(folder: &Path, edits: &[Edit]) -> Result<Case, Error> {
    let case = Case::named("office").ok_or_else(|| Error::driver("there is no case office"))?;
    let mut edits_of: BTreeMap<String, Vec<&Edit>> = BTreeMap::new();
    for edit in edits {
        edits_of.entry(format!("{}.jsonl", edit.0)).or_default().push(edit);
    }
    fs::create_dir_all(folder).map_err(|error| file_error(folder, error))?;
    for entry in fs::read_dir(&case.dir).map_err(|error| file_error(&case.dir, error))?.flatten() {
        let Ok(mut text) = fs::read_to_string(entry.path()) else { continue };
        let name = entry.file_name().to_string_lossy().into_owned();
        for (_, part, replacement) in edits_of.remove(&name).unwrap_or_default() {
            text = edited(&text, part, *replacement).map_err(|error| error.context(name.as_str()))?;
        }
        let path = folder.join(&name);
        fs::write(&path, text).map_err(|error| file_error(&path, error))?;
    }
    match edits_of.into_keys().next() {
        None => Case::open(folder),
        Some(name) => Err(Error::driver(format!("the case office has no {name}"))),
    }
}

/// Changes the one line that has this part.
fn edited(text: &str, part: &str, replacement: Option<&str>) -> Result<String, Error> {
    let count = text.lines().filter(|line| line.contains(part)).count();
    if count != 1 {
        return Err(Error::driver(format!("{count} rows have {part}, and one is to be changed")));
    }
    let keep = |line: &str| match replacement {
        Some(replacement) => Some(line.replacen(part, replacement, 1) + "\n"),
        None => (!line.contains(part)).then(|| format!("{line}\n")),
    };
    Ok(text.lines().filter_map(keep).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_is_changed_or_goes() {
        assert_eq!(edited("a1\nb2\n", "b", Some("c")).unwrap(), "a1\nc2\n");
        assert_eq!(edited("a1\nb2\n", "a", None).unwrap(), "b2\n");
        let error = edited("a1\na2\n", "a", None).unwrap_err().chain();
        assert_eq!(error, "2 rows have a, and one is to be changed");
        assert!(edited("a1\n", "b", None).is_err());
    }

    #[test]
    fn the_picture_masks_passwords() {
        let svg = svg().unwrap();
        assert!(svg.contains("password ••• → •••"), "{svg}");
        assert!(!svg.contains("k2v9wq4m"), "{svg}");
    }
}
