//! The configuration as Asterisk reads it: generated files, and around them those of an administrator.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::OnceLock;
use std::thread;

use asterisk_conf::{
    Content, Document, Effect, Files, Limits, Location, Reader, Status, catalogue, end_mark,
};
use bstr::{BStr, BString, ByteSlice};
use driver_api::Namespace;
use driver_api::asterisk::LineOrigin;
pub(crate) use driver_api::asterisk::is_configuration;

use crate::mailboxes::Mailboxes;
use crate::{FileSet, GeneratedFile, Host};

/// All files that Asterisk's modules ask for, by name.
pub(crate) struct Site<'s> {
    files: BTreeMap<String, SiteFile<'s>>,
    /// Whether Asterisk's whole configuration folder is known. Without it, a generated file may refer to what an
    /// administrator defines.
    is_complete: bool,
    host: Option<&'s dyn Host>,
    mailboxes: OnceLock<Mailboxes>,
}

/// A file that a module asks for, with its includes.
pub(crate) struct SiteFile<'s> {
    document: Document,
    set: &'s FileSet,
    source: Source,
}

/// Where the text of a file is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// It is the generated text.
    Generated,
    /// Asterisk's folder has the file.
    Folder,
    /// Asterisk's folder has the file, and its text is the generated one.
    Copy,
}

/// A line of a file.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    file: &'a SiteFile<'a>,
    location: Location,
}

impl<'s> Site<'s> {
    /// Reads the files of Asterisk in the set, and those of its folder.
    pub(crate) fn read(set: &'s FileSet, host: Option<&'s dyn Host>) -> Site<'s> {
        let folder = host.map(|host| host as &(dyn Files + Sync));
        let surroundings = Surroundings { set, folder };
        let generated = set.iter().filter(|(name, _)| is_configuration(name));
        // A large site has two large files.
        let mut files: BTreeMap<String, SiteFile<'s>> = thread::scope(|scope| {
            let surroundings = &surroundings;
            let read = |(name, file)| scope.spawn(move || (name, surroundings.file(name, file)));
            let reading: Vec<_> = generated.map(read).collect();
            let files =
                reading.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
            files.map(|(name, file)| (name.filename().to_owned(), file)).collect()
        });
        for name in catalogue::files().iter().map(|file| file.name).chain(OTHERS.iter().copied()) {
            if !files.contains_key(name)
                && let Some(text) = surroundings.top(name)
            {
                let document = Reader::new(&surroundings).read(name, &text);
                files.insert(name.to_owned(), SiteFile { document, set, source: Source::Folder });
            }
        }
        Site { files, is_complete: host.is_some(), host, mailboxes: OnceLock::new() }
    }

    /// Returns the file of this name, if there is one.
    pub(crate) fn file(&self, name: &str) -> Option<&SiteFile<'s>> {
        self.files.get(name)
    }

    /// Returns the file of this name, if there is one and all of its lines are known. Of another, nobody knows the objects.
    pub(crate) fn whole_file(&self, name: &str) -> Option<&SiteFile<'s>> {
        self.file(name).filter(|file| file.is_whole())
    }

    /// Returns the machine on which Asterisk runs, if it is known.
    pub(crate) fn host(&self) -> Option<&'s dyn Host> {
        self.host
    }

    /// Returns all files, sorted by name.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &SiteFile<'s>)> {
        self.files.iter().map(|(name, file)| (name.as_str(), file))
    }

    /// Returns whether a file has a section of this name, without regard to case; `None` if nobody knows.
    pub(crate) fn defines(&self, file: &str, section: &BStr) -> Option<bool> {
        self.has(file, |file| file.document().section(section).is_some())
    }

    /// Returns whether there is a mailbox `number@context`; `None` if nobody knows.
    pub(crate) fn has_mailbox(&self, mailbox: &BStr) -> Option<bool> {
        let mailboxes = |file: &SiteFile<'_>| self.mailboxes.get_or_init(|| Mailboxes::of(file.document()));
        self.has("voicemail.conf", |file| mailboxes(file).has(mailbox))
    }

    /// Returns whether a file has something. `None` if what is not in it may be in lines or files that are not known.
    fn has(&self, file: &str, finds: impl FnOnce(&SiteFile<'_>) -> bool) -> Option<bool> {
        match self.file(file) {
            Some(file) if finds(file) => Some(true),
            Some(file) => file.is_whole().then_some(false),
            None => self.is_complete.then_some(false),
        }
    }

    /// Returns the files below a folder of Asterisk's, as `asterisk.conf` names it by this key; `None` unless all are known.
    /// The default of a key is none of the machine's, but of the build.
    pub(crate) fn files_below(&self, key: &str, folder: &str) -> Option<Vec<BString>> {
        let parent = self.whole_file("asterisk.conf")?.document().value("directories", key)?;
        let path = [parent.as_bytes(), folder.as_bytes()].concat();
        self.host?.files_below(BStr::new(&path)).filter(|files| !files.is_empty())
    }

    /// Returns whether Asterisk's whole configuration is known.
    pub(crate) fn is_complete(&self) -> bool {
        self.is_complete
    }
}

/// Files without an entry in the catalogue that rules refer to.
const OTHERS: &[&str] = &["asterisk.conf", "indications.conf", "pjsip_wizard.conf", "sorcery.conf"];

/// The limits for a generated file, which may be as large as the site.
pub(crate) fn limits(bytes: usize) -> Limits {
    let default = Limits::default();
    Limits {
        bytes: default.bytes.max(bytes.saturating_mul(2)),
        entries: default.entries.max(bytes),
        ..default
    }
}

impl SiteFile<'_> {
    pub(crate) fn document(&self) -> &Document {
        &self.document
    }

    /// Returns whether an option of the section `[general]` is yes.
    pub(crate) fn is_yes_in_general(&self, key: &str) -> bool {
        let value = self.document.value("general", key);
        value.is_some_and(|value| catalogue::boolean(&value.to_str_lossy()) == Some(true))
    }

    pub(crate) fn source(&self) -> Source {
        self.source
    }

    pub(crate) fn at(&self, location: Location) -> At<'_> {
        At { file: self, location }
    }

    /// Returns whether all lines are known that Asterisk reads: the file is not refused or cut, and each of its commands
    /// prints a generated file.
    pub(crate) fn is_whole(&self) -> bool {
        let is_cut =
            |effect: Effect| matches!(effect, Effect::FileRefused | Effect::RestLost | Effect::NotRead);
        self.document.status() == Status::Ok
            && !self.document.diagnostics().iter().any(|diagnostic| is_cut(diagnostic.kind().effect()))
            && self.document.commands().iter().all(|command| printed(self.set, command.text()).is_some())
    }
}

impl At<'_> {
    /// Returns the name of the file and the line in it.
    pub(crate) fn place(self) -> (String, u32) {
        let place = self.file.document.place(self.location);
        (place.file.to_str_lossy().into_owned(), place.line)
    }

    /// Returns the origins of the line, if it is one of a generated file.
    pub(crate) fn origins(self) -> Vec<LineOrigin> {
        let place = self.file.document.place(self.location);
        let name = place.file.to_str().ok().and_then(|name| name.parse::<Namespace>().ok());
        let file = name.and_then(|name| self.file.set.get(&name));
        file.map(|file| file.origins.of_line(place.line as usize).collect()).unwrap_or_default()
    }
}

/// A folder of which nothing is known: whatever a text includes is there, and empty.
pub(crate) struct Unseen;

impl Files for Unseen {
    fn find(&self, pattern: &BStr) -> Vec<BString> {
        vec![pattern.to_owned()]
    }

    fn read(&self, _: &BStr) -> Content<'_> {
        Content::Text(Cow::Borrowed(b""))
    }
}

/// The surroundings of the generated files: the folder, in which each `#exec` of the client prints a generated file.
struct Surroundings<'s, 'f> {
    set: &'s FileSet,
    folder: Option<&'f (dyn Files + Sync)>,
}

impl<'s> Surroundings<'s, '_> {
    /// Reads a generated file, or the file of Asterisk's folder that has its name.
    fn file(&self, name: &Namespace, file: &GeneratedFile) -> SiteFile<'s> {
        let reader = Reader::new(self).limits(limits(file.text.len()));
        let (document, source) = match self.top(name.filename()) {
            Some(text) if *text == *file.text => {
                (reader.read_shared(name.to_string(), &file.text), Source::Copy)
            }
            Some(text) => (reader.read(name.filename(), &text), Source::Folder),
            None => (reader.read_shared(name.to_string(), &file.text), Source::Generated),
        };
        SiteFile { document, set: self.set, source }
    }

    /// Returns the text of the file that a module asks for by this name, if the folder has it.
    fn top(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        match self.folder?.read(BStr::new(name)) {
            Content::Text(text) => Some(text),
            Content::NotAFile | Content::Missing => None,
        }
    }
}

/// Returns the file of a set that a command prints.
fn printed<'s>(set: &'s FileSet, command: &BStr) -> Option<(&'s Namespace, &'s GeneratedFile)> {
    let command = command.to_str().ok()?;
    let mut words = command.split_ascii_whitespace().map(|word| word.trim_matches(['"', '\'']));
    words.find(|word| word.rsplit('/').next().is_some_and(|program| CLIENTS.contains(&program)))?;
    words.find_map(|word| set.entry(&word.parse().ok()?))
}

/// The programs that print a generated file.
const CLIENTS: &[&str] = &["wazo-confgen", "xivo-confgen", "confgend"];

impl Files for Surroundings<'_, '_> {
    fn find(&self, pattern: &BStr) -> Vec<BString> {
        self.folder.map_or_else(|| Unseen.find(pattern), |folder| folder.find(pattern))
    }

    fn read(&self, name: &BStr) -> Content<'_> {
        self.folder.map_or_else(|| Unseen.read(name), |folder| folder.read(name))
    }

    fn output(&self, command: &BStr) -> Option<(BString, Cow<'_, [u8]>)> {
        let (name, file) = printed(self.set, command)?;
        // The client appends the mark to no empty text.
        let has_mark = command.split_str(" ").any(|word| word == b"--end-mark") && !file.text.is_empty();
        let text = if has_mark {
            Cow::Owned([&file.text, end_mark(name.filename()).as_bytes()].concat())
        } else {
            Cow::Borrowed(file.text.as_slice())
        };
        Some((name.to_string().into(), text))
    }
}
