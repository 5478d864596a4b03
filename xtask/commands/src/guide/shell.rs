//! The one bash that runs all commands of a guide.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStdin, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use driver_api::Error;
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::NamedTempFile;

/// Runs each command that it reads, up to a NUL, and prints the exit code and the current folder after it. At the end of
/// the input, it kills the background jobs.
const LOOP: &str = r#"
while IFS= read -r -d '' command; do
    eval "$command" </dev/null >>"$0" 2>&1
    printf '%s %s\0' "$?" "$PWD"
done
kill -KILL 0
"#;

/// A bash that keeps its folder, variables and background jobs from one command to the next. They end on drop.
pub(super) struct Shell {
    bash: Child,
    commands: ChildStdin,
    replies: Receiver<io::Result<Vec<u8>>>,
    /// The output of the commands. In a file, the output of a command is complete when the command ends.
    output: File,
    /// Keeps the file's name, which bash opens for each command.
    _output: NamedTempFile,
    /// The current folder.
    folder: PathBuf,
    /// The most time that a command may take.
    timeout: Duration,
}

/// The result of a command.
pub(super) struct Outcome {
    pub(super) code: i32,
    /// Standard output and standard error, in the order of writing.
    pub(super) output: String,
}

impl Shell {
    /// Starts in a folder, with these variables and no others.
    pub(super) fn start(
        folder: &Path,
        variables: Vec<(String, OsString)>,
        timeout: Duration,
    ) -> Result<Shell, Error> {
        let no_file = |error| failed("its output has no file").because(error);
        let file = NamedTempFile::new().map_err(no_file)?;
        let mut bash = process::Command::new("bash")
            .args(["--noprofile", "--norc", "-c", LOOP])
            .arg(file.path())
            .current_dir(folder)
            .env_clear()
            .envs(variables)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed("can't be started").because(error))?;
        let (Some(commands), Some(replies)) = (bash.stdin.take(), bash.stdout.take()) else {
            return Err(failed("has no pipes"));
        };
        Ok(Shell {
            bash,
            commands,
            replies: in_background(replies),
            output: file.reopen().map_err(no_file)?,
            _output: file,
            folder: folder.to_owned(),
            timeout,
        })
    }

    /// The current folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn run(&mut self, command: &str) -> Result<Outcome, Error> {
        let asked = write!(self.commands, "{command}\0");
        asked.map_err(|error| failed("takes no more commands").because(error))?;
        let reply = self.reply();
        let mut output = Vec::new();
        let read = self.output.read_to_end(&mut output);
        read.map_err(|error| failed("its output can't be read").because(error))?;
        let output = String::from_utf8_lossy(&output).into_owned();
        let (code, folder) = reply.inspect_err(|_| say!("{output}"))?;
        self.folder = folder;
        Ok(Outcome { code, output })
    }

    /// The exit code of the command, and the folder after it.
    fn reply(&self) -> Result<(i32, PathBuf), Error> {
        let reply = self.replies.recv_timeout(self.timeout).map_err(|error| match error {
            RecvTimeoutError::Timeout => {
                failed(format!("the command takes longer than {} s", self.timeout.as_secs()))
            }
            RecvTimeoutError::Disconnected => failed("has ended; a guide can't use exit"),
        })?;
        let unreadable = || failed("does not print an exit code and a folder");
        let reply = String::from_utf8(reply.map_err(|error| unreadable().because(error))?);
        let reply = reply.map_err(|error| unreadable().because(error))?;
        let (code, folder) = reply.split_once(' ').ok_or_else(unreadable)?;
        Ok((code.parse().map_err(|error| unreadable().because(error))?, PathBuf::from(folder)))
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.bash.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.bash.wait();
    }
}

/// Reads replies in a thread, because reading a pipe has no timeout.
fn in_background(replies: impl io::Read + Send + 'static) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for reply in BufReader::new(replies).split(b'\0') {
            if sender.send(reply).is_err() {
                break;
            }
        }
    });
    receiver
}

fn failed(message: impl Into<String>) -> Error {
    Error::driver(message).context("bash")
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn shell(timeout: Duration) -> Shell {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Shell::start(Path::new("/"), vec![("PATH".to_owned(), path)], timeout).unwrap()
    }

    #[test]
    fn folder_and_variables_last() {
        let mut shell = shell(Duration::from_secs(60));
        assert_eq!(shell.run("cd /usr && name=value").unwrap().code, 0);
        let outcome = shell.run("echo $name in $PWD; echo failure >&2; (exit 3)").unwrap();
        assert_eq!((outcome.code, outcome.output.as_str()), (3, "value in /usr\nfailure\n"));
        assert_eq!(shell.folder(), Path::new("/usr"));
        assert_eq!(shell.run("cat; cat <<E\n$name\nE").unwrap().output, "value\n");
        assert_ne!(shell.run("if then").unwrap().code, 0);
    }

    #[test]
    fn a_command_that_takes_too_long_ends_with_its_children() {
        let mut shell = shell(Duration::from_millis(200));
        let start = Instant::now();
        let folder = tempfile::tempdir().unwrap();
        let pid = folder.path().join("pid");
        let command = format!("sleep 60 & echo $! >{}; wait", pid.display());
        let error = shell.run(&command).err().unwrap().chain();
        assert_eq!(error, "bash: the command takes longer than 0 s");
        drop(shell);
        assert!(start.elapsed() < Duration::from_secs(30));
        let pid = std::fs::read_to_string(pid).unwrap();
        assert!(is_gone(pid.trim()), "{pid}");
    }

    #[test]
    fn a_command_that_ends_the_shell_is_an_error() {
        let error = shell(Duration::from_secs(60)).run("echo bye; exit 0").err().unwrap().chain();
        assert_eq!(error, "bash: has ended; a guide can't use exit");
    }

    /// Whether a process has ended. It may be a zombie, until its parent reads the exit code.
    fn is_gone(pid: &str) -> bool {
        let state = || std::fs::read_to_string(format!("/proc/{pid}/stat")).ok();
        let is_gone = || state().is_none_or(|state| state.contains(") Z "));
        (0..50).any(|_| {
            thread::sleep(Duration::from_millis(20));
            is_gone()
        })
    }
}
