//! The service is killed while it writes.

use std::thread;
use std::time::{Duration, Instant};

use driver_api::Error;

use super::site::{Site, kill};
use super::tally::{Got, Tally};
use super::{Row, Scale};

/// One kill in this many is not followed by a start until the client program has given up, after five seconds.
const LONG: usize = 50;

pub(super) fn run(site: &mut Site, scale: &Scale) -> Result<Row, Error> {
    let mut replies = Tally::default();
    let mut recovery = Duration::ZERO;
    let (mut copies, mut programs) = (Tally::default(), Tally::default());
    for round in 0..scale.kills {
        site.change()?;
        // The delays cover the time from the request to the end of the reply evenly.
        let delay = Duration::from_micros(round as u64 * 7919 % 40_000);
        let program = site.start_client()?;
        let got = thread::scope(|scope| {
            let shared = &*site;
            let client = scope.spawn(move || shared.got(""));
            thread::sleep(delay);
            let killed = kill("KILL", shared.pid());
            killed.map(|()| client.join().unwrap_or(Got::Lost))
        });
        replies.count(&got.map_err(|error| Error::driver("the service can't be killed").because(error))?);
        site.reap();
        // The copy is on the disk whatever happens, since the site was asked before.
        copies.count(&site.copy());
        let (program, got) =
            if round % LONG == 0 { (None, Some(site.printed(program))) } else { (Some(program), None) };
        let start = Instant::now();
        site.start()?;
        programs.count(&got.or(program.map(|program| site.printed(program))).unwrap_or(Got::Lost));
        site.recover(&mut replies)?;
        recovery = recovery.max(start.elapsed());
    }
    let note = format!(
        "wazo-confgen printed {} of {} files; {} of {} copies whole, {} unfinished files left",
        programs.whole,
        scale.kills,
        copies.whole,
        scale.kills,
        leftovers(site)
    );
    replies += copies;
    replies += programs;
    Ok(Row {
        fault: "service killed while it writes",
        times: scale.kills,
        replies,
        recovery: Some(recovery),
        note,
    })
}

/// Counts the files beside the copy that the last start should have removed.
fn leftovers(site: &Site) -> usize {
    let Ok(entries) = std::fs::read_dir(site.cache().join("asterisk")) else { return 0 };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(".confgend-")).count()
}
