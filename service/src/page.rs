//! The page of metrics, for Prometheus.

use std::convert::Infallible;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use driver_api::{Error, ErrorKind};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;

use crate::metrics::FileLabels;
use crate::state::{CopyState, Service};

/// The time limit for a client to send its request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// The states of the cached copies, read for each request.
struct Copies(Arc<Service>);

impl fmt::Debug for Copies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Copies")
    }
}

/// The name of a metric, its documentation, and its value for a copy.
type CopyMetric = (&'static str, &'static str, fn(&CopyState<'_>) -> f64);

const COPY_METRICS: [CopyMetric; 4] = [
    ("cache_age_seconds", "How long ago the cached copy of a file was made.", |copy| copy.age.as_secs_f64()),
    ("cache_invalidated", "Whether the cached copy of a file is out of date.", |copy| {
        f64::from(u8::from(copy.is_invalidated))
    }),
    ("held", "Whether a new text of a file is held back.", |copy| f64::from(u8::from(copy.holds))),
    ("pinned", "Whether a file is pinned to an earlier generation.", |copy| {
        f64::from(u8::from(copy.is_pinned))
    }),
];

impl Collector for Copies {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let copies = self.0.copies();
        let first = ConstGauge::new(0.0);
        for (name, help, value) in COPY_METRICS {
            let mut family = encoder.encode_descriptor(name, help, None, first.metric_type())?;
            for copy in &copies {
                let file = FileLabels::new(copy.file);
                ConstGauge::new(value(copy)).encode(family.encode_family(&file)?)?;
            }
        }
        Ok(())
    }
}

/// Listens on the port, on the loopback interface.
pub(crate) async fn listen(port: u16) -> Result<TcpListener, Error> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.map_err(|error| {
        let context = format!("configuration key metrics.listen_port: {address}");
        Error::new(ErrorKind::Config, "can't listen").because(error).context(context)
    })
}

/// Serves the page for ever.
pub(crate) async fn serve(listener: TcpListener, service: Arc<Service>) {
    let mut registry = Registry::with_prefix("confgend");
    service.metrics.register(&mut registry);
    registry.register_collector(Box::new(Copies(service)));
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
                .header_read_timeout(HEADER_TIMEOUT)
                .serve_connection(TokioIo::new(stream), page);
            // This fails if the client disconnects.
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
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(format));
    response
}
