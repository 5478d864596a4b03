//! The log: a file with lines in the format of the Python program, or with JSON. Warnings and errors go to standard
//! error, too; where that is the journal of systemd, as entries with fields.
//!
//! An event has a sentence for people and, beside it, fields for programs (`fields.rs`). A record (`record.rs`) takes both
//! from the event, the fields only if something writes them. Each of the two outputs has a thread that makes the line and
//! writes it: a full pipe or a disk that hangs stops the log, and nothing else.

mod fields;
mod journal;
mod record;

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use driver_api::{Error, ErrorKind};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, reload};

use self::journal::Journal;
use self::record::Record;
use crate::settings;
use crate::sink::{LAST_LINES, Output, Sink};
use crate::state::lock;

pub use self::fields::LOG_FIELDS;
pub use self::record::LogFormat;

/// The running log.
pub(crate) struct Log {
    level: reload::Handle<LevelFilter, Registry>,
    lines: Arc<Lines>,
}

impl Log {
    /// Starts the log of the process; this is called once. If the file can't be opened, the second value has the error,
    /// and the log goes to standard error alone.
    ///
    /// # Errors
    ///
    /// The threads can't be started.
    pub(crate) fn start(settings: &settings::Log) -> Result<(Log, Result<(), Error>), Error> {
        let lines =
            Lines::start().map_err(|error| Error::driver("threads can't be started").because(error))?;
        let lines = Arc::new(lines);
        let (level, handle) = reload::Layer::new(settings.level());
        tracing_subscriber::registry().with(level).with(LinesLayer(Arc::clone(&lines))).init();
        std::panic::set_hook(Box::new(|panic| {
            tracing::error!(event = "panic", "{}", panic.to_string().replace('\n', " "));
        }));
        let log = Log { level: handle, lines };
        let opened = log.apply(settings);
        Ok((log, opened))
    }

    /// Applies new settings, and reopens the file, as logrotate expects.
    pub(crate) fn apply(&self, settings: &settings::Log) -> Result<(), Error> {
        // This fails only after the end of the log.
        let _ = self.level.reload(settings.level());
        let (file, result) = match settings.log_filename.as_deref().map(open).transpose() {
            Ok(file) => (file, Ok(())),
            Err(error) => (None, Err(error)),
        };
        *lock(&self.lines.form) = Form { file: file.map(Arc::new), format: settings.log_format };
        result
    }

    /// Waits for the last lines, up to a time limit.
    pub(crate) fn flush(&self) {
        let deadline = Instant::now() + LAST_LINES;
        // A line that the file refuses goes to standard error.
        self.lines.to_file.flush(deadline);
        self.lines.to_stderr.flush(deadline);
    }
}

fn open(path: &Path) -> Result<File, Error> {
    File::options().create(true).append(true).open(path).map_err(|error| {
        let context = format!("configuration key log_filename: {}", path.display());
        let message = "the log can't be opened; it goes to standard error alone";
        Error::new(ErrorKind::Config, message).because(error).context(context)
    })
}

/// The file and the form that the configuration gives the log. A reload replaces it.
#[derive(Default)]
struct Form {
    file: Option<Arc<File>>,
    format: LogFormat,
}

/// Nothing holds the lock while it writes.
type SharedForm = Arc<Mutex<Form>>;

/// Writes each event as a line: to the file, and to standard error if it is a warning or an error, or if the file
/// fails.
struct Lines {
    form: SharedForm,
    to_file: Sink<Record>,
    to_stderr: Arc<Sink<Record>>,
    /// Whether lines for standard error go to the journal with their fields.
    has_journal: bool,
}

impl Lines {
    fn start() -> io::Result<Lines> {
        let form = SharedForm::default();
        // With a file of its own, the thread blocks nothing else that prints.
        let stderr = File::from(io::stderr().as_fd().try_clone_to_owned()?);
        let (journal, is_stream) = (Journal::of_stderr(), journal::is_stderr());
        let has_journal = journal.is_some();
        let stderr = Stderr { stderr, journal, is_stream, form: Arc::clone(&form) };
        let to_stderr = Arc::new(Sink::start("log-stderr", stderr)?);
        let output = LogFileOutput { form: Arc::clone(&form), stderr: Arc::clone(&to_stderr) };
        Ok(Lines { form, to_file: Sink::start("log-file", output)?, to_stderr, has_journal })
    }
}

struct LinesLayer(Arc<Lines>);

impl<S: Subscriber> Layer<S> for LinesLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let lines = &*self.0;
        let (has_file, format) = {
            let form = lock(&lines.form);
            (form.file.is_some(), form.format)
        };
        let is_for_stderr = !has_file || *event.metadata().level() <= Level::WARN;
        let wants_fields = format == LogFormat::Json || is_for_stderr && lines.has_journal;
        let record = Record::of(event, format, wants_fields);
        if !has_file {
            return lines.to_stderr.send(record);
        }
        if is_for_stderr {
            lines.to_stderr.send(record.clone());
        }
        lines.to_file.send(record);
    }
}

/// The output to the file.
struct LogFileOutput {
    form: SharedForm,
    stderr: Arc<Sink<Record>>,
}

impl Output<Record> for LogFileOutput {
    fn write(&mut self, records: Vec<Record>) {
        let file = lock(&self.form).file.clone();
        let lines: String = records.iter().map(Record::line).collect();
        if file.is_some_and(|file| (&*file).write_all(lines.as_bytes()).is_ok()) {
            return;
        }
        // Nobody knows which of them the file has taken. An urgent one is there already.
        for record in records.into_iter().filter(|record| !record.is_urgent()) {
            self.stderr.send(record);
        }
    }

    fn write_dropped(&mut self, number: usize) {
        let format = lock(&self.form).format;
        self.write(vec![Record::dropped(number, format)]);
    }
}

/// The output to standard error.
struct Stderr {
    stderr: File,
    /// The journal, if standard error is one.
    journal: Option<Journal>,
    /// Whether standard error is the journal's stream, also where there is no connection to its socket.
    is_stream: bool,
    form: SharedForm,
}

impl Output<Record> for Stderr {
    fn write(&mut self, records: Vec<Record>) {
        for record in records {
            // An entry that the journal takes does not go to its stream as well: it would be there twice.
            if self.journal.as_ref().is_some_and(|journal| journal.send(&record).is_ok()) {
                continue;
            }
            let line = if self.is_stream { record.stream_line() } else { record.line() };
            // An error of standard error can't be reported.
            let _ = self.stderr.write_all(line.as_bytes());
        }
    }

    fn write_dropped(&mut self, number: usize) {
        let format = lock(&self.form).format;
        self.write(vec![Record::dropped(number, format)]);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::journal::tests::{received, socket};
    use super::record::tests::{record, request};
    use super::*;

    #[test]
    fn a_line_goes_to_the_stream_if_the_journal_does_not_take_it() {
        let (folder, socket, journal) = socket();
        let path = folder.path().join("stderr");
        let stderr = File::create(&path).unwrap();
        let mut output =
            Stderr { stderr, journal: Some(journal), is_stream: true, form: SharedForm::default() };
        let printed = || fs::read_to_string(&path).unwrap();
        let mut write = || output.write(vec![record(LogFormat::Text, true, request)]);
        write();
        assert_eq!((received(&socket).len(), printed().as_str()), (13, ""));
        drop(socket);
        write();
        let line =
            "<6>(confgend.serve.connection): 127.0.0.1:7: a/b.conf cached: cached, 43 bytes, 0.123 ms\n";
        assert_eq!(printed(), line);
        fs::remove_file(folder.path().join("socket")).unwrap();
        write();
        assert_eq!(printed(), line.repeat(2));
        // The journal is back, and takes what fits into a datagram.
        let socket = std::os::unix::net::UnixDatagram::bind(folder.path().join("socket")).unwrap();
        write();
        assert_eq!(received(&socket).len(), 13);
        let long = "x".repeat(8 << 20);
        output.write(vec![record(LogFormat::Text, true, || tracing::info!("{long}"))]);
        let last = printed().split_off(2 * line.len());
        assert!(last == format!("<6>(confgend.serve.log.tests): {long}\n"), "{} bytes", last.len());
    }
}
