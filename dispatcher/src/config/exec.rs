//! `!exec`: a part of the configuration that comes from the output of a command.

use std::process::Command;
use std::time::Duration;

use command::{Failure, Stderr};
use driver_api::{Error, ErrorKind, secrets, yaml};
use serde_yaml::Value;

/// The time limit of a command.
const LIMIT: Duration = Duration::from_secs(30);

/// The maximum size of the output in bytes. No configuration is that large.
const MAX_OUTPUT: usize = 16 << 20;

/// Replaces each `!exec` by the output of its command. Any other tag is an error.
pub(super) fn expand(document: &mut Value) -> Result<(), Error> {
    replace(document, "", &|tag, value| match tag {
        "!exec" => execute(value),
        // The message does not show the tag: `password: !x` has one by mistake.
        _ => {
            Err(failure("the value has an unknown tag; there is !exec only: quote a text that begins with !"))
        }
    })
}

/// Replaces every value with a tag, at this path of keys and below.
fn replace(
    value: &mut Value,
    path: &str,
    by: &impl Fn(&str, &Value) -> Result<Value, Error>,
) -> Result<(), Error> {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Tagged(tagged) => {
            let tag = tagged.tag.to_string().replace("!tag:yaml.org,2002:", "!!");
            let replacement = by(&tag, &tagged.value);
            let in_path =
                |error: Error| error.context(format!("configuration key {}", secrets::in_address(path)));
            *value = if path.is_empty() { replacement? } else { replacement.map_err(in_path)? };
        }
        Value::Sequence(items) => {
            for (i, item) in items.iter_mut().enumerate() {
                replace(item, &below(&format!("[{i}]")), by)?;
            }
        }
        Value::Mapping(mapping) => {
            for (key, value) in mapping.iter_mut() {
                replace(value, &below(&text_of(key)), by)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn text_of(key: &Value) -> String {
    match key {
        Value::String(text) => text.clone(),
        other => yaml::to_string(other).unwrap_or_default().trim_end().to_owned(),
    }
}

fn failure(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
}

/// Returns the value that replaces `!exec` and its argument.
fn execute(call: &Value) -> Result<Value, Error> {
    let Value::Mapping(call) = call else {
        return Err(failure("expected a mapping with the key command after !exec"));
    };
    let command = match call.get("command") {
        None | Some(Value::Null) => return Ok(Value::Null),
        Some(Value::String(command)) => command,
        Some(_) => return Err(failure("expected a text as the command of !exec")),
    };
    // Messages don't show the arguments, which may be secret.
    let program = command.split(' ').next().unwrap_or_default();
    run(command, LIMIT)
        .and_then(|output| parse(&output))
        .map_err(|error| error.context(format!("command {:?}", secrets::in_text(program))))
}

/// Parses the output of a command, which must not have tags.
fn parse(output: &[u8]) -> Result<Value, Error> {
    let text = str::from_utf8(output).map_err(|error| failure("its output is not UTF-8").because(error))?;
    let refuse = |_: &str, _: &Value| Err(failure("a tag can't stand here"));
    let value = yaml::parse(text).and_then(|mut value| replace(&mut value, "", &refuse).map(|()| value));
    value.map_err(|error| error.context("its output"))
}

/// Runs a command without a shell. The text is split at each single blank.
fn run(command: &str, limit: Duration) -> Result<Vec<u8>, Error> {
    let mut words = command.split(' ');
    let mut command = Command::new(words.next().unwrap_or_default());
    let limits = command::Limits { time: limit, output: MAX_OUTPUT };
    let output = command::run(command.args(words), limits, Stderr::Ignored).map_err(|error| match error {
        Failure::NotStarted(cause) => failure("can't be run").because(cause),
        Failure::Lost(cause) => failure("its output can't be read").because(cause),
        other => failure(other.to_string()),
    })?;
    if output.status.success() {
        Ok(output.text)
    } else {
        Err(failure(format!("failed with {}", output.status)))
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Instant;

    use super::*;

    fn expanded(text: &str) -> Result<Value, String> {
        let mut document = yaml::parse(text).unwrap();
        expand(&mut document).map(|()| document).map_err(|error| error.chain())
    }

    #[test]
    fn a_command_is_replaced_by_its_output() {
        let table = [
            ("!exec\ncommand: 'echo a: [yes, 2]'", "{a: [true, 2]}"),
            ("a: [1, {b: !exec {command: echo 017}}]", "a: [1, {b: 15}]"),
            ("a: !exec {command: 'echo x  y'}", "a: x  y"),
            ("a: !exec\n  command: echo $HOME * \"x\"", "a: $HOME * \"x\""),
            ("a: !exec {command: 'true'}", "a: null"),
            ("!exec {command: 'true'}", "null"),
            ("a: !exec {}", "a: null"),
            ("a: !exec {command: , more: 1}", "a: null"),
            ("a: {command: echo x}", "a: {command: echo x}"),
        ];
        for (text, expected) in table {
            assert_eq!(expanded(text), Ok(yaml::parse(expected).unwrap()), "{text}");
        }
    }

    #[test]
    fn a_failure_names_key_and_command() {
        let error = |text| expanded(text).unwrap_err();
        let table = [
            (
                "a: {b: !exec {command: 'false'}}",
                "configuration key a.b: command \"false\": failed with exit status: 1",
            ),
            (
                "a: [!exec {command: /nonexistent s3cret}]",
                "configuration key a.[0]: command \"/nonexistent\": can't be run: No such file or directory (os error 2)",
            ),
            ("!exec {command: 'echo a: ['}", "command \"echo\": its output: line 2, column 1: "),
            (
                "1: !exec {command: 'printf \\377'}",
                "configuration key 1: command \"printf\": its output is not UTF-8: ",
            ),
            (
                "a: !exec {command: 'echo a: !exec {}'}",
                "configuration key a: command \"echo\": its output: configuration key a: a tag can't stand here",
            ),
            ("!exec {command: [ls]}", "expected a text as the command of !exec"),
            ("!exec ls", "expected a mapping with the key command after !exec"),
            (
                "a: {b.c: !env HOME}",
                "configuration key a.b.c: the value has an unknown tag; there is !exec only",
            ),
            ("a: !exec {command: ''}", "configuration key a: command \"\": can't be run: "),
        ];
        for (text, expected) in table {
            let error = error(text);
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn a_command_that_does_not_end_is_stopped() {
        let limit = Duration::from_millis(100);
        let error = |command| run(command, limit).unwrap_err().chain();
        assert_eq!(error("sleep 60"), "not done after 0.1 s, so it was stopped");
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("script");
        std::fs::write(&script, "exec >&-\nexec sleep 60\n").unwrap();
        assert_eq!(error(&format!("sh {}", script.display())), "not done after 0.1 s, so it was stopped");
    }

    /// Waits until a process is gone whose id the command wrote into a file.
    fn assert_ends(id: &std::path::Path) {
        let id: i32 = std::fs::read_to_string(id).unwrap().trim().parse().unwrap();
        let process = format!("/proc/{id}/stat");
        let deadline = Instant::now() + Duration::from_secs(10);
        // A process that nobody waits for stays as a zombie.
        let lives = || std::fs::read_to_string(&process).is_ok_and(|stat| !stat.contains(") Z "));
        while lives() {
            assert!(Instant::now() < deadline, "process {id} still runs");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Runs a script with a time limit of 0.3 seconds. Its argument is a file for the id of its child.
    fn script(text: &str) -> (Result<String, String>, Duration, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        std::fs::write(path("script"), text).unwrap();
        let command = format!("sh {} {}", path("script").display(), path("id").display());
        let start = Instant::now();
        let result = run(&command, Duration::from_millis(300));
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (result.map(text).map_err(|error| error.chain()), start.elapsed(), folder)
    }

    #[test]
    fn a_stopped_command_leaves_no_process_behind() {
        for text in [
            "sleep 1000 & echo $! >$1; sleep 1000",
            "sleep 1000 >&- & echo $! >$1; wait",
            "sh -c 'trap \"\" TERM; while :; do sleep 0.1; done' & echo $! >$1; sleep 1000",
        ] {
            let (result, elapsed, folder) = script(text);
            assert_eq!(result.unwrap_err(), "not done after 0.3 s, so it was stopped", "{text}");
            assert!(elapsed < Duration::from_secs(5), "{text}: {elapsed:?}");
            assert_ends(&folder.path().join("id"));
        }
    }

    #[test]
    fn a_child_that_holds_the_pipe_does_not_block() {
        let (result, elapsed, folder) = script("sleep 1000 & echo $! >$1; echo 'a: 1'");
        assert_eq!(result.unwrap(), "a: 1\n");
        assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
        assert_ends(&folder.path().join("id"));
        // A child in a session of its own is no part of the group.
        let (result, elapsed, folder) = script("setsid sleep 3 & echo $! >$1; echo 'a: 1'");
        assert_eq!(result.unwrap(), "a: 1\n");
        assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
        assert_ends(&folder.path().join("id"));
    }

    #[test]
    fn a_command_with_too_much_output_is_stopped() {
        let error = run("cat /dev/zero", LIMIT).unwrap_err().chain();
        assert_eq!(error, "its output has more than 16777216 bytes");
    }
}
