//! Runs the program as its users do, and checks its output, its messages and its exit codes.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]
#![cfg_attr(
    not(all(feature = "asterisk", feature = "phoned", feature = "wazo", feature = "sqlite")),
    allow(unused_imports, dead_code, reason = "a build with fewer features has fewer of these tests")
)]

#[cfg(all(feature = "sqlite", feature = "asterisk"))]
mod apply;
mod arguments;
#[cfg(feature = "sqlite")]
mod bad_input;
#[cfg(all(feature = "sqlite", feature = "asterisk"))]
mod check;
mod completion;
mod configuration;
#[cfg(all(feature = "sqlite", feature = "asterisk", feature = "custom"))]
mod custom;
#[cfg(all(feature = "sqlite", feature = "asterisk"))]
mod diff;
#[cfg(all(feature = "sqlite", feature = "asterisk", feature = "wazo"))]
mod explain;
#[cfg(feature = "sqlite")]
mod generate;
#[cfg(all(feature = "sqlite", feature = "asterisk", feature = "wazo"))]
mod patches;
#[cfg(feature = "postgres")]
mod postgres;
mod schema;
#[cfg(all(feature = "sqlite", feature = "wazo"))]
mod serve;
#[cfg(all(feature = "sqlite", feature = "asterisk"))]
mod watch;

use std::path::{Path, PathBuf};
use std::process::Command;

use driver_api::{Namespace, Schema};

/// The result of a run of the program.
#[derive(Debug, PartialEq)]
struct Run {
    code: i32,
    out: String,
    err: String,
}

/// A main configuration file that disables the folder of extra files.
const ALONE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/alone.yml");

/// Returns the files for databases of the current schema, sorted.
fn current_files() -> Vec<String> {
    let drivers = dispatcher::FAMILIES.iter().copied().flatten();
    let current = drivers.filter(|entry| entry.schema == Schema::Current);
    let mut files: Vec<String> =
        current.map(|entry| entry.namespace.parse::<Namespace>().unwrap().to_string()).collect();
    files.sort();
    files
}

/// Returns the lines of standard error, without those about files for older schemas.
fn without_older(err: &str) -> Vec<&str> {
    let is_older =
        |line: &str| line.starts_with("skipped: ") && line.contains("; it belongs to the schema before ");
    err.lines().filter(|line| !is_older(line)).collect()
}

/// Returns the part of standard error that `list` prints before the features.
fn before_features(err: &str) -> &str {
    err.split_once("features compiled in: ").unwrap().0
}

/// Runs the program. If the test has no configuration file, an empty one keeps out the configuration of the
/// machine.
fn confgend(arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_confgend"));
    command.args(arguments);
    let reads_configuration = matches!(arguments.first(), Some(&("generate" | "list" | "config" | "try")));
    if reads_configuration && !arguments.iter().any(|word| ["--config", "--help"].contains(word)) {
        command.args(["--config", ALONE]);
    }
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

impl Run {
    /// Returns the error of a failed run, which has one line and no output.
    fn error(&self, code: i32) -> &str {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{self:?}");
        let line = self.err.strip_suffix('\n').unwrap_or_default();
        assert!(!line.contains('\n'), "one line: {line}");
        line.strip_prefix("error: ").unwrap_or_else(|| panic!("{self:?}"))
    }
}

/// The temporary folder of a test, with files.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        for (name, text) in files {
            let path = folder.path(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }
}

/// Returns the files below a folder that are not hidden, sorted. A missing folder has none.
fn files_below(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let is_visible = |entry: &std::fs::DirEntry| !entry.file_name().to_str().unwrap().starts_with('.');
    for resource in std::fs::read_dir(folder).into_iter().flatten().flatten().filter(is_visible) {
        for file in std::fs::read_dir(resource.path()).unwrap().flatten() {
            let names = [resource.file_name(), file.file_name()];
            files.push(names.map(|name| name.into_string().unwrap()).join("/"));
        }
    }
    files.sort();
    files
}
