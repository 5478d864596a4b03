//! Sets of features that can't be built, and the error message of each.

use driver_api::Error;
use serde_json::Value;

use super::build::{Depth, cargo_build};
use super::code;
use crate::command;
use crate::metadata::messages;

/// Sets of features that can't be built, and the beginning of the error message.
const REFUSED: &[(&str, &str)] = &[
    ("", "confgend needs a database engine: "),
    ("provd", "confgend needs a database engine: "),
    ("postgres", "confgend needs a family of drivers: "),
    ("sqlite", "confgend needs a family of drivers: "),
];

/// A table of the sets that can't be built, each with its error message, which is one sentence.
pub(super) fn refusals(depth: Depth) -> Result<Vec<String>, Error> {
    let mut lines = vec!["| features | the build says |".to_owned(), "|---|---|".to_owned()];
    for (set, beginning) in REFUSED {
        let sentence = refusal(depth, set).map_err(|error| error.context(format!("features {set:?}")))?;
        if !sentence.starts_with(beginning) {
            let message = format!("the build fails with another message: {sentence:?}");
            return Err(Error::driver(message).context(format!("features {set:?}")));
        }
        let features = if set.is_empty() { "none".to_owned() } else { code(&[set]) };
        lines.push(format!("| {features} | {sentence} |"));
    }
    Ok(lines)
}

/// The one error of a build that fails, without the compiler's words before the message of an assertion.
fn refusal(depth: Depth, set: &str) -> Result<String, Error> {
    // The messages have the errors, so that the text on standard error is not needed.
    let output = command::capture(&mut cargo_build(depth, set, &["--bin", "confgend"], "json"))?;
    if output.status.success() {
        return Err(Error::driver("the build succeeds, but must fail"));
    }
    let is_error = |message: &Value| {
        let text = message["message"]["message"].as_str()?;
        (message["message"]["level"] == "error").then(|| text.to_owned())
    };
    let errors: Vec<String> = messages(&output.stdout)?.iter().filter_map(is_error).collect();
    let errors: Vec<&str> = errors.iter().map(String::as_str).filter(|text| !is_summary(text)).collect();
    match errors.as_slice() {
        [error] => Ok(error.trim_start_matches("evaluation panicked: ").to_owned()),
        errors => Err(Error::driver(format!("the build has {} errors, not one: {errors:?}", errors.len()))),
    }
}

/// Whether this is the compiler's summary after the errors.
fn is_summary(text: &str) -> bool {
    text.starts_with("aborting due to ")
}
