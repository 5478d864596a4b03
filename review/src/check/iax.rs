//! IAX: what users and peers refer to, and addresses that Asterisk can't read.

use std::net::IpAddr;

use asterisk_conf::{ConfigOption, Section, stripped};
use bstr::{BStr, ByteSlice};

use super::Findings;
use super::names::Names;
use crate::Rule;
use crate::rule::rules;
use crate::site::{Site, SiteFile};
use crate::text::{Shown, object};

rules! {
    ADDRESS = "iax-address-invalid", Warning, "Asterisk reports an error, and the peer has no address or no list of them.";
    REGISTER = "iax-register-invalid", Warning, "Asterisk warns, and does not register: the provider sends no calls.";
    MAILBOX = "iax-mailbox-missing", Warning, "The telephone does not show new messages.";
    PARKING_LOT = "iax-parkinglot-missing", Warning, "Calls are parked in another lot, or not at all.";
    MUSIC_CLASS = "iax-musicclass-missing", Warning, "Callers on hold hear silence or other music.";
}

pub(super) fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Some(file) = site.file("iax.conf") else { return };
    let known = Known { classes: Names::music_classes(site), lots: Names::parking_lots(site), site };
    for section in file.document().visible_sections() {
        let is_general = section.name().eq_ignore_ascii_case(b"general");
        if section.name().eq_ignore_ascii_case(b"callnumberlimits") {
            continue;
        }
        let mut check = SectionCheck { file, section, findings };
        for option in section.options() {
            check.references(&known, option);
            if is_general && option.has_key("register") && !option.value().contains(&b'@') {
                check.add(&REGISTER, option, "the line is not USER:SECRET@HOST");
            } else if !is_general {
                check.addresses(option);
            }
        }
    }
}

/// The objects of other files, as far as they are known.
struct Known<'d> {
    classes: Option<Names<'d>>,
    lots: Option<Names<'d>>,
    site: &'d Site<'d>,
}

/// The check of one section.
struct SectionCheck<'c, 'r> {
    file: &'c SiteFile<'c>,
    section: &'c Section,
    findings: &'c mut Findings<'r>,
}

impl SectionCheck<'_, '_> {
    fn references(&mut self, known: &Known<'_>, option: &ConfigOption) {
        let value = option.value();
        if value.is_empty() {
            return;
        }
        let is_missing = |names: &Option<Names<'_>>| names.as_ref().is_some_and(|names| !names.has(value));
        let is_class = option.has_key("mohinterpret") || option.has_key("mohsuggest");
        // With this word, the other side plays its own music.
        if is_class && !value.eq_ignore_ascii_case(b"passthrough") && is_missing(&known.classes) {
            self.add(&MUSIC_CLASS, option, format!("there is no music class \"{}\"", Shown(value)));
        }
        if option.has_key("parkinglot") && is_missing(&known.lots) {
            self.add(&PARKING_LOT, option, format!("there is no parking lot \"{}\"", Shown(value)));
        }
        if option.has_key("mailbox") {
            for mailbox in value.split(|byte| matches!(byte, b',' | b'&')).map(stripped) {
                if !mailbox.is_empty() && known.site.has_mailbox(mailbox) == Some(false) {
                    self.add(&MAILBOX, option, format!("there is no mailbox \"{}\"", Shown(mailbox)));
                }
            }
        }
    }

    fn addresses(&mut self, option: &ConfigOption) {
        let value = option.value();
        let is_list = option.has_key("permit") || option.has_key("deny");
        if is_list && let Some(item) = value.split_str(",").map(stripped).find(|item| !is_network(item)) {
            let message = format!("{}: \"{}\" is no address or network", Shown(option.key()), Shown(item));
            self.add(&ADDRESS, option, message);
        }
        let is_name = |host: &BStr| {
            !host.is_empty() && host.iter().all(|byte| *byte > b' ' && !b"/@,;\"".contains(byte))
        };
        if option.has_key("host") && !is_name(value) {
            self.add(&ADDRESS, option, format!("host: \"{}\" is no address or name of a host", Shown(value)));
        }
    }

    fn add(&mut self, rule: &'static Rule, option: &ConfigOption, message: impl Into<String>) {
        let object = object("IAX", self.section.name());
        self.findings.add(rule, self.file.at(option.location()), object, message);
    }
}

/// Returns whether a text is an address, with or without a mask.
fn is_network(item: &[u8]) -> bool {
    let Ok(item) = item.to_str() else { return false };
    let item = item.strip_prefix('!').unwrap_or(item);
    let (address, mask) = item.split_once('/').map_or((item, None), |(address, mask)| (address, Some(mask)));
    let is_mask =
        |mask: &str| mask.parse::<u8>().is_ok_and(|bits| bits <= 128) || mask.parse::<IpAddr>().is_ok();
    is_address(address) && mask.is_none_or(is_mask)
}

/// Returns whether the system's library reads a text as an address. It also takes less than four numbers.
fn is_address(text: &str) -> bool {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    bare.parse::<IpAddr>().is_ok() || (bare.split('.').count() < 4 && bare.split('.').all(is_number))
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    fn found_in_iax(others: &[(&str, &str)], text: &str) -> Vec<String> {
        let at = "asterisk/iax.conf:";
        let files = [&[("iax.conf", text)], others].concat();
        found(&files).iter().filter_map(|line| line.strip_prefix(at).map(str::to_owned)).collect()
    }

    #[test]
    fn a_section_without_a_known_type() {
        assert_eq!(
            found_in_iax(&[], "[a]\nhost = dynamic\n[b]\ntype = telephone\n[c]\ntype = Peer\n"),
            [
                "1: error: section a: the section has no type; Asterisk logs a warning and ignores the section \
            [section-unread]",
                "3: error: section b [type = telephone]: Asterisk knows no such type; Asterisk logs a warning and ignores \
            the section [section-unread]",
            ]
        );
    }

    #[test]
    fn an_address_that_is_none() {
        let text = "[a]\ntype = friend\nhost = dynamic\npermit = 192.0.2.0/255.255.255.0,!2001:db8::/32\ndeny = 0/0\n\
            [b]\ntype = peer\nhost = sip example\npermit = 192.0.2.0/24,office\ndeny = 192.0.2.1/999\n";
        assert_eq!(
            found_in_iax(&[], text),
            [
                "8: warning: IAX b: host: \"sip example\" is no address or name of a host [iax-address-invalid]",
                "9: warning: IAX b: permit: \"office\" is no address or network [iax-address-invalid]",
                "10: warning: IAX b: deny: \"192.0.2.1/999\" is no address or network [iax-address-invalid]",
            ]
        );
    }

    #[test]
    fn a_registration_without_a_host() {
        let text = "[general]\nregister => ann:s3cret\nregister => bob:s3cret@example.com\n";
        let expected = "2: warning: IAX general: the line is not USER:SECRET@HOST [iax-register-invalid]";
        assert_eq!(found_in_iax(&[], text), [expected]);
    }

    #[test]
    fn references_to_objects_that_are_missing() {
        let text = "[general]\nmohinterpret = Default\n[a]\ntype = friend\nmailbox = 1,2@office\nparkinglot = 700\n\
            mohsuggest = jazz\n[b]\ntype = friend\nmailbox = 1@OFFICE\nparkinglot = default\nmohinterpret = passthrough\n";
        let others = [
            ("voicemail.conf", "[office]\n1 => 1,A\n"),
            ("res_parking.conf", "[general]\n"),
            ("musiconhold.conf", "[default]\nmode = files\ndirectory = /d\n"),
        ];
        assert_eq!(
            found_in_iax(&others, text),
            [
                "5: warning: IAX a: there is no mailbox \"1\" [iax-mailbox-missing]",
                "5: warning: IAX a: there is no mailbox \"2@office\" [iax-mailbox-missing]",
                "6: warning: IAX a: there is no parking lot \"700\" [iax-parkinglot-missing]",
                "7: warning: IAX a: there is no music class \"jazz\" [iax-musicclass-missing]",
            ]
        );
        assert_eq!(found_in_iax(&[], text), [""; 0]);
    }
}
