//! The keys of the service in the configuration.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use driver_api::settings::{self, Key, Milliseconds, Refused, Seconds, Setting, Within};
use driver_api::{Config, Error};
use serde_yaml::Value;
use tracing::level_filters::LevelFilter;

/// The settings of the service.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the service listens.
    pub listen: Listen,
    /// What it keeps on disk.
    pub storage: Storage,
    /// The log.
    pub log: Log,
    /// How many, how much, how long.
    pub limits: Limits,
    /// The page of metrics.
    pub metrics: Metrics,
}

impl settings::Settings for Settings {
    fn keys() -> Vec<Key> {
        [Listen::keys(), Storage::keys(), Log::keys(), Limits::keys(), Metrics::keys()].concat()
    }

    fn check(config: &Config, problems: &mut Vec<Error>) -> Option<Settings> {
        let listen = Listen::check(config, problems);
        let storage = Storage::check(config, problems);
        let log = Log::check(config, problems);
        let limits = Limits::check(config, problems);
        let metrics = Metrics::check(config, problems);
        Some(Settings { listen: listen?, storage: storage?, log: log?, limits: limits?, metrics: metrics? })
    }
}

driver_api::settings! {
    /// Where the service listens.
    #[derive(Debug, Clone)]
    pub struct Listen in "" {
        /// The address on which the service listens.
        listen_address: ListenAddress = "127.0.0.1",
        /// The TCP port; 0 is any free one.
        listen_port: u16 = 8669,
    }
}

driver_api::settings! {
    /// What the service keeps on disk.
    #[derive(Debug, Clone)]
    pub struct Storage in "" {
        /// The folder with the last good copy of each file.
        cache: PathBuf = "/var/cache/wazo-confgend",
        /// The file with the process id.
        pid_file: Option<PathBuf> = "/run/wazo-confgend/wazo-confgend.pid",
    }
}

driver_api::settings! {
    /// The log.
    #[derive(Debug, Clone)]
    pub struct Log in "" {
        /// The file to which the service appends its log.
        log_filename: Option<PathBuf> = "/var/log/wazo-confgend.log",
        /// The least important level that is logged.
        log_level: LogLevel = "info",
        /// The same as the level debug.
        debug: bool = false,
    }
}

driver_api::settings! {
    /// How many, how much, how long.
    #[derive(Debug, Clone)]
    pub struct Limits in "service" {
        /// How many clients are served at the same time.
        max_connections: Within<1, 1_000_000> = 4096,
        /// How long a request may be, in bytes.
        max_request_bytes: Within<64, 1_048_576> = 4096,
        /// How long a client may be connected without a request.
        idle_seconds: Seconds = 10,
        /// The pause after which a request without a line end is complete.
        pause_milliseconds: Milliseconds = 50,
        /// How long a client may take to read the reply.
        reply_seconds: Seconds = 60,
        /// How long a request waits for its file before it gets the last good copy.
        patience_seconds: Seconds = 30,
        /// How long the service waits for running work when it stops.
        stop_seconds: Seconds = 20,
    }
}

driver_api::settings! {
    /// The page of metrics.
    #[derive(Debug, Clone)]
    pub struct Metrics in "metrics" {
        /// The port on 127.0.0.1 of the page of metrics.
        listen_port: Option<u16> = Value::Null,
    }
}

impl Listen {
    /// Address and port.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.listen_address.0, self.listen_port)
    }
}

impl Log {
    /// The level that holds: `debug` wins over `log_level`.
    pub fn level(&self) -> LevelFilter {
        if self.debug { LevelFilter::DEBUG } else { self.log_level.0 }
    }
}

/// An IP address, `localhost`, or `*`, which null and an empty text mean too, for all addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenAddress(pub IpAddr);

impl Setting for ListenAddress {
    const TAKES_NULL: bool = true;

    fn accepts() -> String {
        "an IP address, localhost, or '*' for all".to_owned()
    }

    fn parse(value: &Value) -> Result<ListenAddress, Refused> {
        let address = match value {
            Value::Null => Some(Ipv4Addr::UNSPECIFIED.into()),
            Value::String(text) => match text.as_str() {
                "" | "*" => Some(Ipv4Addr::UNSPECIFIED.into()),
                "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
                text => text.parse().ok(),
            },
            _ => None,
        };
        address.map(ListenAddress).ok_or(Refused::NotAccepted)
    }
}

/// A level of the log by its name in Python. Nothing is above an error here, so `critical` is the same as `error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLevel(pub LevelFilter);

impl Setting for LogLevel {
    fn accepts() -> String {
        "critical, error, warning, info or debug".to_owned()
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
    fn null_and_nothing_mean_the_defaults() {
        for yaml in ["", "cache:\nlisten_port:\nlog_level:\ndebug:\nservice: {idle_seconds: }"] {
            let settings = read(yaml).unwrap();
            assert_eq!(settings.listen.address(), "127.0.0.1:8669".parse().unwrap());
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
    fn addresses() {
        let listen = |value: &str| {
            read(&format!("listen_address: {value}")).map(|it| it.listen.address().ip().to_string())
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
            let expected = format!("{key}: expected an IP address, localhost, or '*' for all, found {found}");
            assert_eq!(listen(value), Err(expected));
        }
    }

    #[test]
    fn levels() {
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
