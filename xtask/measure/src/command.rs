//! Measures a command: how long it takes, its processor time and its peak memory.

use std::process::{self, Stdio};
use std::time::{Duration, Instant};

use argh::FromArgs;
use driver_api::Error;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// Run a command once, and print three numbers: its seconds, its seconds of processor time, and its peak megabytes.
#[derive(FromArgs)]
#[argh(subcommand, name = "command")]
pub(crate) struct Command {
    /// the program and its arguments
    #[argh(positional, greedy)]
    words: Vec<String>,
}

impl Command {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let (program, arguments) =
            self.words.split_first().ok_or_else(|| Error::driver("a command is missing"))?;
        let context = |error: Error| error.context(self.words.join(" "));
        let start = Instant::now();
        let status = process::Command::new(program).args(arguments).stdout(Stdio::null()).status();
        let seconds = start.elapsed().as_secs_f64();
        let status = status.map_err(|error| context(Error::driver("can't be started").because(error)))?;
        if !status.success() {
            return Err(context(Error::driver(status.to_string())));
        }
        // This process has no other child.
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN)
            .map_err(|error| context(Error::driver("its usage can't be read").because(error)))?;
        let processor = duration(usage.user_time()) + duration(usage.system_time());
        // Linux counts kilobytes.
        let kilobytes = u32::try_from(usage.max_rss()).unwrap_or(u32::MAX);
        println!("{seconds} {} {}", processor.as_secs_f64(), f64::from(kilobytes) / 1024.0);
        Ok(())
    }
}

fn duration(time: TimeVal) -> Duration {
    let [seconds, micros] = [time.tv_sec(), time.tv_usec()].map(|part| u64::try_from(part).unwrap_or(0));
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}
