//! The HTTP side: the status page, its JSON, the answers to monitors, and the metrics. It only shows.

mod host;
mod metrics;
mod ready;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use driver_api::{Error, ErrorKind, Namespace};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use self::metrics::MetricsPage;
use crate::settings::Settings;
use crate::state::Service;
use crate::status::{self, Assets, Status};

/// The time limit for a client to send its request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// The time limit for a whole connection, which has one request.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(60);

/// How many clients are connected at the same time; others wait.
const MAX_CONNECTIONS: usize = 64;

/// How many answers are made at the same time: each may read many files, and generations need the processors, too.
const MAX_ANSWERS: usize = 2;

type Answer = Response<Full<Bytes>>;

/// The state that all connections share.
struct Server {
    service: Arc<Service>,
    metrics: MetricsPage,
    answers: Semaphore,
    /// Whether only programs of this machine can connect.
    is_local: bool,
}

/// Listens on the address of the configuration, if it has one.
pub(crate) async fn listen(settings: &Settings) -> Result<Option<TcpListener>, Error> {
    let Some((key, address)) = settings.http_address() else { return Ok(None) };
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let context = format!("configuration key {key}: {address}");
        Error::new(ErrorKind::Config, "can't listen").because(error).context(context)
    })?;
    let address = listener.local_addr().unwrap_or(address);
    tracing::info!(event = "start", "status page on http://{address}/");
    Ok(Some(listener))
}

/// Serves the pages for ever.
pub(crate) async fn serve(listener: TcpListener, service: Arc<Service>) {
    let is_local = listener.local_addr().is_ok_and(|address: SocketAddr| address.ip().is_loopback());
    let metrics = MetricsPage::new(&service);
    let server = Arc::new(Server { service, metrics, answers: Semaphore::new(MAX_ANSWERS), is_local });
    let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&connections).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            // This fails if the client disconnects.
            let _ = timeout(CONNECTION_TIMEOUT, server.connection(stream)).await;
            drop(permit);
        });
    }
}

impl Server {
    async fn connection(self: Arc<Self>, stream: TcpStream) -> Result<(), hyper::Error> {
        let answer = |request: Request<Incoming>| {
            let server = Arc::clone(&self);
            async move { Ok::<_, Infallible>(server.answer(&request).await) }
        };
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), service_fn(answer))
            .await
    }

    async fn answer(self: Arc<Self>, request: &Request<Incoming>) -> Answer {
        let host = request.headers().get(HOST).map(|host| host.to_str().unwrap_or("?"));
        // A page of another site, whose name leads to this machine, must not read anything.
        if self.is_local && !host.is_none_or(host::is_of_this_machine) {
            let message =
                "Ask by an IP address or as localhost: this service listens on this machine alone.\n";
            return plain(StatusCode::MISDIRECTED_REQUEST, message);
        }
        let path = request.uri().path();
        let Some(page) = Page::at(path, &self.service) else {
            return page_of_error(StatusCode::NOT_FOUND, "There is no such page", path);
        };
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "This service only shows: use GET.\n");
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return answer;
        }
        if page == Page::Health {
            return plain(StatusCode::OK, "alive\n");
        }
        let Ok(_permit) = self.answers.acquire().await else { return failed() };
        // It reads files.
        let server = Arc::clone(&self);
        spawn_blocking(move || page.answer(&server)).await.unwrap_or_else(|_| failed())
    }
}

/// A page.
#[derive(Debug, PartialEq)]
enum Page {
    Overview,
    File(Namespace),
    Health,
    Readiness,
    Metrics,
    Json,
}

impl Page {
    fn at(path: &str, service: &Service) -> Option<Page> {
        Some(match path {
            "/" => Page::Overview,
            "/healthz" => Page::Health,
            "/readyz" => Page::Readiness,
            "/metrics" => Page::Metrics,
            "/api/status.json" => Page::Json,
            path => {
                let file = path.strip_prefix("/files/")?;
                // A namespace has other forms, which are no paths of ours.
                Page::File(service.files().into_iter().find(|known| known.to_string() == file)?)
            }
        })
    }

    /// Makes the answer. It blocks.
    fn answer(&self, server: &Server) -> Answer {
        let service = &*server.service;
        match self {
            Page::Overview => html(StatusCode::OK, status::overview(&Status::of_service(service))),
            Page::File(name) => {
                let status = Status::of_service(service);
                let page = status.files.iter().find(|file| file.file == *name);
                page.map_or_else(failed, |file| html(StatusCode::OK, status::file_page(&status, file)))
            }
            Page::Health => plain(StatusCode::OK, "alive\n"),
            Page::Readiness => match ready::check(service) {
                Ok(()) => plain(StatusCode::OK, "ready\n"),
                Err(why) => plain(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
            },
            Page::Metrics => server
                .metrics
                .text()
                .map_or_else(failed, |text| with_type(StatusCode::OK, metrics::CONTENT_TYPE, text)),
            Page::Json => serde_json::to_string_pretty(&Status::of_service(service))
                .map_or_else(|_| failed(), |text| with_type(StatusCode::OK, "application/json", text + "\n")),
        }
    }
}

fn failed() -> Answer {
    plain(StatusCode::INTERNAL_SERVER_ERROR, "The answer can't be made.\n")
}

fn page_of_error(status: StatusCode, title: &str, message: &str) -> Answer {
    html(status, status::error_page(title, message))
}

fn html(status: StatusCode, text: String) -> Answer {
    with_type(status, "text/html; charset=utf-8", text)
}

fn plain(status: StatusCode, text: impl Into<String>) -> Answer {
    with_type(status, "text/plain; charset=utf-8", text.into())
}

fn with_type(status: StatusCode, format: &'static str, text: String) -> Answer {
    let mut answer = Response::new(Full::from(text));
    *answer.status_mut() = status;
    let headers = [
        (CONTENT_TYPE, format),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("content-security-policy"), Assets::policy()),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("referrer-policy"), "no-referrer"),
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
    ];
    for (name, value) in headers {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}
