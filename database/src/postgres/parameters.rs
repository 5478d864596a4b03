//! The parameters of a connection, from the places in which libpq looks: the URI, a service file, the environment.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use driver_api::{Error, ErrorKind};
use percent_encoding::percent_decode_str;

use super::service_file;

/// The keywords of libpq that count here, each with its environment variable. The source is the documentation of
/// PostgreSQL 17, "Parameter Key Words" and "Environment Variables".
const KEYWORDS: [(&str, Option<&str>); 42] = [
    ("application_name", Some("PGAPPNAME")),
    ("channel_binding", Some("PGCHANNELBINDING")),
    ("client_encoding", Some("PGCLIENTENCODING")),
    ("connect_timeout", Some("PGCONNECT_TIMEOUT")),
    ("dbname", Some("PGDATABASE")),
    ("fallback_application_name", None),
    ("gssencmode", Some("PGGSSENCMODE")),
    ("gsslib", Some("PGGSSLIB")),
    ("host", Some("PGHOST")),
    ("hostaddr", Some("PGHOSTADDR")),
    ("keepalives", None),
    ("keepalives_count", None),
    ("keepalives_idle", None),
    ("keepalives_interval", None),
    // The name of the same parameter in the crate `postgres`.
    ("keepalives_retries", None),
    ("krbsrvname", Some("PGKRBSRVNAME")),
    ("load_balance_hosts", Some("PGLOADBALANCEHOSTS")),
    ("options", Some("PGOPTIONS")),
    ("passfile", Some("PGPASSFILE")),
    ("password", Some("PGPASSWORD")),
    ("port", Some("PGPORT")),
    ("replication", None),
    ("require_auth", Some("PGREQUIREAUTH")),
    ("requirepeer", Some("PGREQUIREPEER")),
    ("service", Some("PGSERVICE")),
    ("ssl_max_protocol_version", Some("PGSSLMAXPROTOCOLVERSION")),
    ("ssl_min_protocol_version", Some("PGSSLMINPROTOCOLVERSION")),
    ("sslcert", Some("PGSSLCERT")),
    ("sslcertmode", Some("PGSSLCERTMODE")),
    ("sslcompression", Some("PGSSLCOMPRESSION")),
    ("sslcrl", Some("PGSSLCRL")),
    ("sslcrldir", Some("PGSSLCRLDIR")),
    ("sslkey", Some("PGSSLKEY")),
    ("sslmode", Some("PGSSLMODE")),
    ("sslnegotiation", Some("PGSSLNEGOTIATION")),
    ("sslpassword", None),
    ("sslrootcert", Some("PGSSLROOTCERT")),
    ("sslsni", Some("PGSSLSNI")),
    ("target_session_attrs", Some("PGTARGETSESSIONATTRS")),
    ("tcp_syncnt", None),
    ("tcp_user_timeout", None),
    ("user", Some("PGUSER")),
];

/// The keywords with lists, which a URI may also give one by one.
const LISTS: [&str; 3] = ["host", "hostaddr", "port"];

/// Reads an environment variable. Tests pass their own.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Returns the variables of the process that are not empty.
pub(super) fn process_environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The values of the keywords. An empty value counts as none, as for libpq.
#[derive(Default)]
pub(super) struct Parameters(BTreeMap<&'static str, String>);

impl Parameters {
    /// Reads the parameters of a URI, and adds those that it leaves open: first of the service that it or `PGSERVICE`
    /// names, then of the environment.
    pub(super) fn read(uri: &str, environment: Environment<'_>) -> Result<Parameters, Error> {
        let mut parameters = parse(uri)?;
        if let Some(service) = parameters.text("service").map(str::to_owned).or(environment("PGSERVICE")) {
            for (keyword, value) in service_file::read(&service, environment)? {
                parameters
                    .fill(&keyword, &value)
                    .map_err(|error| error.context(format!("service {service}")))?;
            }
        }
        for (keyword, variable) in KEYWORDS {
            if let Some(value) = variable.and_then(environment) {
                parameters.0.entry(keyword).or_insert(value);
            }
        }
        Ok(parameters)
    }

    /// Returns a value that is not empty.
    pub(super) fn text(&self, keyword: &str) -> Option<&str> {
        self.0.get(keyword).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Returns the path that a keyword names.
    pub(super) fn path(&self, keyword: &str) -> Option<PathBuf> {
        self.text(keyword).map(PathBuf::from)
    }

    /// Returns a number.
    pub(super) fn number<T: FromStr>(&self, keyword: &str) -> Result<Option<T>, Error> {
        let parse = |text: &str| text.trim().parse().map_err(|_| refuse(keyword, text, "expected a number"));
        self.text(keyword).map(parse).transpose()
    }

    /// Returns what the value means. `choices` has the values that the keyword takes.
    pub(super) fn choice<T: Copy>(&self, keyword: &str, choices: &[(&str, T)]) -> Result<Option<T>, Error> {
        let Some(text) = self.text(keyword) else { return Ok(None) };
        let found = choices.iter().find(|(name, _)| *name == text).map(|(_, meaning)| *meaning);
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        found.map(Some).ok_or_else(|| refuse(keyword, text, &format!("expected {}", names.join(", "))))
    }

    /// Returns the items of a list; an item may be empty. Without the keyword there is none.
    pub(super) fn list(&self, keyword: &str) -> Vec<&str> {
        self.text(keyword).map_or_else(Vec::new, |list| list.split(',').collect())
    }

    fn fill(&mut self, keyword: &str, value: &str) -> Result<(), Error> {
        self.0.entry(known(keyword)?).or_insert_with(|| value.to_owned());
        Ok(())
    }

    fn set(&mut self, keyword: &str, value: String) -> Result<(), Error> {
        if (keyword, value.as_str()) == ("ssl", "true") {
            // The JDBC spelling, which libpq takes.
            return self.set("sslmode", "require".to_owned());
        }
        let keyword = known(keyword)?;
        if value.is_empty() {
            return Ok(());
        }
        match self.0.get_mut(keyword).filter(|_| LISTS.contains(&keyword)) {
            Some(list) => *list = format!("{list},{value}"),
            None => {
                self.0.insert(keyword, value);
            }
        }
        Ok(())
    }
}

/// Shows the keywords only: any value may be a part of a password.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn known(keyword: &str) -> Result<&'static str, Error> {
    let found = KEYWORDS.iter().map(|(known, _)| *known).find(|known| *known == keyword);
    found.ok_or_else(|| config(format!("the parameter {keyword:?} is not known")))
}

/// Returns the error of a value that a keyword does not take.
pub(super) fn refuse(keyword: &str, value: &str, why: &str) -> Error {
    config(format!("{keyword} {value:?} is not accepted: {why}"))
}

fn config(message: String) -> Error {
    Error::new(ErrorKind::Config, message)
}

/// Splits a URI at the first `?` that only parameters follow. A `?` before it is a part of an unescaped password.
fn split_parameters(uri: &str) -> (&str, &str) {
    let is_key = |key: &str| key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let is_parameter = |text: &str| text.split_once('=').map_or(text.is_empty(), |(key, _)| is_key(key));
    let cuts = uri.match_indices('?').map(|(at, _)| (&uri[..at], &uri[at + 1..]));
    let mut cuts = cuts.filter(|(_, parameters)| parameters.split('&').all(is_parameter));
    cuts.next().unwrap_or((uri, ""))
}

/// Reads the URI. Messages show none of its parts, any of which may belong to a password.
fn parse(uri: &str) -> Result<Parameters, Error> {
    let mut parameters = Parameters::default();
    let (address, query) = split_parameters(uri);
    let address = address.split_once("://").map_or(address, |(_, address)| address);
    // Like SQLAlchemy: the login ends at the first `@`, even behind a slash.
    let hosts = match address.split_once('@') {
        Some((login, hosts)) => {
            let (user, password) = login.split_once(':').map_or((login, None), |(user, it)| (user, Some(it)));
            parameters.set("user", decode(user)?)?;
            password.map(|password| parameters.set("password", decode(password)?)).transpose()?;
            hosts
        }
        None => address,
    };
    let (hosts, database) = hosts.split_once('/').map_or((hosts, None), |(hosts, it)| (hosts, Some(it)));
    if hosts.contains('@') {
        return Err(config("there is more than one \"@\": write the \"@\" of a password as %40".to_owned()));
    }
    set_hosts(&mut parameters, hosts)?;
    database.map(|database| parameters.set("dbname", decode(database)?)).transpose()?;
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (keyword, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let keyword = decode(keyword)?;
        if known(&keyword).is_err() && parameters.text("password").is_some() && keyword != "ssl" {
            return Err(config(
                "a parameter is not known; is a \"&\" of the password not written as %26?".to_owned(),
            ));
        }
        parameters.set(&keyword, decode(value)?)?;
    }
    Ok(parameters)
}

fn set_hosts(parameters: &mut Parameters, hosts: &str) -> Result<(), Error> {
    if hosts.is_empty() {
        return Ok(());
    }
    let (mut names, mut ports) = (Vec::new(), Vec::new());
    for host in hosts.split(',') {
        let (name, port) = match host.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']').ok_or_else(|| {
                    config("an address of IPv6 begins with \"[\" and has no \"]\"".to_owned())
                })?;
                (address, port.strip_prefix(':').unwrap_or_default())
            }
            None => host.split_once(':').unwrap_or((host, "")),
        };
        if !port.is_empty() && port.parse::<u16>().is_err() {
            let hint = "does the URI lack its \"@HOST\", is it cut at a \" #\", or is a \"/\", \"[\" or \":\" of \
                the password not written as %2F, %5B or %3A?";
            return Err(config(format!("the port behind the host is no number from 0 to 65535; {hint}")));
        }
        names.push(decode(name)?);
        ports.push(port);
    }
    parameters.set("host", names.join(","))?;
    if ports.iter().any(|port| !port.is_empty()) {
        parameters.set("port", ports.join(","))?;
    }
    Ok(())
}

fn decode(text: &str) -> Result<String, Error> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(String::from).map_err(|_| config("a part of the URI is not UTF-8".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &str, environment: &[(&str, &str)]) -> Result<Parameters, Error> {
        let variable = |name: &str| {
            environment.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned())
        };
        Parameters::read(uri, &variable)
    }

    fn texts<'a>(parameters: &'a Parameters, keywords: &[&str]) -> Vec<Option<&'a str>> {
        keywords.iter().map(|keyword| parameters.text(keyword)).collect()
    }

    #[test]
    fn each_part_of_a_uri_is_a_parameter() {
        let keywords = ["user", "password", "host", "port", "dbname", "application_name"];
        for (uri, expected) in [
            ("postgresql://", [None; 6]),
            (
                "postgresql://u:p%40%2F%3a@h:1/d",
                [Some("u"), Some("p@/:"), Some("h"), Some("1"), Some("d"), None],
            ),
            ("postgres://u@h1:1,h2/d", [Some("u"), None, Some("h1,h2"), Some("1,"), Some("d"), None]),
            ("postgresql://u:p?p/p@[::1]:7", [Some("u"), Some("p?p/p"), Some("::1"), Some("7"), None, None]),
            ("postgresql://%2Fvar%2Frun/d", [None, None, Some("/var/run"), None, Some("d"), None]),
            (
                "postgresql:///d?host=/s&host=h2&port=7&user=u&password=p@s&application_name=x%20y",
                [Some("u"), Some("p@s"), Some("/s,h2"), Some("7"), Some("d"), Some("x y")],
            ),
        ] {
            assert_eq!(texts(&read(uri, &[]).unwrap(), &keywords), expected, "{uri}");
        }
    }

    #[test]
    fn a_uri_overrides_the_environment() {
        let environment = [("PGHOST", "e"), ("PGUSER", "e"), ("PGDATABASE", "e"), ("PGSSLMODE", "")];
        let parameters = read("postgresql://u@/?sslmode=require", &environment).unwrap();
        let keywords = ["host", "user", "dbname", "sslmode"];
        assert_eq!(texts(&parameters, &keywords), [Some("e"), Some("u"), Some("e"), Some("require")]);
    }

    #[test]
    fn a_service_overrides_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("services");
        std::fs::write(&file, "# ours\n[other]\nhost=x\n[pbx]\n host=h\nport=7\nsslmode=require\n").unwrap();
        let file = file.to_str().unwrap();
        let environment = [("PGSERVICEFILE", file), ("PGPORT", "1"), ("PGSERVICE", "other")];
        let parameters = read("postgresql:///?service=pbx&sslmode=disable", &environment).unwrap();
        assert_eq!(texts(&parameters, &["host", "port", "sslmode"]), [Some("h"), Some("7"), Some("disable")]);
        assert_eq!(read("postgresql://", &environment).unwrap().text("host"), Some("x"));
        let error = read("postgresql://?service=none", &environment).unwrap_err().chain();
        assert_eq!(error, format!("the service \"none\" is in none of the files {file}"));
    }

    #[test]
    fn a_bad_uri_is_refused_without_its_password() {
        for (uri, reason) in [
            ("postgresql://u:s3@cret@h/d", "write the \"@\" of a password as %40"),
            ("postgresql://u:s3cret", "is it cut at a \" #\""),
            ("postgresql://u:s3cret/d", "lack its \"@HOST\""),
            ("postgresql://[s3cret/d", "has no \"]\""),
            ("postgresql://u:s3cret%FF@h/d", "not UTF-8"),
            ("postgresql://u@h/d?nonsense=1", "the parameter \"nonsense\" is not known"),
            ("postgresql:///d?password=s3&cret=1", "written as %26"),
        ] {
            let error = read(uri, &[]).unwrap_err().chain();
            assert!(error.contains(reason) && !error.contains("cret"), "{uri}: {error}");
        }
    }

    #[test]
    fn the_keywords_are_sorted_and_unique() {
        assert!(KEYWORDS.is_sorted_by(|(one, _), (other, _)| one < other));
    }
}
