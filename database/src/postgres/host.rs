//! The hosts of a URI, and their addresses.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};

use driver_api::{Error, ErrorKind};
use postgres::Config;
use postgres::config::{Host, SslMode};

use crate::uri::split_parameters;

/// The folder of the socket of Debian's server, for a URI that names no host.
const LOCAL_SOCKET: &str = "/var/run/postgresql";
const PORT: u16 = 5432;

/// A host, or one of its addresses. It prints without anything that may be a password.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HostAddress {
    /// The name, which TLS needs even where the address is known.
    host: Host,
    address: Option<IpAddr>,
    port: u16,
}

impl HostAddress {
    /// Returns whether it is a socket in the file system.
    pub(super) fn is_local(&self) -> bool {
        matches!(self.host, Host::Unix(_)) && self.address.is_none()
    }

    /// Looks the name up, and returns one value for each address of the host.
    pub(super) fn resolve(self) -> io::Result<Vec<HostAddress>> {
        let HostAddress { host: Host::Tcp(name), address: None, port } = &self else { return Ok(vec![self]) };
        let addresses = (name.as_str(), *port).to_socket_addrs()?;
        Ok(addresses.map(|it| HostAddress { address: Some(it.ip()), ..self.clone() }).collect())
    }

    /// Adds the host to the configuration of a connection.
    pub(super) fn complete(&self, mut config: Config) -> Config {
        match &self.host {
            Host::Tcp(name) => config.host(name),
            Host::Unix(folder) => config.host_path(folder),
        };
        if let Some(address) = self.address {
            config.hostaddr(address);
        }
        if self.is_local() {
            config.ssl_mode(SslMode::Disable);
        }
        config.port(self.port);
        config
    }
}

impl fmt::Display for HostAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.address.map(|address| SocketAddr::new(address, self.port));
        match (&self.host, address) {
            (Host::Unix(folder), None) => write!(f, "{}/.s.PGSQL.{}", folder.display(), self.port),
            (Host::Tcp(name), None) => write!(f, "{}:{}", without_password(name), self.port),
            (Host::Tcp(name), Some(address)) if *name != address.ip().to_string() => {
                write!(f, "{} ({address})", without_password(name))
            }
            (_, Some(address)) => write!(f, "{address}"),
        }
    }
}

/// Returns the part behind the last `@`: the part before it belongs to a password with an unescaped `@`.
fn without_password(name: &str) -> &str {
    name.rsplit('@').next().unwrap_or_default()
}

/// Returns the hosts of a URI, in their order.
pub(super) fn hosts(config: &Config) -> Result<Vec<HostAddress>, Error> {
    let (names, addresses, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
    let count = names.len().max(addresses.len()).max(1);
    let fits = |number: usize| number == 0 || number == count;
    if !fits(names.len()) || !fits(addresses.len()) || !(fits(ports.len()) || ports.len() == 1) {
        let message = format!(
            "the URI has {} hosts, {} addresses and {} ports: give each host its own, or one port for all",
            names.len(),
            addresses.len(),
            ports.len()
        );
        return Err(Error::new(ErrorKind::Config, message));
    }
    let host = |index| {
        let address = addresses.get(index).copied();
        // TLS needs a name. Without one, the address takes its place.
        let as_host = |address: IpAddr| Host::Tcp(address.to_string());
        let host = names.get(index).cloned().or(address.map(as_host));
        let host = host.unwrap_or_else(|| Host::Unix(LOCAL_SOCKET.into()));
        let port = ports.get(index).or(ports.first()).copied().unwrap_or(PORT);
        HostAddress { host, address, port }
    };
    Ok((0..count).map(host).collect())
}

/// Removes the hosts, addresses and ports from a URI.
pub(super) fn without_hosts(uri: &str) -> String {
    let (address, parameters) = split_parameters(uri);
    // As the crate `postgres` reads it: the login ends with the first `@`, the hosts with the next slash.
    let scheme = address.find("://").map_or(0, |at| at + "://".len());
    let hosts = address.find('@').map_or(scheme, |at| at + 1);
    let end = address[hosts..].find('/').map_or(address.len(), |at| hosts + at);
    let is_other = |parameter: &&str| {
        let key = parameter.split('=').next().unwrap_or_default();
        !matches!(key, "host" | "hostaddr" | "port")
    };
    let others = parameters.split('&').filter(is_other).collect::<Vec<_>>().join("&");
    format!("{}{}?{others}", &address[..hosts], &address[end..])
}

/// Puts the items into a random order.
pub(super) fn shuffle<T>(items: &mut [T]) {
    // Each `RandomState` has its own keys.
    items.sort_by_cached_key(|_| RandomState::new().build_hasher().finish());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown_hosts(uri: &str) -> Vec<String> {
        hosts(&uri.parse().unwrap()).unwrap().iter().map(HostAddress::to_string).collect()
    }

    #[test]
    fn each_host_has_its_port() {
        assert_eq!(shown_hosts("postgresql://u@h1:1,h2/d"), ["h1:1", "h2:5432"]);
        assert_eq!(shown_hosts("postgresql:///d?host=h1&host=/s&port=7"), ["h1:7", "/s/.s.PGSQL.7"]);
        assert_eq!(shown_hosts("postgresql:///d"), ["/var/run/postgresql/.s.PGSQL.5432"]);
        assert_eq!(shown_hosts("postgresql:///d?hostaddr=::1"), ["[::1]:5432"]);
        assert_eq!(shown_hosts("postgresql://h1/d?hostaddr=::1"), ["h1 ([::1]:5432)"]);
        assert_eq!(shown_hosts("postgresql:///d?host=/s&hostaddr=::1&port=7"), ["[::1]:7"]);
        assert_eq!(shown_hosts("postgresql://u:s3@cret@h1/d"), ["h1:5432"]);
    }

    #[test]
    fn hosts_addresses_and_ports_must_match_in_number() {
        for uri in [
            "postgresql:///d?host=h1&host=h2&hostaddr=::1",
            "postgresql:///d?hostaddr=::1,::2&port=1,2,3",
            "postgresql:///d?port=1,2",
        ] {
            let error = hosts(&uri.parse().unwrap()).unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::Config);
            assert!(error.to_string().starts_with("the URI has "), "{error}");
        }
    }

    #[test]
    fn hosts_are_removed_from_a_uri() {
        for (uri, expected) in [
            ("postgresql://", "postgresql://?"),
            ("postgresql://h1:1,h2/d", "postgresql:///d?"),
            ("postgres://u:p?p@[::1]:1/d?port=3&user=x", "postgres://u:p?p@/d?user=x"),
            ("postgresql://?host=h1&hostaddr=::1&dbname=d", "postgresql://?dbname=d"),
        ] {
            assert_eq!(without_hosts(uri), expected);
            assert!(expected.parse::<Config>().unwrap().get_hosts().is_empty());
        }
    }

    #[test]
    fn each_item_can_come_first() {
        let first = || {
            let mut items = [1, 2, 3];
            shuffle(&mut items);
            items[0]
        };
        let firsts: std::collections::BTreeSet<_> = (0..1000).map(|_| first()).collect();
        assert_eq!(firsts.into_iter().collect::<Vec<_>>(), [1, 2, 3]);
    }
}
