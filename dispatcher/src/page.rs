//! Asks the running service for its status, or whether it lives, by its status page.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use driver_api::settings::Settings as _;
use driver_api::{Config, Error};
use service::status::{Status, VERSION};
use service::{Http, Metrics};

use crate::ask::{Limited, reachable};

/// The paths of the page, with the time limits of people and of health checks.
const STATUS: Request =
    Request { path: "/api/status.json", connecting: Duration::from_secs(5), answer: Duration::from_secs(30) };
const HEALTH: Request =
    Request { path: "/healthz", connecting: Duration::from_secs(2), answer: Duration::from_secs(2) };

/// A request to the page.
struct Request {
    path: &'static str,
    /// How long the connection may take.
    connecting: Duration,
    /// How long the whole answer may take.
    answer: Duration,
}

/// The largest answer that is read.
const MAX_BYTES: u64 = 1 << 28;

/// Returns the address at which a program of this machine reaches the status page; none if there is no page.
///
/// # Errors
///
/// The configuration is bad, or says that the page is on any free port.
pub(crate) fn address(config: &Config) -> Result<Option<SocketAddr>, Error> {
    let (http, metrics) = (Http::read(config)?, Metrics::read(config)?);
    let Some((key, address)) = service::http_address(&http, &metrics) else { return Ok(None) };
    if address.port() == 0 {
        let message = "the status page is on any free port, so nobody can tell where to ask for it";
        return Err(config.error(key, message));
    }
    Ok(Some(reachable(address)))
}

/// Asks for the status.
///
/// # Errors
///
/// The service can't be reached, or the answer is not a status. The error names the address.
pub(crate) fn status(address: SocketAddr) -> Result<Status, Error> {
    let url = STATUS.url(address);
    let status: Status = serde_json::from_slice(&STATUS.send(address)?)
        .map_err(|error| not_answered(error.into()).context(url.clone()))?;
    if status.version != VERSION {
        let message = format!("the service is another version of confgend, {}: restart it", status.program);
        return Err(Error::driver(message).context(url));
    }
    Ok(status)
}

/// Checks within four seconds that the service answers, whatever the state of its files is.
///
/// # Errors
///
/// It does not. The error names the address.
pub(crate) fn alive(address: SocketAddr) -> Result<(), Error> {
    HEALTH.send(address).map(drop)
}

impl Request {
    fn url(&self, address: SocketAddr) -> String {
        format!("http://{address}{}", self.path)
    }

    /// Returns the body of the answer.
    fn send(&self, address: SocketAddr) -> Result<Vec<u8>, Error> {
        let answer = self.exchange(address);
        let body = answer.and_then(|answer| body(&answer).map(<[u8]>::to_vec));
        body.map_err(|error| not_answered(error).context(self.url(address)))
    }

    /// Sends the request, and reads the answer to its end, at which the service closes the connection.
    fn exchange(&self, address: SocketAddr) -> io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect_timeout(&address, self.connecting)?;
        stream.set_write_timeout(Some(self.answer))?;
        let path = self.path;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        Limited::new(&mut stream, self.answer).take(MAX_BYTES).read_to_end(&mut answer)?;
        Ok(answer)
    }
}

fn not_answered(error: io::Error) -> Error {
    Error::driver("the service did not answer").because(error)
}

/// Returns the body of an answer that is whole.
fn body(answer: &[u8]) -> io::Result<&[u8]> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let end = end.ok_or_else(|| io::Error::other("the answer is not HTTP"))?;
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let body = &answer[end + 4..];
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default();
    if first.split(' ').nth(1) != Some("200") {
        return Err(io::Error::other(format!("the answer begins with {first:?}")));
    }
    let length = lines.find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    if length.is_some_and(|length| length != body.len()) {
        return Err(io::Error::other("the answer is not whole"));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_answer_has_a_body() {
        let body =
            |answer: &str| body(answer.as_bytes()).map(<[u8]>::to_vec).map_err(|error| error.to_string());
        assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"), Ok(b"ab".to_vec()));
        assert_eq!(body("HTTP/1.0 200 OK\r\n\r\nab"), Ok(b"ab".to_vec()));
        for (answer, why) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", "the answer is not whole"),
            ("HTTP/1.1 503 No\r\n\r\nab", "the answer begins with \"http/1.1 503 no\""),
            ("nonsense", "the answer is not HTTP"),
            ("", "the answer is not HTTP"),
        ] {
            assert_eq!(body(answer), Err(why.to_owned()), "{answer}");
        }
    }
}
