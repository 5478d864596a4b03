//! Runs the commands of `!exec`, each with limits of time and output.

use std::process::Command;
use std::time::Duration;

use command::{Failure, Stderr};
use driver_api::{Error, ErrorKind};

/// The time limit of a command.
const LIMIT: Duration = Duration::from_secs(30);

/// The maximum size of the output in bytes. No configuration is that large.
const MAX_OUTPUT: usize = 16 << 20;

/// Runs a command without a shell, and returns what it prints. The text is split at each single blank.
pub(super) fn run(command: &str) -> Result<Vec<u8>, Error> {
    run_within(LIMIT, command)
}

fn run_within(limit: Duration, command: &str) -> Result<Vec<u8>, Error> {
    let mut words = command.split(' ');
    let mut command = Command::new(words.next().unwrap_or_default());
    let limits = command::Limits { time: limit, output: MAX_OUTPUT };
    let output = command::run(command.args(words), limits, Stderr::Ignored).map_err(|error| match error {
        Failure::NotStarted(cause) => failure("can't be run").because(cause),
        Failure::Lost(cause) => failure("its output can't be read").because(cause),
        other => failure(other.to_string()),
    })?;
    if output.status.success() {
        Ok(output.text)
    } else {
        Err(failure(format!("failed with {}", output.status)))
    }
}

fn failure(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_command_that_does_not_end_is_stopped() {
        let limit = Duration::from_millis(100);
        let error = |command| run_within(limit, command).unwrap_err().chain();
        assert_eq!(error("sleep 60"), "not done after 0.1 s, so it was stopped");
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("script");
        std::fs::write(&script, "exec >&-\nexec sleep 60\n").unwrap();
        assert_eq!(error(&format!("sh {}", script.display())), "not done after 0.1 s, so it was stopped");
    }

    /// Waits until a process is gone whose id the command wrote into a file.
    fn assert_ends(id: &std::path::Path) {
        let id: i32 = std::fs::read_to_string(id).unwrap().trim().parse().unwrap();
        let process = format!("/proc/{id}/stat");
        let deadline = Instant::now() + Duration::from_secs(10);
        // A process that nobody waits for stays as a zombie.
        let lives = || std::fs::read_to_string(&process).is_ok_and(|stat| !stat.contains(") Z "));
        while lives() {
            assert!(Instant::now() < deadline, "process {id} still runs");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Runs a script with a time limit of 0.3 seconds. Its argument is a file for the id of its child.
    fn script(text: &str) -> (Result<String, String>, Duration, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        std::fs::write(path("script"), text).unwrap();
        let command = format!("sh {} {}", path("script").display(), path("id").display());
        let start = Instant::now();
        let result = run_within(Duration::from_millis(300), &command);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (result.map(text).map_err(|error| error.chain()), start.elapsed(), folder)
    }

    #[test]
    fn a_stopped_command_leaves_no_process_behind() {
        for text in [
            "sleep 1000 & echo $! >$1; sleep 1000",
            "sleep 1000 >&- & echo $! >$1; wait",
            "sh -c 'trap \"\" TERM; while :; do sleep 0.1; done' & echo $! >$1; sleep 1000",
        ] {
            let (result, elapsed, folder) = script(text);
            assert_eq!(result.unwrap_err(), "not done after 0.3 s, so it was stopped", "{text}");
            assert!(elapsed < Duration::from_secs(5), "{text}: {elapsed:?}");
            assert_ends(&folder.path().join("id"));
        }
    }

    #[test]
    fn a_child_that_holds_the_pipe_does_not_block() {
        let (result, elapsed, folder) = script("sleep 1000 & echo $! >$1; echo 'a: 1'");
        assert_eq!(result.unwrap(), "a: 1\n");
        assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
        assert_ends(&folder.path().join("id"));
        // A child in a session of its own is no part of the group.
        let (result, elapsed, folder) = script("setsid sleep 3 & echo $! >$1; echo 'a: 1'");
        assert_eq!(result.unwrap(), "a: 1\n");
        assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
        assert_ends(&folder.path().join("id"));
    }

    #[test]
    fn a_command_with_too_much_output_is_stopped() {
        let error = run("cat /dev/zero").unwrap_err().chain();
        assert_eq!(error, "its output has more than 16777216 bytes");
    }
}
