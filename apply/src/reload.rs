//! Has Asterisk read files again, each by the command that reads it.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use driver_api::Namespace;

use crate::answer::Answer;
use crate::asterisk::{Asterisk, Program};
use crate::log::Log;
use crate::settings::ReloadSettings;

/// The commands that read a file again, in the order in which they are sent: objects that others name come first, the
/// dialplan last. Files that are not here are read only at Asterisk's start, or by programs of their own.
const COMMANDS: [(&str, &str); 13] = [
    ("asterisk/musiconhold.conf", "moh reload"),
    ("asterisk/voicemail.conf", "voicemail reload"),
    ("asterisk/rtp.conf", "module reload res_rtp_asterisk.so"),
    ("asterisk/hep.conf", "module reload res_hep.so"),
    ("asterisk/features.conf", "module reload features"),
    ("asterisk/confbridge.conf", "module reload app_confbridge.so"),
    ("asterisk/meetme.conf", "module reload app_meetme.so"),
    ("asterisk/res_parking.conf", "module reload res_parking.so"),
    ("asterisk/pjsip.conf", "module reload res_pjsip.so"),
    ("asterisk/iax.conf", "iax2 reload"),
    ("asterisk/queuerules.conf", "module reload app_queue.so"),
    ("asterisk/queues.conf", "module reload app_queue.so"),
    ("asterisk/extensions.conf", "dialplan reload"),
];

/// The pause before a command is sent again while another reload is in progress.
const BUSY_PAUSE: Duration = Duration::from_millis(500);

/// The time after which `asterisk -rx` returns, whether Asterisk is done or not.
const CLI_LIMIT: Duration = Duration::from_secs(60);

/// A command, and the files that it has Asterisk read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The command; none if the files have none.
    pub command: Option<String>,
    /// The files.
    pub files: Vec<Namespace>,
}

/// The outcome of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Asterisk has read the files. The time is from the first attempt.
    Done(Duration),
    /// `asterisk -rx` gave up waiting. Asterisk goes on.
    Unfinished(Duration),
    /// The module is not loaded, as this text says. It reads the files when it is.
    NotLoaded(String),
    /// The command failed, or Asterisk refused a file, as this text says.
    Failed(String),
    /// There is no command to send.
    NoCommand,
}

impl Outcome {
    /// Returns the outcome in a few words: `ok, 0.41 s`.
    pub fn text(&self) -> String {
        match self {
            Outcome::Done(time) => format!("ok, {:.2} s", time.as_secs_f64()),
            Outcome::Unfinished(time) => {
                format!("sent, Asterisk goes on after {:.0} s", time.as_secs_f64())
            }
            Outcome::NotLoaded(text) => format!("not loaded: {text}"),
            Outcome::Failed(text) => format!("failed: {text}"),
            Outcome::NoCommand => "no command".to_owned(),
        }
    }
}

/// Sends commands to Asterisk.
pub struct Reload {
    asterisk: Box<dyn Asterisk>,
    commands: BTreeMap<Namespace, Option<String>>,
    settings: ReloadSettings,
}

impl Reload {
    /// Creates it as the configuration says. Nothing is sent yet.
    pub fn new(settings: ReloadSettings) -> Reload {
        let asterisk: Box<dyn Asterisk> = match &settings.ami {
            Some(ami) => Box::new(ami.clone()),
            None => Box::new(Program::new(settings.command.0.clone())),
        };
        Reload { asterisk, commands: settings.commands.0.clone(), settings }
    }

    /// Returns the steps by which Asterisk reads these files, in their order. A command that reads several files is sent
    /// once.
    pub fn steps<'n>(&self, files: impl IntoIterator<Item = &'n Namespace>) -> Vec<Step> {
        let mut ranked: Vec<(usize, &Namespace)> = files.into_iter().map(|file| (rank(file), file)).collect();
        ranked.sort();
        let mut steps: Vec<Step> = Vec::new();
        for (_, file) in ranked {
            let command = self.command(file);
            match steps.iter_mut().find(|step| step.command == command && command.is_some()) {
                Some(step) => step.files.push(file.clone()),
                None => steps.push(Step { command, files: vec![file.clone()] }),
            }
        }
        steps
    }

    fn command(&self, file: &Namespace) -> Option<String> {
        match self.commands.get(file) {
            Some(command) => command.clone(),
            None => {
                let name = file.to_string();
                COMMANDS.iter().find(|(file, _)| *file == name).map(|(_, command)| (*command).to_owned())
            }
        }
    }

    /// Sends the command of a step, again and again while another reload is in progress.
    pub fn run(&mut self, step: &Step) -> Outcome {
        let Some(command) = &step.command else { return Outcome::NoCommand };
        let log = self.settings.log.clone().and_then(Log::begin);
        let start = Instant::now();
        let deadline = start + self.settings.seconds.0;
        let outcome = loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let sent = Instant::now();
            match self.asterisk.send(command, left).map(|text| Answer::of(&text)) {
                Ok(Answer::Busy) if left > BUSY_PAUSE => thread::sleep(BUSY_PAUSE),
                Ok(Answer::Busy) => {
                    let seconds = self.settings.seconds.0.as_secs_f64();
                    let text = format!("another reload is in progress after {seconds} s (reload.seconds)");
                    break Outcome::Failed(text);
                }
                Ok(Answer::NotLoaded(text)) => break Outcome::NotLoaded(text),
                Ok(Answer::Failed(text)) => break Outcome::Failed(text),
                Ok(Answer::Done) if self.settings.ami.is_none() && sent.elapsed() >= CLI_LIMIT => {
                    break Outcome::Unfinished(start.elapsed());
                }
                Ok(Answer::Done) => break Outcome::Done(start.elapsed()),
                Err(error) => break Outcome::Failed(error.chain()),
            }
        };
        let names: Vec<&str> = step.files.iter().map(Namespace::filename).collect();
        let refusal = log.and_then(|log| log.refusal(&self.settings.refusals.0, &names));
        match (outcome, refusal) {
            (Outcome::Done(_) | Outcome::Unfinished(_), Some(line)) => {
                Outcome::Failed(format!("Asterisk logs: {line}"))
            }
            (outcome, _) => outcome,
        }
    }
}

/// Returns the place of a file in the order of commands.
fn rank(file: &Namespace) -> usize {
    let name = file.to_string();
    COMMANDS.iter().position(|(file, _)| *file == name).unwrap_or(COMMANDS.len())
}

#[cfg(test)]
mod tests {
    use driver_api::Config;
    use driver_api::settings::Settings as _;

    use super::*;

    #[test]
    fn a_command_that_reads_several_files_is_sent_once() {
        let yaml = "reload: {commands: {asterisk/queueskills.conf: module reload app_queue.so, asterisk/hep.conf: }}";
        let reload = Reload::new(ReloadSettings::read(&Config::from_yaml(yaml).unwrap()).unwrap());
        let names = [
            "extensions.conf",
            "queueskills.conf",
            "hep.conf",
            "modules.conf",
            "queues.conf",
            "pjsip.conf",
            "queuerules.conf",
        ];
        let files: Vec<Namespace> =
            names.iter().map(|name| format!("asterisk/{name}").parse().unwrap()).collect();
        let steps: Vec<String> = reload
            .steps(&files)
            .iter()
            .map(|step| {
                let files: Vec<&str> = step.files.iter().map(Namespace::filename).collect();
                format!("{}: {}", step.command.as_deref().unwrap_or("-"), files.join(" "))
            })
            .collect();
        assert_eq!(
            steps,
            [
                "-: hep.conf",
                "module reload res_pjsip.so: pjsip.conf",
                "module reload app_queue.so: queuerules.conf queues.conf queueskills.conf",
                "dialplan reload: extensions.conf",
                "-: modules.conf"
            ]
        );
    }
}
