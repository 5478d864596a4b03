//! What the service itself reads out of the configuration. Every key is checked when it starts.

use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use database::Uri;
use driver_api::{Config, Error, yaml};
use serde_yaml::Value;
use tracing::level_filters::LevelFilter;

/// What is configured where no file says anything, apart from the drivers' own keys.
pub(super) const DEFAULTS: &str = include_str!("defaults.yml");

/// The configuration of the service.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens (`listen_address`, `listen_port`). Port 0 is any free one.
    pub listen: SocketAddr,
    /// The folder with the last good copy of each file (`cache`).
    pub cache: PathBuf,
    /// What is logged, and where.
    pub log: Log,
    /// The file for the process id (`pid_file`).
    pub pid_file: Option<PathBuf>,
    /// The database of the site.
    pub database: Database,
    /// How much, and for how long.
    pub limits: Limits,
    /// The port on 127.0.0.1 that tells how the service is (`metrics.listen_port`).
    pub metrics: Option<u16>,
}

/// What is logged, and where.
#[derive(Debug, Clone)]
pub struct Log {
    /// The least important level that is logged (`log_level`, `debug`).
    pub level: LevelFilter,
    /// The file that lines are appended to (`log_filename`).
    pub file: Option<PathBuf>,
}

/// The database of the site.
#[derive(Debug, Clone)]
pub struct Database {
    /// Where it is (`db_uri`).
    pub uri: Uri,
    /// How long a connection may take to come about (`database.connect_seconds`).
    pub connect: Duration,
    /// How long a query may take (`database.statement_seconds`).
    pub statement: Duration,
    /// How long to wait before the database is tried again (`database.retry_seconds`).
    pub retry: Duration,
    /// How many connections are kept at most (`database.connections`).
    pub connections: usize,
}

/// How much, and for how long, the service does something.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How many clients are served at the same time (`service.max_connections`).
    pub max_connections: usize,
    /// How many bytes a request may have (`service.max_request_bytes`).
    pub max_request_bytes: usize,
    /// How long a client may be connected and say nothing (`service.idle_seconds`).
    pub idle: Duration,
    /// The pause after which a request without a line end is complete (`service.pause_milliseconds`).
    pub pause: Duration,
    /// How long a client may take to read the reply (`service.reply_seconds`).
    pub reply: Duration,
    /// How long a request waits for its file to be generated before it gets the cached copy
    /// (`service.patience_seconds`).
    pub patience: Duration,
    /// How long running work is waited for at a stop (`service.stop_seconds`).
    pub stop: Duration,
}

/// The longest time that can be configured: a day.
const DAY: f64 = 86_400.0;

impl Settings {
    /// Reads and checks all keys of the service. A key without a value means its default, unless it is
    /// one that null means something to. An error names the file, the key and what is accepted.
    pub fn read(config: &Config) -> Result<Settings, Error> {
        Settings::check(config).map_err(|mut problems| problems.swap_remove(0))
    }

    /// Reads the same and returns everything that is wrong.
    pub(super) fn check(config: &Config) -> Result<Settings, Vec<Error>> {
        let keys = Keys::new(config).map_err(|error| vec![error])?;
        let mut problems = Problems::default();
        let address = problems.or(keys.address(), Ipv4Addr::UNSPECIFIED.into());
        let settings = Settings {
            listen: SocketAddr::new(address, problems.or(keys.number("listen_port", 0..=65_535), 0)),
            cache: problems.or(keys.path("cache"), PathBuf::new()),
            log: Log {
                level: problems.or(keys.level(), LevelFilter::OFF),
                file: problems.or(keys.path_if_any("log_filename"), None),
            },
            pid_file: problems.or(keys.path_if_any("pid_file"), None),
            database: Database::check(&keys, &mut problems),
            limits: Limits::check(&keys, &mut problems),
            metrics: problems.or(keys.port_if_any("metrics.listen_port"), None),
        };
        if problems.0.is_empty() { Ok(settings) } else { Err(problems.0) }
    }
}

impl Database {
    fn check(keys: &Keys<'_>, problems: &mut Problems) -> Database {
        let mut seconds = |key| problems.or(keys.seconds(key), Duration::ZERO);
        let [connect, statement, retry] =
            ["database.connect_seconds", "database.statement_seconds", "database.retry_seconds"]
                .map(&mut seconds);
        Database {
            connect,
            statement,
            retry,
            uri: problems.or(keys.uri(), Uri::Sqlite(PathBuf::new())),
            connections: problems.or(keys.number("database.connections", 1..=1000), 0),
        }
    }
}

impl Limits {
    fn check(keys: &Keys<'_>, problems: &mut Problems) -> Limits {
        let mut number = |key, range| problems.or(keys.number(key, range), 0);
        let max_connections = number("service.max_connections", 1..=1_000_000);
        let max_request_bytes = number("service.max_request_bytes", 64..=1_048_576);
        let mut time = |key: &str| {
            let time =
                if key.ends_with("_milliseconds") { keys.milliseconds(key) } else { keys.seconds(key) };
            problems.or(time, Duration::ZERO)
        };
        Limits {
            max_connections,
            max_request_bytes,
            idle: time("service.idle_seconds"),
            pause: time("service.pause_milliseconds"),
            reply: time("service.reply_seconds"),
            patience: time("service.patience_seconds"),
            stop: time("service.stop_seconds"),
        }
    }
}

/// The database of the site.
pub fn database(config: &Config) -> Result<Uri, Error> {
    Keys::new(config)?.uri()
}

/// What is wrong so far.
#[derive(Default)]
struct Problems(Vec<Error>);

impl Problems {
    /// Takes a value, or notes what is wrong with it. Nobody sees the substitute: with a problem there
    /// are no settings.
    fn or<T>(&mut self, value: Result<T, Error>, substitute: T) -> T {
        value.unwrap_or_else(|problem| {
            // If a section is no mapping, each of its keys says the same.
            if self.0.last().is_none_or(|last| last.chain() != problem.chain()) {
                self.0.push(problem);
            }
            substitute
        })
    }
}

/// Reads keys one by one.
struct Keys<'a> {
    config: &'a Config,
    defaults: Config,
}

impl Keys<'_> {
    fn new(config: &Config) -> Result<Keys<'_>, Error> {
        Ok(Keys { config, defaults: Config::from_yaml(DEFAULTS)? })
    }

    /// The value of a key; null means the default.
    fn value(&self, key: &str) -> Result<Value, Error> {
        let value = self.config.get(key)?;
        Ok(value.or(self.defaults.get(key)?).unwrap_or_default())
    }

    /// The value of a key at the top; null is a value like any other.
    fn value_or_null(&self, key: &str) -> Value {
        let value = self.config.values().get(key).or_else(|| self.defaults.values().get(key));
        value.cloned().unwrap_or_default()
    }

    fn refuse(&self, key: &str, expected: impl Display, found: &Value) -> Error {
        let found = match found {
            Value::Null => "nothing".to_owned(),
            Value::Sequence(_) => "a list".to_owned(),
            Value::Mapping(_) => "a mapping".to_owned(),
            scalar => yaml::to_string(scalar).unwrap_or_default().trim_end().to_owned(),
        };
        self.config.error(key, format!("expected {expected}, found {found}"))
    }

    fn number<T: TryFrom<u64>>(&self, key: &str, range: RangeInclusive<u64>) -> Result<T, Error> {
        let value = self.value(key)?;
        let number = value.as_u64().filter(|number| range.contains(number));
        number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| {
            let expected = format!("a whole number from {} to {}", range.start(), range.end());
            self.refuse(key, expected, &value)
        })
    }

    fn port_if_any(&self, key: &str) -> Result<Option<u16>, Error> {
        if self.value(key)?.is_null() { Ok(None) } else { self.number(key, 0..=65_535).map(Some) }
    }

    fn seconds(&self, key: &str) -> Result<Duration, Error> {
        self.time(key, 1.0)
    }

    fn milliseconds(&self, key: &str) -> Result<Duration, Error> {
        self.time(key, 1000.0)
    }

    /// A time in units of which there are so many in a second.
    fn time(&self, key: &str, in_a_second: f64) -> Result<Duration, Error> {
        let value = self.value(key)?;
        let most = DAY * in_a_second;
        let number = value.as_f64().filter(|number| *number > 0.0 && *number <= most);
        number
            .map(|number| Duration::from_secs_f64(number / in_a_second))
            .ok_or_else(|| self.refuse(key, format!("a number above 0 and up to {most}"), &value))
    }

    fn path(&self, key: &str) -> Result<PathBuf, Error> {
        let value = self.value(key)?;
        let path = value.as_str().filter(|path| !path.is_empty());
        path.map(PathBuf::from).ok_or_else(|| self.refuse(key, "a path", &value))
    }

    fn path_if_any(&self, key: &str) -> Result<Option<PathBuf>, Error> {
        match self.value_or_null(key) {
            Value::Null => Ok(None),
            Value::String(path) => Ok(Some(path).filter(|path| !path.is_empty()).map(PathBuf::from)),
            other => Err(self.refuse(key, "a path, or null for no file", &other)),
        }
    }

    fn address(&self) -> Result<IpAddr, Error> {
        let key = "listen_address";
        let value = self.value_or_null(key);
        let address = match &value {
            Value::Null => Some(Ipv4Addr::UNSPECIFIED.into()),
            Value::String(text) => match text.as_str() {
                "" | "*" => Some(Ipv4Addr::UNSPECIFIED.into()),
                "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
                text => text.parse().ok(),
            },
            _ => None,
        };
        address.ok_or_else(|| self.refuse(key, "an IP address, localhost, or '*' for all", &value))
    }

    /// The level; `debug` wins over its name. There is nothing above an error here, so `critical` shows
    /// errors, too.
    fn level(&self) -> Result<LevelFilter, Error> {
        let debug = self.value("debug")?;
        let debug = debug.as_bool().ok_or_else(|| self.refuse("debug", "true or false", &debug))?;
        let key = "log_level";
        let value = self.value(key)?;
        let level = match value.as_str().unwrap_or_default().to_ascii_lowercase().as_str() {
            "critical" | "error" => LevelFilter::ERROR,
            "warning" => LevelFilter::WARN,
            "info" => LevelFilter::INFO,
            "debug" => LevelFilter::DEBUG,
            _ => return Err(self.refuse(key, "critical, error, warning, info or debug", &value)),
        };
        Ok(if debug { LevelFilter::DEBUG } else { level })
    }

    /// The URI of the database, which no message shows: it may hold a password.
    fn uri(&self) -> Result<Uri, Error> {
        let key = "db_uri";
        let Value::String(text) = self.value(key)? else {
            return Err(self.config.error(key, "expected a text"));
        };
        text.parse().map_err(|error: Error| self.config.error(key, error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(yaml: &str) -> Result<Settings, String> {
        let config = Config::from_yaml(yaml).unwrap().named("c.yml");
        Settings::read(&config).map_err(|error| error.chain())
    }

    #[test]
    fn defaults() {
        for yaml in
            ["", "cache:\nlisten_port:\ndb_uri:\nlog_level:\ndebug:\ndatabase:\nservice: {idle_seconds: }"]
        {
            let settings = read(yaml).unwrap();
            assert_eq!(settings.listen, "127.0.0.1:8669".parse().unwrap());
            assert_eq!(settings.cache.to_str(), Some("/var/cache/wazo-confgend"));
            assert_eq!(settings.log.level, LevelFilter::INFO);
            assert_eq!(settings.log.file, Some("/var/log/wazo-confgend.log".into()));
            assert_eq!(settings.pid_file, Some("/run/wazo-confgend/wazo-confgend.pid".into()));
            assert_eq!(settings.database.uri.to_string(), "postgresql://asterisk@localhost/asterisk");
            assert_eq!(settings.database.connect, Duration::from_secs(5));
            assert_eq!(settings.database.connections, 4);
            assert_eq!(settings.limits.idle, Duration::from_secs(10));
            assert_eq!(settings.limits.pause, Duration::from_millis(50));
            assert_eq!(settings.metrics, None);
        }
    }

    #[test]
    fn addresses() {
        let listen =
            |value: &str| read(&format!("listen_address: {value}")).map(|it| it.listen.ip().to_string());
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
        let level = |yaml| read(yaml).map(|settings| settings.log.level);
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
    fn files_that_are_not_wanted() {
        for nothing in ["", "''"] {
            let settings = read(&format!("log_filename: {nothing}\npid_file: {nothing}")).unwrap();
            assert_eq!((settings.log.file, settings.pid_file), (None, None));
        }
        let error = read("pid_file: no").unwrap_err();
        assert_eq!(
            error,
            "c.yml: configuration key pid_file: expected a path, or null for no file, found false"
        );
        let error = read("cache: ''").unwrap_err();
        assert_eq!(error, "c.yml: configuration key cache: expected a path, found ''");
    }

    #[test]
    fn numbers_have_limits() {
        let settings =
            read("{listen_port: 0, metrics: {listen_port: 9}, service: {stop_seconds: 0.25}}").unwrap();
        assert_eq!((settings.listen.port(), settings.metrics), (0, Some(9)));
        assert_eq!(settings.limits.stop, Duration::from_millis(250));
        let whole = "expected a whole number from";
        let table = [
            ("listen_port: 65536", format!("listen_port: {whole} 0 to 65535, found 65536")),
            ("listen_port: '8669'", format!("listen_port: {whole} 0 to 65535, found '8669'")),
            ("metrics: {listen_port: -1}", format!("metrics.listen_port: {whole} 0 to 65535, found -1")),
            ("database: {connections: 0}", format!("database.connections: {whole} 1 to 1000, found 0")),
            ("database: {connections: 1.5}", format!("database.connections: {whole} 1 to 1000, found 1.5")),
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
    fn a_database_uri_is_not_shown() {
        let hint = "a database is written postgresql://USER:PASSWORD@HOST/NAME or sqlite:PATH";
        let error = read("db_uri: mysql://me:s3cret@host/x").unwrap_err();
        assert_eq!(error, format!("c.yml: configuration key db_uri: not a database URI: {hint}"));
        assert_eq!(read("db_uri: [s3cret]").unwrap_err(), "c.yml: configuration key db_uri: expected a text");
    }

    #[test]
    fn every_problem_is_told_once() {
        let config = Config::from_yaml("{service: 1, database: x, listen_port: x, cache: 1}").unwrap();
        let problems: Vec<String> = Settings::check(&config).unwrap_err().iter().map(Error::chain).collect();
        assert_eq!(
            problems,
            [
                "configuration key listen_port: expected a whole number from 0 to 65535, found x",
                "configuration key cache: expected a path, found 1",
                "configuration key database: expected a mapping, found a text",
                "configuration key service: expected a mapping, found a number",
            ]
        );
    }
}
