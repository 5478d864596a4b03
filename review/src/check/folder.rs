//! Whether Asterisk's folder reads the generated files, and when.

use std::collections::HashSet;

use asterisk_conf::Command;
use asterisk_conf::catalogue::{self, Reader};
use bstr::{BStr, ByteSlice};

use super::Findings;
use crate::FileSet;
use crate::rule::rules;
use crate::site::{Site, SiteFile, Source, is_configuration};

rules! {
    ALWAYS_READ = "folder-always-read", Note,
        "A reload reads the file though it is unchanged; an error in what it includes cuts it, and nothing is kept.";
    UNREAD = "folder-unread", Warning, "What is generated has no effect: let Asterisk's file print it by #exec.";
    ABSENT = "folder-absent", Error, "Asterisk does not start without modules.conf, and drops all mailboxes without voicemail.conf.";
}

/// The files whose absence costs more than what they would say.
const NEEDED: &[(&str, &str)] =
    &[("modules.conf", "Asterisk does not start"), ("voicemail.conf", "a reload removes all mailboxes")];

pub(super) fn check(set: &FileSet, site: &Site<'_>, findings: &mut Findings<'_>) {
    for (_, file) in site.files() {
        let document = file.document();
        let wildcard = document.wildcards().first().map(|at| (*at, "an #include with a wildcard"));
        let command = document.commands().first().map(|command| (Command::location(command), "an #exec"));
        if let Some((at, what)) = wildcard.into_iter().chain(command).min() {
            let message =
                format!("{what}: each reload reads the file, and an error in what it includes cuts it there");
            findings.add(&ALWAYS_READ, file.at(at), "", message);
        }
    }
    if site.is_complete() {
        check_absent(site, findings);
        check_unread(set, site, findings);
    }
}

fn check_absent(site: &Site<'_>, findings: &mut Findings<'_>) {
    for (name, consequence) in NEEDED {
        if site.file(name).is_none_or(|file| file.source() == Source::Generated) {
            let message = format!("Asterisk's folder has no {name}: {consequence}");
            findings.add_to_file(&ABSENT, *name, None, message);
        }
    }
}

/// Looks for generated files that Asterisk's folder does not include.
fn check_unread(set: &FileSet, site: &Site<'_>, findings: &mut Findings<'_>) {
    let in_folder = site.files().filter(|(_, file)| file.source() == Source::Folder);
    let names: HashSet<&BStr> = in_folder.flat_map(|(_, file)| file.document().file_names()).collect();
    for (name, file) in set.iter().filter(|(name, _)| is_configuration(name)) {
        let filename = name.filename();
        // A start script writes `modules.conf`, so the folder has a copy. An empty file loses nothing.
        let is_expected = catalogue::file(filename).is_none_or(|file| file.reader != Reader::Nothing)
            && filename != "modules.conf"
            && !file.text.trim_ascii().is_empty();
        let Some(source) = site.file(filename).map(SiteFile::source).filter(|_| is_expected) else {
            continue;
        };
        let path = format!("/{name}");
        let is_read = source == Source::Copy
            || names.contains(BStr::new(&name.to_string()))
            || names.iter().any(|name| name.ends_with_str(&path));
        let is_reported = source == Source::Generated && NEEDED.iter().any(|(needed, _)| *needed == filename);
        if !is_read && !is_reported {
            let message = format!("no file of Asterisk's folder reads the generated {filename}");
            findings.add_to_file(&UNREAD, name.to_string(), None, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Machine, findings, found};

    /// Returns the findings in this folder of Asterisk.
    fn found_in(folder: &[(&str, &str)], files: &[(&str, &str)]) -> Vec<String> {
        let host =
            Machine { files: folder.iter().copied().collect(), folders: &[], below: &[], programs: &[] };
        findings(Some(&host), files)
    }

    const MODULES: (&str, &str) = ("modules.conf", "[modules]\nautoload = yes\n");
    const MAILBOXES: (&str, &str) = ("voicemail.conf", "[general]\n");

    #[test]
    fn a_file_that_every_reload_reads() {
        let rtp = "[general]\nrtpstart = 10000\n";
        let tail =
            "each reload reads the file, and an error in what it includes cuts it there [folder-always-read]";
        let folder = [
            MODULES,
            MAILBOXES,
            ("rtp.conf", "[general]\n#include rtp.d/*.conf\n#exec date\n"),
            ("rtp.d/a.conf", "#exec wazo-confgen asterisk/rtp.conf\n"),
            ("acl.conf", "#exec \"wazo-confgen\" asterisk/acl.conf\n"),
        ];
        assert_eq!(
            found_in(&folder, &[("rtp.conf", rtp)]),
            [
                format!("acl.conf:1: note: an #exec: {tail}"),
                format!("rtp.conf:2: note: an #include with a wildcard: {tail}"),
            ]
        );
    }

    #[test]
    fn a_generated_file_that_the_folder_does_not_read() {
        let queues = "[general]\npersistentmembers = yes\n";
        let set = [
            ("queues.conf", queues),
            ("rtp.conf", "[general]\n"),
            ("hep.conf", " \n"),
            ("sccp.conf", "[a]\n"),
        ];
        let of_rule = |folder: &[_]| -> Vec<String> {
            found_in(folder, &set).into_iter().filter(|line| line.contains("[folder-unread]")).collect()
        };
        let unread = |name| {
            format!(
                "asterisk/{name}: warning: no file of Asterisk's folder reads the generated {name} [folder-unread]"
            )
        };
        let folder = [MODULES, MAILBOXES, ("queues.conf", "[general]\n"), ("rtp.conf", "[general]\n")];
        assert_eq!(of_rule(&folder), [unread("queues.conf")]);
        assert_eq!(of_rule(&folder[..2]), [unread("queues.conf"), unread("rtp.conf")]);
        let folder = [
            ("queues.conf", "#include /var/cache/asterisk/queues.conf\n"),
            ("/var/cache/asterisk/queues.conf", "[general]\n"),
            (
                "rtp.conf",
                "#exec /usr/bin/wazo-confgen asterisk/rtp.conf --end-mark\n[confgend-rtp-end](+TEMPLATES=include)\n",
            ),
        ];
        assert_eq!(of_rule(&folder), [""; 0]);
        assert_eq!(found(&set[1..3]), [""; 0]);
    }

    #[test]
    fn a_file_that_a_module_needs() {
        let set = [MODULES, MAILBOXES];
        assert_eq!(
            found_in(&[("rtp.conf", "[general]\n")], &set),
            [
                "modules.conf: error: Asterisk's folder has no modules.conf: Asterisk does not start [folder-absent]",
                "voicemail.conf: error: Asterisk's folder has no voicemail.conf: a reload removes all mailboxes \
            [folder-absent]",
            ]
        );
        assert_eq!(found_in(&set, &set), [""; 0]);
    }
}
