//! The log: lines as the Python program writes them, to a file and to standard error.

use std::env;
use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use driver_api::{Error, ErrorKind};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, Layer, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, reload};

use crate::config;

/// The running log.
pub(super) struct Log {
    level: reload::Handle<LevelFilter, Registry>,
    file: Output,
}

impl Log {
    /// Begins to log. There is one log for a process, so this can be done once. That the file can't be
    /// opened is an error, with which the log goes to standard error alone.
    pub(super) fn start(settings: &config::Log) -> (Log, Result<(), Error>) {
        let (level, handle) = reload::Layer::new(settings.level);
        let log = Log { level: handle, file: Output::default() };
        let file = Layer::new().event_format(Format::Whole).with_ansi(false).with_writer(log.file.clone());
        // The journal knows the time and the process by itself.
        let format = if env::var_os("JOURNAL_STREAM").is_some() { Format::Journal } else { Format::Whole };
        let stderr = Layer::new().event_format(format).with_ansi(false).with_writer(io::stderr);
        tracing_subscriber::registry().with(level).with(file).with(stderr).init();
        std::panic::set_hook(Box::new(|panic| tracing::error!("{}", panic.to_string().replace('\n', " "))));
        let opened = log.apply(settings);
        (log, opened)
    }

    /// Logs as these settings say from now on. The file is opened anew, as after it was moved away.
    pub(super) fn apply(&self, settings: &config::Log) -> Result<(), Error> {
        // It fails when there is no log any more.
        let _ = self.level.reload(settings.level);
        let file = settings.file.as_deref().map(open).transpose();
        let (file, result) = match file {
            Ok(file) => (file, Ok(())),
            Err(error) => (None, Err(error)),
        };
        *self.file.file() = file;
        result
    }
}

fn open(path: &Path) -> Result<File, Error> {
    File::options().create(true).append(true).open(path).map_err(|error| {
        let place = format!("configuration key log_filename: {}", path.display());
        let message = "the log can't be opened; it goes to standard error alone";
        Error::new(ErrorKind::Config, message).because(error).in_(place)
    })
}

/// Where lines for the file go; nowhere if there is none.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Option<File>>>);

impl Output {
    fn file(&self) -> MutexGuard<'_, Option<File>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut *self.file() {
            Some(file) => file.write(bytes),
            None => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Output {
    type Writer = Output;

    fn make_writer(&'a self) -> Output {
        self.clone()
    }
}

/// How a line looks.
#[derive(Clone, Copy)]
enum Format {
    /// `2026-11-24 08:10:44,123 UTC [pid 7] [tid 9] (INFO) (confgend.serve): message`
    Whole,
    /// `<6>(confgend.serve): message`, of which the journal takes the priority.
    Journal,
}

impl<S, N> FormatEvent<S, N> for Format
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let (name, priority) = python_level(*event.metadata().level());
        match self {
            Format::Whole => {
                let time = jiff::ZonedDateTime::now();
                let time = time.strftime("%Y-%m-%d %H:%M:%S,%3f %Z");
                let (pid, tid) = (std::process::id(), rustix::thread::gettid().as_raw_pid());
                write!(line, "{time} [pid {pid}] [tid {tid}] ({name}) ")?;
            }
            Format::Journal => write!(line, "<{priority}>")?,
        }
        write!(line, "({}): ", logger(event.metadata().target()))?;
        context.field_format().format_fields(line.by_ref(), event)?;
        writeln!(line)
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

/// `confgend.serve.site` for the module that logs.
fn logger(module: &str) -> String {
    module.replacen("dispatcher", "confgend", 1).replace("::", ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loggers_are_called_as_in_python() {
        assert_eq!(logger("dispatcher::serve::site"), "confgend.serve.site");
        assert_eq!(logger("hyper::proto"), "hyper.proto");
    }
}
