//! A server between the browser and the service, which changes answers.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use driver_api::Error;

/// The time limit for each read and write.
const LIMIT: Duration = Duration::from_secs(10);

pub(super) struct Relay {
    address: SocketAddr,
}

impl Relay {
    /// Passes requests for the first page on to a service. `change` gets the number of the request, from 1, and the answer.
    /// The thread ends with the process.
    pub(super) fn start(
        service: SocketAddr,
        change: impl Fn(usize, String) -> String + Send + 'static,
    ) -> Result<Relay, Error> {
        let failed = |error| Error::driver("the relay can't start").because(error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        thread::spawn(move || {
            let mut count = 0;
            for stream in listener.incoming().flatten() {
                // A browser opens connections that it does not use.
                let _ = relay(&stream, service, &mut count, &change);
            }
        });
        Ok(Relay { address })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

/// Answers one request.
fn relay(
    mut stream: &TcpStream,
    service: SocketAddr,
    count: &mut usize,
    change: impl Fn(usize, String) -> String,
) -> io::Result<()> {
    stream.set_read_timeout(Some(LIMIT))?;
    let mut first = String::new();
    let mut lines = BufReader::new(stream);
    lines.read_line(&mut first)?;
    let mut line = String::new();
    while lines.read_line(&mut line)? > 2 {
        line.clear();
    }
    if first.starts_with("GET / ") {
        *count += 1;
        let answer = change(*count, get(service, "/")?);
        // The length is another one now: the end of the connection ends the answer.
        let answer = answer.replacen("content-length: ", "x-length: ", 1);
        stream.write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// Asks a service for a page. Returns the answer with its head.
pub(super) fn get(service: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&service, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {service}\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
