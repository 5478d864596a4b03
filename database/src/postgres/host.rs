//! The hosts of the parameters, and their addresses.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use driver_api::{Error, ErrorKind};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::parameters::{Parameters, refuse};

/// The folder of the socket of Debian's server, for parameters that name no host.
pub(super) const LOCAL_SOCKET: &str = "/var/run/postgresql";
const PORT: u16 = 5432;

/// A host, or one of its addresses.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HostAddress {
    /// The name, which TLS needs even where the address is known.
    host: Host,
    address: Option<IpAddr>,
    pub(super) port: u16,
}

impl HostAddress {
    /// Returns whether it is a socket in the file system.
    pub(super) fn is_local(&self) -> bool {
        matches!(self.host, Host::Unix(_)) && self.address.is_none()
    }

    /// Returns the host as a password file names it.
    pub(super) fn name_in_passfile(&self) -> String {
        match &self.host {
            Host::Unix(folder) if folder.as_os_str() == LOCAL_SOCKET => "localhost".to_owned(),
            Host::Unix(folder) => folder.display().to_string(),
            Host::Tcp(name) => name.clone(),
        }
    }

    /// Looks the name up, and returns one value for each address of the host.
    pub(super) async fn resolve(&self) -> io::Result<Vec<HostAddress>> {
        let HostAddress { host: Host::Tcp(name), address: None, port } = self else {
            return Ok(vec![self.clone()]);
        };
        let addresses = tokio::net::lookup_host((name.as_str(), *port)).await?;
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
            (Host::Tcp(name), None) => write!(f, "{name}:{}", self.port),
            (Host::Tcp(name), Some(address)) if *name != address.ip().to_string() => {
                write!(f, "{name} ({address})")
            }
            (_, Some(address)) => write!(f, "{address}"),
        }
    }
}

/// Returns the hosts, in their order.
pub(super) fn hosts(parameters: &Parameters) -> Result<Vec<HostAddress>, Error> {
    let [names, addresses, ports] = ["host", "hostaddr", "port"].map(|keyword| parameters.list(keyword));
    let count = names.len().max(addresses.len()).max(1);
    let fits = |number: usize| number == 0 || number == count;
    if !fits(names.len()) || !fits(addresses.len()) || !(fits(ports.len()) || ports.len() == 1) {
        let message = format!(
            "there are {} hosts, {} addresses and {} ports: give each host its own, or one port for all",
            names.len(),
            addresses.len(),
            ports.len()
        );
        return Err(Error::new(ErrorKind::Config, message));
    }
    (0..count)
        .map(|index| {
            let address = given(&addresses, index).map(address).transpose()?;
            let host = match (given(&names, index), address) {
                (Some(name), _) => host(name)?,
                // TLS needs a name. Without one, the address takes its place.
                (None, Some(address)) => Host::Tcp(address.to_string()),
                (None, None) => Host::Unix(LOCAL_SOCKET.into()),
            };
            let port = given(&ports, if ports.len() == 1 { 0 } else { index }).map(port).transpose()?;
            Ok(HostAddress { host, address, port: port.unwrap_or(PORT) })
        })
        .collect()
}

fn given<'a>(list: &[&'a str], index: usize) -> Option<&'a str> {
    list.get(index).copied().filter(|item| !item.is_empty())
}

/// Reads a host as libpq does: a path is the folder of a socket.
fn host(name: &str) -> Result<Host, Error> {
    if name.starts_with('@') {
        return Err(refuse("host", name, "abstract sockets are not supported; give the folder of a socket"));
    }
    Ok(if name.starts_with('/') { Host::Unix(PathBuf::from(name)) } else { Host::Tcp(name.to_owned()) })
}

fn address(text: &str) -> Result<IpAddr, Error> {
    text.parse().map_err(|_| refuse("hostaddr", text, "expected an IP address"))
}

fn port(text: &str) -> Result<u16, Error> {
    text.trim().parse().map_err(|_| refuse("port", text, "expected a number from 0 to 65535"))
}

/// Puts the items into a random order.
pub(super) fn shuffle<T>(items: &mut [T]) {
    // Each `RandomState` has its own keys.
    items.sort_by_cached_key(|_| RandomState::new().build_hasher().finish());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &str) -> Result<Vec<HostAddress>, Error> {
        hosts(&Parameters::read(uri, &|_| None).unwrap())
    }

    fn shown_hosts(uri: &str) -> Vec<String> {
        read(uri).unwrap().iter().map(HostAddress::to_string).collect()
    }

    #[test]
    fn each_host_has_its_port() {
        assert_eq!(shown_hosts("postgresql://u@h1:1,h2/d"), ["h1:1", "h2:5432"]);
        assert_eq!(shown_hosts("postgresql:///d?host=h1&host=/s&port=7"), ["h1:7", "/s/.s.PGSQL.7"]);
        assert_eq!(shown_hosts("postgresql:///d"), ["/var/run/postgresql/.s.PGSQL.5432"]);
        assert_eq!(shown_hosts("postgresql://%2Frun%2Fpg:7/d"), ["/run/pg/.s.PGSQL.7"]);
        assert_eq!(shown_hosts("postgresql:///d?hostaddr=::1"), ["[::1]:5432"]);
        assert_eq!(shown_hosts("postgresql://h1/d?hostaddr=::1"), ["h1 ([::1]:5432)"]);
        assert_eq!(shown_hosts("postgresql://[::1],[fe80::2]:7/d"), ["::1:5432", "fe80::2:7"]);
        assert_eq!(shown_hosts("postgresql:///d?host=/s&hostaddr=::1&port=7"), ["[::1]:7"]);
    }

    #[test]
    fn hosts_addresses_and_ports_must_match_in_number() {
        for uri in [
            "postgresql:///d?host=h1&host=h2&hostaddr=::1",
            "postgresql:///d?hostaddr=::1,::2&port=1,2,3",
            "postgresql:///d?port=1,2",
        ] {
            let error = read(uri).unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::Config);
            assert!(error.to_string().starts_with("there are "), "{error}");
        }
    }

    #[test]
    fn a_host_that_no_connection_can_reach_is_refused() {
        for (uri, reason) in [
            ("postgresql:///d?host=@abstract", "abstract sockets"),
            ("postgresql:///d?hostaddr=h1", "expected an IP address"),
            ("postgresql:///d?port=x", "expected a number"),
        ] {
            let error = read(uri).unwrap_err();
            assert!(error.to_string().contains(reason), "{error}");
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
