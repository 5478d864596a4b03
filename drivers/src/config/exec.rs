//! `!exec`: a part of the configuration that comes from the output of a command.

use std::process::Command;

use driver_api::yaml::{self, Value};
use driver_api::{Error, ErrorKind, secrets};

/// Runs a command without a shell, and returns what it prints. The text is split at each single blank.
pub type Run = fn(&str) -> Result<Vec<u8>, Error>;

/// Is the [`Run`] of a tool at which a person sits: without limits, so a command that hangs is ended by that person.
pub fn run_without_limits(command: &str) -> Result<Vec<u8>, Error> {
    let mut words = command.split(' ');
    let mut command = Command::new(words.next().unwrap_or_default());
    let output = command.args(words).output().map_err(|error| failure("can't be run").because(error))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(failure(format!("failed with {}", output.status)))
    }
}

/// Replaces each `!exec` by the output of its command. Any other tag is an error.
pub(super) fn expand(document: &mut Value, run: Run) -> Result<(), Error> {
    replace(document, "", &|tag, value| match tag {
        "!exec" => execute(value, run),
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
fn execute(call: &Value, run: Run) -> Result<Value, Error> {
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
    run(command)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<Value, String> {
        let mut document = yaml::parse(text).unwrap();
        expand(&mut document, run_without_limits).map(|()| document).map_err(|error| error.chain())
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
}
