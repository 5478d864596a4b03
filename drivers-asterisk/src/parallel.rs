//! Writing on several threads.

use std::num::NonZero;
use std::{panic, thread};

use driver_api::asterisk::Writer;

/// Calls `write` for each entry on as many threads as the machine has processors. The text keeps the order of
/// the entries. Writing the text is most of the work once the rows are read.
pub(crate) fn in_parallel<T: Sync>(
    writer: &mut Writer,
    entries: &[T],
    write: impl Fn(&mut Writer, &T) + Sync,
) {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let share = entries.len().div_ceil(threads).max(MIN_ENTRIES_PER_THREAD);
    let mut shares = entries.chunks(share);
    let first = shares.next().unwrap_or_default();
    thread::scope(|scope| {
        let others: Vec<_> = shares
            .map(|share| {
                let write = &write;
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

/// Fewer entries take less time to write than a thread takes to start.
const MIN_ENTRIES_PER_THREAD: usize = 500;
