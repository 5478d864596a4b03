//! The devices that hints and `Dial` name.

use bstr::{BStr, ByteSlice};

use super::super::names::Names;
use crate::site::Site;
use crate::text::Shown;

/// The devices of the files that are known.
pub(super) struct Devices<'s> {
    endpoints: Option<Names<'s>>,
    lines: Option<Names<'s>>,
    peers: Option<Names<'s>>,
}

impl<'s> Devices<'s> {
    pub(super) fn of(site: &'s Site<'_>) -> Devices<'s> {
        Devices {
            endpoints: Names::of_type(site, "pjsip.conf", &["endpoint"]),
            lines: Names::of_type(site, "sccp.conf", &["line"]),
            peers: Names::of_type(site, "iax.conf", &["peer", "friend"]),
        }
    }

    /// Says what is absent, if the device of a hint is known to be.
    pub(super) fn absent(&self, device: &BStr) -> Option<String> {
        let (technology, name) = device.split_once_str("/")?;
        let (names, kind) = match technology.to_ascii_lowercase().as_slice() {
            b"pjsip" => (&self.endpoints, "endpoint"),
            b"sccp" => (&self.lines, "SCCP line"),
            // The address of a host is as good as the name of a peer.
            b"iax2" if !name.iter().any(|c| b"./:@".contains(c)) => (&self.peers, "IAX peer"),
            _ => return None,
        };
        absent(names.as_ref(), kind, name.as_bstr())
    }

    /// Says what is absent, if a device that `Dial` calls is known to be: `PJSIP/endpoint`, `PJSIP/endpoint/URI` or
    /// `PJSIP/number@endpoint`. Addresses of other technologies may name a host.
    pub(super) fn absent_in_call(&self, device: &BStr) -> Option<String> {
        let (technology, address) = device.split_once_str("/")?;
        let endpoint = address.split_str("/").next()?;
        let endpoint = endpoint.split_once_str("@").map_or(endpoint, |(_, endpoint)| endpoint);
        let names = self.endpoints.as_ref().filter(|_| technology.eq_ignore_ascii_case(b"PJSIP"));
        absent(names, "endpoint", endpoint.as_bstr())
    }
}

fn absent(names: Option<&Names<'_>>, kind: &str, name: &BStr) -> Option<String> {
    let is_absent = !names?.has(name);
    is_absent.then(|| format!("there is no {kind} \"{}\"", Shown(name)))
}
