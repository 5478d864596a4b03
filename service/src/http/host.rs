//! The host that a request names. A name that leads to this machine, but is not its own, is one that a web page uses to
//! read what only this machine may read (DNS rebinding).

use std::net::{IpAddr, Ipv6Addr};

/// Returns whether a `Host` header is an IP address or `localhost`, with or without a port.
pub(super) fn is_of_this_machine(host: &str) -> bool {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split_once(']').is_some_and(|(address, port)| {
            address.parse::<Ipv6Addr>().is_ok()
                && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
        });
    }
    let (name, port) = host.split_once(':').unwrap_or((host, "0"));
    is_port(port) && (name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok())
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_and_localhost_are_this_machine() {
        for host in
            ["localhost", "LOCALHOST:8671", "127.0.0.1", "127.0.0.1:8671", "10.0.0.1:1", "[::1]", "[::1]:80"]
        {
            assert!(is_of_this_machine(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:8671",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "[::1].evil",
            "[evil]",
            "?",
            "localhost:evil",
            "127.0.0.1:1:2",
            "::1",
        ] {
            assert!(!is_of_this_machine(host), "{host}");
        }
    }
}
