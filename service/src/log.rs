//! The log: a file with lines in the format of the Python program. Warnings and errors go to standard error, too.
//!
//! Each of the two has a thread that writes: a full pipe or a disk that hangs stops the log, and nothing else.

use std::env;
use std::fmt::{self, Write as _};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Instant;

use driver_api::{Error, ErrorKind};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, reload};

use crate::settings;
use crate::sink::{LAST_LINES, Output, Sink};

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
        std::panic::set_hook(Box::new(|panic| tracing::error!("{}", panic.to_string().replace('\n', " "))));
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
        *lock(&self.lines.file) = file.map(Arc::new);
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

/// Returns whether standard error is the socket of systemd's journal that `JOURNAL_STREAM` names by device and
/// inode. The variable alone is not enough: it may come from a parent process with another standard error.
fn is_journal() -> bool {
    let named = env::var("JOURNAL_STREAM").unwrap_or_default();
    let stderr = fs::metadata("/proc/self/fd/2");
    stderr.is_ok_and(|stderr| named == format!("{}:{}", stderr.dev(), stderr.ino()))
}

/// The file of the log, if there is one. A reload replaces it.
type LogFile = Arc<Mutex<Option<Arc<File>>>>;

/// Nothing holds the lock while it writes.
fn lock(file: &LogFile) -> std::sync::MutexGuard<'_, Option<Arc<File>>> {
    file.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes each event as a line: to the file, and to standard error if it is a warning or an error, or if the file
/// fails.
struct Lines {
    file: LogFile,
    to_file: Sink<Line>,
    to_stderr: Arc<Sink<Line>>,
}

impl Lines {
    fn start() -> io::Result<Lines> {
        // With a file of its own, the thread blocks nothing else that prints.
        let stderr = File::from(io::stderr().as_fd().try_clone_to_owned()?);
        let to_stderr = Arc::new(Sink::start("log-stderr", Stderr { stderr, is_journal: is_journal() })?);
        let file = LogFile::default();
        let output = LogFileOutput { file: Arc::clone(&file), stderr: Arc::clone(&to_stderr) };
        Ok(Lines { file, to_file: Sink::start("log-file", output)?, to_stderr })
    }

    fn write(&self, line: Line) {
        let has_file = lock(&self.file).is_some();
        if !has_file {
            return self.to_stderr.send(line);
        }
        if line.is_urgent() {
            self.to_stderr.send(line.clone());
        }
        self.to_file.send(line);
    }
}

struct LinesLayer(Arc<Lines>);

impl<S: Subscriber> Layer<S> for LinesLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut message = Message::default();
        event.record(&mut message);
        let level = *event.metadata().level();
        self.0.write(Line::new(level, &logger(event.metadata().target()), &message.0));
    }
}

/// A line of the log.
#[derive(Clone)]
struct Line {
    begin: String,
    level: Level,
    end: String,
}

impl Line {
    fn new(level: Level, logger: &str, message: &str) -> Line {
        Line { begin: now_and_here(), level, end: format!("({logger}): {message}\n") }
    }

    /// The line about lines that are not there.
    fn dropped(number: usize) -> Line {
        let message = format!("{number} lines are missing here: they came faster than they could be written");
        Line::new(Level::WARN, &logger(module_path!()), &message)
    }

    fn is_urgent(&self) -> bool {
        self.level <= Level::WARN
    }

    fn text(&self) -> String {
        let Line { begin, level, end } = self;
        format!("{begin} ({}) {end}", python_level(*level).0)
    }
}

/// The output to the file.
struct LogFileOutput {
    file: LogFile,
    stderr: Arc<Sink<Line>>,
}

impl Output<Line> for LogFileOutput {
    fn write(&mut self, line: Line) {
        let file = lock(&self.file).clone();
        let kept = file.is_some_and(|file| (&*file).write_all(line.text().as_bytes()).is_ok());
        if !kept && !line.is_urgent() {
            self.stderr.send(line);
        }
    }

    fn write_dropped(&mut self, number: usize) {
        self.write(Line::dropped(number));
    }
}

/// The output to standard error.
struct Stderr {
    stderr: File,
    is_journal: bool,
}

impl Output<Line> for Stderr {
    fn write(&mut self, line: Line) {
        // The journal adds the time and the process itself, and reads the priority from the line.
        let text = if self.is_journal {
            format!("<{}>{}", python_level(line.level).1, line.end)
        } else {
            line.text()
        };
        // An error of standard error can't be reported.
        let _ = self.stderr.write_all(text.as_bytes());
    }

    fn write_dropped(&mut self, number: usize) {
        self.write(Line::dropped(number));
    }
}

/// `2026-11-24 08:10:44,123 UTC [pid 7] [tid 9]`
fn now_and_here() -> String {
    thread_local! {
        static TID: i32 = rustix::thread::gettid().as_raw_pid();
    }
    static PID: LazyLock<u32> = LazyLock::new(std::process::id);
    let time = jiff::ZonedDateTime::now();
    let time = time.strftime("%Y-%m-%d %H:%M:%S,%3f %Z");
    format!("{time} [pid {}] [tid {}]", *PID, TID.with(|tid| *tid))
}

/// The text of an event.
#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Other crates may add fields.
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}

/// Returns the name of a level in Python, and its priority in syslog.
fn python_level(level: Level) -> (&'static str, u8) {
    match level {
        Level::ERROR => ("ERROR", 3),
        Level::WARN => ("WARNING", 4),
        Level::INFO => ("INFO", 6),
        Level::DEBUG | Level::TRACE => ("DEBUG", 7),
    }
}

/// Returns the name of the logger for a module: `confgend.serve.reply` for `service::reply`.
fn logger(module: &str) -> String {
    let (package, rest) = module.split_once("::").unwrap_or((module, ""));
    let package = match package {
        "dispatcher" => "confgend",
        "service" => "confgend.serve",
        "database" => "confgend.database",
        other => other,
    };
    let rest = rest.replace("::", ".");
    // The lines of the server as a whole have the name of the service.
    if rest.is_empty() || module == "service::server" {
        package.to_owned()
    } else {
        format!("{package}.{rest}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loggers_are_named_after_modules() {
        assert_eq!(logger("dispatcher::site"), "confgend.site");
        assert_eq!(logger("service::connection"), "confgend.serve.connection");
        assert_eq!(logger("service::server"), "confgend.serve");
        assert_eq!(logger("database::pool"), "confgend.database.pool");
        assert_eq!(logger("hyper::proto"), "hyper.proto");
    }
}
