//! `cargo xtask tidy`: the rules of this project that no other tool checks.
//!
//! Each rule has a file of its own below `tidy/`. An error fails the command. A hint is printed, and a developer decides
//! what to do about it.

mod comments;
mod contents;
mod dependencies;
mod dependency_table;
mod docs;
mod driver_example;
mod generated;
mod length;
pub(crate) mod links;
mod placeholders;
mod publish;
mod source;
mod test_name;
mod unused;
mod words;

use std::fmt;

use argh::FromArgs;
use driver_api::Error;

use self::source::{Source, sources};
use crate::metadata::Metadata;
use crate::{git, root};

/// Check what compilers and linters don't: directions between crates, unused dependencies and their table, the address of
/// the maintainers, plain words, names of tests, front pages, lengths, links and generated parts in documents, the list of
/// pages, examples in drivers, and what crates.io asks of a package.
#[derive(FromArgs)]
#[argh(subcommand, name = "tidy")]
pub(crate) struct Tidy {}

impl Tidy {
    #[expect(clippy::unused_self, reason = "every command runs like this")]
    pub(crate) fn run(&self) -> Result<(), Error> {
        check()
    }
}

/// Prints every complaint. Fails if one of them is an error.
pub(crate) fn check() -> Result<(), Error> {
    let files = git::files(root())?;
    let complaints = complaints(&sources(root(), &files)?, &files, &Metadata::of(root())?);
    for complaint in &complaints {
        say!("{complaint}");
    }
    let errors = complaints.iter().filter(|complaint| complaint.level == Level::Error).count();
    say!("tidy: {errors} errors, {} hints", complaints.len() - errors);
    if errors == 0 {
        Ok(())
    } else {
        Err(Error::driver(format!("{errors} errors; each line says what to do")))
    }
}

/// The complaints of all rules, sorted by file and line.
fn complaints(sources: &[Source], files: &[String], metadata: &Metadata) -> Vec<Complaint> {
    let mut complaints = dependencies::check(sources, metadata);
    complaints.extend(dependency_table::check(sources, metadata));
    complaints.extend(contents::check(files));
    complaints.extend(docs::check(sources, metadata));
    complaints.extend(driver_example::check(sources));
    complaints.extend(generated::check(sources, metadata));
    complaints.extend(links::check(sources, files));
    complaints.extend(publish::check(sources, files, metadata));
    complaints.extend(placeholders::check(sources, metadata));
    complaints.extend(unused::check(sources, metadata));
    for source in sources {
        complaints.extend(words::check(source));
        complaints.extend(test_name::check(source));
        complaints.extend(length::check(source));
    }
    complaints.sort_by(|a, b| (&a.path, a.line, a.rule).cmp(&(&b.path, b.line, b.rule)));
    // A line that has a forbidden name twice needs one complaint.
    complaints.dedup();
    complaints
}

/// One thing that breaks a rule.
#[derive(Debug, PartialEq)]
struct Complaint {
    path: String,
    line: usize,
    rule: &'static str,
    level: Level,
    /// The problem, and what to do about it.
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Level {
    Error,
    Hint,
}

impl Complaint {
    fn error(path: &str, line: usize, rule: &'static str, message: impl Into<String>) -> Complaint {
        Complaint { path: path.to_owned(), line, rule, level: Level::Error, message: message.into() }
    }

    fn hint(path: &str, line: usize, rule: &'static str, message: impl Into<String>) -> Complaint {
        Complaint { level: Level::Hint, ..Complaint::error(path, line, rule, message) }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Complaint { path, line, rule, level, message } = self;
        let level = if *level == Level::Hint { " (hint)" } else { "" };
        write!(f, "{path}:{line}: {rule}{level}: {message}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_has_place_rule_and_message() {
        assert_eq!(Complaint::error("a.rs", 3, "words", "is bad").to_string(), "a.rs:3: words: is bad");
        assert_eq!(
            Complaint::hint("a.rs", 3, "length", "is long").to_string(),
            "a.rs:3: length (hint): is long"
        );
    }
}
