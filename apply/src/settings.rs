//! The keys of the configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;

use driver_api::Namespace;
pub use driver_api::settings::Seconds;
use driver_api::settings::{Field, Refused, Setting, Shape};
use driver_api::yaml::{Mapping, Value};

driver_api::settings! {
    /// The files that `confgend apply` writes.
    #[derive(Debug, Clone)]
    pub struct ApplySettings in "apply" {
        /// The folder of the files, each as RESOURCE/FILENAME. Asterisk includes them from there.
        folder: PathBuf = "/var/lib/confgend",
        /// Whether each file of Asterisk ends with the mark of its end, by which a file that includes it can tell that it is
        /// whole.
        end_mark: bool = true,
        /// How long an apply waits for another one that runs.
        wait_seconds: Seconds = 60,
        /// How long the database must be quiet after a change before a watch applies it.
        debounce_seconds: Seconds = 2,
        /// The least time between two applies of a watch.
        min_interval_seconds: Seconds = 30,
        /// How often a watch generates all files, whatever the database says.
        full_look_seconds: Seconds = 300,
    }
}

driver_api::settings! {
    /// The way in which Asterisk is told to read files again.
    #[derive(Debug, Clone)]
    pub struct ReloadSettings in "reload" {
        /// The program that passes a command to Asterisk; the command is its last argument.
        command: Words = vec!["asterisk", "-rx"],
        /// Asterisk's manager interface, in place of the program: host, port, username and secret.
        ami: Option<Ami> = Value::Null,
        /// The commands of files, in place of the built-in ones; null for none.
        commands: Commands = Value::Mapping(Mapping::new()),
        /// How long Asterisk may take for a command. While it says that another reload is in progress, the command is sent
        /// again.
        seconds: Seconds = 300,
        /// The log of Asterisk, which says whether it refused a file; null for none.
        log: Option<PathBuf> = "/var/log/asterisk/full",
        /// The texts by which a line of the log says that Asterisk refused the file that the line names.
        refusals: Words = vec!["parse error", "in an invalid format", "are invalid and cannot be parsed"],
    }
}

/// A list of texts, none of which is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(pub Vec<String>);

impl Setting for Words {
    fn shape() -> Shape {
        Shape::List(Box::new(Shape::Text))
    }

    fn parse(value: &Value) -> Result<Words, Refused> {
        let words = value.as_sequence().filter(|words| !words.is_empty()).ok_or(Refused::NotAccepted)?;
        let word = |word: &Value| word.as_str().filter(|word| !word.is_empty()).map(str::to_owned);
        words.iter().map(word).collect::<Option<_>>().map(Words).ok_or(Refused::NotAccepted)
    }
}

/// The commands of files; none for a file that Asterisk reads only at its start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commands(pub BTreeMap<Namespace, Option<String>>);

impl Setting for Commands {
    fn shape() -> Shape {
        Shape::Map {
            accepts: "a mapping of files to commands of Asterisk, or to null".to_owned(),
            values: Box::new(Option::<String>::shape()),
        }
    }

    fn parse(value: &Value) -> Result<Commands, Refused> {
        let mapping = value.as_mapping().ok_or(Refused::NotAccepted)?;
        let command = |(file, command): (&Value, &Value)| {
            let name = file.as_str().ok_or(Refused::NotAccepted)?;
            let file = name.parse().map_err(|_| Refused::Because(format!("{name} is no file")))?;
            let command = Option::<String>::parse(command).map_err(|_| Refused::NotAccepted)?;
            // AMI ends a command at a line end.
            if command.as_ref().is_some_and(|command| command.contains(char::is_control)) {
                return Err(Refused::Because(format!("{name}: the command has a control character")));
            }
            Ok((file, command))
        };
        Ok(Commands(mapping.iter().map(command).collect::<Result<_, _>>()?))
    }
}

/// The address of Asterisk's manager interface, with the login.
#[derive(Clone, PartialEq, Eq)]
pub struct Ami {
    /// The host; by default 127.0.0.1.
    pub host: String,
    /// The port; by default 5038.
    pub port: u16,
    /// The name of the login.
    pub username: String,
    /// Its password.
    pub secret: String,
}

impl std::fmt::Debug for Ami {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}:{}", self.username, self.host, self.port)
    }
}

impl Setting for Ami {
    fn shape() -> Shape {
        Shape::Fields {
            accepts: "a mapping with username and secret, and optionally host and port",
            fields: vec![
                Field::optional("host", Option::<String>::shape(), "The host; 127.0.0.1 by default."),
                Field::optional("port", Option::<u16>::shape(), "The port; 5038 by default."),
                Field::required("username", Shape::Text, "The name of the login."),
                Field::required("secret", Shape::Text, "Its password."),
            ],
        }
    }

    fn parse(value: &Value) -> Result<Ami, Refused> {
        let mapping = value.as_mapping().ok_or(Refused::NotAccepted)?;
        let known = ["host", "port", "username", "secret"];
        if !mapping.keys().all(|key| key.as_str().is_some_and(|key| known.contains(&key))) {
            return Err(Refused::Because(format!("expected {}", Ami::accepts())));
        }
        let text = |key: &str| -> Result<Option<String>, Refused> {
            let Some(value) = mapping.get(key).filter(|value| !value.is_null()) else { return Ok(None) };
            let text = value.as_str().filter(|text| !text.is_empty() && !text.contains(char::is_control));
            let refused = || Refused::Because(format!("{key}: expected a text on one line; quote a number"));
            text.map(|text| Some(text.to_owned())).ok_or_else(refused)
        };
        let needed = |key: &str| text(key)?.ok_or_else(|| Refused::Because(format!("{key} is missing")));
        let port = mapping.get("port").filter(|value| !value.is_null());
        let port = port.map_or(Ok(5038), |port| {
            u16::parse(port).map_err(|_| Refused::Because(format!("port: expected {}", u16::accepts())))
        })?;
        Ok(Ami {
            host: text("host")?.unwrap_or_else(|| "127.0.0.1".to_owned()),
            port,
            username: needed("username")?,
            secret: needed("secret")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use driver_api::Config;
    use driver_api::settings::Settings as _;

    use super::*;

    fn read(yaml: &str) -> Result<ReloadSettings, String> {
        let config = Config::from_yaml(&format!("reload: {yaml}")).unwrap();
        ReloadSettings::read(&config).map_err(|error| error.chain())
    }

    #[test]
    fn the_manager_interface_needs_a_login() {
        let ami = |yaml: &str| read(&format!("{{ami: {yaml}}}")).map(|settings| settings.ami.unwrap());
        let expected = Ami { host: "127.0.0.1".into(), port: 5038, username: "c".into(), secret: "s".into() };
        assert_eq!(ami("{username: c, secret: s}"), Ok(expected.clone()));
        let elsewhere = Ami { host: "pbx".into(), port: 5039, ..expected };
        assert_eq!(ami("{username: c, secret: s, host: pbx, port: 5039}"), Ok(elsewhere));
        let key = "configuration key reload.ami";
        for (yaml, message) in [
            ("{secret: s}", "username is missing"),
            ("{username: c}", "secret is missing"),
            ("{username: c, secret: 17}", "secret: expected a text on one line; quote a number"),
            (
                "{username: c, secret: \"a\\nAction: x\"}",
                "secret: expected a text on one line; quote a number",
            ),
            ("{username: c, secret: s, port: x}", "port: expected a whole number from 0 to 65535"),
            ("{user: c}", "expected a mapping with username and secret, and optionally host and port"),
        ] {
            assert_eq!(ami(yaml).unwrap_err(), format!("{key}: {message}"));
        }
    }

    #[test]
    fn a_file_may_have_another_command() {
        let settings = read("{commands: {asterisk/sccp.conf: sccp reload, asterisk.hep.conf: }}").unwrap();
        let sccp = (&"asterisk/sccp.conf".parse().unwrap(), &Some("sccp reload".to_owned()));
        let hep = (&"asterisk/hep.conf".parse().unwrap(), &None);
        assert_eq!(settings.commands.0.iter().collect::<Vec<_>>(), [hep, sccp]);
        assert_eq!(settings.command.0, ["asterisk", "-rx"]);
        let key = "configuration key reload.commands";
        let error = read("{commands: {asterisk/sccp.conf: \"a\\nb\"}}").unwrap_err();
        assert_eq!(error, format!("{key}: asterisk/sccp.conf: the command has a control character"));
        assert!(
            read("{command: asterisk}").unwrap_err().contains("expected a list of texts, found asterisk")
        );
        assert!(read("{command: []}").is_err());
    }
}
