//! Asterisk's manager interface: lines of `Key: value` over TCP, an empty line behind each message.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use driver_api::Error;

use crate::asterisk::Asterisk;
use crate::settings::Ami;

/// The time limit for a connection and the login.
const LOGIN: Duration = Duration::from_secs(10);

/// The maximum length of a line, and of a message in lines.
const MAX_LINE: usize = 64 << 10;
const MAX_LINES: usize = 10_000;

impl Asterisk for Ami {
    fn send(&mut self, command: &str, limit: Duration) -> Result<String, Error> {
        let address = format!("{}:{}", self.host, self.port);
        let in_context = |error: io::Error| {
            let message =
                if error.kind() == io::ErrorKind::WouldBlock { "no answer in time" } else { "no answer" };
            Error::driver(message).because(error).context(format!("AMI at {address}"))
        };
        let mut session = Session::open(&address).map_err(in_context)?;
        let login =
            [("Action", "Login"), ("Username", &self.username), ("Secret", &self.secret), ("Events", "off")];
        let answer = session.ask(&login, LOGIN).map_err(in_context)?;
        if !answer.is_success {
            let message = format!("the login of {} is refused: {}", self.username, answer.text.trim());
            return Err(Error::driver(message).context(format!("AMI at {address}")));
        }
        let answer =
            session.ask(&[("Action", "Command"), ("Command", command)], limit).map_err(in_context)?;
        // Asterisk also answers with an error if the output says so; the text tells.
        Ok(answer.text)
    }
}

struct Session {
    stream: BufReader<TcpStream>,
}

/// The answer to an action.
struct Message {
    is_success: bool,
    /// The output of a command, or else the message.
    text: String,
}

impl Session {
    /// Connects, and reads the greeting.
    fn open(address: &str) -> io::Result<Session> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for address in address.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, LOGIN) {
                Ok(stream) => {
                    let mut session = Session { stream: BufReader::new(stream) };
                    session.line(Instant::now() + LOGIN)?;
                    return Ok(session);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Sends an action, and reads its answer.
    fn ask(&mut self, fields: &[(&str, &str)], limit: Duration) -> io::Result<Message> {
        const ID: &str = "confgend";
        let deadline = Instant::now() + limit;
        let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{key}: {value}\r\n")).collect();
        let action = format!("{}ActionID: {ID}\r\n\r\n", fields.concat());
        self.stream.get_ref().set_write_timeout(Some(limit))?;
        self.stream.get_mut().write_all(action.as_bytes())?;
        loop {
            let fields = self.message(deadline)?;
            let value = |wanted: &str| {
                fields
                    .iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case(wanted))
                    .map(|(_, value)| value.as_str())
            };
            // An event may come before the answer.
            if let Some(response) = value("Response")
                && value("ActionID").is_none_or(|id| id == ID)
            {
                let output: Vec<&str> = fields
                    .iter()
                    .filter(|(key, _)| key.eq_ignore_ascii_case("Output"))
                    .map(|(_, value)| value.as_str())
                    .collect();
                let text = if output.is_empty() {
                    value("Message").unwrap_or_default().to_owned()
                } else {
                    output.join("\n")
                };
                return Ok(Message { is_success: !response.eq_ignore_ascii_case("Error"), text });
            }
        }
    }

    /// Reads the fields of a message.
    fn message(&mut self, deadline: Instant) -> io::Result<Vec<(String, String)>> {
        let mut fields = Vec::new();
        loop {
            let line = self.line(deadline)?;
            if line.is_empty() {
                return Ok(fields);
            }
            let (key, value) = line.split_once(':').unwrap_or(("", &line));
            // An output keeps its blanks, but the first.
            fields.push((key.to_owned(), value.strip_prefix(' ').unwrap_or(value).to_owned()));
            if fields.len() > MAX_LINES {
                return Err(io::Error::other("the message is too long"));
            }
        }
    }

    /// Reads a line without its end.
    fn line(&mut self, deadline: Instant) -> io::Result<String> {
        let mut line = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            self.stream.get_ref().set_read_timeout(Some(left))?;
            let bytes = self.stream.fill_buf()?;
            if bytes.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let end = bytes.iter().position(|&byte| byte == b'\n');
            let length = end.map_or(bytes.len(), |end| end + 1);
            line.extend_from_slice(&bytes[..length]);
            self.stream.consume(length);
            if line.len() > MAX_LINE {
                return Err(io::Error::other("a line is too long"));
            }
            if end.is_some() {
                let text = String::from_utf8_lossy(&line);
                return Ok(text.trim_end_matches(['\r', '\n']).to_owned());
            }
        }
    }
}
