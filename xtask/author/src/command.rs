//! Runs other programs. Every error names the command, and says how it ended and what it complained about.

use std::env;
use std::path::Path;
use std::process::{Command, ExitStatus, Output, Stdio};

use driver_api::Error;

use xtask_generate::root;

/// Cargo, in the folder of the workspace.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // `cargo xtask` describes this package in variables. A crate whose build script reads them would be compiled again.
    let is_ours = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_ours)) {
        command.env_remove(name);
    }
    command.current_dir(root());
    command
}

/// Runs a command that prints to the terminal.
pub fn run(command: &mut Command) -> Result<(), Error> {
    let status = command.status().map_err(|error| not_started(command, error))?;
    succeeded(command, status, "")
}

/// Runs a command; returns its standard output. An error has its standard error on one line.
pub fn output(command: &mut Command) -> Result<String, Error> {
    let Output { status, stdout, stderr } = capture(command.stderr(Stdio::piped()))?;
    succeeded(command, status, &String::from_utf8_lossy(&stderr))?;
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}

/// Runs a command that prints its errors to the terminal; returns its standard output.
pub fn standard_output(command: &mut Command) -> Result<Vec<u8>, Error> {
    let Output { status, stdout, .. } = capture(command.stderr(Stdio::inherit()))?;
    succeeded(command, status, "")?;
    Ok(stdout)
}

/// Runs a command to its end, whatever its exit code is; returns what it prints.
pub fn capture(command: &mut Command) -> Result<Output, Error> {
    command.output().map_err(|error| not_started(command, error))
}

fn succeeded(command: &Command, status: ExitStatus, complaint: &str) -> Result<(), Error> {
    if status.success() {
        return Ok(());
    }
    let complaint = one_line(complaint.trim());
    let message = if complaint.is_empty() { status.to_string() } else { format!("{status}: {complaint}") };
    Err(Error::driver(message).context(shown(command)))
}

fn not_started(command: &Command, error: std::io::Error) -> Error {
    Error::driver("can't be started").because(error).context(shown(command))
}

/// A command as messages show it.
pub fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str());
    let words = [program].into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// A message of several lines as one.
pub fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn an_error_names_the_command_and_its_complaint() {
        let error = output(&mut shell("echo a >&2; echo b >&2; exit 3")).unwrap_err().chain();
        assert_eq!(error, "sh -c echo a >&2; echo b >&2; exit 3: exit status: 3: a | b");
        let error = run(&mut shell("exit 3")).unwrap_err().chain();
        assert_eq!(error, "sh -c exit 3: exit status: 3");
        let error = run(Command::new("/nowhere/tool").arg("--all")).unwrap_err().chain();
        assert!(error.starts_with("tool --all: can't be started: "), "{error}");
    }

    #[test]
    fn output_is_returned() {
        assert_eq!(output(&mut shell("echo a; echo b >&2")).unwrap(), "a\n");
        assert_eq!(standard_output(&mut shell("echo a")).unwrap(), b"a\n");
        assert!(!capture(&mut shell("exit 1")).unwrap().status.success());
    }
}
