//! `provd/network.yml`: the URL at which phones reach the provisioning server.
//!
//! ```text
//! general:
//!   advertised_http_url: http://10.1.2.3:8667
//! ```
//!
//! The driver takes the URL that the administrator entered. Without one it builds the URL from the provisioning
//! address, or else from the address of the first voice interface. Without any of them the file is `{}`.

use std::net::Ipv6Addr;

use driver_api::{Driver, Error, Query, Row, Session, StandIn, Warning, yaml};
use serde::{Deserialize, Serialize};

pub(crate) struct Network;

impl Driver for Network {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        session.stand_in(&[WITHOUT_URL]);
        let provisioning: Vec<Row<Provisioning>> = session.query(PROVISIONING, &[])?;
        let interfaces: Vec<Row<Interface>> = session.query(VOIP_INTERFACES, &[])?;
        if provisioning.len() > 1 {
            let message = format!("there are {} rows; the first one counts", provisioning.len());
            session.warn(Warning::new("provisioning", message));
        }
        let source = Source::of(provisioning.first(), interfaces.first());
        source.warn(session);
        content(source.url(provisioning.first().map(|row| row.http_port)))
    }
}

const PROVISIONING: Query<'_> = Query {
    table: "provisioning",
    key: &["id"],
    sql: "SELECT id, net4_ip, http_base_url, http_port FROM provisioning ORDER BY id",
};

/// Databases before 23.13 have no URL.
const WITHOUT_URL: StandIn =
    StandIn::new("provisioning", "SELECT p.*, CAST(NULL AS TEXT) AS http_base_url FROM provisioning AS p");

#[derive(Deserialize)]
struct Provisioning {
    net4_ip: Option<String>,
    http_base_url: Option<String>,
    http_port: i64,
}

const VOIP_INTERFACES: Query<'_> = Query {
    table: "netiface",
    key: &["id"],
    sql: "SELECT id, address, disable FROM netiface WHERE networktype = 'voip' ORDER BY id",
};

#[derive(Deserialize)]
struct Interface {
    address: Option<String>,
    disable: i64,
}

/// The origin of the URL.
enum Source<'a> {
    BaseUrl(&'a str),
    /// The provisioning address, and its row.
    Address(&'a Row<Provisioning>, &'a str),
    /// The first voice interface. One without an address counts too: the driver does not try the next one.
    Interface(&'a Row<Interface>),
    Nothing,
}

impl<'a> Source<'a> {
    fn of(provisioning: Option<&'a Row<Provisioning>>, interface: Option<&'a Row<Interface>>) -> Source<'a> {
        if let Some(row) = provisioning {
            if let Some(url) = entered(row.http_base_url.as_deref()) {
                return Source::BaseUrl(url);
            }
            if let Some(address) = entered(row.net4_ip.as_deref()) {
                return Source::Address(row, address);
            }
        }
        interface.map_or(Source::Nothing, Source::Interface)
    }

    /// Returns the URL. `port` is the port of provisioning, if that table has a row.
    fn url(&self, port: Option<i64>) -> Option<String> {
        let host = match self {
            Source::BaseUrl(url) => return Some((*url).to_owned()),
            Source::Address(_, address) => address,
            Source::Interface(interface) => entered(interface.address.as_deref())?,
            Source::Nothing => return None,
        };
        Some(match port.unwrap_or(0) {
            0 => format!("http://{host}"),
            port => format!("http://{host}:{port}"),
        })
    }

    /// Warns of a URL that phones can't use.
    fn warn(&self, session: &mut Session<'_>) {
        let no_brackets = "an IPv6 address without brackets makes a URL that no phone understands";
        match self {
            Source::Address(row, address) if is_ipv6(address) => row.warn(session, "net4_ip", no_brackets),
            Source::Interface(interface) => {
                let Some(address) = entered(interface.address.as_deref()) else {
                    let message = "the first voip interface has none, so there is no URL";
                    interface.warn(session, "address", message);
                    return;
                };
                if interface.disable != 0 {
                    let message = "phones are sent to an interface that is disabled";
                    interface.warn(session, "disable", message);
                }
                if is_ipv6(address) {
                    interface.warn(session, "address", no_brackets);
                }
            }
            _ => {}
        }
    }
}

/// Returns the field unless it is NULL or empty.
fn entered(field: Option<&str>) -> Option<&str> {
    field.filter(|text| !text.is_empty())
}

fn is_ipv6(address: &str) -> bool {
    address.parse::<Ipv6Addr>().is_ok()
}

fn content(url: Option<String>) -> Result<String, Error> {
    #[derive(Serialize)]
    struct File {
        #[serde(skip_serializing_if = "Option::is_none")]
        general: Option<General>,
    }
    #[derive(Serialize)]
    struct General {
        advertised_http_url: String,
    }
    yaml::to_string(&File { general: url.map(|advertised_http_url| General { advertised_http_url }) })
}

#[cfg(test)]
mod tests {
    use driver_api::{EngineRow, Rows, Snapshot, Value};

    use super::*;

    type Values = Vec<Value<'static>>;

    #[derive(Default)]
    struct Database {
        provisioning: Vec<Values>,
        /// The voice interfaces only.
        netiface: Vec<Values>,
    }

    impl Snapshot for Database {
        fn run(&mut self, sql: &str, _: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
            let (columns, values) = if sql == PROVISIONING.sql {
                (["id", "net4_ip", "http_base_url", "http_port"].as_slice(), &self.provisioning)
            } else {
                (["id", "address", "disable"].as_slice(), &self.netiface)
            };
            rows.columns(columns)?;
            values.iter().try_for_each(|values| rows.row(&Cells(values)))
        }
    }

    struct Cells<'a>(&'a Values);

    impl EngineRow for Cells<'_> {
        fn value(&self, column: usize) -> Result<Value<'_>, Error> {
            Ok(self.0[column].clone())
        }
    }

    impl Database {
        fn new() -> Database {
            Database::default()
        }

        fn provisioning(
            mut self,
            net4_ip: &'static str,
            http_base_url: &'static str,
            http_port: i64,
        ) -> Database {
            let id = i64::try_from(self.provisioning.len()).unwrap() + 1;
            self.provisioning.push(vec![id.into(), net4_ip.into(), http_base_url.into(), http_port.into()]);
            self
        }

        fn interface(mut self, address: impl Into<Value<'static>>, disable: i64) -> Database {
            let id = i64::try_from(self.netiface.len()).unwrap() + 7;
            self.netiface.push(vec![id.into(), address.into(), disable.into()]);
            self
        }

        /// Returns the file and the warnings.
        fn generate(mut self) -> (String, Vec<String>) {
            let mut session = Session::new(&mut self);
            let file = Network.generate(&mut session).unwrap();
            (file, session.take_warnings().iter().map(ToString::to_string).collect())
        }

        fn assert_url(self, url: &str, warnings: &[&str]) {
            let file = format!("general:\n  advertised_http_url: {url}\n");
            let warnings = warnings.iter().map(|&warning| warning.to_owned()).collect();
            assert_eq!(self.generate(), (file, warnings));
        }
    }

    #[test]
    fn without_an_address_the_file_is_empty() {
        let nothing = ("{}\n".to_owned(), vec![]);
        assert_eq!(Database::new().provisioning("", "", 8667).generate(), nothing);
        assert_eq!(Database::new().generate(), nothing);
    }

    #[test]
    fn the_base_url_is_used_unchanged() {
        let table = [
            ("https://prov.example.com/x y", "https://prov.example.com/x y"),
            ("12", "'12'"),
            ("http://é/", r#""http://\xE9/""#),
        ];
        for (url, written) in table {
            let database = Database::new().provisioning("2001:db8::1", url, 8667).interface("10.1.1.1", 1);
            database.assert_url(written, &[]);
        }
    }

    #[test]
    fn the_url_has_the_address_and_the_port() {
        Database::new().provisioning("10.0.0.254", "", 8667).assert_url("http://10.0.0.254:8667", &[]);
        Database::new().provisioning("10.0.0.254", "", 0).assert_url("http://10.0.0.254", &[]);
        let both = Database::new().provisioning("10.0.0.254", "", 1).interface("10.1.1.1", 1);
        both.assert_url("http://10.0.0.254:1", &[]);
        let interface = Database::new().provisioning("", "", 8667).interface("10.1.1.1", 0);
        interface.assert_url("http://10.1.1.1:8667", &[]);
        Database::new().interface("10.1.1.1", 0).assert_url("http://10.1.1.1", &[]);
    }

    #[test]
    fn only_the_first_interface_is_used() {
        let none =
            "table netiface, row id=7, column address: the first voip interface has none, so there is no URL";
        let database = Database::new().provisioning("", "", 8667);
        let database = database.interface(Value::Null, 1).interface("10.1.1.1", 0);
        assert_eq!(database.generate(), ("{}\n".to_owned(), vec![none.to_owned()]));
    }

    #[test]
    fn an_unusable_url_is_written_with_a_warning() {
        let disabled =
            "table netiface, row id=7, column disable: phones are sent to an interface that is disabled";
        Database::new().interface("10.1.1.1", 1).assert_url("http://10.1.1.1", &[disabled]);

        let no_brackets = "an IPv6 address without brackets makes a URL that no phone understands";
        let in_interface = format!("table netiface, row id=7, column address: {no_brackets}");
        Database::new()
            .interface("2001:db8::1", 1)
            .assert_url("http://2001:db8::1", &[disabled, &in_interface]);
        let in_provisioning = format!("table provisioning, row id=1, column net4_ip: {no_brackets}");
        let database = Database::new().provisioning("2001:db8::1", "", 8667);
        database.assert_url("http://2001:db8::1:8667", &[&in_provisioning]);

        let several = "table provisioning: there are 2 rows; the first one counts";
        let database = Database::new().provisioning("10.0.0.1", "", 0).provisioning("", "http://x", 0);
        database.assert_url("http://10.0.0.1", &[several]);
    }
}
