//! Runs a program with limits of time and output. The program has a process group of its own; at its end, all processes
//! of the group are ended, so that a program that is stopped leaves none behind.
//!
//! ```
//! use std::process::Command;
//! use std::time::Duration;
//!
//! let limits = command::Limits { time: Duration::from_secs(10), output: 1 << 20 };
//! let output = command::run(Command::new("echo").arg("hello"), limits, command::Stderr::Ignored)?;
//! assert!(output.status.success());
//! assert_eq!(output.text, b"hello\n");
//! # Ok::<(), command::Failure>(())
//! ```

#![warn(missing_docs)]

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{self, PipeReader, Read as _, Seek as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::MemfdFlags;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

/// The interval of checks whether a program has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// The time that the processes of a program may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(1);

/// The limits of a program.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The time that it may take.
    pub time: Duration,
    /// The maximum size of its output in bytes.
    pub output: usize,
}

/// The treatment of standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stderr {
    /// Nobody reads it.
    Ignored,
    /// It is a part of the output.
    Merged,
    /// It is [`Output::errors`], within the same limit.
    Kept,
}

/// The result of a program that ended by itself.
#[derive(Debug)]
pub struct Output {
    /// The exit status.
    pub status: ExitStatus,
    /// The output.
    pub text: Vec<u8>,
    /// Standard error, if it is kept.
    pub errors: Vec<u8>,
}

/// The reason why there is no result.
#[derive(Debug)]
pub enum Failure {
    /// The system can't start the program.
    NotStarted(io::Error),
    /// The program took longer than this, and was stopped.
    TimedOut(Duration),
    /// The output had more bytes than this, and the program was stopped.
    TooLarge(usize),
    /// The system can't wait for the program, or read its output.
    Lost(io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NotStarted(_) => f.write_str("can't be run"),
            Failure::TimedOut(limit) => {
                write!(f, "not done after {} s, so it was stopped", limit.as_secs_f64())
            }
            Failure::TooLarge(limit) => write!(f, "its output has more than {limit} bytes"),
            Failure::Lost(_) => f.write_str("its output can't be read"),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Failure::NotStarted(error) | Failure::Lost(error) => Some(error),
            Failure::TimedOut(_) | Failure::TooLarge(_) => None,
        }
    }
}

/// Runs a program without input until it ends.
///
/// # Errors
///
/// It can't be started, or exceeds a limit. An exit status that says failure is no error here.
pub fn run(command: &mut Command, limits: Limits, stderr: Stderr) -> Result<Output, Failure> {
    run_to_end(command.stdin(Stdio::null()), limits, stderr)
}

/// Does the same with a program that reads this from standard input.
///
/// # Errors
///
/// As [`run`].
pub fn run_with_input(
    command: &mut Command,
    input: &[u8],
    limits: Limits,
    stderr: Stderr,
) -> Result<Output, Failure> {
    let input = file_with(input).map_err(Failure::NotStarted)?;
    run_to_end(command.stdin(input), limits, stderr)
}

/// Returns a file without a name that has these bytes. A program that reads no input would block who writes into a pipe.
fn file_with(bytes: &[u8]) -> io::Result<File> {
    let mut file = File::from(rustix::fs::memfd_create("input", MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}

fn run_to_end(command: &mut Command, limits: Limits, stderr: Stderr) -> Result<Output, Failure> {
    let (pipes, mut child) = start(command, stderr).map_err(Failure::NotStarted)?;
    let output = finish(pipes, &mut child, limits);
    end_group(&mut child);
    output
}

/// The pipes of standard output and standard error, and what came from them.
#[derive(Default)]
struct Pipes {
    open: [Option<PipeReader>; 2],
    read: [Vec<u8>; 2],
}

fn start(command: &mut Command, stderr: Stderr) -> io::Result<(Pipes, Child)> {
    let (reader, writer) = io::pipe()?;
    let mut pipes = Pipes { open: [Some(reader), None], ..Pipes::default() };
    match stderr {
        Stderr::Ignored => command.stderr(Stdio::null()),
        Stderr::Merged => command.stderr(writer.try_clone()?),
        Stderr::Kept => {
            let (reader, writer) = io::pipe()?;
            pipes.open[1] = Some(reader);
            command.stderr(writer)
        }
    };
    let child = command.stdout(writer).process_group(0).spawn();
    // The command keeps its ends of the pipes, which would stay open.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok((pipes, child?))
}

/// Reads the output of a program until its end.
fn finish(mut pipes: Pipes, child: &mut Child, limits: Limits) -> Result<Output, Failure> {
    let deadline = Instant::now() + limits.time;
    loop {
        // The program writes nothing after its end, so what is in a pipe then is all of its output. A child of the
        // program may keep the pipe open for ever.
        let ended = child.try_wait().map_err(Failure::Lost)?;
        pipes.drain(limits.output, deadline)?;
        match ended {
            Some(status) => {
                let [text, errors] = pipes.read;
                return Ok(Output { status, text, errors });
            }
            None if Instant::now() >= deadline => return Err(Failure::TimedOut(limits.time)),
            None => wait(&pipes.open)?,
        }
    }
}

impl Pipes {
    /// Reads what is in the pipes, and closes those that have ended.
    fn drain(&mut self, limit: usize, deadline: Instant) -> Result<(), Failure> {
        for (pipe, read) in self.open.iter_mut().zip(&mut self.read) {
            if let Some(open) = pipe
                && drain(open, read, limit, deadline)?
            {
                *pipe = None;
            }
        }
        Ok(())
    }
}

/// Reads what is in the pipe, without waiting for more. Returns whether the pipe is closed.
fn drain(
    pipe: &mut PipeReader,
    output: &mut Vec<u8>,
    limit: usize,
    deadline: Instant,
) -> Result<bool, Failure> {
    let mut buffer = [0; 8192];
    while Instant::now() < deadline && is_readable(&[Some(pipe)], Duration::ZERO)? {
        match pipe.read(&mut buffer) {
            Ok(0) => return Ok(true),
            Ok(read) => output.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Failure::Lost(error)),
        }
        if output.len() > limit {
            return Err(Failure::TooLarge(limit));
        }
    }
    Ok(false)
}

/// Waits for output, or for the next check whether the program has ended.
fn wait(pipes: &[Option<PipeReader>]) -> Result<(), Failure> {
    let pipes: Vec<Option<&PipeReader>> = pipes.iter().map(Option::as_ref).collect();
    is_readable(&pipes, POLL_INTERVAL).map(|_| ())
}

/// Waits up to `limit` for output or the end of a pipe. Returns whether a read would not block.
fn is_readable(pipes: &[Option<&PipeReader>], limit: Duration) -> Result<bool, Failure> {
    let limit = Timespec { tv_sec: 0, tv_nsec: limit.subsec_nanos().into() };
    let mut open: Vec<PollFd<'_>> =
        pipes.iter().flatten().map(|pipe| PollFd::new(*pipe, PollFlags::IN)).collect();
    match poll(&mut open, Some(&limit)) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(Failure::Lost(error.into())),
    }
}

/// Ends all processes of the group of a program: by SIGTERM, and by SIGKILL if that takes too long.
fn end_group(child: &mut Child) {
    let group = Pid::from_child(child);
    // Each of these calls fails once the group is empty.
    let _ = kill_process_group(group, Signal::TERM);
    let deadline = Instant::now() + GRACE;
    while Instant::now() < deadline {
        // A program that has ended belongs to the group until it is waited for.
        let _ = child.try_wait();
        if test_kill_process_group(group).is_err() {
            return;
        }
        thread::sleep(POLL_INTERVAL);
    }
    let _ = kill_process_group(group, Signal::KILL);
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, time: Duration, stderr: Stderr) -> Result<(bool, String), String> {
        let limits = Limits { time, output: 1000 };
        let output = run(Command::new("sh").args(["-c", script]), limits, stderr);
        output
            .map(|output| (output.status.success(), String::from_utf8(output.text).unwrap()))
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn standard_error_is_a_part_of_the_output_if_wanted() {
        let time = Duration::from_secs(30);
        let script = "echo out; echo err >&2; exit 3";
        assert_eq!(shell(script, time, Stderr::Merged), Ok((false, "out\nerr\n".to_owned())));
        assert_eq!(shell(script, time, Stderr::Ignored), Ok((false, "out\n".to_owned())));
    }

    #[test]
    fn a_program_reads_its_input_and_its_errors_are_kept() {
        let limits = Limits { time: Duration::from_secs(30), output: 1 << 20 };
        let input = "x".repeat(1 << 19);
        let mut command = Command::new("sh");
        command.args(["-c", "wc -c; yes error | head -c 200000 >&2"]);
        let output = run_with_input(&mut command, input.as_bytes(), limits, Stderr::Kept).unwrap();
        assert_eq!((output.text.trim_ascii(), output.errors.len()), (&b"524288"[..], 200_000));
        // One that does not read it is not waited for.
        let output =
            run_with_input(&mut Command::new("true"), input.as_bytes(), limits, Stderr::Kept).unwrap();
        assert!(output.status.success() && output.errors.is_empty());
    }

    #[test]
    fn a_program_over_a_limit_is_stopped() {
        let start = Instant::now();
        let result = shell("sleep 60 & sleep 60", Duration::from_millis(200), Stderr::Ignored);
        assert_eq!(result, Err("not done after 0.2 s, so it was stopped".to_owned()));
        let result = shell("yes", Duration::from_secs(30), Stderr::Ignored);
        assert_eq!(result, Err("its output has more than 1000 bytes".to_owned()));
        assert!(start.elapsed() < Duration::from_secs(20));
        let missing = run(
            &mut Command::new("/nonexistent"),
            Limits { time: start.elapsed(), output: 1 },
            Stderr::Ignored,
        );
        assert!(matches!(missing, Err(Failure::NotStarted(_))));
    }
}
