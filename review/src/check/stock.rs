//! Files and options that only a patched Asterisk knows, such as Wazo's.

use std::collections::BTreeMap;

use asterisk_conf::Location;
use asterisk_conf::catalogue::{self, Reader};
use bstr::ByteSlice;

use super::Findings;
use crate::rule::rules;
use crate::site::{Site, SiteFile};
use crate::words::counted;

rules! {
    FILE = "stock-file", Note, "An Asterisk without the module of another distribution ignores the file.";
    OPTION = "stock-option", Note, "Another build of Asterisk, such as Wazo's, knows the option; others may warn of it.";
}

pub(super) fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    for (name, file) in site.files() {
        let Some(known) = catalogue::file(name) else { continue };
        if known.reader == Reader::Nothing {
            check_file(file, findings);
        } else {
            check_options(known, file, findings);
        }
    }
}

fn check_file(file: &SiteFile<'_>, findings: &mut Findings<'_>) {
    let mut sections = file.document().visible_sections();
    let Some(first) = sections.next() else { return };
    let count = 1 + sections.count();
    let message =
        format!("no module of a stock Asterisk 22 reads the file, which has {}", counted(count, "section"));
    findings.add(&FILE, file.at(first.location()), "", message);
}

/// Notes each option once, with the number of its sections.
fn check_options(known: &catalogue::File, file: &SiteFile<'_>, findings: &mut Findings<'_>) {
    let has_any =
        known.kinds.iter().flat_map(catalogue::Kind::options).any(|option| option.only_in.is_some());
    if !has_any {
        return;
    }
    let mut found: BTreeMap<&str, (Location, &str, usize)> = BTreeMap::new();
    for section in file.document().visible_sections() {
        let type_value =
            section.value("type").filter(|_| known.selects_by_type()).map(|value| value.to_str_lossy());
        let Ok(kinds) = known.section(&section.name().to_str_lossy(), type_value.as_deref()) else {
            continue;
        };
        for option in section.options() {
            let info = kinds.option(&option.key().to_str_lossy());
            if let Some((info, build)) = info.and_then(|info| Some((info, info.only_in?))) {
                found.entry(info.name).or_insert((option.location(), build, 0)).2 += 1;
            }
        }
    }
    for (name, (location, build, count)) in found {
        let has = if count == 1 { "has" } else { "have" };
        let whose =
            if build == "Wazo" { "Wazo's Asterisk".to_owned() } else { format!("an Asterisk with {build}") };
        let message = format!("{name} is an option of {whose} alone; {} {has} it", counted(count, "section"));
        findings.add(&OPTION, file.at(location), "", message);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    #[test]
    fn a_file_of_another_distribution_is_noted_once() {
        let text = "[a]\nskill = 1\n[b]\nskill = 2\n";
        let note = "asterisk/queueskills.conf:1: note: no module of a stock Asterisk 22 reads the file, which has \
            2 sections [stock-file]";
        assert_eq!(found(&[("queueskills.conf", text)]), [note]);
        assert_eq!(found(&[("queueskills.conf", "")]), [""; 0]);
    }

    #[test]
    fn an_option_of_another_build_is_noted_once() {
        let text = "[general]\npersistentmembers = yes\nupdatecdr = no\n[a]\nmonitor-type = mixmonitor\n\
            [b]\nmonitor-type = no\n";
        assert_eq!(
            found(&[("queues.conf", text)]),
            [
                "asterisk/queues.conf:3: note: updatecdr is an option of Wazo's Asterisk alone; 1 section has it [stock-option]",
                "asterisk/queues.conf:5: note: monitor-type is an option of Wazo's Asterisk alone; 2 sections have it \
            [stock-option]",
            ]
        );
        let text = "[general]\nimapserver = mail.example\n";
        let note = "asterisk/voicemail.conf:2: note: imapserver is an option of an Asterisk with IMAP alone; \
            1 section has it [stock-option]";
        assert_eq!(found(&[("voicemail.conf", text)]), [note]);
    }
}
