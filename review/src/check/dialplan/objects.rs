//! The objects of other files that applications name.

use asterisk_conf::Section;
use bstr::{BStr, ByteSlice};

use super::super::names::{Names, objects};
use crate::site::Site;
use crate::text::Shown;

/// The objects of the files that are known.
pub(super) struct Objects<'s> {
    site: &'s Site<'s>,
    profiles: Vec<(&'static str, Names<'s>)>,
    queues: Option<Names<'s>>,
    lots: Option<Names<'s>>,
    music_classes: Option<Names<'s>>,
    /// Whether `VoiceMail` looks for a mailbox without a context in all contexts.
    searches_contexts: bool,
}

/// The types of the profiles of conferences.
const PROFILES: [&str; 3] = ["bridge", "user", "menu"];

impl<'s> Objects<'s> {
    pub(super) fn of(site: &'s Site<'s>) -> Objects<'s> {
        let is_yes = |name, key| site.whole_file(name).is_some_and(|file| file.is_yes_in_general(key));
        // With this option, Park makes a lot that is not there.
        let makes_lots = is_yes("res_parking.conf", "parkeddynamic");
        let profiles = |kind: &'static str| Some((kind, Names::of_type(site, "confbridge.conf", &[kind])?));
        Objects {
            site,
            profiles: PROFILES.into_iter().filter_map(profiles).collect(),
            queues: site
                .whole_file("queues.conf")
                .map(|file| Names::without_case(objects(file, &["general"]).map(Section::name))),
            lots: Names::parking_lots(site).filter(|_| !makes_lots),
            music_classes: Names::music_classes(site),
            searches_contexts: is_yes("voicemail.conf", "searchcontexts"),
        }
    }

    /// Says that there is no profile of a type that `ConfBridge` asks for. Those with the names of the defaults are built in.
    pub(super) fn no_profile(&self, kind: &str, name: &BStr) -> Option<String> {
        let (_, profiles) = self.profiles.iter().find(|(known, _)| *known == kind)?;
        let is_built_in = name.strip_prefix(b"default_") == Some(kind.as_bytes());
        let is_absent = !is_built_in && !profiles.has(name);
        is_absent.then(|| format!("there is no {kind} profile \"{}\"", Shown(name)))
    }

    pub(super) fn no_queue(&self, name: &BStr) -> Option<String> {
        let is_absent = !self.queues.as_ref()?.has(name);
        is_absent.then(|| format!("there is no queue \"{}\"", Shown(name)))
    }

    pub(super) fn no_lot(&self, name: &BStr) -> Option<String> {
        let is_absent = !self.lots.as_ref()?.has(name);
        is_absent.then(|| format!("there is no parking lot \"{}\"", Shown(name)))
    }

    pub(super) fn no_music_class(&self, name: &BStr) -> Option<String> {
        let is_absent = !self.music_classes.as_ref()?.has(name);
        is_absent.then(|| format!("there is no music class \"{}\"", Shown(name)))
    }

    pub(super) fn no_mailbox(&self, name: &BStr) -> Option<String> {
        self.site.whole_file("voicemail.conf")?;
        let is_searched = self.searches_contexts && !name.contains_str("@");
        let is_absent = !is_searched && self.site.has_mailbox(name) == Some(false);
        is_absent.then(|| format!("there is no mailbox \"{}\"", Shown(name)))
    }
}
