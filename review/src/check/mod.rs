//! Finds what Asterisk would refuse, drop or not find.

mod findings;
mod options;
mod pjsip;
mod queues;
mod syntax;
#[cfg(test)]
mod testing;
mod yaml;

use asterisk_conf::Files;

pub(crate) use self::findings::Findings;
use crate::objects;
use crate::site::Site;
use crate::{FileSet, Finding, Rule, Rules};

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
    pjsip::check(&site, &mut findings);
    queues::check(&site, &mut findings);
    yaml::check(set, &mut findings);
    let count = |(name, file): (&_, &crate::GeneratedFile)| {
        std::str::from_utf8(&file.text).map_or(0, |text| objects::count(name, text))
    };
    Checked { findings: findings.sorted(), objects: set.iter().map(count).sum() }
}

/// Returns the rules of all files of this folder.
pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    let rules = [syntax::RULES, options::RULES, queues::RULES, yaml::RULES].into_iter().flatten().copied();
    rules.chain(pjsip::all_rules())
}
