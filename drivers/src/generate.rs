//! Generates files: all requested files in one snapshot of the database.

use std::borrow::Cow;

use driver_api::{Config, Error, Namespace, Snapshot, Warning, asterisk};

use crate::registry::Registry;
use crate::report::Report;
pub use crate::writer::{Outcome, Writer};

/// Writes the text of a file somewhere. The result may be a warning.
pub type Write<'a> = dyn FnMut(&Namespace, &str) -> Result<Option<String>, Error> + 'a;

/// Generates files and passes each text to `write`. A file that fails is reported, and
/// the others are still written.
pub fn files(
    registry: &Registry,
    config: &Config,
    namespaces: &[Namespace],
    snapshot: &mut dyn Snapshot,
    report: &mut Report<'_>,
    write: &mut Write<'_>,
) {
    for namespace in namespaces {
        report.begin(namespace);
        let mut outcome = file(registry, config, namespace, snapshot);
        if let Ok(text) = &outcome.result {
            match write(namespace, text) {
                Ok(warning) => outcome.warnings.extend(warning.map(|text| Warning::new("", text))),
                Err(error) => outcome.result = Err(error.context(namespace.to_string())),
            }
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
        Err(error) => Outcome::not_built(error),
    }
}

/// Returns the text of a file with the mark of its end behind it. An empty text has none.
pub fn with_end_mark<'t>(namespace: &Namespace, text: &'t str) -> Cow<'t, str> {
    if text.is_empty() { Cow::Borrowed(text) } else { asterisk::with_end_mark(namespace, text) }
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
    fn the_end_mark_follows_files_of_asterisk() {
        let marked = |file: &str, text| with_end_mark(&file.parse().unwrap(), text).into_owned();
        let mark = "[confgend-pjsip-end](!)\n";
        assert_eq!(marked("asterisk/pjsip.conf", "[a]\n"), format!("[a]\n{mark}"));
        assert_eq!(marked("asterisk.pjsip.conf", "; no line end"), format!("; no line end\n{mark}"));
        assert_eq!(marked("asterisk/pjsip.conf", ""), "");
        for file in ["wazo/uuid.yml", "dird/views.conf", "asterisk/x.yml"] {
            assert_eq!(marked(file, "[a]\n"), "[a]\n", "{file}");
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
            Ok(Some("a warning".to_owned()))
        };
        files(&registry, &Config::default(), &namespaces, &mut NoDatabase, &mut report, &mut write);
        assert!(!report.finish());
        assert_eq!(texts, ["a/works: text"]);
        let messages = String::from_utf8(messages).unwrap();
        assert_eq!(
            messages,
            "error: a/panics: the driver panicked: at the disco\nerror: a/unbuilt: a bad key\n\
            warning: a/works: a warning\n"
        );
    }
}
