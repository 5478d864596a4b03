//! Directories of the users of a Wazo: the addresses of its services, and the login.

use serde::Serialize;

use super::Directory;

/// wazo-auth, which gives the token.
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
    /// Not at all, or as the system does.
    BySystem(bool),
    /// By the authorities in this file.
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

    /// Splits a URI into scheme, host and port. `None` if the port is not a number.
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
