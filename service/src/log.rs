//! The log: lines in the form of the Python program, in a file. Warnings and errors go to standard error, too.

use std::env;
use std::fmt::{self, Write as _};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use driver_api::{Error, ErrorKind};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, reload};

use crate::settings;

/// The running log.
pub(crate) struct Log {
    level: reload::Handle<LevelFilter, Registry>,
    file: Arc<Mutex<Option<File>>>,
}

impl Log {
    /// Begins to log. A process has one log, so this is called once. If the file can't be opened, the result has the
    /// error, and the log goes to standard error alone.
    pub(crate) fn start(settings: &settings::Log) -> (Log, Result<(), Error>) {
        let (level, handle) = reload::Layer::new(settings.level());
        let log = Log { level: handle, file: Arc::default() };
        let lines = Lines { file: Arc::clone(&log.file), to_journal: is_journal() };
        tracing_subscriber::registry().with(level).with(lines).init();
        std::panic::set_hook(Box::new(|panic| tracing::error!("{}", panic.to_string().replace('\n', " "))));
        let opened = log.apply(settings);
        (log, opened)
    }

    /// Applies these settings from now on. It opens the file anew, as logrotate expects.
    pub(crate) fn apply(&self, settings: &settings::Log) -> Result<(), Error> {
        // It fails only after the end of the log.
        let _ = self.level.reload(settings.level());
        let (file, result) = match settings.log_filename.as_deref().map(open).transpose() {
            Ok(file) => (file, Ok(())),
            Err(error) => (None, Err(error)),
        };
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = file;
        result
    }
}

fn open(path: &Path) -> Result<File, Error> {
    File::options().create(true).append(true).open(path).map_err(|error| {
        let place = format!("configuration key log_filename: {}", path.display());
        let message = "the log can't be opened; it goes to standard error alone";
        Error::new(ErrorKind::Config, message).because(error).context(place)
    })
}

/// Whether standard error is a socket of systemd's journal, which `JOURNAL_STREAM` names by device and inode:
/// the variable alone may come from a service that started this one with another standard error.
fn is_journal() -> bool {
    let named = env::var("JOURNAL_STREAM").unwrap_or_default();
    let stderr = fs::metadata("/proc/self/fd/2");
    stderr.is_ok_and(|stderr| named == format!("{}:{}", stderr.dev(), stderr.ino()))
}

/// Writes each event as a line: to the file, and to standard error if it is a warning or an error, or if the file fails.
struct Lines {
    file: Arc<Mutex<Option<File>>>,
    to_journal: bool,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut message = Message::default();
        event.record(&mut message);
        let (name, priority) = python_level(*event.metadata().level());
        let logger = logger(event.metadata().target());
        let end = format!("({logger}): {}\n", message.0);
        let line = format!("{} ({name}) {end}", now_and_here());
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = file.as_mut().is_some_and(|file| file.write_all(line.as_bytes()).is_ok());
        drop(file);
        if kept && *event.metadata().level() > Level::WARN {
            return;
        }
        // The journal knows the time and the process by itself, and takes the priority off the line.
        let line = if self.to_journal { format!("<{priority}>{end}") } else { line };
        // An error of standard error has no place to go.
        let _ = io::stderr().write_all(line.as_bytes());
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
        // Crates may add fields of their own.
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}

/// The name that Python gives a level, and syslog's priority.
fn python_level(level: Level) -> (&'static str, u8) {
    match level {
        Level::ERROR => ("ERROR", 3),
        Level::WARN => ("WARNING", 4),
        Level::INFO => ("INFO", 6),
        Level::DEBUG | Level::TRACE => ("DEBUG", 7),
    }
}

/// The name of the logger for a module: `confgend.serve.reply` for `service::reply`.
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
