//! Finds what Asterisk would refuse, drop or not find.

mod contexts;
mod dialplan;
mod findings;
mod options;
mod pjsip;
mod queues;
mod syntax;
#[cfg(test)]
mod testing;
mod yaml;

use asterisk_conf::Files;
use driver_api::Namespace;

pub(crate) use self::findings::Findings;
use crate::objects;
use crate::site::Site;
use crate::{FileSet, Finding, GeneratedFile, Rule, Rules, Severity};

/// The result of a check.
#[derive(Debug)]
pub struct Checked {
    /// What was found, in the order of files and lines.
    pub findings: Vec<Finding>,
    /// The number of objects in the generated files, such as sections, extensions and mailboxes.
    pub objects: usize,
}

/// Checks a set of files by all rules that are not off. With Asterisk's configuration folder, it also knows what an
/// administrator defines; without it, a reference that leaves the set is not reported.
pub fn check(set: &FileSet, folder: Option<&dyn Files>, rules: &Rules) -> Checked {
    let site = Site::read(set, folder);
    let mut findings = Findings::new(rules);
    syntax::check(&site, &mut findings);
    options::check(&site, &mut findings);
    dialplan::check(&site, &mut findings);
    pjsip::check(&site, &mut findings);
    queues::check(&site, &mut findings);
    yaml::check(set, &mut findings);
    let count = |(name, file): (&_, &GeneratedFile)| {
        std::str::from_utf8(&file.text).map_or(0, |text| objects::count(name, text))
    };
    Checked { findings: findings.sorted(), objects: set.iter().map(count).sum() }
}

/// Returns the errors of one text, as far as they can be seen in it alone: by them, Asterisk refuses the file, or drops or
/// breaks objects of it.
pub fn rejections(file: &Namespace, text: &str, rules: &Rules) -> Vec<Finding> {
    let text = GeneratedFile { text: text.into(), origins: Vec::new() };
    let set = FileSet::from_iter([(file.clone(), text)]);
    let mut findings = check(&set, None, rules).findings;
    findings.retain(|finding| finding.severity == Severity::Error);
    findings
}

/// Returns the rules of all files of this folder.
pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    let rules = [syntax::RULES, options::RULES, queues::RULES, yaml::RULES].into_iter().flatten().copied();
    rules.chain(dialplan::all_rules()).chain(contexts::RULES.iter().copied()).chain(pjsip::all_rules())
}
