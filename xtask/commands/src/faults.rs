//! `cargo xtask faults`: breaks what the service depends on, many times, and counts what its clients get.

mod clients;
mod database;
mod disk;
mod kill;
mod proxy;
mod site;
mod soak;
mod tally;

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use argh::FromArgs;
use driver_api::Error;

use crate::command::{self, cargo};
use crate::postgres;
use site::Site;
use tally::Tally;

/// Break what the service depends on: the service itself, PostgreSQL, the disk of its cache, its clients. Print a table:
/// how often, what clients got meanwhile, and how long it took until the service generated a file again. A torn or empty
/// reply is a failure.
#[derive(FromArgs)]
#[argh(subcommand, name = "faults")]
pub(crate) struct Faults {
    /// the faults to cause, like kill; all by default
    #[argh(positional)]
    names: Vec<String>,

    /// cause each fault a few times, for less than three minutes, with programs that are not optimized
    #[argh(switch)]
    quick: bool,

    /// how many minutes the soak takes (15; 0.3 with --quick)
    #[argh(option)]
    soak: Option<f64>,
}

/// How often and for how long faults are caused.
struct Scale {
    kills: usize,
    restarts: usize,
    /// Of each other fault.
    times: usize,
    idle_clients: usize,
    users: u32,
    soak: Duration,
}

/// One line of the table.
struct Row {
    fault: &'static str,
    times: usize,
    replies: Tally,
    /// The longest time from the end of the fault until the service generated a file.
    recovery: Option<Duration>,
    note: String,
}

/// The replies to a fault that is repeated under load, and its longest times.
#[derive(Default)]
struct Seen {
    replies: Tally,
    recovery: Duration,
    slowest: Duration,
}

impl Seen {
    /// Sends a request, and counts the reply and its time.
    fn ask(&mut self, site: &Site) {
        let start = Instant::now();
        self.replies.count(&site.got(""));
        self.slowest = self.slowest.max(start.elapsed());
    }

    /// Waits until the service generates a file again.
    fn recover(&mut self, site: &Site) -> Result<(), Error> {
        self.recovery = self.recovery.max(site.recover(&mut self.replies)?);
        Ok(())
    }
}

/// Causes a fault again and again while other clients send requests.
fn repeat(
    site: &mut Site,
    fault: &'static str,
    times: usize,
    mut once: impl FnMut(&mut Site, &mut Seen) -> Result<(), Error>,
) -> Result<Row, Error> {
    let mut seen = Seen::default();
    let ((), load) = site.under_load(|site| (0..times).try_for_each(|_| once(site, &mut seen)))?;
    let Seen { mut replies, recovery, slowest } = seen;
    replies += load;
    let note = if slowest.is_zero() {
        String::new()
    } else {
        format!("the slowest reply after {:.2} s", slowest.as_secs_f64())
    };
    Ok(Row { fault, times, replies, recovery: Some(recovery), note })
}

type Cause = fn(&mut Site, &Scale) -> Result<Row, Error>;

/// The faults by name, in the order of the table.
const FAULTS: [(&str, Cause); 10] = [
    ("kill", kill::run),
    ("restart", database::restarts),
    ("hang", database::hangs),
    ("lock", database::locks),
    ("failover", database::failover),
    ("full", disk::full),
    ("read-only", disk::read_only),
    ("removed", disk::removed),
    ("idle", clients::idle),
    ("unread", clients::unread),
];

/// Causes each fault a few times.
pub(crate) fn quick() -> Result<(), Error> {
    Faults { names: Vec::new(), quick: true, soak: None }.run()
}

impl Faults {
    pub(crate) fn run(self) -> Result<(), Error> {
        let minutes = self.soak.unwrap_or(if self.quick { 0.3 } else { 15.0 });
        let soak = Duration::try_from_secs_f64(minutes * 60.0)
            .map_err(|error| Error::driver("--soak is no number of minutes").because(error))?;
        let scale = if self.quick {
            Scale { kills: 30, restarts: 3, times: 1, idle_clients: 500, users: 300, soak }
        } else {
            Scale { kills: 1000, restarts: 100, times: 5, idle_clients: 10_000, users: 3000, soak }
        };
        let names: Vec<&str> = FAULTS.iter().map(|(name, _)| *name).chain(["soak"]).collect();
        if let Some(unknown) = self.names.iter().find(|name| !names.contains(&name.as_str())) {
            return Err(Error::driver(format!("no fault {unknown}; there are {}", names.join(", "))));
        }
        postgres::ensure()?;
        build(self.quick)?;
        let is_wanted = |name: &str| self.names.is_empty() || self.names.iter().any(|wanted| wanted == name);
        let soak = ("soak", soak::run as Cause);
        let rows = FAULTS.into_iter().chain([soak]).filter(|(name, _)| is_wanted(name));
        print_header();
        // A quick run is about what clients get, not about how long it takes, and most of its time is waiting.
        let at_once = if self.quick { 4 } else { 1 };
        let bad = cause_all(rows, at_once, |cause| {
            // Each fault has a site of its own, so that none leaves anything to the next.
            Site::new(scale.users, self.quick).and_then(|mut site| cause(&mut site, &scale))
        })?;
        if bad == 0 {
            Ok(())
        } else {
            Err(Error::driver(format!("{bad} replies or files are torn or empty")))
        }
    }
}

/// Causes these faults, some of them at once, and prints a row for each that is over. Returns the number of torn and empty
/// replies.
fn cause_all(
    faults: impl Iterator<Item = (&'static str, Cause)> + Send,
    at_once: usize,
    run: impl Fn(Cause) -> Result<Row, Error> + Sync,
) -> Result<usize, Error> {
    let faults = Mutex::new(faults);
    let next = || faults.lock().ok().and_then(|mut faults| faults.next());
    let work = || {
        let mut bad = 0;
        while let Some((name, cause)) = next() {
            let row = run(cause).map_err(|error| error.context(format!("fault {name}")))?;
            row.print();
            bad += row.replies.torn + row.replies.empty;
        }
        Ok(bad)
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once).map(|_| scope.spawn(work)).collect();
        let panicked = |_| Err(Error::driver("a fault panicked"));
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(panicked)).sum()
    })
}

/// Builds the programs.
fn build(quick: bool) -> Result<(), Error> {
    let mut command = cargo();
    command.args(["build", "--quiet", "--bin", "confgend", "--bin", "wazo-confgen"]);
    command::run(if quick { &mut command } else { command.arg("--release") })
}

fn print_header() {
    say!(
        "\n{:<52} {:>6} {:>9} {:>6} {:>6} {:>6} {:>9}  {}",
        "fault",
        "times",
        "replies",
        "lost",
        "torn",
        "empty",
        "recovery",
        "note"
    );
}

impl Row {
    fn print(&self) {
        let Row { fault, times, replies, recovery, note } = self;
        let recovery = recovery.map_or_else(|| "-".to_owned(), |time| format!("{:.2} s", time.as_secs_f64()));
        let Tally { whole, lost, torn, empty } = replies;
        say!("{fault:<52} {times:>6} {whole:>9} {lost:>6} {torn:>6} {empty:>6} {recovery:>9}  {note}");
    }
}
