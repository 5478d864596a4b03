//! Finds what Asterisk would refuse, drop or not find.

mod confbridge;
mod contexts;
mod dialplan;
mod features;
mod findings;
mod folder;
mod iax;
mod modules;
mod musiconhold;
mod names;
mod options;
mod parking;
mod pjsip;
mod queues;
mod rtp;
mod sections;
mod stock;
mod syntax;
#[cfg(test)]
mod testing;
mod voicemail;
mod yaml;

use driver_api::Namespace;

pub(crate) use self::findings::Findings;
use crate::objects;
use crate::site::Site;
use crate::{FileSet, Finding, GeneratedFile, Host, Rule, Rules, Severity};

/// The result of a check.
#[derive(Debug)]
pub struct Checked {
    /// What was found, in the order of files and lines.
    pub findings: Vec<Finding>,
    /// The number of objects in the generated files, such as sections, extensions and mailboxes.
    pub objects: usize,
}

/// Checks a set of files by all rules that are not off. With the machine on which Asterisk runs, it also knows what an
/// administrator defines, and what the files need there; without it, a reference that leaves the set is not reported.
pub fn check(set: &FileSet, host: Option<&dyn Host>, rules: &Rules) -> Checked {
    let count = |(name, file): (&_, &GeneratedFile)| {
        std::str::from_utf8(&file.text).map_or(0, |text| objects::count(name, text))
    };
    Checked { findings: findings(set, host, rules), objects: set.iter().map(count).sum() }
}

fn findings(set: &FileSet, host: Option<&dyn Host>, rules: &Rules) -> Vec<Finding> {
    let site = Site::read(set, host);
    let mut findings = Findings::new(rules);
    syntax::check(&site, &mut findings);
    options::check(&site, &mut findings);
    sections::check(&site, &mut findings);
    stock::check(&site, &mut findings);
    folder::check(set, &site, &mut findings);
    confbridge::check(&site, &mut findings);
    features::check(&site, &mut findings);
    iax::check(&site, &mut findings);
    modules::check(&site, &mut findings);
    musiconhold::check(&site, &mut findings);
    parking::check(&site, &mut findings);
    dialplan::check(&site, &mut findings);
    pjsip::check(&site, &mut findings);
    queues::check(&site, &mut findings);
    rtp::check(&site, &mut findings);
    voicemail::check(&site, &mut findings);
    yaml::check(set, &mut findings);
    findings.sorted()
}

/// Returns the errors of one text, as far as they can be seen in it alone: by them, Asterisk refuses the file, or drops or
/// breaks objects of it.
pub fn rejections(file: &Namespace, text: &str, rules: &Rules) -> Vec<Finding> {
    let text = GeneratedFile { text: text.into(), origins: Vec::new() };
    let set = FileSet::from_iter([(file.clone(), text)]);
    let mut findings = findings(&set, None, rules);
    findings.retain(|finding| finding.severity == Severity::Error);
    findings
}

/// The rules of each file of this folder; `dialplan` and `pjsip` have more than one list.
static RULES: &[&[&Rule]] = &[
    syntax::RULES,
    options::RULES,
    sections::RULES,
    stock::RULES,
    folder::RULES,
    confbridge::RULES,
    contexts::RULES,
    features::RULES,
    iax::RULES,
    modules::RULES,
    musiconhold::RULES,
    parking::RULES,
    queues::RULES,
    rtp::RULES,
    voicemail::RULES,
    yaml::RULES,
];

/// Returns the rules of all files of this folder.
pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().copied().flatten().copied().chain(dialplan::all_rules()).chain(pjsip::all_rules())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_rule_has_an_id_of_its_own_and_one_short_sentence() {
        let mut ids = HashSet::new();
        for rule in rules() {
            assert!(ids.insert(rule.id), "{} is there twice", rule.id);
            let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(rule.id.contains('-') && rule.id.chars().all(is_word), "{}", rule.id);
            assert!(
                rule.help.ends_with('.') && rule.help.chars().count() <= 120,
                "{}: {}",
                rule.id,
                rule.help
            );
        }
        assert_eq!(ids.len(), Rules::all().len());
        assert!(Rules::all().is_sorted_by(|a, b| a.id < b.id));
    }
}
