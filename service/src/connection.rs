//! One connection: one request, one reply, and its end is the end of the reply.

use std::io::{self, Read};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use crate::reply::{Body, Outcome, Reply};
use crate::request::{self, Request};
use crate::settings::Limits;
use crate::source::Source;
use crate::state::Service;

/// A cached text of this many bytes is read at once, on the spot, and the system takes it at once; a larger
/// one is read in parts, elsewhere.
const SMALL: u64 = 64 << 10;

/// How many bytes of a larger one are read at a time.
const LARGE: usize = 256 << 10;

/// How long the service reads what a client sends after its request.
const LINGER: Duration = Duration::from_secs(1);

/// Serves a client. A fault of the client costs this connection only.
///
/// From its beginning the connection is one that ends with a reset, also when the process is killed: to the
/// client, a reply that just ends would be a whole one, and none at all an empty file. Only [`close`] makes the
/// end an orderly one.
pub(crate) async fn serve(mut stream: TcpStream, peer: SocketAddr, service: &Arc<Service>) {
    end_by_reset(&stream, true);
    let site = service.site();
    let limits = &site.settings.limits;
    let bytes = tokio::select! {
        // A request that is there already is served, even if the service is to stop.
        biased;
        received = receive(&mut stream, limits, &*service.source) => match received {
            Ok(bytes) => bytes,
            Err(end) => {
                log_end(peer, service, &end);
                return close(stream, 0).await;
            }
        },
        () = service.stop.cancelled() => {
            return tracing::debug!("{peer}: reset, since the service stops");
        }
    };
    let request = match request::parse(&bytes, &*service.source) {
        Ok(request) => request,
        Err(why) => {
            refuse(peer, service, &bytes, &why);
            return close(stream, 0).await;
        }
    };
    tokio::select! {
        length = reply(&mut stream, peer, service, &request) => {
            if let Some(length) = length {
                close(stream, length).await;
            }
        }
        () = service.cut.cancelled() => {
            tracing::warn!("{peer}: {}: cut off, since the service stops", request.file);
        }
    }
}

/// Sends the reply to a request, but not yet its end. Returns its length in bytes; none if it could not be sent whole.
async fn reply(
    stream: &mut TcpStream,
    peer: SocketAddr,
    service: &Arc<Service>,
    request: &Request,
) -> Option<u64> {
    let start = Instant::now();
    let site = service.site();
    let Reply { outcome, length, body } = service.reply(&site, request).await;
    let limit = site.settings.limits.reply_seconds.0;
    let failure = match timeout(limit, send(stream, body)).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("the reply was not sent to its end: {error}")),
        Err(_) => Some(format!("the reply was not read within {limit:?} (service.reply_seconds)")),
    };
    // A client that has the end of the reply finds it in the log.
    log(peer, request, outcome, length, start.elapsed());
    service.metrics.request(Some(&request.file), outcome.word());
    match failure {
        Some(failure) => {
            tracing::warn!("{peer}: {}: {failure}", request.file);
            None
        }
        None => Some(length),
    }
}

/// Sets whether the connection ends with a reset. It fails if the client has closed it already.
fn end_by_reset(stream: &TcpStream, reset: bool) {
    let _ = set_socket_linger(stream, reset.then_some(Duration::ZERO));
}

fn log(peer: SocketAddr, request: &Request, outcome: Outcome, length: u64, time: Duration) {
    let invalidate = if request.invalidate { " invalidate" } else { "" };
    let cached = if request.cached { " cached" } else { "" };
    let (namespace, outcome) = (&request.file, outcome.word());
    let milliseconds = time.as_secs_f64() * 1e3;
    tracing::info!(
        "{peer}: {namespace}{invalidate}{cached}: {outcome}, {length} bytes, {milliseconds:.3} ms"
    );
}

/// Why a connection ended without a request.
enum End {
    /// The client closed it without sending anything.
    Silent,
    /// The client did not send a whole request within this time.
    Idle(Duration),
    TooLong(usize),
    Lost(io::Error),
}

/// Reads a request. It ends with its line or with the stream. Since `wazo-confgen` marks no end, it also ends when it
/// came in one piece that is a whole request, or after a pause.
async fn receive(stream: &mut TcpStream, limits: &Limits, source: &dyn Source) -> Result<Vec<u8>, End> {
    let deadline = Instant::now() + limits.idle_seconds.0;
    let mut bytes = Vec::with_capacity(1024);
    for reads in 0.. {
        let pause = Instant::now() + limits.pause_milliseconds.0;
        let until = if reads == 0 { deadline } else { deadline.min(pause) };
        match timeout_at(until, stream.read_buf(&mut bytes)).await {
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

/// Logs why a connection ended without a request.
fn log_end(peer: SocketAddr, service: &Service, end: &End) {
    match end {
        End::Silent => tracing::debug!("{peer}: closed by the client, without a request"),
        End::Lost(error) => tracing::debug!("{peer}: lost before the request: {error}"),
        End::Idle(limit) => {
            tracing::warn!("{peer}: closed, no request within {limit:?} (service.idle_seconds)");
        }
        End::TooLong(limit) => {
            tracing::warn!(
                "{peer}: closed, the request is longer than {limit} bytes (service.max_request_bytes)"
            );
            service.metrics.request(None, Outcome::Refused.word());
        }
    }
}

/// Logs a request that has no reply.
fn refuse(peer: SocketAddr, service: &Service, bytes: &[u8], why: &str) {
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(100)]);
    tracing::error!("{peer}: no reply to {shown:?}: {why}");
    service.metrics.request(None, Outcome::Refused.word());
}

async fn send(stream: &mut TcpStream, body: Body) -> io::Result<()> {
    match body {
        Body::Nothing => {}
        Body::Text(text) => stream.write_all(text.as_bytes()).await?,
        Body::Copy(mut copy) if copy.length <= SMALL => {
            let mut text = vec![0; usize::try_from(copy.length).unwrap_or_default()];
            copy.file.read_exact(&mut text)?;
            stream.write_all(&text).await?;
        }
        Body::Copy(copy) => {
            let mut text = BufReader::with_capacity(LARGE, File::from_std(copy.file));
            tokio::io::copy_buf(&mut text, stream).await?;
        }
    }
    Ok(())
}

/// Ends the reply. It reads what the client still sends: unread data would reset the connection, and the client could
/// lose the end of the reply.
async fn close(mut stream: TcpStream, length: u64) {
    end_by_reset(&stream, false);
    // A client that is gone has closed it already.
    let _ = stream.shutdown().await;
    let mut ignored = [0; 512];
    if length > SMALL {
        let end = async { while stream.read(&mut ignored).await.is_ok_and(|read| read > 0) {} };
        let _ = timeout(LINGER, end).await;
    } else if let Ok(mut stream) = stream.into_std() {
        // It does not block: this is what is there already.
        while stream.read(&mut ignored).is_ok_and(|read| read > 0) {}
    }
}
