//! A thread that writes the lines of the log, so that nothing else waits for a full pipe or a slow disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};
use std::{io, iter, thread};

/// The maximum number of lines that wait. Further ones are dropped and counted.
const LIMIT: usize = 10_000;

/// The most lines that are written together.
const TOGETHER: usize = 256;

/// The pause after each write. A line that comes alone is written at once. Lines that come faster are written together: waking the
/// thread and writing cost more than a line does.
const PAUSE: Duration = Duration::from_millis(2);

/// The queue of a thread that writes.
pub(crate) struct Sink<T> {
    queue: Sender<Item<T>>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    waiting: AtomicUsize,
    dropped: AtomicUsize,
}

enum Item<T> {
    Line(T),
    /// Asks for a notice when all lines before it are written.
    Flush(Sender<()>),
}

/// Writes the lines of a thread. It may block.
pub(crate) trait Output<T>: Send + 'static {
    /// Writes lines in their order.
    fn write(&mut self, lines: Vec<T>);

    /// Writes that this number of lines was dropped.
    fn write_dropped(&mut self, number: usize);
}

impl<T: Send + 'static> Sink<T> {
    /// Starts the thread. It lasts as long as the process.
    pub(crate) fn start(name: &str, mut output: impl Output<T>) -> io::Result<Sink<T>> {
        let (queue, items) = mpsc::channel();
        let counts = Arc::<Counts>::default();
        let shared = Arc::clone(&counts);
        thread::Builder::new().name(name.to_owned()).spawn(move || run(&items, &shared, &mut output))?;
        Ok(Sink { queue, counts })
    }

    /// Adds a line, and returns at once.
    pub(crate) fn send(&self, line: T) {
        if self.counts.waiting.fetch_add(1, Ordering::Relaxed) < LIMIT {
            // The thread never ends before the process.
            let _ = self.queue.send(Item::Line(line));
        } else {
            self.counts.waiting.fetch_sub(1, Ordering::Relaxed);
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until all lines so far are written, up to the deadline.
    pub(crate) fn flush(&self, deadline: Instant) {
        let (notice, flushed) = mpsc::channel();
        let _ = self.queue.send(Item::Flush(notice));
        let _ = flushed.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }
}

fn run<T>(items: &Receiver<Item<T>>, counts: &Counts, output: &mut impl Output<T>) {
    for first in items {
        let (mut lines, mut notices) = (Vec::new(), Vec::new());
        for item in iter::once(first).chain(items.try_iter()).take(TOGETHER) {
            match item {
                Item::Line(line) => lines.push(line),
                Item::Flush(notice) => notices.push(notice),
            }
        }
        let written = lines.len();
        output.write(lines);
        // Lines are dropped only while many wait, so the gap is behind the lines that waited.
        if counts.waiting.fetch_sub(written, Ordering::Relaxed) == written {
            let dropped = counts.dropped.swap(0, Ordering::Relaxed);
            if dropped > 0 {
                output.write_dropped(dropped);
            }
        }
        for notice in notices {
            let _ = notice.send(());
        }
        thread::sleep(PAUSE);
    }
}

/// The time limit for the last lines of the log when the process ends.
pub(crate) const LAST_LINES: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::Receiver;

    use super::*;

    /// Waits for a permit before each write.
    struct Slow {
        permits: Receiver<()>,
        writes: Arc<Mutex<Vec<Vec<String>>>>,
    }

    impl Output<String> for Slow {
        fn write(&mut self, lines: Vec<String>) {
            let _ = self.permits.recv();
            self.writes.lock().unwrap().push(lines);
        }

        fn write_dropped(&mut self, number: usize) {
            self.writes.lock().unwrap().push(vec![format!("{number} dropped")]);
        }
    }

    #[test]
    fn a_blocked_output_blocks_no_caller() {
        let (permit, permits) = mpsc::channel();
        let writes = Arc::new(Mutex::new(Vec::new()));
        let sink = Sink::start("test", Slow { permits, writes: Arc::clone(&writes) }).unwrap();
        for number in 0..LIMIT + 7 {
            sink.send(number.to_string());
        }
        let start = Instant::now();
        sink.flush(start + Duration::from_millis(50));
        assert!(start.elapsed() < Duration::from_secs(10));
        assert_eq!(writes.lock().unwrap().len(), 0);
        // Without the other end, nothing waits for a permit.
        drop(permit);
        sink.flush(Instant::now() + Duration::from_secs(30));
        sink.send("last".to_owned());
        sink.flush(Instant::now() + Duration::from_secs(30));
        let writes = writes.lock().unwrap();
        assert!(writes.len() <= LIMIT / TOGETHER + 4, "{} writes", writes.len());
        let written = writes.concat();
        assert_eq!(written.len(), LIMIT + 2);
        assert_eq!(
            written[LIMIT - 1..],
            [(LIMIT - 1).to_string(), "7 dropped".to_owned(), "last".to_owned()]
        );
    }
}
