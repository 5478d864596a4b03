//! The objects of other files that applications name.

use std::collections::HashSet;

use asterisk_conf::{Document, Section, catalogue};
use bstr::{BStr, ByteSlice};

use crate::site::{Site, SiteFile};
use crate::text::Shown;

/// The objects of the files that are known.
pub(super) struct Objects<'s> {
    site: &'s Site<'s>,
    /// The types, in lower case, and the names of conference profiles.
    profiles: Option<HashSet<(Vec<u8>, &'s BStr)>>,
    /// The names of queues in lower case.
    queues: Option<HashSet<Vec<u8>>>,
    lots: Option<HashSet<&'s BStr>>,
    /// Whether `VoiceMail` looks for a mailbox without a context in all contexts.
    searches_contexts: bool,
}

impl<'s> Objects<'s> {
    pub(super) fn of(site: &'s Site<'s>) -> Objects<'s> {
        let document = |name| site.file(name).filter(|file| file.is_whole()).map(SiteFile::document);
        let profile = |section: &'s Section| {
            let kind = section.value("type")?;
            Some((kind.to_ascii_lowercase(), section.name()))
        };
        let profiles = |document: &'s Document| document.visible_sections().filter_map(profile).collect();
        let queue = |section: &Section| section.name().to_ascii_lowercase();
        let is_dynamic = |document: &&Document| is_yes(document.value("general", "parkeddynamic"));
        let voicemail = document("voicemail.conf");
        Objects {
            site,
            profiles: document("confbridge.conf").map(profiles),
            queues: document("queues.conf").map(|document| document.visible_sections().map(queue).collect()),
            lots: document("res_parking.conf")
                .filter(|document| !is_dynamic(document))
                .map(|document| document.visible_sections().map(Section::name).collect()),
            searches_contexts: is_yes(
                voicemail.and_then(|document| document.value("general", "searchcontexts")),
            ),
        }
    }

    /// Says that there is no profile of a type that `ConfBridge` asks for. Those with the names of the defaults are built in.
    pub(super) fn no_profile(&self, kind: &str, name: &BStr) -> Option<String> {
        let profiles = self.profiles.as_ref()?;
        let is_built_in = name.strip_prefix(b"default_") == Some(kind.as_bytes());
        let is_absent = !is_built_in && !profiles.contains(&(kind.as_bytes().to_vec(), name));
        is_absent.then(|| format!("confbridge.conf has no {kind} profile \"{}\"", Shown(name)))
    }

    pub(super) fn no_queue(&self, name: &BStr) -> Option<String> {
        let name_in_lower_case = name.to_ascii_lowercase();
        let is_absent =
            name_in_lower_case == b"general" || !self.queues.as_ref()?.contains(&name_in_lower_case);
        is_absent.then(|| format!("there is no queue \"{}\"", Shown(name)))
    }

    pub(super) fn no_lot(&self, name: &BStr) -> Option<String> {
        let is_absent = name != "default" && (name == "general" || !self.lots.as_ref()?.contains(name));
        is_absent.then(|| format!("there is no parking lot \"{}\"", Shown(name)))
    }

    pub(super) fn no_mailbox(&self, name: &BStr) -> Option<String> {
        self.site.file("voicemail.conf").filter(|file| file.is_whole())?;
        let is_searched = self.searches_contexts && !name.contains_str("@");
        let is_absent = !is_searched && self.site.has_mailbox(name) == Some(false);
        is_absent.then(|| format!("there is no mailbox \"{}\"", Shown(name)))
    }
}

/// Returns whether the value of an option means yes.
fn is_yes(value: Option<&BStr>) -> bool {
    value.and_then(|value| value.to_str().ok()).and_then(catalogue::boolean) == Some(true)
}
