//! One event of the log, and the forms of its line.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::sync::LazyLock;

use driver_api::on_one_line;
use driver_api::settings::{Refused, Setting, Shape};
use jiff::ZonedDateTime;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

use super::fields::is_known;

/// The form of the lines in the log file, and on a standard error that is not the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// A sentence behind time, process, level and logger, as the Python program writes it.
    #[default]
    Text,
    /// A JSON object with the sentence and its values.
    Json,
}

impl Setting for LogFormat {
    fn shape() -> Shape {
        Shape::Words(vec!["text", "json"])
    }

    fn parse(value: &driver_api::yaml::Value) -> Result<LogFormat, Refused> {
        match value.as_str() {
            Some("text") => Ok(LogFormat::Text),
            Some("json") => Ok(LogFormat::Json),
            _ => Err(Refused::NotAccepted),
        }
    }
}

/// An event, on its way to the threads that write.
#[derive(Clone)]
pub(super) struct Record {
    pub(super) level: Level,
    /// Its sentence, without control characters.
    pub(super) message: String,
    /// Its fields, if somebody takes them.
    pub(super) fields: Vec<(&'static str, Value)>,
    /// The file and the line of the code.
    pub(super) place: Option<(&'static str, u32)>,
    time: ZonedDateTime,
    tid: i32,
    /// The module of the code.
    module: &'static str,
    format: LogFormat,
}

impl Record {
    pub(super) fn new(level: Level, module: &'static str, message: String, format: LogFormat) -> Record {
        thread_local! {
            static TID: i32 = rustix::thread::gettid().as_raw_pid();
        }
        // No value begins a line of its own.
        let message = match on_one_line(&message) {
            Cow::Borrowed(_) => message,
            Cow::Owned(escaped) => escaped,
        };
        Record {
            level,
            message,
            fields: Vec::new(),
            place: None,
            time: ZonedDateTime::now(),
            tid: TID.with(|tid| *tid),
            module,
            format,
        }
    }

    /// Takes the sentence of an event, and its fields if somebody wants them.
    pub(super) fn of(event: &Event<'_>, format: LogFormat, wants_fields: bool) -> Record {
        let mut taken = Taken { message: String::new(), fields: Vec::new(), wants_fields };
        event.record(&mut taken);
        let metadata = event.metadata();
        Record {
            fields: taken.fields,
            place: metadata.file().zip(metadata.line()),
            ..Record::new(*metadata.level(), metadata.target(), taken.message, format)
        }
    }

    /// The line about lines that are not there.
    pub(super) fn dropped(number: usize, format: LogFormat) -> Record {
        let message = format!("{number} lines are missing here: they came faster than they could be written");
        Record::new(Level::WARN, "service::log", message, format)
    }

    /// Whether it goes to standard error in any case.
    pub(super) fn is_urgent(&self) -> bool {
        self.level <= Level::WARN
    }

    /// Returns its line in the form that holds since the last reload before it.
    pub(super) fn line(&self) -> String {
        match self.format {
            LogFormat::Text => self.text(),
            LogFormat::Json => self.json(),
        }
    }

    /// Returns its line for the journal's stream, which adds the time and the process itself, and reads the priority
    /// from the line.
    pub(super) fn stream_line(&self) -> String {
        match self.format {
            LogFormat::Text => format!("<{}>({}): {}\n", self.priority(), self.logger(), self.message),
            LogFormat::Json => format!("<{}>{}", self.priority(), self.json()),
        }
    }

    /// `2026-11-24 08:10:44,123 UTC [pid 7] [tid 9] (INFO) (confgend.serve.connection): …`
    fn text(&self) -> String {
        let Record { level, message, tid, .. } = self;
        let (time, pid) = (self.time.strftime("%Y-%m-%d %H:%M:%S,%3f %Z"), pid());
        let (level, logger) = (python_level(*level).0, self.logger());
        format!("{time} [pid {pid}] [tid {tid}] ({level}) ({logger}): {message}\n")
    }

    fn json(&self) -> String {
        // Nothing of it can fail.
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }

    /// Its priority in syslog.
    pub(super) fn priority(&self) -> u8 {
        python_level(self.level).1
    }

    /// Returns the name of its logger.
    pub(super) fn logger(&self) -> String {
        logger(self.module)
    }
}

/// The JSON object of a line: what every line has comes first.
impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        let time = self.time.strftime("%Y-%m-%dT%H:%M:%S.%3f%:z").to_string();
        object.serialize_entry("timestamp", &time)?;
        object.serialize_entry("level", python_level(self.level).0)?;
        object.serialize_entry("logger", &self.logger())?;
        object.serialize_entry("pid", &pid())?;
        object.serialize_entry("tid", &self.tid)?;
        object.serialize_entry("message", &self.message)?;
        for (name, value) in &self.fields {
            object.serialize_entry(name, value)?;
        }
        object.end()
    }
}

/// The parts of an event that a record takes.
struct Taken {
    message: String,
    fields: Vec<(&'static str, Value)>,
    wants_fields: bool,
}

impl Taken {
    /// Takes a known field. A field of another crate goes into the sentence, since nobody knows its meaning.
    fn field(&mut self, field: &Field, shown: &dyn fmt::Debug, value: impl FnOnce() -> Value) {
        let name = field.name();
        if !is_known(name) {
            let _ = write!(self.message, " {name}={shown:?}");
        } else if self.wants_fields {
            self.fields.push((name, value()));
        }
    }
}

impl Visit for Taken {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.message, "{value:?}");
        } else {
            self.field(field, value, || format!("{value:?}").into());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field, &value, || value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.field(field, &value, || value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.field(field, &value, || value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.field(field, &value, || value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // As exact as the sentences are.
        self.field(field, &value, || ((value * 1e3).round() / 1e3).into());
    }
}

fn pid() -> u32 {
    static PID: LazyLock<u32> = LazyLock::new(std::process::id);
    *PID
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
pub(super) mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::Layer;
    use tracing_subscriber::layer::{Context, SubscriberExt};

    use super::*;

    /// Keeps the records of events.
    struct Kept(Arc<Mutex<Vec<Record>>>, LogFormat, bool);

    impl<S: tracing::Subscriber> Layer<S> for Kept {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            self.0.lock().unwrap().push(Record::of(event, self.1, self.2));
        }
    }

    /// Returns the record of the one event of a function.
    pub(in crate::log) fn record(format: LogFormat, wants_fields: bool, log: impl FnOnce()) -> Record {
        let records = Arc::default();
        let kept = Kept(Arc::clone(&records), format, wants_fields);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(kept), log);
        let mut records = records.lock().unwrap();
        assert_eq!(records.len(), 1);
        records.remove(0)
    }

    /// The line of a request.
    pub(in crate::log) fn request() {
        let (namespace, client, bytes, milliseconds) = ("a/b.conf", "127.0.0.1:7", 43_u64, 0.123_456);
        tracing::info!(
            target: "service::connection",
            event = "request", %client, namespace, outcome = "cached", cached = true, bytes, milliseconds,
            table = None::<&str>,
            "{client}: {namespace} cached: cached, {bytes} bytes, {milliseconds:.3} ms"
        );
    }

    /// Returns the part of a line behind time and process.
    fn behind_tid(line: &str) -> &str {
        line.split_once("[tid ").unwrap().1.split_once("] ").unwrap().1
    }

    #[test]
    fn the_text_has_the_sentence_alone() {
        for wants_fields in [false, true] {
            let record = record(LogFormat::Text, wants_fields, request);
            let expected = "(INFO) (confgend.serve.connection): \
                            127.0.0.1:7: a/b.conf cached: cached, 43 bytes, 0.123 ms\n";
            assert_eq!(behind_tid(&record.line()), expected);
            let stream = record.stream_line();
            assert!(stream.starts_with("<6>(confgend.serve.connection): 127.0.0.1:7: "), "{stream}");
        }
    }

    #[test]
    fn fields_that_nobody_wants_are_not_kept() {
        assert_eq!(record(LogFormat::Text, false, request).fields.capacity(), 0);
    }

    #[test]
    fn json_has_the_values_of_the_sentence() {
        let line = record(LogFormat::Json, true, request).line();
        assert_eq!((line.matches('\n').count(), line.ends_with("}\n")), (1, true), "{line}");
        let (time, rest) = line.split_once("\",\"level\":").unwrap();
        let time: jiff::Timestamp = time.strip_prefix("{\"timestamp\":\"").unwrap().parse().unwrap();
        assert!((jiff::Timestamp::now().as_second() - time.as_second()).abs() < 60);
        let pid = std::process::id();
        let begin = format!("\"INFO\",\"logger\":\"confgend.serve.connection\",\"pid\":{pid},\"tid\":");
        let rest = rest.strip_prefix(&begin).unwrap().split_once(',').unwrap().1;
        let expected = r#""message":"127.0.0.1:7: a/b.conf cached: cached, 43 bytes, 0.123 ms","event":"request","client":"127.0.0.1:7","namespace":"a/b.conf","outcome":"cached","cached":true,"bytes":43,"milliseconds":0.123}"#;
        assert_eq!(rest.trim_end(), expected);
        let stream = record(LogFormat::Json, true, request).stream_line();
        assert!(stream.starts_with("<6>{\"timestamp\":"), "{stream}");
    }

    #[test]
    fn a_field_of_another_crate_stands_in_the_sentence() {
        let log =
            || tracing::warn!(target: "hyper::proto", timestamp = 7, event = "x", name = "a b", "closed");
        let record = record(LogFormat::Json, true, log);
        let line: Value = serde_json::from_str(&record.line()).unwrap();
        assert_eq!(line["message"], "closed timestamp=7 name=\"a b\"");
        assert_eq!((&line["logger"], &line["level"]), (&"hyper.proto".into(), &"WARNING".into()));
    }

    #[test]
    fn a_hostile_value_stays_on_its_line() {
        let hostile = "a\"b\\\r\n{\"level\":\"ERROR\"}\u{1b}[2J\0\u{2028}\u{85}é";
        for format in [LogFormat::Text, LogFormat::Json] {
            let log = || tracing::info!(namespace = hostile, client = %hostile, "{hostile}: failed");
            let record = record(format, true, log);
            for line in [record.line(), record.stream_line()] {
                assert_eq!(line.lines().count(), 1, "{line:?}");
                let is_control =
                    |c: char| c.is_ascii_control() || format == LogFormat::Text && c.is_control();
                assert!(!line.trim_end_matches('\n').contains(is_control), "{line:?}");
            }
            if format == LogFormat::Json {
                let line: Value = serde_json::from_str(&record.line()).unwrap();
                assert_eq!((&line["namespace"], &line["client"]), (&hostile.into(), &hostile.into()));
                let message = "a\"b\\\\r\\n{\"level\":\"ERROR\"}\\u{1b}[2J\\u{0}\u{2028}\\u{85}é: failed";
                assert_eq!(line["message"], message);
            }
        }
    }

    #[test]
    fn loggers_are_named_after_modules() {
        assert_eq!(logger("dispatcher::site"), "confgend.site");
        assert_eq!(logger("service::connection"), "confgend.serve.connection");
        assert_eq!(logger("service::server"), "confgend.serve");
        assert_eq!(logger("database::pool"), "confgend.database.pool");
        assert_eq!(logger("hyper::proto"), "hyper.proto");
    }
}
