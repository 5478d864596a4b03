//! Music on hold: classes that Asterisk does not make, and programs that it can't start.

use std::collections::HashSet;

use asterisk_conf::{ConfigOption, Section, stripped};
use bstr::{BStr, BString, ByteSlice};

use super::Findings;
use super::names::objects;
use crate::rule::rules;
use crate::site::{Site, SiteFile};
use crate::text::{Shown, object};
use crate::{Folder, Rule};

rules! {
    TWICE = "musiconhold-twice", Error, "Asterisk compares the names of classes without case, and uses one of the two.";
    INCOMPLETE = "musiconhold-incomplete", Error, "Asterisk does not make the class: its callers hear silence.";
    FOLDER = "musiconhold-folder-empty", Error, "Asterisk does not make a class whose folder is missing or has no files.";
    PROGRAM = "musiconhold-program-missing", Error, "Asterisk tries to start the program for ever, many times a second.";
    ENTRY = "musiconhold-entry-skipped", Warning, "Asterisk skips an entry that is neither a path from / nor a URL.";
}

/// The folder below which relative folders are, unless `asterisk.conf` has another one.
const DATA_FOLDER: &str = "/var/lib/asterisk";

pub(super) fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Some(file) = site.file("musiconhold.conf") else { return };
    let mut names: HashSet<Vec<u8>> = HashSet::new();
    for class in objects(file, &["general"]) {
        if !names.insert(class.name().to_ascii_lowercase()) {
            let message = "a class of this name, without regard to case, stands above";
            findings.add(&TWICE, file.at(class.location()), object("music class", class.name()), message);
        }
        ClassCheck { site, file, class, findings }.class();
    }
}

/// The check of one class.
struct ClassCheck<'c, 'r> {
    site: &'c Site<'c>,
    file: &'c SiteFile<'c>,
    class: &'c Section,
    findings: &'c mut Findings<'r>,
}

impl<'c> ClassCheck<'c, '_> {
    /// Checks what the mode of the class needs. Another rule reports a missing or unknown mode.
    fn class(&mut self) {
        let Some(mode) = self.last("mode") else { return };
        match mode.value().to_ascii_lowercase().as_slice() {
            b"files" => self.folder(mode, true),
            b"mp3" | b"mp3nb" | b"quietmp3" | b"quietmp3nb" | b"httpmp3" | b"httpmp3nb" => {
                self.folder(mode, false);
            }
            b"custom" => self.program(mode),
            b"playlist" => self.entries(),
            _ => {}
        }
    }

    /// Returns the option that counts: the last of this key, unless it is empty.
    fn last(&self, key: &str) -> Option<&'c ConfigOption> {
        self.class.last_option(key).filter(|option| !option.value().is_empty())
    }

    fn folder(&mut self, mode: &ConfigOption, has_files: bool) {
        let Some(option) = self.last("directory") else {
            let message = format!("mode = {} needs a directory", Shown(mode.value()));
            return self.add(&INCOMPLETE, mode, message);
        };
        let Some(host) = self.site.host().filter(|_| has_files) else { return };
        let path = self.absolute(option.value());
        let problem = match host.files_in(path.as_bstr()) {
            Folder::Missing => "does not exist",
            Folder::Files(0) => "has no files",
            Folder::Files(_) | Folder::Unreadable => return,
        };
        self.add(&FOLDER, option, format!("the folder {} {problem}", Shown(path.as_bstr())));
    }

    /// Returns the path of a folder, which may be relative to Asterisk's data folder.
    fn absolute(&self, folder: &BStr) -> BString {
        if folder.starts_with(b"/") {
            return folder.to_owned();
        }
        let settings = self.site.file("asterisk.conf").map(SiteFile::document);
        let data = settings.and_then(|document| document.value("directories", "astdatadir"));
        [data.map_or(DATA_FOLDER.as_bytes(), |data| data.as_bytes()), b"/", folder].concat().into()
    }

    fn program(&mut self, mode: &ConfigOption) {
        let Some(option) = self.last("application") else {
            return self.add(&INCOMPLETE, mode, "mode = custom needs an application");
        };
        let Some(host) = self.site.host() else { return };
        let path = option.value().split(|byte| *byte <= b' ').next().unwrap_or_default();
        // A relative path depends on the folder in which Asterisk runs it.
        if path.starts_with(b"/") && !host.is_program(BStr::new(path)) {
            let path = Shown(BStr::new(path));
            self.add(&PROGRAM, option, format!("{path} does not exist, or is no program that can be run"));
        }
    }

    fn entries(&mut self) {
        for option in self.class.options().iter().filter(|option| option.has_key("entry")) {
            let entry = stripped(option.value());
            if !entry.starts_with(b"/") && entry.find("://").is_none() {
                let message = format!("the entry \"{}\" is neither a path from / nor a URL", Shown(entry));
                self.add(&ENTRY, option, message);
            }
        }
    }

    fn add(&mut self, rule: &'static Rule, option: &ConfigOption, message: impl Into<String>) {
        let at = self.file.at(option.location());
        self.findings.add(rule, at, object("music class", self.class.name()), message);
    }
}

#[cfg(test)]
mod tests {
    use asterisk_conf::MemoryFiles;

    use super::super::testing::{Machine, findings, found};

    #[test]
    fn two_classes_whose_names_differ_in_case() {
        let text = "[default]\nmode = files\ndirectory = /d\n[DEFAULT]\nmode = files\ndirectory = /d\n";
        assert_eq!(
            found(&[("musiconhold.conf", text)]),
            [
                "asterisk/musiconhold.conf:4: error: music class DEFAULT: a class of this name, without regard to case, \
            stands above [musiconhold-twice]"
            ]
        );
    }

    #[test]
    fn a_class_without_what_its_mode_needs() {
        let text = "[general]\n[a]\nmode = files\n[b]\nmode = custom\ndirectory = /d\n[c]\nmode = playlist\n\
            [d]\nmode = MP3\ndirectory =\n[e]\nmode = custom\napplication = /bin/x\n";
        assert_eq!(
            found(&[("musiconhold.conf", text)]),
            [
                "asterisk/musiconhold.conf:3: error: music class a: mode = files needs a directory [musiconhold-incomplete]",
                "asterisk/musiconhold.conf:5: error: music class b: mode = custom needs an application \
            [musiconhold-incomplete]",
                "asterisk/musiconhold.conf:10: error: music class d: mode = MP3 needs a directory [musiconhold-incomplete]",
            ]
        );
    }

    #[test]
    fn a_mode_that_is_missing_or_unknown_is_reported_once() {
        let text = "[a]\ndirectory = /d\n[b]\nmode = radio\n";
        let [missing, unknown] = found(&[("musiconhold.conf", text)]).try_into().unwrap();
        assert!(missing.ends_with("[option-required]") && unknown.ends_with("[value-refused]"), "{unknown}");
    }

    #[test]
    fn a_folder_without_files_and_a_missing_program() {
        let text = "[a]\nmode = files\ndirectory = /full\n[b]\nmode = files\ndirectory = moh/empty\n\
            [c]\nmode = files\ndirectory = /missing\n[d]\nmode = files\ndirectory = /closed\n\
            [e]\nmode = mp3\ndirectory = /missing\n[m]\nmode = custom\napplication = /nonexistent -q\n\
            [n]\nmode = custom\napplication = /bin/play x\n[o]\nmode = custom\napplication = play\n";
        let settings = "[directories](!)\n[directories]\nastdatadir => /data\n";
        let folders = [("/full", Some(2)), ("/data/moh/empty", Some(0)), ("/closed", None)];
        let host = |settings: &str| Machine {
            below: &[],
            files: MemoryFiles::from_iter([
                ("asterisk.conf", settings),
                ("musiconhold.conf", text),
                ("modules.conf", ""),
                ("voicemail.conf", ""),
            ]),
            folders: &folders,
            programs: &["/bin/play"],
        };
        let set = [("musiconhold.conf", text)];
        let found = findings(Some(&host(settings)), &set);
        assert_eq!(
            found,
            [
                "asterisk/musiconhold.conf:6: error: music class b: the folder /data/moh/empty has no files \
            [musiconhold-folder-empty]",
                "asterisk/musiconhold.conf:9: error: music class c: the folder /missing does not exist \
            [musiconhold-folder-empty]",
                "asterisk/musiconhold.conf:18: error: music class m: /nonexistent does not exist, or is no program that \
            can be run [musiconhold-program-missing]",
            ]
        );
        let found = findings(Some(&host("")), &set);
        assert!(found[0].contains(": the folder /var/lib/asterisk/moh/empty does not exist ["), "{found:?}");
        assert_eq!(findings(None, &set), [""; 0]);
    }

    #[test]
    fn an_entry_of_a_playlist_that_is_relative() {
        let text = "[a]\nmode = playlist\nentry = /a.wav\nentry = https://example.com/b\nentry = c.wav\n";
        assert_eq!(
            found(&[("musiconhold.conf", text)]),
            [
                "asterisk/musiconhold.conf:5: warning: music class a: the entry \"c.wav\" is neither a path from / nor a \
            URL [musiconhold-entry-skipped]"
            ]
        );
    }
}
