//! Directories of the users of a Wazo: the addresses of its services, and the login.

use serde::Serialize;

use super::Directory;

/// wazo-auth, which issues the token.
#[derive(Clone, Serialize)]
pub(super) struct Auth<'a> {
    host: Option<&'a str>,
    key_file: Option<&'a str>,
    password: Option<&'a str>,
    port: Option<i64>,
    username: Option<&'a str>,
    verify_certificate: Verification<'a>,
}

/// wazo-confd, which knows the users.
#[derive(Clone, Serialize)]
pub(super) struct Confd<'a> {
    host: &'a str,
    https: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<i64>,
    /// In seconds.
    timeout: u8,
    verify_certificate: Verification<'a>,
    version: &'static str,
}

/// How the certificate of a server is verified.
#[derive(Clone, Serialize)]
#[serde(untagged)]
enum Verification<'a> {
    /// `false`: not at all; `true`: against the authorities of the system.
    BySystem(bool),
    /// Against the authorities in this file.
    ByFile(&'a str),
}

impl<'a> Verification<'a> {
    fn new(is_wanted: bool, file: Option<&'a str>) -> Verification<'a> {
        match file.filter(|file| is_wanted && !file.is_empty()) {
            Some(file) => Verification::ByFile(file),
            None => Verification::BySystem(is_wanted),
        }
    }
}

impl Directory {
    pub(super) fn auth(&self) -> Auth<'_> {
        Auth {
            host: self.auth_host.as_deref(),
            key_file: self.auth_key_file.as_deref(),
            password: self.xivo_password.as_deref(),
            port: self.auth_port,
            username: self.xivo_username.as_deref(),
            verify_certificate: Verification::new(
                self.auth_verify_certificate,
                self.auth_custom_ca_path.as_deref(),
            ),
        }
    }

    /// Splits a URI into scheme, host and port, which may be missing. Returns `None` if the port is not a number.
    pub(super) fn confd<'a>(&'a self, uri: &'a str) -> Option<Confd<'a>> {
        let (scheme, authority) = uri.split_once("://").unwrap_or((uri, ""));
        let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
        let port = if port.is_empty() { None } else { Some(port.trim().parse().ok()?) };
        let file = self.xivo_custom_ca_path.as_deref();
        Some(Confd {
            host,
            https: scheme == "https",
            port,
            timeout: 4,
            verify_certificate: Verification::new(self.xivo_verify_certificate, file),
            version: "1.1",
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{directory, one, source, with};

    #[test]
    fn the_uri_of_confd_is_split() {
        for (uri, confd) in [
            ("https://h:9486", json!({"https": true, "host": "h", "port": 9486})),
            ("http://10.0.0.1", json!({"https": false, "host": "10.0.0.1"})),
            ("https://h:", json!({"https": true, "host": "h"})),
            ("noscheme", json!({"https": false, "host": ""})),
            ("https", json!({"https": true, "host": ""})),
            ("HTTPS://h: 12 ", json!({"https": false, "host": "h", "port": 12})),
            ("https://h:-1", json!({"https": true, "host": "h", "port": -1})),
        ] {
            let source = one(&source(json!({})), &directory("wazo", json!({"uri": uri}))).unwrap();
            let always = json!({"timeout": 4, "verify_certificate": false, "version": "1.1"});
            assert_eq!(source["confd"].to_string(), with(confd, always), "{uri}");
        }
        for uri in ["https://h:9486/", "https://[::1]:9486", "https://h: ", "https://h:1:2", "a://b://c"] {
            let error = one(&source(json!({})), &directory("wazo", json!({"uri": uri}))).unwrap_err();
            let why = "the port is not a number; the source is left out";
            assert_eq!(error, format!("table directories, row id=3, column uri: {why}"));
        }
    }

    #[test]
    fn certificates_are_verified_by_file_or_by_system() {
        for (wanted, file, expected) in [
            (false, json!("/ca.crt"), json!(false)),
            (false, Value::Null, json!(false)),
            (true, json!("/ca.crt"), json!("/ca.crt")),
            (true, json!(""), json!(true)),
            (true, Value::Null, json!(true)),
        ] {
            for (part, flag, path) in [
                ("auth", "auth_verify_certificate", "auth_custom_ca_path"),
                ("confd", "xivo_verify_certificate", "xivo_custom_ca_path"),
            ] {
                let directory = directory("wazo", json!({"uri": "https://h", flag: wanted, path: file}));
                let source = one(&source(json!({})), &directory).unwrap();
                assert_eq!(source[part]["verify_certificate"], expected);
            }
        }
    }
}
