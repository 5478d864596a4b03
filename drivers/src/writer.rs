//! Runs one driver: builds it for its file, applies the patches of the configuration to its text, turns its panics into
//! errors, and names the file in each error. It knows neither where the text goes nor how people are told.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use driver_api::asterisk::LineOrigins;
use driver_api::explanation::Explanation;
use driver_api::settings::Settings as _;
use driver_api::{
    Config, Driver, Entry, Error, ErrorKind, Namespace, Release, Schema, Session, Snapshot, Warning,
};

use crate::patches::{Patched, Patches};
use crate::registry::{Plugins, Registry};

driver_api::settings! {
    /// The key by which files are written for a database of any release.
    pub struct AnyRelease in "" {
        /// Whether files are written for databases of releases before the text of their drivers, too.
        any_release: bool = false,
    }
}

/// The outcome of generating one file.
pub struct Outcome {
    /// The text, or an error that names the namespace.
    pub result: Result<String, Error>,
    /// The warnings of the driver: what it left out of the file.
    pub warnings: Vec<Warning>,
    /// The length of the text.
    pub bytes: usize,
    /// The release of the database, if it was asked for.
    pub release: Option<Release>,
    /// The time that the driver took, with the patches of the configuration.
    pub elapsed: Duration,
    /// The origins of the file's lines, if they were asked for.
    pub origins: LineOrigins,
    /// All else that is known of the file, if it was asked for.
    pub explanation: Explanation,
    /// The effect of the patches of the configuration, if the file has any.
    pub patched: Option<Patched>,
}

impl Outcome {
    /// The outcome for a driver that can't be built.
    pub fn not_built(error: Error) -> Outcome {
        Outcome {
            result: Err(error),
            warnings: Vec::new(),
            bytes: 0,
            release: None,
            elapsed: Duration::ZERO,
            origins: LineOrigins::new(),
            explanation: Explanation::default(),
            patched: None,
        }
    }
}

/// A driver that is built for its file. A panic of the driver becomes an error, and each error names the file.
pub struct Writer {
    namespace: Namespace,
    schema: Schema,
    since: Release,
    driver: Box<dyn Driver>,
    patches: Patches,
}

impl Writer {
    /// Builds the driver that the configuration selects for a file.
    pub fn new(registry: &Registry, config: &Config, namespace: &Namespace) -> Result<Writer, Error> {
        let entry = Plugins::read(config).and_then(|plugins| registry.select(namespace, &plugins));
        entry
            .map_err(|error| error.context(namespace.to_string()))
            .and_then(|entry| Writer::of(entry, config, namespace))
    }

    /// Builds the given driver, and reads the patches of its file.
    pub fn of(entry: &Entry, config: &Config, namespace: &Namespace) -> Result<Writer, Error> {
        let of_file = |error: Error| error.context(namespace.to_string());
        let patches = Patches::read(config, namespace).map_err(of_file)?;
        let is_for_any: bool = AnyRelease::read(config).map_err(of_file)?.any_release;
        let driver = without_panic(|| entry.build(config)).map_err(of_file)?;
        let since = if is_for_any { Release::FIRST } else { entry.since };
        Ok(Writer { namespace: namespace.clone(), schema: entry.schema, since, driver, patches })
    }

    /// Runs the driver, and returns the text of its file.
    pub fn write(&self, snapshot: &mut dyn Snapshot) -> Outcome {
        self.write_in(Session::new(snapshot))
    }

    /// Does the same, and records the origins of the lines.
    pub fn write_with_origins(&self, snapshot: &mut dyn Snapshot) -> Outcome {
        self.write_in(Session::new(snapshot).recording_origins())
    }

    /// Does the same, and records the origins of the lines whose value comes from one of these columns.
    pub fn write_with_origins_of(&self, snapshot: &mut dyn Snapshot, columns: fn(&str) -> bool) -> Outcome {
        self.write_in(Session::new(snapshot).recording_origins_of(columns))
    }

    /// Does the same, and has the driver explain the file, with the lines of the sections of this name.
    pub fn write_explaining(&self, snapshot: &mut dyn Snapshot, section: Option<&str>) -> Outcome {
        self.write_in(Session::new(snapshot).explaining(section))
    }

    fn write_in(&self, mut session: Session<'_>) -> Outcome {
        let start = Instant::now();
        let result = without_panic(|| {
            self.check_release(&mut session)?;
            let text = self.driver.generate(&mut session)?;
            self.patches.apply(&mut session, text)
        });
        let (result, patched) = match result {
            Ok((text, patched)) => (Ok(text), patched),
            Err(error) => (Err(error), None),
        };
        Outcome {
            bytes: result.as_ref().map_or(0, String::len),
            result: result.map_err(|error| self.explain(error)),
            warnings: session.take_warnings(),
            release: session.known_release(),
            elapsed: start.elapsed(),
            origins: session.take_origins(),
            explanation: session.take_explanation(),
            patched,
        }
    }

    fn check_release(&self, session: &mut Session<'_>) -> Result<(), Error> {
        if self.since == Release::FIRST {
            return Ok(());
        }
        self.suits(session.release()?)
    }

    /// Refuses a release for which the text of the driver is not the right one.
    pub fn suits(&self, release: Release) -> Result<(), Error> {
        if release >= self.since {
            return Ok(());
        }
        let message = format!(
            "the database is of release {release}, and the text is that of {} and later: the telephone system may not \
                understand it; to write it all the same, use --any-release or the key any_release",
            self.since
        );
        Err(Error::new(ErrorKind::Release, message))
    }

    /// Returns the problems of the texts that the driver reads at each generation. They don't name the generated file.
    pub fn check(&self) -> Vec<Error> {
        without_panic(|| Ok(self.driver.check())).unwrap_or_else(|error| vec![error])
    }

    /// Checks that a database has the tables and columns that the driver reads. The error says what is missing.
    pub fn rehearse(&self, rehearsal: &mut dyn Snapshot) -> Result<(), Error> {
        let mut session = Session::new(rehearsal);
        let result = without_panic(|| self.driver.rehearse(&mut session));
        match result.map_err(|error| self.explain(error)) {
            // A rehearsal has no rows, so a driver may complain about missing rows.
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
