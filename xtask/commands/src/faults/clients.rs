//! Clients that hold connections and do nothing useful, beside one that does.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use driver_api::Error;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::site::{FILE, Site};
use super::tally::Tally;
use super::{Row, Scale};

/// The requests of the good client for one measurement.
const REQUESTS: usize = 2000;

/// The descriptors of this process that are not clients.
const OTHERS: u64 = 256;

/// Clients that send a byte now and then.
const SLOW_WRITERS: usize = 100;

const NEVER_READ: usize = 200;

pub(super) fn idle(site: &mut Site, scale: &Scale) -> Result<Row, Error> {
    let clients = scale.idle_clients.min(allowed());
    let before = measure(site);
    let mut idle = Vec::with_capacity(clients);
    for _ in 0..clients {
        idle.push(connect(site)?);
    }
    let stop = AtomicBool::new(false);
    let during = thread::scope(|scope| {
        let (stop, idle) = (&stop, &idle);
        // The pace of each is a byte every half second, far below the length of a request in the time limit.
        scope.spawn(move || {
            for byte in FILE.bytes().cycle() {
                for mut stream in idle.iter().take(SLOW_WRITERS) {
                    // One whose request the service has taken for whole is closed.
                    let _ = stream.write_all(&[byte]);
                }
                thread::sleep(Duration::from_millis(500));
                if stop.load(Ordering::Acquire) {
                    return;
                }
            }
        });
        let during = measure(site);
        stop.store(true, Ordering::Release);
        during
    });
    let fault = "idle connections, 100 of them slow writers";
    Ok(row(fault, clients, &before, &during))
}

pub(super) fn unread(site: &mut Site, _: &Scale) -> Result<Row, Error> {
    let before = measure(site);
    let mut clients = Vec::with_capacity(NEVER_READ);
    for _ in 0..NEVER_READ {
        let mut client = connect(site)?;
        client.write_all(format!("{FILE}\n").as_bytes()).map_err(failed)?;
        clients.push(client);
    }
    let during = measure(site);
    drop(clients);
    Ok(row("clients that never read their reply", NEVER_READ, &before, &during))
}

/// What a good client got, and the median and 99th percentile of its times.
struct Measured {
    replies: Tally,
    p50: Duration,
    p99: Duration,
}

fn measure(site: &Site) -> Measured {
    let mut replies = Tally::default();
    let mut times: Vec<Duration> = (0..REQUESTS)
        .map(|_| {
            let start = Instant::now();
            replies.count(&site.got(" cached"));
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    Measured { replies, p50: times[REQUESTS / 2], p99: times[REQUESTS * 99 / 100] }
}

fn row(fault: &'static str, times: usize, before: &Measured, during: &Measured) -> Row {
    let microseconds = |time: Duration| time.as_micros();
    let note = format!(
        "p50 {} → {} us, p99 {} → {} us",
        microseconds(before.p50),
        microseconds(during.p50),
        microseconds(before.p99),
        microseconds(during.p99)
    );
    let mut replies = before.replies;
    replies += during.replies;
    Row { fault, times, replies, recovery: None, note }
}

/// Raises the limit of open files, and returns the number of connections that it allows.
fn allowed() -> usize {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(files.saturating_sub(OTHERS)).unwrap_or(usize::MAX)
}

fn connect(site: &Site) -> Result<TcpStream, Error> {
    TcpStream::connect(site.address).map_err(failed)
}

fn failed(error: std::io::Error) -> Error {
    Error::driver("a client can't connect").because(error)
}
