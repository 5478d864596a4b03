//! `cargo xtask`: starts the commands for developers of confgend.
//!
//! `generate` is the first command that somebody types in a new checkout, and `new-driver` the first one of an author. They
//! have packages of their own, which are compiled without most of what the other commands need.

#![expect(clippy::print_stderr, reason = "a program for people at a terminal")]

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Cargo describes this package in variables. A crate whose build script reads them would be compiled again.
    let is_ours = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_ours)) {
        cargo.env_remove(name);
    }
    cargo.args(["run", "--quiet", "--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")]);
    let words: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    let error = cargo.args(package(&words)).arg("--").args(&arguments).exec();
    eprintln!("error: cargo can't be started: {error}");
    ExitCode::FAILURE
}

/// The words that tell cargo which package has the command, and with which features.
fn package(words: &[&str]) -> Vec<&'static str> {
    let package = match words {
        ["generate", ..] => "xtask-generate",
        ["fixtures" | "new-driver", ..] => "xtask-author",
        // It has PostgreSQL.
        _ => return vec!["--package", "xtask-commands"],
    };
    let features: &[&str] =
        if words.iter().any(|word| is_postgres(word)) { &["--features", "postgres"] } else { &[] };
    [&["--package", package], features].concat()
}

/// Whether this is the address of a PostgreSQL database. It may be one in SQLAlchemy's spelling.
fn is_postgres(word: &str) -> bool {
    word.split_once("://").is_some_and(|(scheme, _)| scheme.starts_with("postgres"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_commands_are_compiled_without_the_others() {
        let chosen = |line: &str| package(&line.split(' ').collect::<Vec<_>>()).join(" ");
        assert_eq!(chosen("generate asterisk/pjsip.conf"), "--package xtask-generate");
        assert_eq!(chosen("generate --db sqlite:postgres.db"), "--package xtask-generate");
        assert_eq!(chosen("new-driver asterisk.followme.conf"), "--package xtask-author");
        assert_eq!(chosen("ci --from guides"), "--package xtask-commands");
        assert_eq!(chosen("--help"), "--package xtask-commands");
        assert_eq!(package(&[]).join(" "), "--package xtask-commands");
    }

    #[test]
    fn a_database_on_a_server_brings_its_engine() {
        for uri in ["postgresql://u:p@h/d", "postgres:///d", "postgresql+psycopg2://h/d"] {
            for (words, package) in
                [(&["generate"][..], "xtask-generate"), (&["fixtures", "load"], "xtask-author")]
            {
                let chosen = super::package(&[words, &["--db", uri]].concat()).join(" ");
                assert_eq!(chosen, format!("--package {package} --features postgres"), "{uri}");
            }
        }
    }
}
