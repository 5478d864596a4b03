//! The service is killed while it writes.

use std::thread;
use std::time::Duration;

use driver_api::Error;

use super::site::Site;
use super::tally::{Got, Tally};
use super::{Row, Scale};

/// One kill in this many is followed by the client program, which takes a second to give up.
const PROGRAM: usize = 20;

pub(super) fn run(site: &mut Site, scale: &Scale) -> Result<Row, Error> {
    let mut replies = Tally::default();
    let mut recovery = Duration::ZERO;
    let (mut bad_copies, mut programs) = (0, 0);
    for round in 0..scale.kills {
        site.change()?;
        // The delays cover the time from the request to the end of the reply evenly.
        let delay = Duration::from_micros(round as u64 * 7919 % 40_000);
        let got = thread::scope(|scope| {
            let shared = &*site;
            let client = scope.spawn(move || shared.got(""));
            thread::sleep(delay);
            let killed = super::site::kill("KILL", shared.pid());
            (client.join(), killed)
        });
        replies.count(&got.0.unwrap_or(Got::Lost));
        got.1.map_err(|error| Error::driver("the service can't be killed").because(error))?;
        site.signal("KILL").or_else(|_| Ok::<_, Error>(()))?;
        // The copy is on the disk whatever happens, since the site was asked before.
        let copy = site.copy();
        if !matches!(copy, Got::Whole) {
            bad_copies += 1;
        }
        replies.count(&copy);
        if round % PROGRAM == 0 {
            // The service is down, and Asterisk asks.
            programs += 1;
            replies.count(&site.client_program()?);
        }
        let start = std::time::Instant::now();
        site.start()?;
        site.recover(&mut replies)?;
        recovery = recovery.max(start.elapsed());
    }
    let left = leftovers(site);
    let note = format!(
        "{bad_copies} bad copies, {left} unfinished files left; wazo-confgen without a service {programs} times"
    );
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
    names.filter(|name| !name.ends_with("conf")).count()
}
