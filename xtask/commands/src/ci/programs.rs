//! Runs the tests of the workspace, several programs at a time. Cargo runs one after the other, and many of them use one
//! processor only, or wait.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use driver_api::Error;
use serde_json::Value;

use super::passed_without;
use crate::command::{self, cargo};
use crate::metadata::messages;
use crate::root;

/// Builds and runs all tests of the workspace, with these environment variables. A failure does not stop the others.
pub(super) fn test(settings: &[(&str, &str)]) -> Result<(), Error> {
    let programs = Program::all()?;
    let next = AtomicUsize::new(0);
    let (sender, failures) = mpsc::channel();
    thread::scope(|scope| {
        // One more than there are processors, since some of them wait.
        for _ in 0..=thread::available_parallelism().map_or(1, NonZero::get) {
            let (programs, next, failures) = (&programs, &next, sender.clone());
            scope.spawn(move || {
                while let Some(program) = programs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = program.run(settings) {
                        let _ = failures.send(error.chain());
                    }
                }
            });
        }
    });
    drop(sender);
    passed_without(failures.iter())
}

/// A program that runs tests.
enum Program {
    /// That of a package's unit tests, or of an integration test, by the folder of the package and the name in it.
    Built { path: PathBuf, folder: PathBuf, name: String },
    /// Rustdoc, for the examples in the documentation.
    Documentation,
}

impl Program {
    /// Builds all of them. Those that take longest come first.
    fn all() -> Result<Vec<Program>, Error> {
        let words =
            ["test", "--quiet", "--workspace", "--no-run", "--message-format=json-render-diagnostics"];
        say!("cargo {}", words.join(" "));
        let output = command::standard_output(cargo().args(words))?;
        let mut programs: Vec<Program> = messages(&output)?.iter().filter_map(Program::of).collect();
        let is_slow = |program: &Program| {
            ["dispatcher ", "drivers-asterisk "].iter().any(|it| program.name().starts_with(it))
        };
        programs.sort_by_key(|program| !is_slow(program));
        programs.insert(0, Program::Documentation);
        Ok(programs)
    }

    /// Returns the program that cargo's message says it has built, if that one runs tests.
    fn of(message: &Value) -> Option<Program> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let path = text(&message["executable"]).filter(|_| message["profile"]["test"] == true)?;
        let folder = Path::new(message["manifest_path"].as_str()?).parent()?;
        Some(Program::Built {
            path: path.into(),
            folder: folder.to_owned(),
            name: text(&message["target"]["name"])?,
        })
    }

    /// Returns the name that reports have: `dispatcher it`.
    fn name(&self) -> String {
        match self {
            Program::Built { folder, name, .. } => {
                format!("{} {name}", folder.strip_prefix(root()).unwrap_or(folder).display())
            }
            Program::Documentation => "examples in the documentation".to_owned(),
        }
    }

    /// Runs its tests. Prints their output if one of them fails.
    fn run(&self, settings: &[(&str, &str)]) -> Result<(), Error> {
        let start = Instant::now();
        let output = command::capture(self.command().envs(settings.iter().copied()))?;
        let [printed, errors] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        let passed: u32 = printed.lines().filter_map(passed).sum();
        say!("{}: {passed} passed, after {:.1} s", self.name(), start.elapsed().as_secs_f64());
        if output.status.success() {
            return Ok(());
        }
        say!("{printed}{errors}");
        Err(Error::driver("tests fail; they are shown above").context(self.name()))
    }

    /// Returns the command that runs them, as cargo would.
    fn command(&self) -> Command {
        match self {
            Program::Built { path, folder, .. } => {
                let mut command = Command::new(path);
                command.arg("--quiet").current_dir(folder).env("CARGO_MANIFEST_DIR", folder);
                command
            }
            Program::Documentation => {
                let mut cargo = cargo();
                cargo.args(["test", "--quiet", "--workspace", "--doc"]);
                cargo
            }
        }
    }
}

/// Returns the number in a result: `test result: ok. 7 passed; 0 failed; …`.
fn passed(line: &str) -> Option<u32> {
    let (before, _) = line.strip_prefix("test result: ")?.split_once(" passed;")?;
    before.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_those_that_run_tests() {
        let message = |test: bool| {
            let text = format!(
                r#"{{"reason": "compiler-artifact", "manifest_path": "/w/review/Cargo.toml", "profile": {{"test": {test}}},
                "target": {{"name": "it", "kind": ["test"], "src_path": "/w"}}, "executable": "/w/target/it-1"}}"#
            );
            messages(text.replace('\n', "").as_bytes()).unwrap().remove(0)
        };
        assert_eq!(Program::of(&message(true)).unwrap().name(), "/w/review it");
        assert!(Program::of(&message(false)).is_none());
        assert!(Program::of(&serde_json::json!({"reason": "build-finished"})).is_none());
    }

    #[test]
    fn results_are_counted() {
        assert_eq!(passed("test result: ok. 17 passed; 0 failed; 1 ignored"), Some(17));
        assert_eq!(passed("test result: FAILED. 3 passed; 1 failed"), Some(3));
        assert_eq!(passed("running 3 tests"), None);
    }
}
