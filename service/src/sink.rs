//! A thread that writes the lines of the log, so that nothing else waits for a full pipe or a slow disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};
use std::{io, thread};

/// The maximum number of lines that wait. Further ones are dropped and counted.
const LIMIT: usize = 10_000;

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
    /// Writes a line.
    fn write(&mut self, line: T);

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
    for item in items {
        match item {
            Item::Line(line) => {
                output.write(line);
                counts.waiting.fetch_sub(1, Ordering::Relaxed);
            }
            Item::Flush(notice) => {
                let _ = notice.send(());
            }
        }
        // Lines are dropped only while many wait, so the gap is behind the lines that waited.
        if counts.waiting.load(Ordering::Relaxed) == 0 {
            let dropped = counts.dropped.swap(0, Ordering::Relaxed);
            if dropped > 0 {
                output.write_dropped(dropped);
            }
        }
    }
}

/// The time limit for the last lines of the log when the process ends.
pub(crate) const LAST_LINES: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::Receiver;

    use super::*;

    /// Waits for a permit before each line.
    struct Slow {
        permits: Receiver<()>,
        written: Arc<Mutex<Vec<String>>>,
    }

    impl Output<String> for Slow {
        fn write(&mut self, line: String) {
            let _ = self.permits.recv();
            self.written.lock().unwrap().push(line);
        }

        fn write_dropped(&mut self, number: usize) {
            self.written.lock().unwrap().push(format!("{number} dropped"));
        }
    }

    #[test]
    fn a_blocked_output_blocks_no_caller() {
        let (permit, permits) = mpsc::channel();
        let written = Arc::new(Mutex::new(Vec::new()));
        let sink = Sink::start("test", Slow { permits, written: Arc::clone(&written) }).unwrap();
        for number in 0..LIMIT + 7 {
            sink.send(number.to_string());
        }
        let start = Instant::now();
        sink.flush(start + Duration::from_millis(50));
        assert!(start.elapsed() < Duration::from_secs(10));
        assert_eq!(written.lock().unwrap().len(), 0);
        // Without the other end, no line waits for a permit.
        drop(permit);
        sink.flush(Instant::now() + Duration::from_secs(30));
        sink.send("last".to_owned());
        sink.flush(Instant::now() + Duration::from_secs(30));
        let written = written.lock().unwrap();
        assert_eq!(written.len(), LIMIT + 2);
        assert_eq!(
            written[LIMIT - 1..],
            [(LIMIT - 1).to_string(), "7 dropped".to_owned(), "last".to_owned()]
        );
    }
}
