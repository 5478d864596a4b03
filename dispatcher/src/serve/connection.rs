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

use super::Service;
use super::answer::{Body, Outcome, Reply};
use super::request::{self, Request};
use crate::Registry;
use crate::config::Limits;

/// A cached text of this many bytes is read at once, on the spot, and the system takes it at once; a larger
/// one is read in parts, elsewhere.
const SMALL: u64 = 64 << 10;

/// How many bytes of a larger one are read at a time.
const LARGE: usize = 256 << 10;

/// How long a client may go on to send after its request, before it loses the end of the reply by it.
const LINGER: Duration = Duration::from_secs(1);

/// Serves a client. Whatever it does, it costs this connection only.
///
/// From its beginning the connection is one that ends with a reset, also when the process is killed: to the
/// client, a reply that just ends would be a whole one, and none at all an empty file. Only [`close`] makes the
/// end an orderly one.
pub(super) async fn serve(mut stream: TcpStream, peer: SocketAddr, service: &Arc<Service>) {
    end_by_reset(&stream, true);
    let site = service.site();
    let limits = &site.settings.limits;
    let bytes = tokio::select! {
        // A request that is there already is served, even if the service is to stop.
        biased;
        received = receive(&mut stream, limits, &service.registry) => match received {
            Ok(bytes) => bytes,
            Err(end) => {
                service.note_end(peer, &end);
                return close(stream, 0).await;
            }
        },
        () = service.stop.cancelled() => {
            return tracing::debug!("{peer}: reset, since the service stops");
        }
    };
    let request = match request::parse(&bytes, &service.registry) {
        Ok(request) => request,
        Err(why) => {
            service.refuse(peer, &bytes, &why);
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
            tracing::warn!("{peer}: {}: cut off, since the service stops", request.namespace);
        }
    }
}

/// Sends the reply to a request, but not yet its end. Returns how long it is, in bytes; nothing if it could not
/// be sent whole.
async fn reply(
    stream: &mut TcpStream,
    peer: SocketAddr,
    service: &Arc<Service>,
    request: &Request,
) -> Option<u64> {
    let start = Instant::now();
    let site = service.site();
    let Reply { outcome, length, body } = service.answer(&site, request).await;
    let limit = site.settings.limits.reply;
    let trouble = match timeout(limit, send(stream, body)).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("the reply was not sent to its end: {error}")),
        Err(_) => Some(format!("the reply was not read within {limit:?} (service.reply_seconds)")),
    };
    // Before the client sees the end of the reply: whoever has it finds it in the log.
    log(peer, request, outcome, length, start.elapsed());
    service.metrics.request(Some(&request.namespace), outcome.word());
    match trouble {
        Some(trouble) => {
            tracing::warn!("{peer}: {}: {trouble}", request.namespace);
            None
        }
        None => Some(length),
    }
}

/// Has the connection end with a reset, or in an orderly way. It fails when the client has closed it already.
fn end_by_reset(stream: &TcpStream, reset: bool) {
    let _ = set_socket_linger(stream, reset.then_some(Duration::ZERO));
}

fn log(peer: SocketAddr, request: &Request, outcome: Outcome, length: u64, time: Duration) {
    let invalidate = if request.invalidate { " invalidate" } else { "" };
    let cached = if request.cached { " cached" } else { "" };
    let (namespace, outcome) = (&request.namespace, outcome.word());
    let milliseconds = time.as_secs_f64() * 1e3;
    tracing::info!(
        "{peer}: {namespace}{invalidate}{cached}: {outcome}, {length} bytes, {milliseconds:.3} ms"
    );
}

/// Why there is no request.
pub(super) enum End {
    /// The client closed the connection without a word.
    Silent,
    /// It said nothing, or not all, for so long.
    Idle(Duration),
    TooLong(usize),
    Lost(io::Error),
}

/// Reads a request. It ends with its line, with the stream, or, since the usual client marks no end, when it
/// came in one piece that is a whole request, or after a pause.
async fn receive(stream: &mut TcpStream, limits: &Limits, registry: &Registry) -> Result<Vec<u8>, End> {
    let deadline = Instant::now() + limits.idle;
    let mut bytes = Vec::with_capacity(1024);
    for reads in 0.. {
        let pause = Instant::now() + limits.pause;
        let until = if reads == 0 { deadline } else { deadline.min(pause) };
        match timeout_at(until, stream.read_buf(&mut bytes)).await {
            Ok(Ok(0)) if bytes.is_empty() => return Err(End::Silent),
            Ok(Ok(0)) => break,
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(End::Lost(error)),
            Err(_) if until == deadline => return Err(End::Idle(limits.idle)),
            Err(_) => break,
        }
        if request::line(&bytes).unwrap_or(&bytes).len() > limits.max_request_bytes {
            return Err(End::TooLong(limits.max_request_bytes));
        }
        if request::line(&bytes).is_some() || (reads == 0 && request::is_whole(&bytes, registry)) {
            break;
        }
    }
    Ok(bytes)
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

/// Ends the reply. What the client still sends is ignored: to close on it would reset the connection, and the
/// client could lose the end of a reply that it does not have yet.
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
