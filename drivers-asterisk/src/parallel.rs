//! Writing on several threads.

use std::num::NonZero;
use std::{panic, thread};

use driver_api::asterisk::Writer;

/// Calls `write` for each entry on as many threads as the machine has processors. The text keeps the order of
/// the entries. Writing the text is most of the work once the rows are read.
///
/// The threads write a small share each, again and again, so that most of the text is in one place at a time only.
pub(crate) fn in_parallel<T: Sync>(
    writer: &mut Writer,
    entries: &[T],
    write: impl Fn(&mut Writer, &T) + Sync,
) {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let start = writer.size();
    let mut rounds = entries.chunks(threads * SHARE);
    let Some(first) = rounds.next() else { return };
    write_round(writer, first, &write);
    // The other entries are about as long as the first ones.
    let rest = entries.len() - first.len();
    let written = writer.size() - start;
    writer.reserve(rest * (written + written / 16) / first.len());
    for round in rounds {
        write_round(writer, round, &write);
    }
}

fn write_round<T: Sync>(writer: &mut Writer, entries: &[T], write: &(impl Fn(&mut Writer, &T) + Sync)) {
    let mut shares = entries.chunks(SHARE);
    let first = shares.next().unwrap_or_default();
    thread::scope(|scope| {
        let others: Vec<_> = shares
            .map(|share| {
                let mut writer = writer.continued();
                scope.spawn(move || {
                    for entry in share {
                        write(&mut writer, entry);
                    }
                    writer
                })
            })
            .collect();
        for entry in first {
            write(writer, entry);
        }
        for other in others {
            match other.join() {
                Ok(other) => writer.append(other),
                Err(panic) => panic::resume_unwind(panic),
            }
        }
    });
}

/// The number of entries that a thread writes. Fewer take less time to write than a thread takes to start.
const SHARE: usize = 500;
