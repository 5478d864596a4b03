//! The devices that hints and `Dial` name.

use std::collections::HashSet;

use asterisk_conf::Section;
use bstr::{BStr, ByteSlice};

use super::super::pjsip;
use crate::site::Site;
use crate::text::Shown;

/// The devices of the files that are known. Asterisk compares their names with case.
pub(super) struct Devices<'s> {
    technologies: Vec<Technology<'s>>,
}

struct Technology<'s> {
    /// What a device begins with, such as `PJSIP/`.
    prefix: &'static str,
    /// A device in a message.
    kind: &'static str,
    file: &'static str,
    names: HashSet<&'s BStr>,
}

impl<'s> Devices<'s> {
    pub(super) fn of(site: &'s Site<'_>) -> Devices<'s> {
        let is_endpoint: fn(&Section) -> bool = |section| pjsip::kind(section) == Some("endpoint");
        let is_line: fn(&Section) -> bool =
            |section| section.value("type").is_some_and(|value| value.eq_ignore_ascii_case(b"line"));
        let has_type: fn(&Section) -> bool = |section| section.value("type").is_some();
        let known = [
            ("PJSIP/", "endpoint", "pjsip.conf", is_endpoint),
            ("SCCP/", "line", "sccp.conf", is_line),
            ("IAX2/", "peer", "iax.conf", has_type),
        ];
        let technologies = known.into_iter().filter_map(|(prefix, kind, file, is_device)| {
            let document = site.file(file).filter(|file| file.is_whole())?.document();
            let sections = document.visible_sections().filter(|section| is_device(section));
            Some(Technology { prefix, kind, file, names: sections.map(Section::name).collect() })
        });
        Devices { technologies: technologies.collect() }
    }

    /// Says what is absent, if the device of a hint is known to be.
    pub(super) fn absent(&self, device: &BStr) -> Option<String> {
        let (technology, name) = self.technology(device)?;
        technology.absent(name)
    }

    /// Says what is absent, if a device that `Dial` calls is known to be: `PJSIP/endpoint`, `PJSIP/endpoint/URI` or
    /// `PJSIP/number@endpoint`. The addresses of other technologies may name a host.
    pub(super) fn absent_in_call(&self, device: &BStr) -> Option<String> {
        let (technology, address) = self.technology(device)?;
        let endpoint = address.split_str("/").next()?;
        let endpoint = endpoint.split_once_str("@").map_or(endpoint, |(_, endpoint)| endpoint);
        if technology.prefix == "PJSIP/" { technology.absent(endpoint.as_bstr()) } else { None }
    }

    fn technology<'d>(&self, device: &'d BStr) -> Option<(&Technology<'s>, &'d BStr)> {
        self.technologies.iter().find_map(|technology| {
            let (prefix, name) = device.split_at_checked(technology.prefix.len())?;
            prefix.eq_ignore_ascii_case(technology.prefix.as_bytes()).then_some((technology, name.as_bstr()))
        })
    }
}

impl Technology<'_> {
    fn absent(&self, name: &BStr) -> Option<String> {
        let is_absent = !self.names.contains(name);
        is_absent.then(|| format!("{} has no {} \"{}\"", self.file, self.kind, Shown(name)))
    }
}
