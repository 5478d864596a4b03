//! `phoned/config.yml`: the hosts and networks whose phones may use the phone directory.
//!
//! ```text
//! rest_api:
//!   authorized_subnets:
//!   - 192.168.0.0/24
//!   - 10.0.0.0/8
//! ```
//!
//! The driver writes every host as the administrator entered it. wazo-phoned refuses the whole file for one host
//! that it can't parse, so the driver warns of such a host.

use std::net::{IpAddr, Ipv4Addr};

use driver_api::{Driver, Error, Query, Row, Session, yaml};
use serde::{Deserialize, Serialize};

pub(crate) struct PhonedConfig;

impl Driver for PhonedConfig {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let accesses: Vec<Row<Access>> = session.query(ACCESSES, &[])?;
        for access in accesses.iter().filter(|access| !is_valid_host(&access.host)) {
            let message = "not an IP address, a network or a host name: wazo-phoned refuses the whole file";
            access.warn(session, "host", message);
        }
        content(accesses.iter().map(|access| access.host.as_str()).collect())
    }
}

const ACCESSES: Query<'_> = Query {
    table: "accessfeatures",
    key: &["id"],
    sql: "SELECT id, host
        FROM accessfeatures
        WHERE feature = 'phonebook' AND commented = 0
        ORDER BY id",
};

#[derive(Deserialize)]
struct Access {
    host: String,
}

fn content(authorized_subnets: Vec<&str>) -> Result<String, Error> {
    #[derive(Serialize)]
    struct File<'a> {
        rest_api: RestApi<'a>,
    }
    #[derive(Serialize)]
    struct RestApi<'a> {
        authorized_subnets: Vec<&'a str>,
    }
    yaml::to_string(&File { rest_api: RestApi { authorized_subnets } })
}

/// Returns whether the host is an address, a network (an address with a prefix length or a mask) or a host name.
fn is_valid_host(host: &str) -> bool {
    match host.split_once('/') {
        Some((address, length)) => is_network(address, length),
        None => host.parse::<IpAddr>().is_ok() || is_host_name(host),
    }
}

fn is_network(address: &str, length: &str) -> bool {
    let longest = match address.parse() {
        Ok(IpAddr::V4(_)) if length.parse::<Ipv4Addr>().is_ok() => return true,
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    is_number(length) && length.parse::<u8>().is_ok_and(|length| length <= longest)
}

fn is_host_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // A name that ends in a number, such as `10.0`, is a malformed address and not a host name.
    let ends_in_number = name.rsplit('.').next().is_some_and(is_number);
    name.len() <= 253 && name.split('.').all(is_label) && !ends_in_number
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(hosts: &[&str]) -> String {
        content(hosts.to_vec()).unwrap()
    }

    #[test]
    fn hosts_are_a_list_in_their_order() {
        assert_eq!(written(&[]), "rest_api:\n  authorized_subnets: []\n");
        assert_eq!(
            written(&["10.0.0.0/8", "192.168.1.0/24"]),
            "rest_api:\n  authorized_subnets:\n  - 10.0.0.0/8\n  - 192.168.1.0/24\n"
        );
    }

    #[test]
    fn a_host_is_written_as_it_was_entered() {
        let words = |count| vec!["word"; count].join(" ");
        let table = [
            ("", "''".to_owned()),
            ("10", "'10'".to_owned()),
            ("10.0", "'10.0'".to_owned()),
            ("::1", "::1".to_owned()),
            ("fe80::", "'fe80::'".to_owned()),
            ("host.example.com", "host.example.com".to_owned()),
            ("é.example", r#""\xE9.example""#.to_owned()),
            ("a\nb", "'a\n\n    b'".to_owned()),
            (&"a".repeat(200), "a".repeat(200)),
            (&"word ".repeat(40), format!("'{}\n    {}\n    {} '", words(16), words(16), words(8))),
        ];
        for (host, item) in table {
            assert_eq!(written(&[host]), format!("rest_api:\n  authorized_subnets:\n  - {item}\n"));
        }
    }

    #[test]
    fn a_host_is_an_address_a_network_or_a_host_name() {
        for host in [
            "10.0.0.1",
            "10.0.0.0/8",
            "10.0.0.0/255.0.0.0",
            "::1",
            "fe80::",
            "2001:db8::/32",
            "a",
            "host.example.com",
            "a-1.b.",
        ] {
            assert!(is_valid_host(host), "{host}");
        }
        let long_label = "a".repeat(64);
        let long_name = "a.".repeat(127) + "a";
        let table =
            ["", "10", "10.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "::/129", "a/8", "é.example"];
        for host in table.into_iter().chain(["a\nb", "a b", "a..b", "-a", "a-", ".", &long_label, &long_name])
        {
            assert!(!is_valid_host(host), "{host}");
        }
    }
}
