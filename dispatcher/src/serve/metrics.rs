//! What the service counts, as a page for Prometheus.

use std::convert::Infallible;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use driver_api::{Error, ErrorKind, Namespace};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;

use super::Service;
use super::answer::Outcome;

/// In seconds: from a file without rows to the `pjsip.conf` of a very large site.
const BUCKETS: [f64; 10] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];

/// How long somebody may take to ask for the page.
const PATIENCE: Duration = Duration::from_secs(10);

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
struct OfFile {
    namespace: String,
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
    pub(super) fn request(&self, namespace: Option<&Namespace>, outcome: Outcome) {
        let namespace = namespace.map(ToString::to_string).unwrap_or_default();
        self.requests.get_or_create(&OfRequest { namespace, outcome: outcome.word() }).inc();
    }

    /// One generation, successful or not.
    pub(super) fn generation(&self, namespace: &Namespace, time: Duration) {
        let label = OfFile { namespace: namespace.to_string() };
        self.generations.get_or_create(&label).observe(time.as_secs_f64());
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

    fn register(&self, registry: &mut Registry) {
        let requests = "Requests by file and by what the reply was";
        registry.register("requests", requests, self.requests.clone());
        let generations = "How long the generation of a file took";
        registry.register("generation_seconds", generations, self.generations.clone());
        let errors = "Generations that the database made fail";
        registry.register("database_errors", errors, self.database_errors.clone());
        registry.register("connections", "Connections of clients", self.connections.clone());
    }
}

/// The age of each cached copy when somebody asks for it.
struct Ages(Arc<Service>);

impl fmt::Debug for Ages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ages")
    }
}

impl Collector for Ages {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let help = "How long ago the cached copy of a file was made.";
        let first = ConstGauge::new(0.0);
        let mut family = encoder.encode_descriptor("cache_age_seconds", help, None, first.metric_type())?;
        for (namespace, age) in self.0.ages() {
            let label = OfFile { namespace: namespace.to_string() };
            ConstGauge::new(age.as_secs_f64()).encode(family.encode_family(&label)?)?;
        }
        Ok(())
    }
}

/// Listens on this port of the loopback interface.
pub(super) async fn listen(port: u16) -> Result<TcpListener, Error> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.map_err(|error| {
        let place = format!("configuration key metrics.listen_port: {address}");
        Error::new(ErrorKind::Config, "can't listen").because(error).in_(place)
    })
}

/// Serves the page to whoever asks.
pub(super) async fn serve(listener: TcpListener, service: Arc<Service>) {
    let mut registry = Registry::with_prefix("confgend");
    service.metrics.register(&mut registry);
    registry.register_collector(Box::new(Ages(service)));
    let registry = Arc::new(registry);
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let registry = Arc::clone(&registry);
        tokio::spawn(async move {
            let page = service_fn(|request| {
                let answer = answer(&request, &registry);
                async { Ok::<_, Infallible>(answer) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .serve_connection(TokioIo::new(stream), page);
            // Who goes away in the middle has no use for the rest.
            let _ = connection.await;
        });
    }
}

fn answer(request: &Request<Incoming>, registry: &Registry) -> Response<Full<Bytes>> {
    let mut text = String::new();
    let status = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") if encode(&mut text, registry).is_ok() => StatusCode::OK,
        _ => StatusCode::NOT_FOUND,
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    let format = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(format));
    response
}
