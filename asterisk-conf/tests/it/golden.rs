//! The reader agrees with Asterisk 22 about 421 small files.

use std::fs;
use std::path::{Path, PathBuf};

use asterisk_conf::{Diagnostic, Document, MemoryFiles, Reader};
use bstr::BStr;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    file: String,
    #[serde(default)]
    exec: bool,
    status: String,
    #[serde(default)]
    categories: Vec<Category>,
    log: Vec<Message>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Category {
    name: Text,
    #[serde(default)]
    template: bool,
    #[serde(default)]
    inherits: Vec<Text>,
    options: Vec<Option_>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Option_ {
    key: Text,
    value: Text,
    #[serde(default)]
    arrow: bool,
    #[serde(default)]
    inherited: bool,
    line: u32,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(untagged)]
enum Text {
    Utf8(String),
    Bytes { hex: String },
}

#[derive(Debug, Deserialize, PartialEq)]
struct Message {
    level: String,
    kind: String,
    line: Option<u32>,
}

impl From<&BStr> for Text {
    fn from(text: &BStr) -> Self {
        match std::str::from_utf8(text) {
            Ok(text) => Text::Utf8(text.to_owned()),
            Err(_) => {
                let hex_digits = text.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
                let hex = hex_digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
                Text::Bytes { hex }
            }
        }
    }
}

impl From<&Diagnostic> for Message {
    fn from(diagnostic: &Diagnostic) -> Self {
        Message {
            level: diagnostic.level().to_string(),
            kind: diagnostic.kind().to_string(),
            line: diagnostic.line_in_log(),
        }
    }
}

fn categories(document: &Document) -> Vec<Category> {
    let option = |option: &asterisk_conf::ConfigOption| Option_ {
        key: option.key().into(),
        value: option.value().into(),
        arrow: option.is_arrow(),
        inherited: option.is_inherited(),
        line: option.location().line,
    };
    let category = |section: &asterisk_conf::Section| Category {
        name: section.name().into(),
        template: section.is_template(),
        inherits: section.inherits().map(Text::from).collect(),
        options: section.options().iter().map(option).collect(),
    };
    document.sections().iter().map(category).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Collects all files below a folder, with their names relative to the root.
fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.push((name, fs::read(&path).unwrap()));
        }
    }
}

/// Returns the differences between Asterisk's result and the reader's.
///
/// If Asterisk ran a command, it has sections, options and messages that the reader can't have. Then only the status is
/// compared, and the sections, options and messages of the reader must be among Asterisk's, in the same order. A case
/// that does not reach its `#exec` is compared completely.
fn differences(case: &mut Case, document: &Document) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |what: &str, expected: String, got: String| {
        if expected != got {
            found.push(format!("{}: {what}\n  Asterisk: {expected}\n  reader:   {got}", case.file));
        }
    };
    compare("status", case.status.clone(), document.status().to_string());
    let categories = categories(document);
    let log: Vec<_> = document.diagnostics().iter().map(Message::from).collect();
    if !document.commands().is_empty() {
        keep_common(&mut case.log, &log, |a, b| a == b);
        keep_common(&mut case.categories, &categories, |a, b| a.name == b.name);
        for (expected, got) in case.categories.iter_mut().zip(&categories) {
            keep_common(&mut expected.options, &got.options, |a, b| a == b);
        }
    }
    compare("log", format!("{:?}", case.log), format!("{log:?}"));
    compare("categories", format!("{:?}", case.categories), format!("{categories:?}"));
    found
}

/// Removes from the first list the items that are not in the second, in order.
fn keep_common<T>(list: &mut Vec<T>, other: &[T], is_same: impl Fn(&T, &T) -> bool) {
    let mut other = other.iter().peekable();
    list.retain(|item| other.next_if(|other| is_same(item, other)).is_some());
}

#[test]
fn the_reader_agrees_with_asterisk() {
    let folder = folder();
    let mut found = Vec::new();
    collect(&folder, &folder, &mut found);
    let is_json = |name: &str| Path::new(name).extension().is_some_and(|extension| extension == "json");
    let (cases, texts): (Vec<_>, Vec<_>) = found.into_iter().partition(|(name, _)| is_json(name));
    let files = MemoryFiles::from_iter(texts.clone());
    let mut differing = Vec::new();
    for (name, json) in &cases {
        let mut case: Case = serde_json::from_slice(json).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (_, text) = texts.iter().find(|(file, _)| *file == case.file).unwrap();
        let document = Reader::new(&files).read(&case.file, text);
        assert!(case.exec || document.commands().is_empty(), "{name}");
        differing.extend(differences(&mut case, &document));
    }
    assert!(differing.is_empty(), "{} differences:\n{}", differing.len(), differing.join("\n"));
    assert_eq!(cases.len(), 421);
}
