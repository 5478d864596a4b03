//! The meaning of Asterisk's answer to a command.

/// Asterisk's answer to a reload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It did what it was told.
    Done,
    /// Another reload is in progress.
    Busy,
    /// The module is not loaded, so there is nothing to keep or lose. The text says so.
    NotLoaded(String),
    /// It failed, as this text says.
    Failed(String),
}

/// The texts by which Asterisk says that another reload is in progress. They are compared without case.
const BUSY: [&str; 2] = ["already in progress", "cannot reload a module yet"];

/// The texts by which it says that there is no such module, or that the module did not load.
const NOT_LOADED: [&str; 3] = ["no such module", "no such command", "was not properly initialized"];

/// The texts by which it says that the reload failed, or that nobody is there.
const FAILED: [&str; 3] =
    ["reported a reload failure", "unable to connect to remote asterisk", "permission denied"];

impl Answer {
    /// Reads an answer, which may have several lines. An unknown answer means that the command was carried out: most
    /// commands say nothing, or what they did.
    pub(crate) fn of(text: &str) -> Answer {
        let line_with = |words: &[&str]| {
            let has_one = |line: &&str| {
                let line = line.to_ascii_lowercase();
                words.iter().any(|words| line.contains(words))
            };
            text.lines().find(has_one).map(|line| line.trim().to_owned())
        };
        if let Some(line) = line_with(&FAILED) {
            Answer::Failed(line)
        } else if line_with(&BUSY).is_some() {
            Answer::Busy
        } else if let Some(line) = line_with(&NOT_LOADED) {
            Answer::NotLoaded(line)
        } else {
            Answer::Done
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_whether_the_module_was_reloaded() {
        let failed = "Module 'app_queue.so' reported a reload failure";
        let missing = "No such module 'res_hep.so'";
        let nobody = "Unable to connect to remote asterisk (does /var/run/asterisk/asterisk.ctl exist?)";
        for (text, answer) in [
            ("", Answer::Done),
            ("Module 'res_pjsip.so' reloaded successfully.\n", Answer::Done),
            ("Dialplan reloaded.\n", Answer::Done),
            ("A module reload request is already in progress; please be patient\n", Answer::Busy),
            (missing, Answer::NotLoaded(missing.to_owned())),
            (nobody, Answer::Failed(nobody.to_owned())),
        ] {
            assert_eq!(Answer::of(text), answer, "{text}");
        }
        assert_eq!(Answer::of(&format!("x\n {failed}\n")), Answer::Failed(failed.to_owned()));
        let command = "No such command 'dialplan reload' (type 'core show help dialplan reload' for other possible commands)";
        assert_eq!(Answer::of(command), Answer::NotLoaded(command.to_owned()));
    }
}
