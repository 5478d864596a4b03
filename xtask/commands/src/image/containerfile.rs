//! The last stage of the Containerfile: the settings of the image, such as its user, ports and health check.
//!
//! It reads the instructions in the forms that the Containerfile uses, and refuses others.

use std::collections::BTreeMap;

use driver_api::Error;
use serde::{Deserialize, Serialize};

/// The build arguments of the last stage, by their names.
pub(super) type Arguments = BTreeMap<&'static str, String>;

/// The settings, as the configuration of an image has them.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Settings {
    pub(super) user: String,
    exposed_ports: Keys,
    /// The environment, each as NAME=VALUE.
    pub(super) env: Vec<String>,
    pub(super) entrypoint: Vec<String>,
    pub(super) cmd: Vec<String>,
    pub(super) volumes: Keys,
    labels: BTreeMap<String, String>,
    stop_signal: String,
    /// Docker reads it here. The OCI has no such key, and no objection to it.
    pub(super) healthcheck: Healthcheck,
}

/// Keys that count by being there: their values are empty.
type Keys = BTreeMap<String, BTreeMap<String, String>>;

/// The command that tells whether the service is healthy. Times are in nanoseconds.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Healthcheck {
    /// The word `CMD`, and the command.
    pub(super) test: Vec<String>,
    interval: u64,
    timeout: u64,
    start_period: u64,
    retries: u64,
}

/// Reads the last stage, which has to begin with an empty image.
pub(super) fn last_stage(text: &str, arguments: &Arguments) -> Result<Settings, Error> {
    let instructions = instructions(text);
    let from = instructions.iter().rposition(|(_, instruction)| instruction.starts_with("FROM "));
    let stage = from.map_or(&[][..], |from| &instructions[from..]);
    let mut settings = Settings::default();
    for (line, instruction) in stage {
        let (name, rest) = instruction.split_once(' ').unwrap_or((instruction, ""));
        settings
            .take(name, rest.trim(), arguments)
            .ok_or_else(|| Error::driver(format!("is not understood: {instruction}")))
            .map_err(|error| error.context(format!("line {line}")))?;
    }
    Ok(settings)
}

/// The instructions without comments, each on one line, with the number of its first line.
fn instructions(text: &str) -> Vec<(usize, String)> {
    let mut instructions: Vec<(usize, String)> = Vec::new();
    let mut is_continued = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let part = line.strip_suffix('\\').unwrap_or(line).trim_end();
        match instructions.last_mut() {
            Some((_, instruction)) if is_continued => instruction.extend([" ", part]),
            _ => instructions.push((index + 1, part.to_owned())),
        }
        is_continued = line.ends_with('\\');
    }
    instructions
}

impl Settings {
    /// Takes an instruction. Returns none if it has another form than those that are read here.
    fn take(&mut self, name: &str, rest: &str, arguments: &Arguments) -> Option<()> {
        match name {
            "FROM" => return (rest == "scratch").then_some(()),
            "ARG" => return arguments.contains_key(rest).then_some(()),
            // `contents.rs` lists the files.
            "COPY" => {}
            "LABEL" => self.labels.extend(pairs(rest, arguments)?),
            "ENV" => {
                self.env
                    .extend(pairs(rest, arguments)?.iter().map(|(name, value)| format!("{name}={value}")));
            }
            "USER" => rest.clone_into(&mut self.user),
            "EXPOSE" => {
                self.exposed_ports
                    .extend(rest.split(' ').map(|port| (format!("{port}/tcp"), BTreeMap::new())));
            }
            "VOLUME" => self.volumes.extend(words(rest)?.into_iter().map(|path| (path, BTreeMap::new()))),
            "STOPSIGNAL" => rest.clone_into(&mut self.stop_signal),
            "HEALTHCHECK" => self.healthcheck = Healthcheck::parse(rest)?,
            "ENTRYPOINT" => self.entrypoint = words(rest)?,
            "CMD" => self.cmd = words(rest)?,
            _ => return None,
        }
        Some(())
    }
}

impl Healthcheck {
    fn parse(rest: &str) -> Option<Healthcheck> {
        let (options, command) = rest.split_once("CMD ")?;
        let mut check = Healthcheck::default();
        for option in options.split_whitespace() {
            let (name, value) = option.split_once('=')?;
            match name {
                "--interval" => check.interval = nanoseconds(value)?,
                "--timeout" => check.timeout = nanoseconds(value)?,
                "--start-period" => check.start_period = nanoseconds(value)?,
                "--retries" => check.retries = value.parse().ok()?,
                _ => return None,
            }
        }
        check.test = ["CMD".to_owned()].into_iter().chain(words(command)?).collect();
        Some(check)
    }
}

/// A time in seconds, such as `30s`.
fn nanoseconds(text: &str) -> Option<u64> {
    text.strip_suffix('s')?.parse::<u64>().ok()?.checked_mul(1_000_000_000)
}

/// A list of words in JSON.
fn words(text: &str) -> Option<Vec<String>> {
    serde_json::from_str(text).ok()
}

/// Pairs of the form `name="value" name="$ARGUMENT"`.
fn pairs(text: &str, arguments: &Arguments) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (name, behind) = rest.split_once("=\"")?;
        let (value, behind) = behind.split_once('"')?;
        let value = match value.strip_prefix('$') {
            Some(argument) => arguments.get(argument)?,
            None => value,
        };
        pairs.push((name.to_owned(), value.to_owned()));
        rest = behind.trim_start();
    }
    Some(pairs)
}

#[cfg(test)]
mod tests {
    use super::super::contents::USER;
    use super::*;
    use crate::root;

    fn read(text: &str) -> Result<Settings, String> {
        let arguments = Arguments::from([("VERSION", "1.2".to_owned())]);
        last_stage(text, &arguments).map_err(|error| error.chain())
    }

    #[test]
    fn the_last_stage_counts() {
        let text = "FROM rust AS build\nUSER root\n# A comment.\nFROM scratch\nARG VERSION\n\
                    LABEL a.b=\"c d\" \\\n    # In between.\n    version=\"$VERSION\"\nENV A=\"b\"\nUSER 5:5\nEXPOSE 1 2\n\
                    VOLUME [\"/v\"]\nSTOPSIGNAL SIGTERM\nHEALTHCHECK --interval=30s --retries=3 \\\n CMD [\"a\", \"b c\"]\n\
                    ENTRYPOINT [\"/p\"]\nCMD [\"serve\"]\n";
        let settings = serde_json::to_value(read(text).unwrap()).unwrap();
        let expected = serde_json::json!({
            "User": "5:5",
            "ExposedPorts": {"1/tcp": {}, "2/tcp": {}},
            "Env": ["A=b"],
            "Entrypoint": ["/p"],
            "Cmd": ["serve"],
            "Volumes": {"/v": {}},
            "Labels": {"a.b": "c d", "version": "1.2"},
            "StopSignal": "SIGTERM",
            "Healthcheck": {
                "Test": ["CMD", "a", "b c"], "Interval": 30_000_000_000_u64, "Timeout": 0, "StartPeriod": 0, "Retries": 3,
            },
        });
        assert_eq!(settings, expected);
    }

    #[test]
    fn another_form_is_an_error_with_its_line() {
        for instruction in [
            "RUN true",
            "CMD serve",
            "ARG OTHER",
            "LABEL a=b",
            "LABEL a=\"$OTHER\"",
            "HEALTHCHECK NONE",
            "HEALTHCHECK --interval=1m CMD [\"a\"]",
        ] {
            let expected = Err(format!("line 3: is not understood: {instruction}"));
            assert_eq!(read(&format!("FROM scratch\n\n{instruction}\n")), expected);
        }
        assert!(read("FROM debian\n").unwrap_err().starts_with("line 1: "));
    }

    #[test]
    fn the_containerfile_has_the_user_and_the_ports_of_the_contents() {
        let text = std::fs::read_to_string(root().join("Containerfile")).unwrap();
        let arguments = ["VERSION", "REVISION", "SOURCE", "LICENSES"].map(|name| (name, name.to_lowercase()));
        let settings = last_stage(&text, &Arguments::from(arguments)).unwrap();
        assert_eq!(settings.user, format!("{USER}:{USER}"));
        let config = std::fs::read_to_string(root().join("container/config.yml")).unwrap();
        let config = driver_api::yaml::parse(&config).unwrap();
        let status = config["http"]["listen"].as_str().unwrap().rsplit_once(':').unwrap().1;
        let ports = [config["listen_port"].as_u64().unwrap().to_string(), status.to_owned()];
        let exposed: Vec<&str> =
            settings.exposed_ports.keys().map(|port| port.trim_end_matches("/tcp")).collect();
        assert_eq!(exposed, ports);
        assert_eq!(settings.volumes.keys().collect::<Vec<_>>(), [config["cache"].as_str().unwrap()]);
    }
}
