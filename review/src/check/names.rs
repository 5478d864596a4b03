//! The names that other objects refer to, by file. Each is collected once, and then found in constant time.

use std::borrow::Cow;
use std::collections::HashSet;

use asterisk_conf::{ConfigOption, Section};
use bstr::{BStr, ByteSlice};

use crate::site::{Site, SiteFile};

/// The names of the objects of one kind.
pub(super) struct Names<'d> {
    names: HashSet<Cow<'d, [u8]>>,
    has_case: bool,
}

impl<'d> Names<'d> {
    /// Collects names that a module compares with case.
    pub(super) fn with_case(names: impl Iterator<Item = &'d BStr>) -> Names<'d> {
        Names { names: names.map(|name| Cow::Borrowed(name.as_bytes())).collect(), has_case: true }
    }

    /// Collects names that a module compares without case.
    pub(super) fn without_case(names: impl Iterator<Item = &'d BStr>) -> Names<'d> {
        Names { names: names.map(lower_case).collect(), has_case: false }
    }

    pub(super) fn has(&self, name: &[u8]) -> bool {
        if self.has_case { self.names.contains(name) } else { self.names.contains(&*lower_case(name)) }
    }

    /// Returns the music classes, unless their file is not known.
    pub(super) fn music_classes(site: &'d Site<'_>) -> Option<Names<'d>> {
        let file = site.whole_file("musiconhold.conf")?;
        Some(Names::without_case(objects(file, &["general"]).map(Section::name)))
    }

    /// Returns the parking lots, unless their file is not known. The lot `default` always exists.
    pub(super) fn parking_lots(site: &'d Site<'_>) -> Option<Names<'d>> {
        let file = site.whole_file("res_parking.conf")?;
        let lots = objects(file, &["general"]).map(Section::name);
        Some(Names::with_case(lots.chain([BStr::new("default")])))
    }

    /// Returns the sections whose `type` is one of these, unless their file is not known. Their names have case.
    pub(super) fn of_type(site: &'d Site<'_>, file: &str, types: &[&str]) -> Option<Names<'d>> {
        let is_sorcery = file == "pjsip.conf";
        let is_one = |section: &&Section| {
            section.value("type").is_some_and(|value| {
                let is = |name: &&str| {
                    if is_sorcery {
                        value == name.as_bytes()
                    } else {
                        value.eq_ignore_ascii_case(name.as_bytes())
                    }
                };
                types.iter().any(is)
            })
        };
        let sections = site.whole_file(file)?.document().visible_sections();
        let names = sections.filter(is_one).map(Section::name);
        if !is_sorcery {
            return Some(Names::with_case(names));
        }
        // The assistant makes an endpoint of each of its sections.
        let made = wizards(site).map(Section::name).filter(|_| types.contains(&"endpoint"));
        let is_known = !are_endpoints_elsewhere(site);
        is_known.then(|| Names::with_case(names.chain(made)))
    }
}

/// Returns the sections of which `res_pjsip_config_wizard` makes objects of PJSIP.
pub(super) fn wizards<'d>(site: &'d Site<'_>) -> impl Iterator<Item = &'d Section> {
    let sections = site.file(WIZARD_FILE).into_iter().flat_map(|file| file.document().visible_sections());
    sections.filter(|section| section.value("type").is_some_and(|kind| kind.eq_ignore_ascii_case(b"wizard")))
}

const WIZARD_FILE: &str = "pjsip_wizard.conf";

/// Returns whether endpoints, or what they refer to, may be defined where a check does not see them: in lines of
/// `pjsip_wizard.conf` that are not known, or in the database that `sorcery.conf` names.
pub(super) fn are_endpoints_elsewhere(site: &Site<'_>) -> bool {
    let is_cut = site.file(WIZARD_FILE).is_some_and(|file| !file.is_whole());
    let sorcery = site.file("sorcery.conf").and_then(|file| file.document().section("res_pjsip"));
    let mut places = sorcery.into_iter().flat_map(Section::options).map(ConfigOption::value);
    is_cut || places.any(|place| place.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"realtime")))
}

/// Returns the sections that are objects: all that modules see, except those with these names.
pub(super) fn objects<'d>(
    file: &'d SiteFile<'_>,
    others: &'static [&'static str],
) -> impl Iterator<Item = &'d Section> {
    let is_other =
        |section: &Section| others.iter().any(|other| section.name().eq_ignore_ascii_case(other.as_bytes()));
    file.document().visible_sections().filter(move |section| !is_other(section))
}

fn lower_case(name: &(impl AsRef<[u8]> + ?Sized)) -> Cow<'_, [u8]> {
    let name = name.as_ref();
    if name.iter().any(u8::is_ascii_uppercase) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}
