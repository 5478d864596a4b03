//! The objects of `pjsip.conf`: doubled ones, ones that nobody uses, and endpoints that can't call or that let everybody in.

mod codecs;
mod references;

use std::collections::{HashMap, HashSet};

use asterisk_conf::{ConfigOption, Section};
use bstr::{BStr, ByteSlice};
use foldhash::fast::RandomState;

use super::Findings;
use super::names::{are_endpoints_elsewhere, wizards};
use super::sounds::Sounds;
use crate::rule::rules;
use crate::site::{Site, SiteFile};
use crate::text::{Shown, object};

rules! {
    TWICE = "pjsip-object-twice", Error,
        "At a start, Asterisk makes no object of this type at all; at a reload, it keeps all former ones.";
    AUTH_NONE = "pjsip-auth-none", Warning,
        "Everybody who knows the name of the endpoint registers and calls without a password.";
    CREDENTIAL_NONE = "pjsip-credential-none", Error, "Asterisk does not make an auth without a credential.";
    TRANSPORT_NONE = "pjsip-transport-none", Error, "Without a transport there is no SIP traffic.";
    UNUSED = "pjsip-unused", Note, "No other object refers to the aor or auth.";
    USERNAME_TWICE = "pjsip-username-twice", Warning, "Asterisk takes the first endpoint that it finds.";
    MATCH_TWICE = "pjsip-match-twice", Warning, "Asterisk takes the first endpoint that it finds.";
    LANGUAGE = "pjsip-language-missing", Note, "Asterisk plays the sounds of its default language.";
    NAME_RESERVED = "pjsip-name-reserved", Warning, "Asterisk has sections of this name with a meaning of their own.";
}

/// Returns the rules of this file and its folder.
pub(super) fn all_rules() -> impl Iterator<Item = &'static crate::Rule> {
    [RULES, codecs::RULES, references::RULES].into_iter().flatten().copied()
}

/// The names of sections that are no objects.
const RESERVED: &[&str] = &["global", "system", "general", "default"];

pub(super) fn check(site: &Site<'_>, sounds: Option<&Sounds>, findings: &mut Findings<'_>) {
    let Some(file) = site.file("pjsip.conf") else { return };
    let objects = Objects::of(site, file, findings);
    let mut used = Used::default();
    for &(kind, section) in &objects.all {
        let options = Options::of(section);
        references::check(site, &objects, (kind, section, &options), &mut used, findings);
        match kind {
            "endpoint" => {
                codecs::check(file, section, findings);
                check_endpoint(&objects, section, &options, findings);
                if let Some(sounds) = sounds {
                    check_language(&objects, section, sounds, findings);
                }
            }
            "auth" => check_auth(file, section, &options, findings),
            _ => {}
        }
    }
    report_unused(&objects, &used, findings);
    report_doubled_matches(&objects, findings);
    report_doubled_usernames(&objects, findings);
    if objects.are_all && objects.count("endpoint") > 0 && objects.count("transport") == 0 {
        let message = "there are endpoints and no transport: no telephone reaches Asterisk";
        findings.add_to_file(&TRANSPORT_NONE, "asterisk/pjsip.conf", None, message);
    }
}

/// The sections that are objects, by type and name. Asterisk compares both with case.
pub(super) struct Objects<'d> {
    file: &'d SiteFile<'d>,
    all: Vec<(&'d str, &'d Section)>,
    by_name: HashMap<(&'d str, &'d BStr), &'d Section, RandomState>,
    /// The names of which the assistant of `pjsip_wizard.conf` makes objects.
    wizards: HashSet<&'d BStr>,
    /// Whether there is no other object.
    are_all: bool,
}

/// The types and names that other objects refer to.
type Used<'d> = HashSet<(&'static str, &'d BStr), RandomState>;

impl<'d> Objects<'d> {
    /// Finds the objects, and reports those that are there twice.
    fn of(site: &'d Site<'_>, file: &'d SiteFile<'d>, findings: &mut Findings<'_>) -> Objects<'d> {
        let mut objects = Objects {
            file,
            all: Vec::new(),
            by_name: HashMap::default(),
            wizards: wizards(site).map(Section::name).collect(),
            are_all: file.is_whole() && !are_endpoints_elsewhere(site),
        };
        for section in file.document().visible_sections() {
            let Some(kind) = kind(section) else { continue };
            objects.all.push((kind, section));
            // There is one `global` and one `system`, whatever their names are.
            let is_single = matches!(kind, "global" | "system");
            let name = if is_single { BStr::new(kind) } else { section.name() };
            if objects.by_name.insert((kind, name), section).is_some() {
                let message = format!(
                    "there is another {kind} above{}: Asterisk makes no {kind} at all at a start, and no new one at a reload",
                    if is_single { "" } else { " with this name" }
                );
                findings.add(&TWICE, file.at(section.location()), object(kind, section.name()), message);
            }
        }
        objects
    }

    /// Returns whether there is an object of this type and name, or may be one elsewhere.
    fn has(&self, kind: &str, name: &BStr) -> bool {
        !self.are_all || self.by_name.contains_key(&(kind, name)) || self.is_made(kind, name)
    }

    /// Returns whether the assistant makes an object: of `[a]`, the endpoint and AOR `a` and the auths `a-iauth` and
    /// `a-oauth`.
    fn is_made(&self, kind: &str, name: &BStr) -> bool {
        match kind {
            "endpoint" | "aor" => self.wizards.contains(name),
            "auth" => ["-iauth", "-oauth"]
                .iter()
                .filter_map(|end| name.strip_suffix(end.as_bytes()))
                .any(|name| self.wizards.contains(BStr::new(name))),
            _ => false,
        }
    }

    fn get(&self, kind: &str, name: &BStr) -> Option<&'d Section> {
        self.by_name.get(&(kind, name)).copied()
    }

    fn of_kind<'o>(&'o self, wanted: &'o str) -> impl Iterator<Item = &'d Section> + 'o {
        self.all.iter().filter(move |(kind, _)| *kind == wanted).map(|(_, section)| *section)
    }

    fn count(&self, kind: &str) -> usize {
        self.of_kind(kind).count()
    }
}

/// Returns the type of a section, as Asterisk takes it: the first option `type`, with case.
pub(super) fn kind(section: &Section) -> Option<&str> {
    match section.value("type") {
        Some(value) => value.to_str().ok(),
        None => section.name().to_str().ok().filter(|name| matches!(*name, "global" | "system")),
    }
}

/// The keys that the rules of this file look at.
const KEYS: [&str; 16] = [
    "acl",
    "aors",
    "auth",
    "contact_acl",
    "default_outbound_endpoint",
    "endpoint",
    "identify_by",
    "mailboxes",
    "md5_cred",
    "moh_suggest",
    "outbound_auth",
    "password",
    "password_digest",
    "refresh_token",
    "tone_zone",
    "transport",
];

/// The lengths of the keys, as bits: most options have another one.
const LENGTHS: u32 = {
    let (mut lengths, mut at) = (0, 0);
    while at < KEYS.len() {
        lengths |= 1 << KEYS[at].len();
        at += 1;
    }
    lengths
};

/// The options of a section with these keys: the last of each, which is the one that holds.
struct Options<'d> {
    last: [Option<&'d ConfigOption>; KEYS.len()],
}

impl<'d> Options<'d> {
    /// Finds them in one pass: a site has a million options.
    fn of(section: &'d Section) -> Options<'d> {
        let mut last = [None; KEYS.len()];
        for option in section.options() {
            let key = option.key();
            if u32::try_from(key.len())
                .is_ok_and(|length| LENGTHS.checked_shr(length).unwrap_or_default() & 1 == 0)
            {
                continue;
            }
            let place = KEYS.iter().position(|known| known.len() == key.len() && option.has_key(known));
            if let Some(slot) = place.and_then(|place| last.get_mut(place)) {
                *slot = Some(option);
            }
        }
        Options { last }
    }

    /// Returns the option of one of the keys.
    fn get(&self, key: &str) -> Option<&'d ConfigOption> {
        let place = KEYS.iter().position(|known| *known == key)?;
        self.last.get(place).copied().flatten()
    }
}

/// Splits a list as Asterisk does: items are stripped, and empty ones don't count.
pub(super) fn items(value: &BStr) -> impl Iterator<Item = &BStr> {
    value.split_str(",").map(|item| item.trim_ascii().as_bstr()).filter(|item| !item.is_empty())
}

fn check_endpoint(
    objects: &Objects<'_>,
    endpoint: &Section,
    options: &Options<'_>,
    findings: &mut Findings<'_>,
) {
    let at = objects.file.at(endpoint.location());
    if RESERVED.iter().any(|name| endpoint.name() == *name) {
        findings.add(
            &NAME_RESERVED,
            at,
            object("endpoint", endpoint.name()),
            "sections of this name have a meaning of their own",
        );
    }
    let has_auth = options.get("auth").is_some_and(|auth| items(auth.value()).next().is_some());
    let identified_by = options.get("identify_by").map_or(BStr::new("username,ip"), ConfigOption::value);
    let is_known_by_name = items(identified_by)
        .any(|by| by.eq_ignore_ascii_case(b"username") || by.eq_ignore_ascii_case(b"auth_username"));
    if !has_auth && is_known_by_name {
        let message = "it has no auth: everybody who knows its name calls and registers without a password";
        findings.add(&AUTH_NONE, at, object("endpoint", endpoint.name()), message);
    }
}

fn check_language(objects: &Objects<'_>, endpoint: &Section, sounds: &Sounds, findings: &mut Findings<'_>) {
    let option = endpoint.last_option("language").filter(|option| !option.value().is_empty());
    if let Some(option) = option.filter(|option| !sounds.has_language(option.value())) {
        let message = format!("there are no sounds of the language \"{}\"", Shown(option.value()));
        let at = objects.file.at(option.location());
        findings.add(&LANGUAGE, at, object("endpoint", endpoint.name()), message);
    }
}

/// The options of an auth with a secret, one of which it needs.
const CREDENTIALS: &[&str] = &["password", "md5_cred", "password_digest", "refresh_token"];

fn check_auth(file: &SiteFile<'_>, auth: &Section, options: &Options<'_>, findings: &mut Findings<'_>) {
    let has = |key: &&str| options.get(key).is_some_and(|option| !option.value().is_empty());
    if !CREDENTIALS.iter().any(has) {
        let message = "it has no password: Asterisk does not make the object";
        findings.add(&CREDENTIAL_NONE, file.at(auth.location()), object("auth", auth.name()), message);
    }
}

fn report_unused(objects: &Objects<'_>, used: &Used<'_>, findings: &mut Findings<'_>) {
    if !objects.are_all {
        return;
    }
    for (kind, section) in objects.all.iter().filter(|(kind, _)| matches!(*kind, "aor" | "auth")) {
        if !used.contains(&(*kind, section.name())) {
            let at = objects.file.at(section.location());
            findings.add(
                &UNUSED,
                at,
                object(kind, section.name()),
                "no endpoint or registration refers to it",
            );
        }
    }
}

fn report_doubled_matches(objects: &Objects<'_>, findings: &mut Findings<'_>) {
    let mut seen: HashMap<&BStr, &Section> = HashMap::new();
    for identify in objects.of_kind("identify") {
        for option in identify.options().iter().filter(|option| option.has_key("match")) {
            for address in items(option.value()) {
                let Some(earlier) = seen.insert(address, identify).filter(|earlier| *earlier != identify)
                else {
                    continue;
                };
                let message =
                    format!("identify {} matches {} already", Shown(earlier.name()), Shown(address));
                let at = objects.file.at(option.location());
                findings.add(&MATCH_TWICE, at, object("identify", identify.name()), message);
            }
        }
    }
}

/// Reports user names that two endpoints have which are known by them.
fn report_doubled_usernames(objects: &Objects<'_>, findings: &mut Findings<'_>) {
    let mut seen: HashMap<&BStr, &Section> = HashMap::new();
    for endpoint in objects.of_kind("endpoint") {
        let by_username =
            |option: &ConfigOption| items(option.value()).any(|by| by.eq_ignore_ascii_case(b"auth_username"));
        if !endpoint.last_option("identify_by").is_some_and(by_username) {
            continue;
        }
        let auths = endpoint.last_option("auth").into_iter().flat_map(|auth| items(auth.value()));
        for auth in auths.filter_map(|name| objects.get("auth", name)) {
            let Some(username) = auth.last_option("username") else { continue };
            let earlier = seen.insert(username.value(), endpoint).filter(|earlier| *earlier != endpoint);
            if let Some(earlier) = earlier {
                let message = format!(
                    "endpoint {} has the same username \"{}\", by which both are identified",
                    Shown(earlier.name()),
                    Shown(username.value())
                );
                let at = objects.file.at(username.location());
                findings.add(&USERNAME_TWICE, at, object("endpoint", endpoint.name()), message);
            }
        }
    }
}

#[cfg(test)]
mod tests;
