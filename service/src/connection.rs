//! One connection: it has one request and one reply, and ends with the reply.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use tokio::fs::File;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::time::{Instant, timeout, timeout_at};

use crate::reply::{Body, Outcome, Reply};
use crate::request::{self, Request};
use crate::settings::Limits;
use crate::source::Source;
use crate::state::Service;
use crate::stream::{LARGE, Peer, Stream};

/// The maximum size of a cached text that is read at once on the thread of the connections. Sending it doesn't
/// block either. A larger text is read in parts on another thread.
const SMALL: u64 = LARGE;

/// The size of the parts of a larger text.
const CHUNK: usize = 256 << 10;

/// Serves a client. A fault of the client affects this connection only.
///
/// The connection ends with a reset, even if the process is killed, unless [`Stream::close`] ends it.
pub(crate) async fn serve(mut stream: impl Stream, peer: Peer, service: &Arc<Service>) {
    stream.prepare();
    let site = service.site();
    let limits = &site.settings.limits;
    let bytes = tokio::select! {
        // A request that has arrived is served, even if the service is stopping.
        biased;
        received = receive(&mut stream, limits, &*service.source) => match received {
            Ok(bytes) => bytes,
            Err(end) => {
                log_end(peer, service, &end);
                return stream.close(0).await;
            }
        },
        () = service.stop.cancelled() => {
            return tracing::debug!(
                event = "client", client = %peer,
                "{peer}: reset, since the service stops"
            );
        }
    };
    let request = match request::parse(&bytes, &*service.source) {
        Ok(request) => request,
        Err(why) => {
            refuse(peer, service, &bytes, &why);
            return stream.close(0).await;
        }
    };
    tokio::select! {
        length = reply(&mut stream, peer, service, &request) => {
            if let Some(length) = length {
                stream.close(length).await;
            }
        }
        () = service.cut.cancelled() => {
            let namespace = &request.file;
            tracing::warn!(
                event = "client", client = %peer, %namespace,
                "{peer}: {namespace}: cut off, since the service stops"
            );
        }
    }
}

/// Sends the reply to a request, and keeps the connection open. Returns the length of the reply in bytes; none if
/// it could not be sent whole.
async fn reply(
    stream: &mut impl Stream,
    peer: Peer,
    service: &Arc<Service>,
    request: &Request,
) -> Option<u64> {
    let start = Instant::now();
    let site = service.site();
    let Reply { outcome, length, body } = service.reply(&site, request).await;
    service.ledger.answered(&request.file, outcome);
    let limit = site.settings.limits.reply_seconds.0;
    let failure = match timeout(limit, send(stream, body)).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("the reply was not sent to its end: {error}")),
        Err(_) => Some(format!("the reply was not read within {limit:?} (service.reply_seconds)")),
    };
    log(peer, request, outcome, length, start.elapsed());
    service.metrics.request(Some(&request.file), outcome.word());
    match failure {
        Some(failure) => {
            let namespace = &request.file;
            tracing::warn!(
                event = "client", client = %peer, %namespace, error = failure,
                "{peer}: {namespace}: {failure}"
            );
            None
        }
        None => Some(length),
    }
}

fn log(client: Peer, request: &Request, outcome: Outcome, bytes: u64, time: Duration) {
    let Request { file: namespace, cached, invalidate } = request;
    let marked = if *invalidate { " invalidate" } else { "" };
    let accepting = if *cached { " cached" } else { "" };
    let outcome = outcome.word();
    let milliseconds = time.as_secs_f64() * 1e3;
    tracing::info!(
        event = "request", %client, %namespace, invalidate, cached, outcome, bytes, milliseconds,
        "{client}: {namespace}{marked}{accepting}: {outcome}, {bytes} bytes, {milliseconds:.3} ms"
    );
}

/// The reason why a connection ended without a request.
enum End {
    /// The client closed it without sending anything.
    Silent,
    /// The client did not send a whole request within this time.
    Idle(Duration),
    TooLong(usize),
    Lost(io::Error),
}

/// Reads a request, up to the end of its line or of the stream. `wazo-confgen` marks no end, so a first piece
/// that is a whole request also ends the reading, and so does a pause.
async fn receive(stream: &mut impl Stream, limits: &Limits, source: &dyn Source) -> Result<Vec<u8>, End> {
    let deadline = Instant::now() + limits.idle_seconds.0;
    let mut bytes = Vec::with_capacity(1024);
    for reads in 0.. {
        let pause = Instant::now() + limits.pause_milliseconds.0;
        let until = if reads == 0 { deadline } else { deadline.min(pause) };
        match timeout_at(until, stream.receive(&mut bytes)).await {
            Ok(Ok(0)) if bytes.is_empty() => return Err(End::Silent),
            Ok(Ok(0)) => break,
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(End::Lost(error)),
            Err(_) if until == deadline => return Err(End::Idle(limits.idle_seconds.0)),
            Err(_) => break,
        }
        if request::line(&bytes).unwrap_or(&bytes).len() > limits.max_request_bytes.0 {
            return Err(End::TooLong(limits.max_request_bytes.0));
        }
        if request::line(&bytes).is_some() || (reads == 0 && request::is_whole(&bytes, source)) {
            break;
        }
    }
    Ok(bytes)
}

/// Logs the reason why a connection ended without a request.
fn log_end(client: Peer, service: &Service, end: &End) {
    match end {
        End::Silent => {
            tracing::debug!(
                event = "client", %client,
                "{client}: closed by the client, without a request"
            );
        }
        End::Lost(error) => {
            tracing::debug!(
                event = "client", %client, %error,
                "{client}: lost before the request: {error}"
            );
        }
        End::Idle(limit) => {
            tracing::warn!(
                event = "client", %client, key = "service.idle_seconds",
                "{client}: closed, no request within {limit:?} (service.idle_seconds)"
            );
        }
        End::TooLong(limit) => {
            tracing::warn!(
                event = "client", %client, key = "service.max_request_bytes",
                "{client}: closed, the request is longer than {limit} bytes (service.max_request_bytes)"
            );
            service.metrics.request(None, Outcome::Refused.word());
        }
    }
}

/// Logs a request that has no reply.
fn refuse(client: Peer, service: &Service, bytes: &[u8], why: &str) {
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(100)]);
    let outcome = Outcome::Refused.word();
    tracing::error!(
        event = "request", %client, outcome, request = &*shown, error = why,
        "{client}: no reply to {shown:?}: {why}"
    );
    service.metrics.request(None, outcome);
}

async fn send(stream: &mut impl Stream, body: Body) -> io::Result<()> {
    match body {
        Body::Nothing => {}
        Body::Text(text) => stream.write_all(text.as_bytes()).await?,
        Body::Copy(mut copy) if copy.length <= SMALL => {
            let mut text = vec![0; usize::try_from(copy.length).unwrap_or_default()];
            copy.file.read_exact(&mut text)?;
            stream.write_all(&text).await?;
        }
        Body::Copy(copy) => {
            let mut text = BufReader::with_capacity(CHUNK, File::from_std(copy.file));
            tokio::io::copy_buf(&mut text, stream).await?;
        }
    }
    Ok(())
}
