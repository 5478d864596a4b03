//! The journal of systemd, by its native protocol: an entry has fields, by which `journalctl` finds it.
//!
//! An entry is a datagram with lines `NAME=value`; a value with a line break has its length in front (systemd's
//! documentation calls this the native journal protocol). The crate `tracing-journald` speaks it, too, but on the
//! thread of the event, to one path only, and it drops what it can't send.

use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::{env, fs, io};

use serde_json::Value;

use super::record::Record;

/// The socket of the journal.
const SOCKET: &str = "/run/systemd/journal/socket";

/// The name of the service in the journal and in syslog. The unit has the same one.
const IDENTIFIER: &str = "wazo-confgend";

/// The beginning of the names of fields that are ours.
const PREFIX: &str = "CONFGEND_";

/// A connection to the journal.
pub(super) struct Journal {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Journal {
    /// Returns the journal if standard error is one.
    pub(super) fn of_stderr() -> Option<Journal> {
        is_stderr().then(|| Journal::at(SOCKET.into()).ok()).flatten()
    }

    /// The journal with a socket at this path, which need not exist yet.
    pub(super) fn at(path: PathBuf) -> io::Result<Journal> {
        Ok(Journal { socket: UnixDatagram::unbound()?, path })
    }

    /// Sends a record. It blocks while the journal takes nothing.
    ///
    /// # Errors
    ///
    /// Nobody listens at the socket, or the record is too long for a datagram.
    pub(super) fn send(&self, record: &Record) -> io::Result<()> {
        self.socket.send_to(&entry(record), &self.path).map(drop)
    }
}

/// Returns whether standard error is the stream of the journal that `JOURNAL_STREAM` names by device and inode. The
/// variable alone is not enough: it may come from a parent process with another standard error.
pub(super) fn is_stderr() -> bool {
    let named = env::var("JOURNAL_STREAM").unwrap_or_default();
    let stderr = fs::metadata("/proc/self/fd/2");
    stderr.is_ok_and(|stderr| named == format!("{}:{}", stderr.dev(), stderr.ino()))
}

/// Returns the datagram of a record.
fn entry(record: &Record) -> Vec<u8> {
    let mut entry = Vec::with_capacity(512);
    add(&mut entry, "MESSAGE", &record.message);
    add(&mut entry, "PRIORITY", &record.priority().to_string());
    add(&mut entry, "SYSLOG_IDENTIFIER", IDENTIFIER);
    if let Some((file, line)) = record.place {
        add(&mut entry, "CODE_FILE", file);
        add(&mut entry, "CODE_LINE", &line.to_string());
    }
    add(&mut entry, &format!("{PREFIX}LOGGER"), &record.logger());
    for (name, value) in &record.fields {
        let name = format!("{PREFIX}{}", name.to_ascii_uppercase());
        match value {
            Value::String(text) => add(&mut entry, &name, text),
            other => add(&mut entry, &name, &other.to_string()),
        }
    }
    entry
}

fn add(entry: &mut Vec<u8>, name: &str, value: &str) {
    entry.extend_from_slice(name.as_bytes());
    if value.contains('\n') {
        entry.push(b'\n');
        entry.extend_from_slice(&(value.len() as u64).to_le_bytes());
    } else {
        entry.push(b'=');
    }
    entry.extend_from_slice(value.as_bytes());
    entry.push(b'\n');
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::log::record::LogFormat;
    use crate::log::record::tests::{record, request};

    /// A socket in place of the journal's.
    pub(in crate::log) fn socket() -> (tempfile::TempDir, UnixDatagram, Journal) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        (folder, socket, Journal::at(path).unwrap())
    }

    /// Returns the fields of the next entry, parsed as the journal does.
    pub(in crate::log) fn received(socket: &UnixDatagram) -> Vec<(String, String)> {
        let mut bytes = vec![0; 1 << 20];
        let length = socket.recv(&mut bytes).unwrap();
        let mut rest = &bytes[..length];
        let mut fields = Vec::new();
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == b'\n').unwrap();
            let line = std::str::from_utf8(&rest[..end]).unwrap();
            rest = &rest[end + 1..];
            if let Some((name, value)) = line.split_once('=') {
                fields.push((name.to_owned(), value.to_owned()));
                continue;
            }
            let (length, value) = rest.split_first_chunk().unwrap();
            let (value, after) = value.split_at(usize::try_from(u64::from_le_bytes(*length)).unwrap());
            fields.push((line.to_owned(), std::str::from_utf8(value).unwrap().to_owned()));
            rest = after.strip_prefix(b"\n").unwrap();
        }
        fields
    }

    #[test]
    fn an_entry_has_the_fields_of_its_record() {
        let (_folder, socket, journal) = socket();
        journal.send(&record(LogFormat::Text, true, request)).unwrap();
        let fields = received(&socket);
        let of_code = |(name, _): &&(String, String)| name.starts_with("CODE_");
        let code: Vec<&(String, String)> = fields.iter().filter(of_code).collect();
        assert!(code.len() == 2 && code[0].1.ends_with("record.rs"), "{code:?}");
        let rest: Vec<String> = fields
            .iter()
            .filter(|field| !of_code(field))
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let expected = [
            "MESSAGE=127.0.0.1:7: a/b.conf cached: cached, 43 bytes, 0.123 ms",
            "PRIORITY=6",
            "SYSLOG_IDENTIFIER=wazo-confgend",
            "CONFGEND_LOGGER=confgend.serve.connection",
            "CONFGEND_EVENT=request",
            "CONFGEND_CLIENT=127.0.0.1:7",
            "CONFGEND_NAMESPACE=a/b.conf",
            "CONFGEND_OUTCOME=cached",
            "CONFGEND_CACHED=true",
            "CONFGEND_BYTES=43",
            "CONFGEND_MILLISECONDS=0.123",
        ];
        assert_eq!(rest, expected);
    }

    #[test]
    fn a_value_can_not_add_a_field() {
        let (_folder, socket, journal) = socket();
        let hostile = "a\nPRIORITY=0\n\nMESSAGE\n\0=b";
        let log = || tracing::error!(namespace = hostile, error = hostile, "{hostile}");
        journal.send(&record(LogFormat::Text, true, log)).unwrap();
        let fields = received(&socket);
        let values = |name: &str| {
            let of_name = fields.iter().filter(|(found, _)| found == name);
            of_name.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(values("PRIORITY"), ["3"]);
        assert_eq!(values("MESSAGE"), ["a\\nPRIORITY=0\\n\\nMESSAGE\\n\\u{0}=b"]);
        assert_eq!(values("CONFGEND_NAMESPACE"), [hostile]);
        assert_eq!(values("CONFGEND_ERROR"), [hostile]);
    }
}
