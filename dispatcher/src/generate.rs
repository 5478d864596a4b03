//! Generates files: all requested files in one snapshot of the database.

use std::time::Duration;

use driver_api::{Config, Error, Namespace, Snapshot};

use crate::registry::Registry;
use crate::report::Report;
pub use crate::writer::{Outcome, Writer};

/// Generates files and passes each text to `write`. A file that fails is reported, and the others are still
/// written.
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

/// Generates one file. An error or a panic of its driver is in the outcome.
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

#[cfg(test)]
mod tests {
    use driver_api::{Driver, Entry, Rows, Session, Value};

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
    fn a_panic_fails_one_file_only() {
        let registry = Registry::new(&[DRIVERS]).unwrap();
        let namespaces: Vec<Namespace> = registry.namespaces().cloned().collect();
        let mut messages = Vec::new();
        let mut report = Report::quiet(&mut messages);
        let mut texts = Vec::new();
        let mut write = |namespace: &Namespace, text: &str| {
            texts.push(format!("{namespace}: {text}"));
            Ok(())
        };
        files(&registry, &Config::default(), &namespaces, &mut NoDatabase, &mut report, &mut write);
        assert!(!report.finish());
        assert_eq!(texts, ["a/works: text"]);
        let messages = String::from_utf8(messages).unwrap();
        assert_eq!(
            messages,
            "error: a/panics: the driver panicked: at the disco\nerror: a/unbuilt: a bad key\n"
        );
    }
}
