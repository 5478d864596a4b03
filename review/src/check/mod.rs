//! Finds what Asterisk would refuse, drop or not find.

mod applications;
mod changed;
mod confbridge;
mod contexts;
mod devices;
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
mod sounds;
mod stock;
mod syntax;
#[cfg(test)]
mod testing;
mod texts;
mod voicemail;
mod yaml;

use std::collections::HashSet;
use std::panic::resume_unwind;
use std::thread;

use driver_api::Namespace;

use self::changed::Parts;
use self::devices::Devices;
pub(crate) use self::findings::Findings;
use self::sounds::Sounds;
pub use self::texts::mistakes;
use crate::objects;
use crate::site::Site;
use crate::{FileSet, Finding, GeneratedFile, Host, Rule, Rules, Severity};

/// The result of a check.
#[derive(Debug)]
pub struct Checked {
    /// The findings in the order of files and lines.
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

/// Checks in two threads: the rules of all files, and those of each.
fn findings(set: &FileSet, host: Option<&dyn Host>, rules: &Rules) -> Vec<Finding> {
    let site = &Site::read(set, host);
    let (devices, sounds) = (Devices::of(site), Sounds::of(site));
    let mut findings = Findings::new(rules);
    let general = thread::scope(|scope| {
        let general = scope.spawn(|| general(set, site, rules));
        confbridge::check(site, &mut findings);
        features::check(site, &mut findings);
        iax::check(site, &mut findings);
        modules::check(site, &mut findings);
        musiconhold::check(site, &mut findings);
        parking::check(site, &mut findings);
        dialplan::check(site, &devices, sounds.as_ref(), &mut findings);
        pjsip::check(site, sounds.as_ref(), &mut findings);
        queues::check(site, &devices, &mut findings);
        rtp::check(site, &mut findings);
        voicemail::check(site, &mut findings);
        general.join().unwrap_or_else(|panic| resume_unwind(panic))
    });
    general.and(findings).sorted()
}

/// Checks what is not about one file of Asterisk.
fn general<'r>(set: &FileSet, site: &Site<'_>, rules: &'r Rules) -> Findings<'r> {
    let mut findings = Findings::new(rules);
    syntax::check(site, &mut findings);
    options::check(site, &mut findings);
    sections::check(site, &mut findings);
    stock::check(site, &mut findings);
    folder::check(set, site, &mut findings);
    yaml::check(set, &mut findings);
    findings
}

/// Returns the errors of one text, as far as they can be seen in it alone: by them, Asterisk refuses the file, or drops or
/// breaks objects of it.
pub fn rejections(file: &Namespace, text: &str, rules: &Rules) -> Vec<Finding> {
    errors(file, text.as_bytes().to_vec(), rules)
}

/// Returns those of them that a good text of the file does not have. `good` reads it; it is called only if it is needed.
/// Of a file with many sections, few of which have changed, only these are read.
pub fn new_rejections(
    file: &Namespace,
    text: &str,
    good: &mut dyn FnMut() -> Option<String>,
    rules: &Rules,
) -> Vec<Finding> {
    // By other severities, an error may be about sections that have more than their names in common.
    if changed::knows(file)
        && !rules.has_more_errors()
        && let Some(Parts { new, good }) = good().and_then(|good| changed::parts(text, &good))
        && new_errors(file, new, || Some(good), rules).is_empty()
    {
        return Vec::new();
    }
    new_errors(file, text.into(), || good().map(String::into_bytes), rules)
}

fn new_errors(
    file: &Namespace,
    new: Vec<u8>,
    good: impl FnOnce() -> Option<Vec<u8>>,
    rules: &Rules,
) -> Vec<Finding> {
    let mut found = errors(file, new, rules);
    if !found.is_empty()
        && let Some(good) = good()
    {
        let known = errors(file, good, rules);
        let known: HashSet<String> = known.iter().map(Finding::identity).collect();
        found.retain(|finding| !known.contains(&finding.identity()));
    }
    found
}

fn errors(file: &Namespace, text: Vec<u8>, rules: &Rules) -> Vec<Finding> {
    let set = FileSet::from_iter([(file.clone(), GeneratedFile::new(text))]);
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
    texts::RULES,
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

    /// Returns the findings of the same text in each file that has rules.
    fn found_everywhere(text: &str) -> Vec<Finding> {
        let names = asterisk_conf::catalogue::files().iter().map(|file| format!("asterisk/{}", file.name));
        let set = FileSet::from_texts(names.map(|name| (name, text))).unwrap();
        check(&set, None, &Rules::default()).findings
    }

    #[test]
    fn twice_the_objects_take_twice_the_time() {
        // Work that grows with the square of the lines would take minutes.
        let lines = |line: fn(usize) -> String| (0..5_000).map(line).collect::<String>();
        found_everywhere(&lines(|_| {
            "[a]\ntype = user\ntemplate = b\nmember = SCCP/1\n1 => ,,,,tz=x\n".to_owned()
        }));
        found_everywhere(&lines(|at| {
            format!("[a{at}]\ncontext = c\nparkext = 1\nparkpos = 1-{at}9\nmode = files\n")
        }));
        found_everywhere(&lines(|at| {
            format!("[b{at}]\ncontext = b{at}\nparkext = 1\ninclude = b{}\n", at + 1)
        }));
        let members =
            lines(|at| format!("member = PJSIP/{at}\nload = {at}\nentry = {at}\n1 => ,,,,a{at}=1\n"));
        found_everywhere(&format!("[modules]\n{members}"));
        let codes = lines(|at| format!("{at} = {},self,NoOp\n", "*".repeat(at % 100)));
        found_everywhere(&format!("[applicationmap]\n{codes}[general]\n{codes}[zonemessages]\n{codes}"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_findings_of_one_line(words in proptest::collection::vec(word(), 0..60)) {
            for finding in found_everywhere(&words.concat()) {
                let line = finding.to_string();
                proptest::prop_assert!(!line.contains(char::is_control), "{line:?}");
            }
        }
    }

    /// Returns a part of a line that some rule looks at, or any text.
    fn word() -> impl proptest::strategy::Strategy<Value = String> {
        use proptest::prelude::*;
        const WORDS: &[&str] = &[
            "[general]",
            "[modules]",
            "[zonemessages]",
            "[applicationmap]",
            "[featuremap]",
            "[default]",
            "[a]",
            "[A]",
            "[B](a)",
            "\n",
            "\n",
            "\n",
            " = ",
            " => ",
            ",",
            "/",
            "@",
            "|",
            "&",
            "-",
            "!",
            "*",
            "#",
            "\\",
            "\"",
            "(",
            ")",
            ";",
            "type",
            "user",
            "peer",
            "bridge",
            "menu",
            "template",
            "member",
            "PJSIP/",
            "IAX2/",
            "SCCP/",
            "parkext",
            "parkpos",
            "context",
            "7",
            "18446744073709551616",
            "rtpstart",
            "rtpend",
            "mode",
            "files",
            "custom",
            "playlist",
            "entry",
            "directory",
            "application",
            "tz",
            "mailbox",
            "permit",
            "host",
            "register",
            "load",
            "noload",
            "musicclass",
            "exten",
            "include",
            "\u{1b}",
            "é",
        ];
        prop_oneof![4 => proptest::sample::select(WORDS).prop_map(str::to_owned), 1 => any::<String>()]
    }
}
