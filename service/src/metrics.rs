//! The metrics of the service: counters and histograms.

use std::time::Duration;

use driver_api::{ErrorKind, Namespace};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::source::Failure;

/// In seconds: from a file without rows to the `pjsip.conf` of a very large site.
const BUCKETS: [f64; 10] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];

#[derive(Debug)]
pub(crate) struct Metrics {
    requests: Family<RequestLabels, Counter>,
    generations: Family<FileLabels, Histogram>,
    database_errors: Family<ErrorLabels, Counter>,
    suspects: Family<FileLabels, Counter>,
    pub(crate) connections: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    namespace: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct FileLabels {
    namespace: String,
}

impl FileLabels {
    pub(crate) fn new(namespace: &Namespace) -> FileLabels {
        FileLabels { namespace: namespace.to_string() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ErrorLabels {
    kind: &'static str,
}

impl Metrics {
    pub(crate) fn new() -> Metrics {
        Metrics {
            requests: Family::default(),
            generations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            database_errors: Family::default(),
            suspects: Family::default(),
            connections: Gauge::default(),
        }
    }

    /// Counts a request. A request without a known file has an empty label.
    pub(crate) fn request(&self, file: Option<&Namespace>, outcome: &'static str) {
        let namespace = file.map(ToString::to_string).unwrap_or_default();
        self.requests.get_or_create(&RequestLabels { namespace, outcome }).inc();
    }

    /// Counts a generation. It has no time if the driver did not run.
    pub(crate) fn generation(&self, file: &Namespace, time: Option<Duration>, failure: Option<&Failure>) {
        if let Some(time) = time {
            self.generations.get_or_create(&FileLabels::new(file)).observe(time.as_secs_f64());
            if let Some(failure) = failure {
                self.database_error(failure.error.kind());
            }
        }
    }

    /// Counts a text that the guard or the gate finds suspect.
    pub(crate) fn suspect(&self, file: &Namespace) {
        self.suspects.get_or_create(&FileLabels::new(file)).inc();
    }

    fn database_error(&self, kind: &ErrorKind) {
        if !matches!(kind, ErrorKind::Config | ErrorKind::Template | ErrorKind::Driver) {
            self.database_errors.get_or_create(&ErrorLabels { kind: kind.name() }).inc();
        }
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        let requests = "Requests by file and by what the reply was";
        registry.register("requests", requests, self.requests.clone());
        let generations = "How long the generation of a file took";
        registry.register("generation_seconds", generations, self.generations.clone());
        let errors = "Generations that the database made fail";
        registry.register("database_errors", errors, self.database_errors.clone());
        let suspects = "New texts that lost more than guard.max_loss allows, or that Asterisk refuses or drops objects of";
        registry.register("suspect_files", suspects, self.suspects.clone());
        registry.register("connections", "Connections of clients", self.connections.clone());
    }
}
