//! Generates files: all that are asked for in one snapshot of the database.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use driver_api::{Config, Error, Namespace, Session, Snapshot, Warning};

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
            outcome.result = Err(error.in_(namespace.to_string()));
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
    let start = Instant::now();
    let mut session = Session::new(snapshot);
    let result = registry.build(namespace, config).and_then(|driver| {
        catch_unwind(AssertUnwindSafe(|| driver.generate(&mut session)))
            .unwrap_or_else(|panic| Err(Error::driver(format!("the driver panicked: {}", message(&*panic)))))
    });
    Outcome {
        result: result.map_err(|error| error.in_(namespace.to_string())),
        warnings: session.take_warnings(),
        elapsed: start.elapsed(),
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}
