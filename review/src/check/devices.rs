//! The devices that hints, `Dial` and members of queues name.

use bstr::{BStr, ByteSlice};

use super::names::Names;
use crate::site::Site;
use crate::text::Shown;

/// The devices of the files that are known.
pub(super) struct Devices<'s> {
    endpoints: Option<Names<'s>>,
    lines: Option<Names<'s>>,
    peers: Option<Names<'s>>,
}

/// The files with names of devices. Without one of them, nobody asks.
const ASKING: [&str; 2] = ["extensions.conf", "queues.conf"];

impl<'s> Devices<'s> {
    pub(super) fn of(site: &'s Site<'_>) -> Devices<'s> {
        let is_asked = ASKING.iter().any(|name| site.file(name).is_some());
        let names = |file, types: &[&str]| if is_asked { Names::of_type(site, file, types) } else { None };
        Devices {
            endpoints: names("pjsip.conf", &["endpoint"]),
            lines: names("sccp.conf", &["line"]),
            peers: names("iax.conf", &["peer", "friend"]),
        }
    }

    /// Says what is absent, if the device of a hint is known to be.
    pub(super) fn absent(&self, device: &BStr) -> Option<String> {
        let (technology, name) = device.split_once_str("/")?;
        match technology.to_ascii_lowercase().as_slice() {
            b"pjsip" => self.no_endpoint(name),
            b"sccp" => self.no_line(name),
            // The address of a host is as good as the name of a peer.
            b"iax2" if !name.iter().any(|c| b"./:@".contains(c)) => self.no_peer(name),
            _ => None,
        }
    }

    /// Says what is absent, if a device that `Dial` calls is known to be: `PJSIP/endpoint`, `PJSIP/endpoint/URI` or
    /// `PJSIP/number@endpoint`. Addresses of other technologies may name a host.
    pub(super) fn absent_in_call(&self, device: &BStr) -> Option<String> {
        let (technology, address) = device.split_once_str("/")?;
        technology.eq_ignore_ascii_case(b"PJSIP").then(|| self.no_endpoint(called(address)))?
    }

    /// Says what is absent, if a device that is a member of a queue is known to be.
    pub(super) fn absent_as_member(&self, device: &BStr) -> Option<String> {
        let (technology, address) = device.split_once_str("/")?;
        match technology.to_ascii_lowercase().as_slice() {
            b"pjsip" => self.no_endpoint(called(address)),
            b"sccp" => self.no_line(until(address, b'/')),
            // The name of a host is as good as that of a peer.
            b"iax2" if !called(address).iter().any(|c| b".:".contains(c)) => self.no_peer(called(address)),
            _ => None,
        }
    }

    fn no_endpoint(&self, name: &[u8]) -> Option<String> {
        absent(self.endpoints.as_ref(), "endpoint", name)
    }

    fn no_line(&self, name: &[u8]) -> Option<String> {
        absent(self.lines.as_ref(), "SCCP line", name)
    }

    fn no_peer(&self, name: &[u8]) -> Option<String> {
        absent(self.peers.as_ref(), "IAX peer", name)
    }
}

fn absent(names: Option<&Names<'_>>, kind: &str, name: &[u8]) -> Option<String> {
    let is_absent = !names?.has(name);
    is_absent.then(|| format!("there is no {kind} \"{}\"", Shown(BStr::new(name))))
}

/// Returns the endpoint or peer of `NAME`, `NAME/URI` or `NUMBER@NAME`.
fn called(address: &[u8]) -> &[u8] {
    let name = until(address, b'/');
    name.split_once_str("@").map_or(name, |(_, name)| name)
}

fn until(text: &[u8], end: u8) -> &[u8] {
    text.split(|byte| *byte == end).next().unwrap_or(text)
}
