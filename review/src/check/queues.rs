//! Queues: what their options and members refer to.

use std::collections::HashMap;

use asterisk_conf::Section;
use bstr::BString;

use super::Findings;
use crate::rule::rules;
use crate::site::{Site, SiteFile};
use crate::text::{Shown, object};

rules! {
    MUSIC_CLASS = "queue-musicclass-missing", Warning, "Callers hear silence, and Asterisk warns at each call.";
    TWICE = "queue-twice", Error, "Asterisk compares the names of queues without case, and ignores the second one.";
}

pub(super) fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Some(file) = site.file("queues.conf") else { return };
    let mut names: HashMap<BString, &Section> = HashMap::new();
    let is_queue = |section: &&Section| !section.name().eq_ignore_ascii_case(b"general");
    for queue in file.document().visible_sections().filter(is_queue) {
        if names.insert(queue.name().to_ascii_lowercase().into(), queue).is_some() {
            let message = "a queue of this name, without regard to case, stands above";
            findings.add(&TWICE, file.at(queue.location()), object("queue", queue.name()), message);
        }
        check_music_class(site, file, queue, findings);
    }
}

fn check_music_class(site: &Site<'_>, file: &SiteFile<'_>, queue: &Section, findings: &mut Findings<'_>) {
    let Some(classes) = site.file("musiconhold.conf") else { return };
    for option in queue.options().iter().filter(|option| option.has_key("musicclass")) {
        let class = option.value();
        if !class.is_empty() && classes.document().section(class).is_none() {
            let message = format!("there is no music class \"{}\"", Shown(class));
            findings.add(&MUSIC_CLASS, file.at(option.location()), object("queue", queue.name()), message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{found, found_in};

    const CLASSES: &str = "[Default]\nmode = files\ndirectory = /d\n";

    #[test]
    fn a_music_class_that_is_missing() {
        let queues = "[sales]\nmusicclass = jazz\n[help]\nmusicclass = default\n";
        let finding = "asterisk/queues.conf:2: warning: queue sales: there is no music class \"jazz\" \
            [queue-musicclass-missing]";
        assert_eq!(found(&[("queues.conf", queues), ("musiconhold.conf", CLASSES)]), [finding]);
        // Somebody else may define the class.
        assert_eq!(found(&[("queues.conf", queues)]), [""; 0]);
        let folder = [
            ("queues.conf", "#exec wazo-confgen asterisk/queues.conf --cached\n"),
            ("musiconhold.conf", "[default]\nmode = files\ndirectory = /d\n"),
        ];
        assert_eq!(found_in(&folder, &[("queues.conf", queues)]), [finding]);
    }

    #[test]
    fn two_queues_whose_names_differ_in_case() {
        assert_eq!(
            found(&[("queues.conf", "[Sales]\n[sales]\n")]),
            [
                "asterisk/queues.conf:2: error: queue sales: a queue of this name, without regard to case, stands above \
            [queue-twice]"
            ]
        );
    }
}
