//! The keys of the service in the configuration.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use driver_api::settings::{self, Key, Milliseconds, Refused, Seconds, Setting, Shape, Within};
use driver_api::yaml::Value;
use driver_api::{Config, Error};
use tracing::level_filters::LevelFilter;

use crate::gate::Gate;
use crate::guard::Guard;
use crate::history::HistorySettings;
use crate::log::LogFormat;

/// The settings of the service.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address on which the service listens.
    pub listen: Listen,
    /// The files of the service on disk.
    pub storage: Storage,
    /// The log.
    pub log: Log,
    /// Limits of numbers, sizes and times.
    pub limits: Limits,
    /// The guard against files that lost much of their content.
    pub guard: Guard,
    /// The gate against files that their reader refuses.
    pub gate: Gate,
    /// The history of the files.
    pub history: HistorySettings,
    /// The status page.
    pub http: Http,
    /// The page of metrics.
    pub metrics: Metrics,
}

impl settings::Settings for Settings {
    fn keys() -> Vec<Key> {
        let first = [Listen::keys(), Storage::keys(), Log::keys()];
        let checks = [Guard::keys(), Gate::keys(), HistorySettings::keys()];
        [first.concat(), Limits::keys(), checks.concat(), Http::keys(), Metrics::keys()].concat()
    }

    fn check(config: &Config, problems: &mut Vec<Error>) -> Option<Settings> {
        let listen = Listen::check(config, problems)
            .and_then(|listen| listen.check_reachable(config, problems).map(|()| listen));
        let storage = Storage::check(config, problems);
        let log = Log::check(config, problems);
        let limits = Limits::check(config, problems);
        let guard = Guard::check(config, problems);
        let gate = Gate::check(config, problems);
        let history = HistorySettings::check(config, problems);
        let http = Http::check(config, problems);
        let metrics = Metrics::check(config, problems);
        Some(Settings {
            listen: listen?,
            storage: storage?,
            log: log?,
            limits: limits?,
            guard: guard?,
            gate: gate?,
            history: history?,
            http: http?,
            metrics: metrics?,
        })
    }
}

driver_api::settings! {
    /// The address on which the service listens, and its Unix socket.
    #[derive(Debug, Clone)]
    pub struct Listen in "" {
        /// The address on which the service listens; none for the Unix socket alone. Null and an empty text mean all
        /// addresses, too.
        #[needs_restart = true]
        listen_address: ListenAddress = "127.0.0.1",
        /// The TCP port; 0 is any free one. The unit of the package takes away the privilege that a port below 1024 needs.
        #[needs_restart = true]
        listen_port: u16 = 8669,
        /// The Unix socket on which the service listens as well, a path of at most 107 bytes. The configuration of the
        /// package has one.
        #[needs_restart = true]
        listen_socket: Option<PathBuf> = Value::Null,
        /// The group that the Unix socket gets; null for that of the service. The configuration of the package has one.
        #[needs_restart = true]
        listen_socket_group: Option<String> = Value::Null,
        /// The mode of the Unix socket: all that may write can connect.
        #[needs_restart = true]
        listen_socket_mode: FileMode = "0660",
    }
}

driver_api::settings! {
    /// The files of the service on disk.
    #[derive(Debug, Clone)]
    pub struct Storage in "" {
        /// The folder with the last good copy of each file.
        cache: PathBuf = "/var/cache/wazo-confgend",
        /// The mode of these copies. Folders that the service makes also have the right to search for all that may read.
        cache_mode: FileMode = "0640",
        /// The file with the process id.
        #[needs_restart = true]
        pid_file: Option<PathBuf> = "/run/wazo-confgend/wazo-confgend.pid",
    }
}

driver_api::settings! {
    /// The log.
    #[derive(Debug, Clone)]
    pub struct Log in "" {
        /// The file to which the service appends its log.
        log_filename: Option<PathBuf> = "/var/log/wazo-confgend.log",
        /// The form of its lines: text as the Python program writes it, or json for programs, an object on each line.
        log_format: LogFormat = "text",
        /// The least important level that is logged, in any case; critical is the same as error.
        log_level: LogLevel = "info",
        /// Whether everything is logged, whatever log_level says.
        debug: bool = false,
    }
}

driver_api::settings! {
    /// Limits of numbers, sizes and times.
    #[derive(Debug, Clone)]
    pub struct Limits in "service" {
        /// How many clients are served at the same time; others wait.
        #[needs_restart = true]
        max_connections: Within<1, 1_000_000> = 4096,
        /// How long a request may be, in bytes.
        max_request_bytes: Within<64, 1_048_576> = 4096,
        /// How long a client may be connected without a request.
        idle_seconds: Seconds = 10,
        /// The pause after which a request without a line end is complete, in milliseconds.
        pause_milliseconds: Milliseconds = 50,
        /// How long a client may take to read the reply.
        reply_seconds: Seconds = 60,
        /// How long a request waits for its file before it gets the last good copy; below the reply_timeout of the client.
        patience_seconds: Seconds = 30,
        /// Whether a request gets the cached copy if it is certain that nothing was committed to the database since.
        reuse: bool = true,
        /// How long the service waits for running work when it stops.
        stop_seconds: Seconds = 20,
    }
}

driver_api::settings! {
    /// The status page.
    #[derive(Debug, Clone)]
    pub struct Http in "http" {
        /// The address of the status page and the metrics, 127.0.0.1 if it is a port alone. Null means 127.0.0.1 and
        /// metrics.listen_port.
        #[needs_restart = true]
        listen: Option<HttpAddress> = Value::Null,
    }
}

driver_api::settings! {
    /// The page of metrics.
    #[derive(Debug, Clone)]
    pub struct Metrics in "metrics" {
        /// The port on 127.0.0.1 of the status page and the metrics, if http.listen is null.
        #[needs_restart = true]
        listen_port: Option<u16> = Value::Null,
    }
}

impl Settings {
    /// Returns the address of the status page and the key that it comes from; none if there is no page.
    pub fn http_address(&self) -> Option<(&'static str, SocketAddr)> {
        http_address(&self.http, &self.metrics)
    }
}

/// Returns the address of the status page and the key that it comes from; none if there is no page.
pub fn http_address(http: &Http, metrics: &Metrics) -> Option<(&'static str, SocketAddr)> {
    let of_metrics = || Some(("metrics.listen_port", (Ipv4Addr::LOCALHOST, metrics.listen_port?).into()));
    http.listen.map(|listen| ("http.listen", listen.0)).or_else(of_metrics)
}

impl Listen {
    /// Returns the address with the port; none if the service does not listen on TCP.
    pub fn address(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.listen_address.0?, self.listen_port))
    }

    /// Adds a problem if no client can ask.
    fn check_reachable(&self, config: &Config, problems: &mut Vec<Error>) -> Option<()> {
        if self.listen_address.0.is_none() && self.listen_socket.is_none() {
            let message = "none needs a path in listen_socket: without either, no client can ask";
            problems.push(config.error("listen_address", message));
            return None;
        }
        Some(())
    }
}

impl Log {
    /// Returns the effective level: `debug` overrides `log_level`.
    pub fn level(&self) -> LevelFilter {
        if self.debug { LevelFilter::DEBUG } else { self.log_level.0 }
    }
}

/// An IP address, `localhost`, `*` for all addresses, or `none`. Null and an empty text mean `*`, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenAddress(pub Option<IpAddr>);

impl Setting for ListenAddress {
    const TAKES_NULL: bool = true;

    fn shape() -> Shape {
        Shape::Custom {
            accepts: "an IP address, localhost, '*' for all, or none",
            schema: r#"{"type": ["string", "null"], "pattern": "^(|[*]|none|localhost|[0-9.]+|[0-9A-Fa-f.:]*:[0-9A-Fa-f.:]*)$"}"#,
        }
    }

    fn parse(value: &Value) -> Result<ListenAddress, Refused> {
        let address = match value {
            Value::Null => Some(Ipv4Addr::UNSPECIFIED.into()),
            Value::String(text) => match text.as_str() {
                "" | "*" => Some(Ipv4Addr::UNSPECIFIED.into()),
                "none" => return Ok(ListenAddress(None)),
                "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
                text => text.parse().ok(),
            },
            _ => None,
        };
        address.map(|address| ListenAddress(Some(address))).ok_or(Refused::NotAccepted)
    }
}

/// An address with a port, or a port alone, which is one of 127.0.0.1. The address may be `localhost`, or `*` for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpAddress(pub SocketAddr);

impl Setting for HttpAddress {
    fn shape() -> Shape {
        Shape::Custom {
            accepts: "a port, or an address with one such as 127.0.0.1:8671 or '*:8671'",
            schema: r#"{"type": ["integer", "string"], "minimum": 0, "maximum": 65535, "pattern": "^(.+:)?[0-9]+$"}"#,
        }
    }

    fn parse(value: &Value) -> Result<HttpAddress, Refused> {
        let local = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let address = match value {
            Value::String(text) => match text.rsplit_once(':') {
                None => text.parse().ok().map(local),
                Some(("localhost", port)) => port.parse().ok().map(local),
                Some(("*", port)) => {
                    port.parse::<u16>().ok().map(|port| (Ipv4Addr::UNSPECIFIED, port).into())
                }
                Some(_) => text.parse().ok(),
            },
            value => value.as_u64().and_then(|port| u16::try_from(port).ok()).map(local),
        };
        address.map(HttpAddress).ok_or(Refused::NotAccepted)
    }
}

/// The mode of a file, in octal: the owner reads and writes, others may read or also write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileMode(pub u32);

impl FileMode {
    /// Returns the mode of a folder for such files.
    pub(crate) fn of_folder(self) -> u32 {
        self.0 | (self.0 & 0o444) >> 2
    }
}

impl Setting for FileMode {
    fn shape() -> Shape {
        Shape::Custom {
            accepts: "an octal mode such as 0640, in which the owner may read and write",
            // An editor may read 0640 as 640, and YAML 1.1 reads it as 416.
            schema: r#"{"anyOf": [{"type": "string", "pattern": "^(0o)?0*6[046][046]$"},
                {"enum": [600, 604, 606, 640, 644, 646, 660, 664, 666, 384, 388, 390, 416, 420, 422, 432, 436, 438]}]}"#,
        }
    }

    fn parse(value: &Value) -> Result<FileMode, Refused> {
        // YAML 1.1 reads digits with a 0 in front as an octal number.
        let mode = match value {
            Value::String(text) => u32::from_str_radix(text.strip_prefix("0o").unwrap_or(text), 8).ok(),
            value => value.as_u64().and_then(|mode| u32::try_from(mode).ok()),
        };
        let is_sensible = |mode: &u32| {
            let may_write_but_not_read = (mode & 0o222) << 1 & !mode;
            mode & 0o600 == 0o600 && mode & !0o666 == 0 && may_write_but_not_read == 0
        };
        mode.filter(is_sensible).map(FileMode).ok_or(Refused::NotAccepted)
    }
}

/// A level of the log by its name in Python. The service has no level above errors, so `critical` is the same as
/// `error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLevel(pub LevelFilter);

impl Setting for LogLevel {
    fn shape() -> Shape {
        Shape::Custom {
            accepts: "critical, error, warning, info or debug",
            // In any case, of which editors propose one.
            schema: r#"{"anyOf": [{"enum": ["critical", "error", "warning", "info", "debug"]},
                {"type": "string", "pattern": "^([Cc][Rr][Ii][Tt][Ii][Cc][Aa][Ll]|[Ee][Rr][Rr][Oo][Rr]|[Ww][Aa][Rr][Nn][Ii][Nn][Gg]|[Ii][Nn][Ff][Oo]|[Dd][Ee][Bb][Uu][Gg])$"}]}"#,
        }
    }

    fn parse(value: &Value) -> Result<LogLevel, Refused> {
        let level = match value.as_str().unwrap_or_default().to_ascii_lowercase().as_str() {
            "critical" | "error" => LevelFilter::ERROR,
            "warning" => LevelFilter::WARN,
            "info" => LevelFilter::INFO,
            "debug" => LevelFilter::DEBUG,
            _ => return Err(Refused::NotAccepted),
        };
        Ok(LogLevel(level))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use driver_api::settings::Settings as _;

    use super::*;

    fn read(yaml: &str) -> Result<Settings, String> {
        let config = Config::from_yaml(yaml).unwrap().named("c.yml");
        Settings::read(&config).map_err(|error| error.chain())
    }

    #[test]
    fn null_and_a_missing_key_mean_the_default() {
        for yaml in ["", "cache:\nlisten_port:\nlog_level:\ndebug:\nservice: {idle_seconds: }"] {
            let settings = read(yaml).unwrap();
            assert_eq!(settings.listen.address(), Some("127.0.0.1:8669".parse().unwrap()));
            assert_eq!(settings.storage.cache.to_str(), Some("/var/cache/wazo-confgend"));
            assert_eq!(settings.log.level(), LevelFilter::INFO);
            assert_eq!(settings.log.log_filename, Some("/var/log/wazo-confgend.log".into()));
            assert_eq!(settings.storage.pid_file, Some("/run/wazo-confgend/wazo-confgend.pid".into()));
            assert_eq!(settings.limits.idle_seconds.0, Duration::from_secs(10));
            assert_eq!(settings.limits.pause_milliseconds.0, Duration::from_millis(50));
            assert_eq!(settings.metrics.listen_port, None);
        }
    }

    #[test]
    fn an_address_may_be_an_ip_localhost_or_all() {
        let listen = |value: &str| {
            read(&format!("listen_address: {value}")).map(|it| it.listen.address().unwrap().ip().to_string())
        };
        for (value, address) in [
            ("'*'", "0.0.0.0"),
            ("''", "0.0.0.0"),
            ("null", "0.0.0.0"),
            ("localhost", "127.0.0.1"),
            ("10.0.0.1", "10.0.0.1"),
            ("'::'", "::"),
        ] {
            assert_eq!(listen(value).as_deref(), Ok(address), "{value}");
        }
        for (value, found) in [("example.org", "example.org"), ("[10]", "a list"), ("10.0", "10.0")] {
            let key = "c.yml: configuration key listen_address";
            let expected =
                format!("{key}: expected an IP address, localhost, '*' for all, or none, found {found}");
            assert_eq!(listen(value), Err(expected));
        }
    }

    #[test]
    fn the_status_page_has_an_address_or_a_port() {
        let address = |yaml: &str| read(yaml).map(|it| it.http_address().map(|(_, it)| it.to_string()));
        for (yaml, expected) in [
            ("", None),
            ("http: {listen: 8671}", Some("127.0.0.1:8671")),
            ("http: {listen: '8671'}", Some("127.0.0.1:8671")),
            ("http: {listen: 'localhost:1'}", Some("127.0.0.1:1")),
            ("http: {listen: '*:1'}", Some("0.0.0.0:1")),
            ("http: {listen: '10.0.0.1:1'}", Some("10.0.0.1:1")),
            ("http: {listen: '[::1]:1'}", Some("[::1]:1")),
            ("metrics: {listen_port: 2}", Some("127.0.0.1:2")),
            ("{http: {listen: 1}, metrics: {listen_port: 2}}", Some("127.0.0.1:1")),
        ] {
            assert_eq!(address(yaml), Ok(expected.map(str::to_owned)), "{yaml}");
        }
        for bad in ["'example.org:1'", "'10.0.0.1'", "65536", "'10.0.0.1:x'", "true"] {
            let error = address(&format!("http: {{listen: {bad}}}")).unwrap_err();
            assert!(
                error.starts_with("c.yml: configuration key http.listen: expected a port, or "),
                "{error}"
            );
        }
    }

    #[test]
    fn the_service_may_listen_on_a_socket_alone() {
        let listen =
            read("{listen_address: none, listen_socket: /s, listen_socket_group: g}").unwrap().listen;
        assert_eq!((listen.address(), listen.listen_socket), (None, Some("/s".into())));
        assert_eq!((listen.listen_socket_group.as_deref(), listen.listen_socket_mode.0), (Some("g"), 0o660));
        let error = read("listen_address: none").unwrap_err();
        let start = "c.yml: configuration key listen_address: none needs a path in listen_socket";
        assert!(error.starts_with(start), "{error}");
    }

    #[test]
    fn a_level_has_its_name_in_python() {
        let level = |yaml| read(yaml).map(|settings| settings.log.level());
        for (yaml, expected) in [
            ("log_level: CRITICAL", LevelFilter::ERROR),
            ("log_level: Error", LevelFilter::ERROR),
            ("log_level: warning", LevelFilter::WARN),
            ("log_level: debug", LevelFilter::DEBUG),
            ("{log_level: error, debug: yes}", LevelFilter::DEBUG),
        ] {
            assert_eq!(level(yaml), Ok(expected), "{yaml}");
        }
        for (yaml, found) in
            [("log_level: warn", "warn"), ("log_level: 10", "10"), ("{log_level: x, debug: yes}", "x")]
        {
            let accepted = "expected critical, error, warning, info or debug";
            assert_eq!(
                level(yaml),
                Err(format!("c.yml: configuration key log_level: {accepted}, found {found}"))
            );
        }
        let error = "c.yml: configuration key debug: expected true or false, found 1";
        assert_eq!(level("debug: 1"), Err(error.to_owned()));
    }

    #[test]
    fn null_and_an_empty_text_mean_no_file() {
        for nothing in ["", "''"] {
            let settings = read(&format!("log_filename: {nothing}\npid_file: {nothing}")).unwrap();
            assert_eq!((settings.log.log_filename, settings.storage.pid_file), (None, None));
        }
        let error = read("pid_file: no").unwrap_err();
        assert_eq!(
            error,
            "c.yml: configuration key pid_file: expected a path, or null for none, found false"
        );
        let error = read("cache: ''").unwrap_err();
        assert_eq!(error, "c.yml: configuration key cache: expected a path, found ''");
    }

    #[test]
    fn a_mode_is_octal() {
        let mode = |value: &str| read(&format!("cache_mode: {value}")).map(|it| it.storage.cache_mode.0);
        for (value, expected) in
            [("null", 0o640), ("0644", 0o644), ("'0600'", 0o600), ("'660'", 0o660), ("0o640", 0o640)]
        {
            assert_eq!(mode(value), Ok(expected), "{value}");
        }
        assert_eq!(FileMode(0o640).of_folder(), 0o750);
        assert_eq!(FileMode(0o604).of_folder(), 0o705);
        for value in ["640", "400", "0400", "0620", "0750", "'rw'", "-1", "[0640]"] {
            let error = mode(value).unwrap_err();
            assert!(
                error.contains("key cache_mode: expected an octal mode such as 0640"),
                "{value}: {error}"
            );
        }
    }

    #[test]
    fn numbers_have_limits() {
        let settings =
            read("{listen_port: 0, metrics: {listen_port: 9}, service: {stop_seconds: 0.25}}").unwrap();
        assert_eq!((settings.listen.listen_port, settings.metrics.listen_port), (0, Some(9)));
        assert_eq!(settings.limits.stop_seconds.0, Duration::from_millis(250));
        let whole = "expected a whole number from";
        let table = [
            ("listen_port: 65536", format!("listen_port: {whole} 0 to 65535, found 65536")),
            ("listen_port: '8669'", format!("listen_port: {whole} 0 to 65535, found '8669'")),
            (
                "metrics: {listen_port: -1}",
                format!("metrics.listen_port: {whole} 0 to 65535, or null for none, found -1"),
            ),
            (
                "service: {max_request_bytes: 1}",
                format!("service.max_request_bytes: {whole} 64 to 1048576, found 1"),
            ),
            ("metrics: 9", "metrics: expected a mapping, found a number".to_owned()),
        ];
        for (yaml, expected) in table {
            assert_eq!(read(yaml).unwrap_err(), format!("c.yml: configuration key {expected}"));
        }
        for number in ["0", "-1", ".inf", ".nan", "86401", "1e5", "true", "{}"] {
            let error = read(&format!("service: {{idle_seconds: {number}}}")).unwrap_err();
            let key = "c.yml: configuration key service.idle_seconds";
            assert!(error.starts_with(&format!("{key}: expected a number above 0 and up to 86400, found ")));
        }
    }

    #[test]
    fn every_problem_is_reported_once() {
        let config = Config::from_yaml("{service: 1, listen_port: x, cache: 1}").unwrap();
        let mut problems = Vec::new();
        assert!(Settings::check(&config, &mut problems).is_none());
        let problems: Vec<String> = problems.iter().map(Error::chain).collect();
        assert_eq!(
            problems,
            [
                "configuration key listen_port: expected a whole number from 0 to 65535, found x",
                "configuration key cache: expected a path, found 1",
                "configuration key service: expected a mapping, found a number",
            ]
        );
    }
}
