//! Generates the files that are reviewed: all in one snapshot, with the origins of their lines.

use driver_api::asterisk::LineOrigin;
use driver_api::{Config, ErrorKind, Namespace, Schema, Snapshot};
use review::{FileSet, GeneratedFile};

use crate::registry::Registry;
use crate::report::Report;
use crate::writer::{Outcome, Writer};

/// Generates files in one snapshot, with the origins that `keeps` chooses: those of a large file need more memory than its
/// text. A file that fails is reported, and is not in the set.
pub fn generate(
    registry: &Registry,
    config: &Config,
    namespaces: &[Namespace],
    snapshot: &mut dyn Snapshot,
    report: &mut Report<'_>,
    keeps: fn(&LineOrigin) -> bool,
) -> FileSet {
    let mut set = FileSet::default();
    for namespace in namespaces {
        let mut outcome = match Writer::new(registry, config, namespace) {
            Ok(writer) => writer.write_with_origins(snapshot),
            Err(error) => Outcome::not_built(error),
        };
        if report.skips() && is_of_older_schema(registry, namespace, &outcome) {
            continue;
        }
        report.end(namespace, &outcome);
        if let Ok(text) = outcome.result {
            let mut origins = std::mem::take(&mut outcome.origins);
            origins.retain(keeps);
            origins.shrink_to_fit();
            origins.sort_by_key(|origin| origin.line);
            set.insert(namespace.clone(), GeneratedFile { text: text.into_bytes(), origins });
        }
    }
    set
}

/// Returns whether a file is missing because only databases of older releases have its tables.
fn is_of_older_schema(registry: &Registry, namespace: &Namespace, outcome: &Outcome) -> bool {
    let lacks_table =
        outcome.result.as_ref().is_err_and(|error| matches!(error.kind(), ErrorKind::MissingTable(_)));
    lacks_table && registry.drivers(namespace).iter().all(|entry| entry.schema != Schema::Current)
}
