//! `cargo xtask bench --compare` and `--beside`: measures whole processes in turn with those of another program, on the
//! same database.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use dispatcher::NAMESPACE_WIDTH;
use driver_api::{Error, Namespace};

use crate::{command, file_error, git, root, target};

/// Another program that generates the same files.
pub(crate) struct Beside {
    title: String,
    other: Other,
}

enum Other {
    /// A program confgend.
    Confgend(PathBuf),
    /// A command of the shell, with placeholders.
    Shell(String),
}

/// What one run of a program took.
struct Run {
    seconds: f64,
    /// The seconds of all its threads.
    processor: f64,
    /// The peak memory.
    megabytes: f64,
}

impl Beside {
    /// Builds the other revision, if there is one. None if there is nothing to compare with.
    pub(crate) fn prepare(revision: Option<&str>, shell: Option<&str>) -> Result<Option<Beside>, Error> {
        match (revision, shell) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(Error::driver("give either --compare or --beside")),
            (Some(revision), None) => {
                let other = Other::Confgend(build_revision(revision)?);
                Ok(Some(Beside { title: revision.to_owned(), other }))
            }
            (None, Some(shell)) => {
                let title = shell.split_whitespace().next().unwrap_or_default().to_owned();
                Ok(Some(Beside { title, other: Other::Shell(shell.to_owned()) }))
            }
        }
    }

    /// Measures each file, and prints the medians of both programs. `measure` is the program that measures commands.
    pub(crate) fn measure(
        &self,
        measure: &Path,
        files: &[Namespace],
        uri: &str,
        runs: usize,
    ) -> Result<(), Error> {
        command::run(command::cargo().args(["build", "--quiet", "--release", "--bin", "confgend"]))?;
        let ours = target().join("release/confgend");
        let folder = tempfile::tempdir().map_err(|error| file_error(&std::env::temp_dir(), error))?;
        let config = folder.path().join("config.yml");
        fs::write(&config, "extra_config_files: ''\n").map_err(|error| file_error(&config, error))?;
        say!("whole processes, medians of {runs} runs in turn: this checkout, then {}\n", self.title);
        let columns = ["ms", "CPU ms", "peak MB"].map(|column| format!("{column:>9}")).join(" ");
        say!("{:<NAMESPACE_WIDTH$} {columns} | {columns} | {:>6}", "namespace", "ratio");
        for file in files {
            let (mut own, mut others) = (Vec::new(), Vec::new());
            // The first run of each fills the server's caches and is not counted.
            for run in 0..=runs {
                let us = measured(measure, &confgend(&ours, file, uri, folder.path()))?;
                let them = match &self.other {
                    Other::Confgend(program) => confgend(program, file, uri, folder.path()),
                    Other::Shell(shell) => self::shell(shell, file, uri),
                };
                let them = measured(measure, &them)?;
                if run > 0 {
                    own.push(us);
                    others.push(them);
                }
            }
            let (own, others) = (Run::median(&own), Run::median(&others));
            let ratio = own.seconds / others.seconds;
            say!(
                "{:<NAMESPACE_WIDTH$} {} | {} | {ratio:>6.2}",
                file.to_string(),
                own.shown(),
                others.shown()
            );
        }
        Ok(())
    }
}

impl Run {
    fn median(runs: &[Run]) -> Run {
        let median = |value: fn(&Run) -> f64| {
            let mut values: Vec<f64> = runs.iter().map(value).collect();
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
        };
        Run {
            seconds: median(|run| run.seconds),
            processor: median(|run| run.processor),
            megabytes: median(|run| run.megabytes),
        }
    }

    fn shown(&self) -> String {
        format!("{:>9.1} {:>9.1} {:>9.1}", self.seconds * 1e3, self.processor * 1e3, self.megabytes)
    }
}

/// The words of a command that has confgend write one file, with a fixed configuration.
fn confgend(program: &Path, file: &Namespace, uri: &str, folder: &Path) -> Vec<String> {
    let (config, out) = (folder.join("config.yml"), folder.join("out"));
    let [program, config, out] = [program, &config, &out].map(|path| path.display().to_string());
    let file = file.to_string();
    [&program, "generate", &file, "--db", uri, "--config", &config, "--out", &out, "--quiet"]
        .map(str::to_owned)
        .to_vec()
}

fn shell(command: &str, file: &Namespace, uri: &str) -> Vec<String> {
    let command = command.replace("{file}", &file.to_string()).replace("{db}", uri);
    ["/bin/sh", "-c", &command].map(str::to_owned).to_vec()
}

/// Runs a command in a process that measures it.
fn measured(measure: &Path, words: &[String]) -> Result<Run, Error> {
    let output = command::output(Command::new(measure).arg("command").args(words))?;
    let numbers: Vec<f64> = output.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match numbers.as_slice() {
        [seconds, processor, megabytes] => {
            Ok(Run { seconds: *seconds, processor: *processor, megabytes: *megabytes })
        }
        _ => Err(Error::driver(format!("xtask-measure printed {output:?}"))),
    }
}

/// Builds another revision in a work tree of its own, which stays for the next time. Returns its program confgend.
fn build_revision(revision: &str) -> Result<PathBuf, Error> {
    let commit = git::run(root(), &["rev-parse", "--verify", "--short", &format!("{revision}^{{commit}}")])?;
    let tree = target().join("bench").join(commit.trim());
    if !tree.exists() {
        let path = tree.display().to_string();
        git::run(root(), &["worktree", "prune"])?;
        git::run(root(), &["worktree", "add", "--detach", &path, commit.trim()])?;
    }
    say!("building {revision} in {}", tree.display());
    let mut cargo = command::cargo();
    cargo.current_dir(&tree).env("CARGO_TARGET_DIR", tree.join("target"));
    command::run(cargo.args(["build", "--quiet", "--release", "--bin", "confgend"]))?;
    Ok(tree.join("target/release/confgend"))
}
