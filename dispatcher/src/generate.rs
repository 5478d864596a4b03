//! Generates files: all that are asked for in one snapshot of the database.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use driver_api::{Config, Driver, Entry, Error, ErrorKind, Namespace, Schema, Session, Snapshot, Warning};

use crate::registry::Plugins;
use crate::{Registry, Report};

/// What became of one file.
pub struct Outcome {
    /// The text, or why there is none. The error names the namespace.
    pub result: Result<String, Error>,
    /// What the file was made without.
    pub warnings: Vec<Warning>,
    /// How long it took.
    pub elapsed: Duration,
}

/// Generates files and hands each to `write`. What fails is in the report; the others are written.
pub fn files(
    registry: &Registry,
    config: &Config,
    namespaces: &[Namespace],
    snapshot: &mut dyn Snapshot,
    report: &mut Report<'_>,
    write: &mut dyn FnMut(&Namespace, &str) -> Result<(), Error>,
) {
    for namespace in namespaces {
        report.begin(namespace);
        let mut outcome = file(registry, config, namespace, snapshot);
        if let Ok(text) = &outcome.result
            && let Err(error) = write(namespace, text)
        {
            outcome.result = Err(error.context(namespace.to_string()));
        }
        report.end(namespace, &outcome);
    }
}

/// Generates one file. Whatever its driver does, even a panic, costs this file only.
pub fn file(
    registry: &Registry,
    config: &Config,
    namespace: &Namespace,
    snapshot: &mut dyn Snapshot,
) -> Outcome {
    match Writer::new(registry, config, namespace) {
        Ok(writer) => writer.write(snapshot),
        Err(error) => Outcome { result: Err(error), warnings: Vec::new(), elapsed: Duration::ZERO },
    }
}

/// A driver, built for its file. Panics of the driver are errors like any other, and each error names the file.
pub struct Writer {
    namespace: Namespace,
    schema: Schema,
    driver: Box<dyn Driver>,
}

impl Writer {
    /// Builds the driver that the configuration selects for a file.
    pub fn new(registry: &Registry, config: &Config, namespace: &Namespace) -> Result<Writer, Error> {
        let entry = Plugins::read(config).and_then(|plugins| registry.select(namespace, &plugins));
        entry
            .map_err(|error| error.context(namespace.to_string()))
            .and_then(|entry| Writer::of(entry, config, namespace))
    }

    /// Builds this driver.
    pub fn of(entry: &Entry, config: &Config, namespace: &Namespace) -> Result<Writer, Error> {
        let driver =
            without_panic(|| entry.build(config)).map_err(|error| error.context(namespace.to_string()))?;
        Ok(Writer { namespace: namespace.clone(), schema: entry.schema, driver })
    }

    /// Has the driver write its file.
    pub fn write(&self, snapshot: &mut dyn Snapshot) -> Outcome {
        let start = Instant::now();
        let mut session = Session::new(snapshot);
        let result = without_panic(|| self.driver.generate(&mut session));
        Outcome {
            result: result.map_err(|error| self.explain(error)),
            warnings: session.take_warnings(),
            elapsed: start.elapsed(),
        }
    }

    /// Whether a database has what the driver asks for; an error says what is missing.
    pub fn rehearse(&self, rehearsal: &mut dyn Snapshot) -> Result<(), Error> {
        match self.write(rehearsal).result {
            // Without rows, a driver may miss something that only rows can tell.
            Err(error) if !matches!(error.kind(), ErrorKind::Driver | ErrorKind::Row) => Err(error),
            _ => Ok(()),
        }
    }

    fn explain(&self, error: Error) -> Error {
        let namespace = &self.namespace;
        let ErrorKind::MissingTable(table) = error.kind() else {
            return error.context(namespace.to_string());
        };
        let hint = match self.schema {
            Schema::Current => String::new(),
            Schema::Before(month) => format!("; it belongs to the schema before {month}"),
        };
        let message = format!("{namespace} needs table {table}, which this database does not have{hint}");
        Error::new(error.kind().clone(), message)
    }
}

fn without_panic<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(Error::driver(format!("the driver panicked: {}", message(&*panic)))))
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}

#[cfg(test)]
mod tests {
    use driver_api::{Rows, Value};

    use super::*;

    struct Panics;

    impl Driver for Panics {
        fn generate(&self, _: &mut Session<'_>) -> Result<String, Error> {
            panic!("at the disco")
        }
    }

    struct Works;

    impl Driver for Works {
        fn generate(&self, _: &mut Session<'_>) -> Result<String, Error> {
            Ok("text".to_owned())
        }
    }

    static DRIVERS: &[Entry] = &[
        Entry::new("a.panics", "wazo", |_| Ok(Box::new(Panics))),
        Entry::new("a.unbuilt", "wazo", |_| Err(Error::driver("a bad key"))),
        Entry::new("a.works", "wazo", |_| Ok(Box::new(Works))),
    ];

    struct NoDatabase;

    impl Snapshot for NoDatabase {
        fn run(&mut self, _: &str, _: &[Value<'_>], _: &mut dyn Rows) -> Result<(), Error> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_costs_one_file() {
        let registry = Registry::new(&[DRIVERS]).unwrap();
        let namespaces: Vec<Namespace> = registry.namespaces().cloned().collect();
        let mut told = Vec::new();
        let mut report = Report::quiet(&mut told);
        let mut texts = Vec::new();
        let mut write = |namespace: &Namespace, text: &str| {
            texts.push(format!("{namespace}: {text}"));
            Ok(())
        };
        files(&registry, &Config::default(), &namespaces, &mut NoDatabase, &mut report, &mut write);
        assert!(!report.finish());
        assert_eq!(texts, ["a/works: text"]);
        let told = String::from_utf8(told).unwrap();
        assert_eq!(told, "error: a/panics: the driver panicked: at the disco\nerror: a/unbuilt: a bad key\n");
    }
}
