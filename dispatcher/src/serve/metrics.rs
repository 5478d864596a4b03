//! What the service counts.

use std::time::Duration;

use driver_api::{ErrorKind, Namespace};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// In seconds: from a file without rows to the `pjsip.conf` of a very large site.
const BUCKETS: [f64; 10] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];

#[derive(Debug)]
pub(super) struct Metrics {
    requests: Family<OfRequest, Counter>,
    generations: Family<OfFile, Histogram>,
    database_errors: Family<OfKind, Counter>,
    pub(super) connections: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRequest {
    namespace: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OfFile {
    namespace: String,
}

impl OfFile {
    pub(super) fn new(namespace: &Namespace) -> OfFile {
        OfFile { namespace: namespace.to_string() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfKind {
    kind: &'static str,
}

impl Metrics {
    pub(super) fn new() -> Metrics {
        Metrics {
            requests: Family::default(),
            generations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            database_errors: Family::default(),
            connections: Gauge::default(),
        }
    }

    /// One request; without a namespace if it was not one for a file.
    pub(super) fn request(&self, namespace: Option<&Namespace>, outcome: &'static str) {
        let namespace = namespace.map(ToString::to_string).unwrap_or_default();
        self.requests.get_or_create(&OfRequest { namespace, outcome }).inc();
    }

    /// One generation, successful or not.
    pub(super) fn generation(&self, namespace: &Namespace, time: Duration) {
        self.generations.get_or_create(&OfFile::new(namespace)).observe(time.as_secs_f64());
    }

    /// One failure, if it is one of the database.
    pub(super) fn database_error(&self, kind: &ErrorKind) {
        let kind = match kind {
            ErrorKind::Connection => "connection",
            ErrorKind::MissingTable(_) | ErrorKind::MissingColumn(_) => "schema",
            ErrorKind::Query => "query",
            ErrorKind::Row => "row",
            ErrorKind::Config | ErrorKind::Template | ErrorKind::Driver => return,
        };
        self.database_errors.get_or_create(&OfKind { kind }).inc();
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        let requests = "Requests by file and by what the reply was";
        registry.register("requests", requests, self.requests.clone());
        let generations = "How long the generation of a file took";
        registry.register("generation_seconds", generations, self.generations.clone());
        let errors = "Generations that the database made fail";
        registry.register("database_errors", errors, self.database_errors.clone());
        registry.register("connections", "Connections of clients", self.connections.clone());
    }
}
