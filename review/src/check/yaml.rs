//! Files in YAML, which other programs than Asterisk read.

use driver_api::yaml;

use super::Findings;
use crate::FileSet;
use crate::rule::rules;

rules! {
    INVALID = "yaml-invalid", Error, "The program that reads the file can't parse it.";
}

pub(super) fn check(set: &FileSet, findings: &mut Findings<'_>) {
    let files = set.iter().filter(|(name, _)| {
        name.filename().rsplit_once('.').is_some_and(|(_, extension)| matches!(extension, "yml" | "yaml"))
    });
    for (name, file) in files {
        let problem = match std::str::from_utf8(&file.text) {
            Ok(text) => yaml::parse(text).err().map(|error| error.chain()),
            Err(_) => Some("the file is not UTF-8".to_owned()),
        };
        if let Some(problem) = problem {
            findings.add_to_file(&INVALID, name.to_string(), None, problem);
        }
    }
}
