//! Writing on several threads.

use std::num::NonZero;
use std::sync::LazyLock;
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
    let start = writer.size();
    let mut rounds = entries.chunks(*THREADS * SHARE);
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

/// The number of threads. To ask for it takes longer than to write a few entries.
static THREADS: LazyLock<usize> = LazyLock::new(|| thread::available_parallelism().map_or(1, NonZero::get));

#[cfg(test)]
mod tests {
    use driver_api::{Driver, Error, Session, Warning, Warnings as _};

    use super::*;
    use crate::testing::Rows;

    /// Writes sections with numbers, on one thread or on several.
    struct Sections {
        count: usize,
        in_parallel: bool,
    }

    impl Driver for Sections {
        fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
            let mut writer = Writer::new(session);
            let numbers: Vec<usize> = (0..self.count).collect();
            let write = |writer: &mut Writer, number: &usize| {
                writer.own().section(format!("section-{number}").as_str());
                writer.own().option("number", number.to_string());
                if number.is_multiple_of(7) {
                    writer.warn(Warning::new("", number.to_string()));
                }
            };
            if self.in_parallel {
                in_parallel(&mut writer, &numbers, write);
            } else {
                for number in &numbers {
                    write(&mut writer, number);
                }
            }
            Ok(writer.finish(session))
        }
    }

    #[test]
    fn text_and_warnings_are_those_of_one_thread() {
        for count in [0, 1, SHARE, SHARE + 1, *THREADS * SHARE, 3 * *THREADS * SHARE + SHARE / 2] {
            let [one, several] =
                [false, true].map(|in_parallel| Rows::default().write(&Sections { count, in_parallel }));
            assert_eq!(one.text.matches("[section-").count(), count, "{count} entries");
            assert_eq!(one.warnings.len(), count.div_ceil(7), "{count} entries");
            assert!(one.text == several.text && one.warnings == several.warnings, "{count} entries");
        }
    }
}
