//! The texts of licences: those that crates have with them, and the standard ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use driver_api::Error;
use spdx::{Expression, ParseMode};

use crate::file_error;
use crate::metadata::Package;

/// The beginnings of the names of files with a licence, in small letters.
const NAMES: &[&str] = &["licence", "license", "copying", "copyright", "notice", "unlicense"];

/// The endings of files that only have such a name.
const OTHERS: &[&str] = &["rs", "c", "h", "py", "json", "toml", "html"];

/// The texts, each of them once. Numbers begin with 1.
#[derive(Default)]
pub(super) struct Texts {
    /// Each with the name by which it was first met.
    pub(super) list: Vec<(String, String)>,
    /// The number of each text, by its words: copies differ in blanks and line breaks.
    numbers: BTreeMap<String, usize>,
}

impl Texts {
    /// Adds a text, unless it is there; returns its number.
    pub(super) fn add(&mut self, name: impl FnOnce() -> String, text: &str) -> usize {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        *self.numbers.entry(words).or_insert_with(|| {
            // Line breaks of any system, and nothing that ends the text in the middle of a terminal.
            let text = text.replace("\r\n", "\n").replace('\u{c}', "");
            self.list.push((name(), text.trim_matches('\n').to_owned()));
            self.list.len()
        })
    }

    /// Adds the licence files of a crate, of all its folders; returns their numbers.
    pub(super) fn add_of_crate(&mut self, package: &Package) -> Result<Vec<usize>, Error> {
        let mut files = Vec::new();
        find(package.folder(), &mut files)?;
        // The manifest may name one with another name.
        files.extend(package.license_file.iter().map(|file| package.folder().join(file)));
        files.sort();
        files.dedup();
        files.iter().map(|path| self.add_file(package, path)).collect::<Result<_, _>>().map(unique)
    }

    /// Adds a file of a crate; returns its number.
    pub(super) fn add_file(&mut self, package: &Package, path: &Path) -> Result<usize, Error> {
        let bytes = fs::read(path).map_err(|error| file_error(path, error))?;
        let file = path.strip_prefix(package.folder()).unwrap_or(path).display();
        let name = || format!("{file} of {} {}", package.name, package.version);
        Ok(self.add(name, &String::from_utf8_lossy(&bytes)))
    }

    /// Adds the standard texts of all licences in an expression; returns their numbers.
    pub(super) fn add_standard(&mut self, expression: &Expression) -> Vec<usize> {
        let mut numbers = Vec::new();
        for requirement in expression.requirements() {
            let licence = requirement.req.license.id().map(|id| (id.name, id.text()));
            let addition = requirement.req.addition.as_ref().and_then(spdx::AdditionItem::id);
            let addition = addition.map(|id| (id.name, id.text()));
            for (name, text) in licence.into_iter().chain(addition) {
                numbers.push(self.add(|| format!("the standard text of {name}"), text));
            }
        }
        unique(numbers)
    }
}

fn unique(mut numbers: Vec<usize>) -> Vec<usize> {
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// An expression of SPDX, in the loose form that crates have. An unknown licence is an error.
pub(super) fn parse(expression: &str) -> Result<Expression, Error> {
    Expression::parse_mode(expression, ParseMode::LAX).map_err(|error| {
        Error::driver(format!("{expression:?} is not a licence that SPDX knows: {}", error.reason))
    })
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(|error| file_error(folder, error))? {
        let entry = entry.map_err(|error| file_error(folder, error))?;
        let kind = entry.file_type().map_err(|error| file_error(folder, error))?;
        let path = entry.path();
        if kind.is_dir() {
            // The results of builds of the packager's own crate have other crates' files.
            if !["target", ".git"].iter().any(|name| path.ends_with(name)) {
                find(&path, found)?;
            }
        } else if is_licence(&path) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_licence(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let has_ending = |ending: &&str| path.extension().is_some_and(|found| found == *ending);
    NAMES.iter().any(|start| name.starts_with(start)) && !OTHERS.iter().any(has_ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_differs_in_blanks_is_there_once() {
        let mut texts = Texts::default();
        let numbers = ["Do as\r\nyou like.\n", "Do  as you\n\nlike.", "Don't."]
            .map(|text| texts.add(|| "a".to_owned(), text));
        assert_eq!(numbers, [1, 1, 2]);
        assert_eq!(texts.list[0].1, "Do as\nyou like.");
    }

    #[test]
    fn standard_texts_are_those_of_each_licence_in_an_expression() {
        let mut texts = Texts::default();
        let expression = parse("MIT/Apache-2.0 WITH LLVM-exception").unwrap();
        assert_eq!(texts.add_standard(&expression), [1, 2, 3]);
        let starts = ["MIT License", "Apache License", "---- LLVM Exceptions"];
        for ((name, text), start) in texts.list.iter().zip(starts) {
            assert!(text.trim_start().starts_with(start), "{name}: {text}");
        }
        assert_eq!(texts.add_standard(&parse("MIT").unwrap()), [1]);
    }

    #[test]
    fn an_unknown_licence_is_an_error() {
        let error = parse("Acme-1.0").unwrap_err().chain();
        assert!(error.starts_with("\"Acme-1.0\" is not a licence that SPDX knows: "), "{error}");
    }

    #[test]
    fn licence_files_are_known_by_their_names() {
        let is = |name| is_licence(Path::new(name));
        let yes = [
            "LICENSE",
            "a/LICENCE.md",
            "License-MIT",
            "COPYING",
            "UNLICENSE",
            "NOTICE.TXT",
            "LICENSE.BSD-3-Clause",
        ];
        assert_eq!(yes.map(is), [true; 7]);
        assert_eq!(["license.rs", "licenses.json", "README.md", "src/my-license"].map(is), [false; 4]);
    }
}
