//! Generates the files that are reviewed: all in one snapshot, with the origins of their lines.

use driver_api::{Config, ErrorKind, Namespace, Schema, Snapshot};
use drivers::{Outcome, Registry, Report, Writer, generate};
use review::{FileSet, GeneratedFile};

/// The lines whose origins are recorded. Those of all lines of a large file take time and memory.
#[derive(Debug, Clone, Copy)]
pub enum Origins {
    /// All lines.
    All,
    /// Lines whose value comes from one of these columns.
    OfColumns(fn(&str) -> bool),
    /// No line.
    None,
}

/// Generates files in one snapshot. A file that fails is reported, and is not in the set.
pub fn generate(
    registry: &Registry,
    config: &Config,
    namespaces: &[Namespace],
    snapshot: &mut dyn Snapshot,
    report: &mut Report<'_>,
    origins: Origins,
) -> FileSet {
    let make = |namespace: &Namespace, snapshot: &mut dyn Snapshot| {
        outcome(registry, config, namespace, snapshot, origins)
    };
    let mut set = Vec::new();
    generate::each(namespaces, snapshot, &make, &mut |namespace, outcome| {
        set.extend(reported(registry, namespace, outcome, report).map(|file| (namespace.clone(), file)));
    });
    set.into_iter().collect()
}

/// Generates a file, with the origins of these lines. Returns none if it fails, which is reported, or is skipped.
pub fn file(
    registry: &Registry,
    config: &Config,
    namespace: &Namespace,
    snapshot: &mut dyn Snapshot,
    report: &mut Report<'_>,
    origins: Origins,
) -> Option<GeneratedFile> {
    reported(registry, namespace, outcome(registry, config, namespace, snapshot, origins), report)
}

fn outcome(
    registry: &Registry,
    config: &Config,
    namespace: &Namespace,
    snapshot: &mut dyn Snapshot,
    origins: Origins,
) -> Outcome {
    match Writer::new(registry, config, namespace) {
        Ok(writer) => match origins {
            Origins::All => writer.write_with_origins(snapshot),
            Origins::OfColumns(columns) => writer.write_with_origins_of(snapshot, columns),
            Origins::None => writer.write(snapshot),
        },
        Err(error) => Outcome::not_built(error),
    }
}

fn reported(
    registry: &Registry,
    namespace: &Namespace,
    outcome: Outcome,
    report: &mut Report<'_>,
) -> Option<GeneratedFile> {
    if report.skips() && is_of_older_schema(registry, namespace, &outcome) {
        return None;
    }
    report.end(namespace, &outcome);
    Some(GeneratedFile::with_origins(outcome.result.ok()?, outcome.origins))
}

/// Returns whether a file is missing because only databases of older releases have its tables.
pub(crate) fn is_of_older_schema(registry: &Registry, namespace: &Namespace, outcome: &Outcome) -> bool {
    let lacks_table =
        outcome.result.as_ref().is_err_and(|error| matches!(error.kind(), ErrorKind::MissingTable(_)));
    lacks_table && registry.drivers(namespace).iter().all(|entry| entry.schema != Schema::Current)
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use std::io;

    use driver_api::asterisk::Writer as Lines;
    use driver_api::{Driver, Entry, Error, Query, Row, Session, Text};
    use fixtures::Scratch;
    use review::{DiffOptions, Style};
    use serde::Deserialize;

    use super::*;

    /// Writes a password under a key that does not say so.
    struct Words;

    #[derive(Deserialize)]
    struct Mailbox {
        mailbox: Text,
        password: Text,
    }

    impl Driver for Words {
        fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
            let sql = "SELECT mailbox, password FROM voicemail ORDER BY uniqueid";
            let query = Query { table: "voicemail", key: &["mailbox"], sql };
            let mailboxes: Vec<Row<Mailbox>> = session.query(query, &[])?;
            let mut writer = Lines::new(session);
            for mailbox in &mailboxes {
                let mut lines = writer.at(mailbox);
                lines.section(&mailbox.mailbox);
                lines.option("word", &mailbox.password);
            }
            Ok(writer.finish(session))
        }
    }

    static DRIVERS: &[Entry] = &[Entry::new("asterisk.words.conf", "test", |_| Ok(Box::new(Words)))];

    #[test]
    fn the_column_of_a_line_says_that_its_value_is_a_secret() {
        let row = r#"{"uniqueid": 1, "context": "x", "mailbox": "1000", "password": "s3cret"}"#;
        let database = Scratch::new(&[("voicemail", row)]);
        let uri = format!("sqlite:{}", database.path().display()).parse().unwrap();
        let mut database = database::open(&uri).unwrap();
        let mut snapshot = database.snapshot().unwrap();
        let registry = Registry::new(&[DRIVERS]).unwrap();
        let names = ["asterisk/words.conf".parse().unwrap()];
        let mut messages = io::sink();
        let mut report = Report::quiet(&mut messages);
        let config = Config::default();
        let new = generate(
            &registry,
            &config,
            &names,
            &mut *snapshot,
            &mut report,
            Origins::OfColumns(review::is_secret),
        );
        assert_eq!(new.iter().map(|(_, file)| file.origins.iter().count()).collect::<Vec<_>>(), [1]);
        let old = FileSet::from_texts([("asterisk/words.conf", "[1000]\nword = before\n")]).unwrap();
        let text = review::diff(&old, &new, DiffOptions::default()).text(Style::default());
        assert!(text.contains("section 1000: word ••• → •••\n"), "{text}");
        let text = review::unified(&old, &new, DiffOptions::default(), Style::default());
        assert!(text.contains("-word = •••\n+word = •••\n"), "{text}");
    }
}
