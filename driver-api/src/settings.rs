//! Keys of the configuration, each declared once: as a field with its documentation, its default and a type that
//! says which values it accepts.

mod shape;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde_yaml::{Mapping, Value};

pub use self::shape::{Field, Shape, nullable};

use crate::{Config, Error, secrets, yaml};

/// A group of keys that stand in one section of the configuration; [`settings!`](crate::settings!) declares one.
pub trait Settings: Sized {
    /// The keys, in the order of their fields.
    fn keys() -> Vec<Key>;

    /// Reads all keys. Each bad value adds an error to `problems`, and the result is `None` then.
    fn check(config: &Config, problems: &mut Vec<Error>) -> Option<Self>;

    /// Reads all keys; the first bad value is the error.
    ///
    /// # Errors
    ///
    /// The error names the file, the key, the accepted values and the one that is there.
    fn read(config: &Config) -> Result<Self, Error> {
        let mut problems = Vec::new();
        Self::check(config, &mut problems).ok_or_else(|| problems.swap_remove(0))
    }
}

/// A key of the configuration, as people read about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// The path of keys that leads to the value: `service.idle_seconds`.
    pub path: String,
    /// Its documentation, in one or more sentences.
    pub help: String,
    /// The value that holds where no file has another one.
    pub default: Value,
    /// The accepted values.
    pub shape: Shape,
    /// Whether a running service keeps the value that it was started with, until it is restarted.
    pub needs_restart: bool,
}

impl Key {
    /// A key whose new values count at a reload.
    pub fn new(path: &str, default: impl Into<Value>, shape: Shape, help: &str) -> Key {
        Key {
            path: path.to_owned(),
            help: help.to_owned(),
            default: default.into(),
            shape,
            needs_restart: false,
        }
    }
}

/// The defaults of these keys, as a layer of the configuration.
pub fn defaults(keys: &[Key]) -> Config {
    let mut merged = Config::default();
    for key in keys {
        let nest = |value, key: &str| Value::Mapping(Mapping::from_iter([(Value::from(key), value)]));
        let value = key.path.rsplit('.').fold(key.default.clone(), nest);
        merged.fill_from(&Config::from_value(value).unwrap_or_default());
    }
    Config::from_value(Value::Mapping(merged.values().clone())).unwrap_or_default()
}

/// A type of values in the configuration.
pub trait Setting: Sized {
    /// Whether null is a value of its own. For other types it means the default.
    const TAKES_NULL: bool = false;

    /// The accepted values.
    fn shape() -> Shape;

    /// The accepted values in words, as in "expected a path".
    fn accepts() -> String {
        Self::shape().to_string()
    }

    /// Reads a value.
    ///
    /// # Errors
    ///
    /// Why the value is refused.
    fn parse(value: &Value) -> Result<Self, Refused>;
}

/// Why a value of the configuration is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It is none of the accepted values; the message shows both.
    NotAccepted,
    /// This reason. The message does not show the value, which may hold a password.
    Because(String),
}

/// Reads one key. This is what [`settings!`](crate::settings!) calls for each field.
#[doc(hidden)]
pub fn read<T: Setting>(
    config: &Config,
    path: &str,
    default: &Value,
    problems: &mut Vec<Error>,
) -> Option<T> {
    let result = config.value(path).and_then(|value| {
        let value = value.filter(|value| T::TAKES_NULL || !value.is_null()).unwrap_or(default);
        T::parse(value).map_err(|refused| match refused {
            Refused::NotAccepted => {
                let found = secrets::shown(path, &Found(value).to_string());
                config.error(path, format!("expected {}, found {found}", T::accepts()))
            }
            Refused::Because(reason) => config.error(path, reason),
        })
    });
    // Where a section is no mapping, each of its keys has the same error.
    result
        .map_err(|error| {
            if problems.last().is_none_or(|last| last.chain() != error.chain()) {
                problems.push(error);
            }
        })
        .ok()
}

/// The path of a key in a section; the section "" is the top.
#[doc(hidden)]
pub fn path(section: &str, key: &str) -> String {
    if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
}

/// A value as an error shows it.
struct Found<'a>(&'a Value);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("nothing"),
            Value::Sequence(_) => f.write_str("a list"),
            Value::Mapping(_) => f.write_str("a mapping"),
            scalar => f.write_str(yaml::to_string(scalar).unwrap_or_default().trim_end()),
        }
    }
}

/// Declares a struct whose fields are keys of the configuration, with the [`Settings`] of it. Behind each field
/// stands its default, as a value that [`yaml::Value`](crate::yaml::Value) has a `From` for. `#[needs_restart = true]` marks a key
/// whose new value a running service does not take.
///
/// ```
/// use driver_api::settings::{Seconds, Settings as _, Within};
/// use driver_api::{Config, Error, settings};
///
/// settings! {
///     /// The keys of FollowMe.
///     #[derive(Debug)]
///     pub struct FollowMe in "followme" {
///         /// How long a telephone rings.
///         ring_seconds: Seconds = 30,
///         /// How many numbers a user may have.
///         numbers: Within<1, 10> = 3,
///         /// The class of music on hold; null for none.
///         music: Option<String> = "default",
///     }
/// }
///
/// let config = Config::from_yaml("followme: {numbers: 5, music: null}")?;
/// let followme = FollowMe::read(&config)?;
/// assert_eq!((followme.ring_seconds.0.as_secs(), followme.numbers.0, followme.music), (30, 5, None));
///
/// let config = Config::from_yaml("followme: {numbers: 11}")?.named("acme.yml");
/// let error = FollowMe::read(&config).unwrap_err().to_string();
/// let key = "acme.yml: configuration key followme.numbers";
/// assert_eq!(error, format!("{key}: expected a whole number from 1 to 10, found 11"));
///
/// let keys = FollowMe::keys();
/// assert_eq!(keys[0].path, "followme.ring_seconds");
/// assert_eq!(keys[0].help, "How long a telephone rings.");
/// # Ok::<(), Error>(())
/// ```
#[macro_export]
macro_rules! settings {
    (
        $(#[$meta:meta])*
        $visibility:vis struct $name:ident in $section:literal {
            $(
                $(#[doc = $help:literal])+ $(#[needs_restart = $restart:literal])?
                $field:ident: $type:ty = $default:expr,
            )+
        }
    ) => {
        $(#[$meta])*
        $visibility struct $name {
            $($(#[doc = $help])+ pub $field: $type,)+
        }

        impl $crate::settings::Settings for $name {
            fn keys() -> Vec<$crate::settings::Key> {
                vec![$($crate::settings::Key {
                    path: $crate::settings::path($section, stringify!($field)),
                    help: concat!($($help),+).trim().to_owned(),
                    default: $crate::yaml::Value::from($default),
                    shape: <$type as $crate::settings::Setting>::shape(),
                    needs_restart: false $(|| $restart)?,
                },)+]
            }

            fn check(config: &$crate::Config, problems: &mut Vec<$crate::Error>) -> Option<Self> {
                $(
                    let path = $crate::settings::path($section, stringify!($field));
                    let default = $crate::yaml::Value::from($default);
                    let $field = $crate::settings::read::<$type>(config, &path, &default, problems);
                )+
                Some($name { $($field: $field?,)+ })
            }
        }
    };
}

/// A whole number in a range with both its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within<const MIN: usize, const MAX: usize>(pub usize);

impl<const MIN: usize, const MAX: usize> Setting for Within<MIN, MAX> {
    fn shape() -> Shape {
        Shape::Integer { min: MIN as u64, max: MAX as u64 }
    }

    fn parse(value: &Value) -> Result<Self, Refused> {
        let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
        number.filter(|number| (MIN..=MAX).contains(number)).map(Within).ok_or(Refused::NotAccepted)
    }
}

/// A TCP port; 0 is any free one.
impl Setting for u16 {
    fn shape() -> Shape {
        Shape::Integer { min: 0, max: u16::MAX.into() }
    }

    fn parse(value: &Value) -> Result<u16, Refused> {
        value.as_u64().and_then(|number| u16::try_from(number).ok()).ok_or(Refused::NotAccepted)
    }
}

impl Setting for bool {
    fn shape() -> Shape {
        Shape::Boolean
    }

    fn parse(value: &Value) -> Result<bool, Refused> {
        value.as_bool().ok_or(Refused::NotAccepted)
    }
}

impl Setting for String {
    fn shape() -> Shape {
        Shape::Text
    }

    fn parse(value: &Value) -> Result<String, Refused> {
        value.as_str().map(str::to_owned).ok_or(Refused::NotAccepted)
    }
}

/// A path. Relative ones start at the folder of the file that they stand in.
impl Setting for PathBuf {
    fn shape() -> Shape {
        Shape::Path
    }

    fn parse(value: &Value) -> Result<PathBuf, Refused> {
        let path = value.as_str().filter(|path| !path.is_empty());
        path.map(PathBuf::from).ok_or(Refused::NotAccepted)
    }
}

/// A value that can be switched off, by null or by an empty text.
impl<T: Setting> Setting for Option<T> {
    const TAKES_NULL: bool = true;

    fn shape() -> Shape {
        Shape::Nullable(Box::new(T::shape()))
    }

    fn parse(value: &Value) -> Result<Option<T>, Refused> {
        if value.is_null() || value.as_str() == Some("") { Ok(None) } else { T::parse(value).map(Some) }
    }
}

/// The longest time that can be configured, in seconds: a day.
const DAY: f64 = 86_400.0;

/// A time in seconds, which may have a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds(pub Duration);

/// A time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Milliseconds(pub Duration);

impl Setting for Seconds {
    fn shape() -> Shape {
        Shape::Number { max: DAY }
    }

    fn parse(value: &Value) -> Result<Seconds, Refused> {
        time(value, 1.0).map(Seconds)
    }
}

impl Setting for Milliseconds {
    fn shape() -> Shape {
        Shape::Number { max: DAY * 1000.0 }
    }

    fn parse(value: &Value) -> Result<Milliseconds, Refused> {
        time(value, 1000.0).map(Milliseconds)
    }
}

fn time(value: &Value, units_per_second: f64) -> Result<Duration, Refused> {
    let number = value.as_f64().filter(|number| *number > 0.0 && *number <= DAY * units_per_second);
    number.map(|number| Duration::from_secs_f64(number / units_per_second)).ok_or(Refused::NotAccepted)
}

#[cfg(test)]
mod tests {
    use super::*;

    settings! {
        /// Keys of each type.
        #[derive(Debug, PartialEq)]
        struct Sample in "sample" {
            /// A port.
            /// It may be any.
            #[needs_restart = true]
            port: u16 = 80,
            /// A file.
            file: Option<PathBuf> = "/f",
            /// A time.
            time: Milliseconds = 50,
            /// A switch.
            debug: bool = false,
        }
    }

    fn read(yaml: &str) -> Result<Sample, Vec<String>> {
        let config = Config::from_yaml(yaml).unwrap().named("c.yml");
        let mut problems = Vec::new();
        let sample = Sample::check(&config, &mut problems);
        sample.ok_or_else(|| problems.iter().map(Error::chain).collect())
    }

    #[test]
    fn null_means_the_default_or_none() {
        let defaults = read("").unwrap();
        assert_eq!(defaults.file, Some("/f".into()));
        assert_eq!(read("sample:").unwrap(), defaults);
        assert_eq!(read("sample: {port: null, time: }").unwrap(), defaults);
        for yaml in ["sample: {file: null}", "sample: {file: ''}"] {
            assert_eq!(read(yaml).unwrap(), Sample { file: None, ..read("").unwrap() });
        }
    }

    #[test]
    fn each_bad_value_is_reported_once() {
        let key = |key: &str, message: &str| format!("c.yml: configuration key sample{key}: {message}");
        let port = "expected a whole number from 0 to 65535, found";
        let problems = read("sample: {port: 65536, file: [1], time: 0, debug: 1}").unwrap_err();
        let expected = [
            key(".port", &format!("{port} 65536")),
            key(".file", "expected a path, or null for none, found a list"),
            key(".time", "expected a number above 0 and up to 86400000, found 0"),
            key(".debug", "expected true or false, found 1"),
        ];
        assert_eq!(problems, expected);
        assert_eq!(read("sample: 1").unwrap_err(), [key("", "expected a mapping, found a number")]);
    }

    #[test]
    fn the_defaults_are_a_layer() {
        let keys = Sample::keys();
        assert_eq!((keys[0].path.as_str(), keys[0].help.as_str()), ("sample.port", "A port. It may be any."));
        assert_eq!(keys.iter().filter(|key| key.needs_restart).count(), 1);
        let expected = "sample: {port: 80, file: /f, time: 50, debug: false}";
        assert_eq!(defaults(&keys), Config::from_yaml(expected).unwrap());
    }
}
