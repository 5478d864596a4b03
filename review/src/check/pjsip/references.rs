//! References from objects of `pjsip.conf` to others, in this file and in others.

use asterisk_conf::Section;
use bstr::BStr;

use super::super::Findings;
use super::{Objects, Options, Used, items};
use crate::Rule;
use crate::rule::rules;
use crate::site::Site;
use crate::text::{Shown, object};

rules! {
    AOR = "pjsip-aor-missing", Error, "The telephone can't register, and calls to it fail; calls from it work.";
    AUTH = "pjsip-auth-missing", Error, "Asterisk answers every request of the endpoint with 500.";
    OUTBOUND_AUTH = "pjsip-outbound-auth-missing", Error, "The first request that the provider challenges fails.";
    TRANSPORT = "pjsip-transport-missing", Error, "Calls to and from the endpoint fail; a registration is not made.";
    IDENTIFY = "pjsip-identify-endpoint-missing", Error, "Asterisk answers requests from this address with 401.";
    LINE = "pjsip-registration-endpoint-missing", Error, "Asterisk does not know whose the incoming calls are.";
    OUTBOUND = "pjsip-default-endpoint-missing", Warning, "Requests outside of a dialog fail.";
    MAILBOX = "pjsip-mailbox-missing", Warning, "The telephone shows no waiting messages.";
    MUSIC = "pjsip-moh-missing", Warning, "Callers on hold hear silence, or the default class.";
    ACL = "pjsip-acl-missing", Error, "Asterisk answers every request of the endpoint with 401.";
    TONES = "pjsip-tone-zone-missing", Note, "Asterisk uses the default tones.";
}

/// An option that refers to objects.
struct Reference {
    /// The type of the sections that have the option.
    from: &'static str,
    option: &'static str,
    /// Where the objects are.
    to: Target,
    rule: &'static Rule,
    consequence: &'static str,
}

/// The objects that an option refers to.
#[derive(Clone, Copy, PartialEq)]
enum Target {
    /// Objects of `pjsip.conf` of this type: a list of them, or one.
    List(&'static str),
    One(&'static str),
    /// Objects of `pjsip.conf` of this type, of which one is enough.
    AnyOf(&'static str),
    /// Sections of this file: a list of them, or one, which people call so.
    Sections(&'static str, &'static str),
    Section(&'static str, &'static str),
    /// A list of mailboxes.
    Mailboxes,
}

const REFERENCES: &[Reference] = &[
    Reference {
        from: "endpoint",
        option: "aors",
        to: Target::List("aor"),
        rule: &AOR,
        consequence: "the telephone can't register, and calls to it fail",
    },
    Reference {
        from: "endpoint",
        option: "auth",
        to: Target::AnyOf("auth"),
        rule: &AUTH,
        consequence: "Asterisk answers all its requests with 500",
    },
    Reference {
        from: "endpoint",
        option: "outbound_auth",
        to: Target::AnyOf("auth"),
        rule: &OUTBOUND_AUTH,
        consequence: "the first request that the other side challenges fails",
    },
    Reference {
        from: "registration",
        option: "outbound_auth",
        to: Target::AnyOf("auth"),
        rule: &OUTBOUND_AUTH,
        consequence: "the provider's challenge fails",
    },
    Reference {
        from: "endpoint",
        option: "transport",
        to: Target::One("transport"),
        rule: &TRANSPORT,
        consequence: "calls to and from it fail",
    },
    Reference {
        from: "registration",
        option: "transport",
        to: Target::One("transport"),
        rule: &TRANSPORT,
        consequence: "Asterisk does not register",
    },
    Reference {
        from: "identify",
        option: "endpoint",
        to: Target::One("endpoint"),
        rule: &IDENTIFY,
        consequence: "Asterisk answers requests from its addresses with 401",
    },
    Reference {
        from: "registration",
        option: "endpoint",
        to: Target::One("endpoint"),
        rule: &LINE,
        consequence: "Asterisk does not know whose its incoming calls are",
    },
    Reference {
        from: "global",
        option: "default_outbound_endpoint",
        to: Target::One("endpoint"),
        rule: &OUTBOUND,
        consequence: "requests outside of a dialog fail",
    },
    Reference {
        from: "endpoint",
        option: "mailboxes",
        to: Target::Mailboxes,
        rule: &MAILBOX,
        consequence: "the telephone shows none of its messages",
    },
    Reference {
        from: "aor",
        option: "mailboxes",
        to: Target::Mailboxes,
        rule: &MAILBOX,
        consequence: "the telephone shows none of its messages",
    },
    Reference {
        from: "endpoint",
        option: "moh_suggest",
        to: Target::Section("musiconhold.conf", "music class"),
        rule: &MUSIC,
        consequence: "callers on hold hear silence or the default class",
    },
    Reference {
        from: "endpoint",
        option: "acl",
        to: Target::Sections("acl.conf", "ACL"),
        rule: &ACL,
        consequence: "Asterisk answers all its requests with 401",
    },
    Reference {
        from: "endpoint",
        option: "contact_acl",
        to: Target::Sections("acl.conf", "ACL"),
        rule: &ACL,
        consequence: "Asterisk answers all its requests with 401",
    },
    Reference {
        from: "endpoint",
        option: "tone_zone",
        to: Target::Section("indications.conf", "tone zone"),
        rule: &TONES,
        consequence: "Asterisk uses the default tones",
    },
];

/// Checks the references of one object, and adds what it refers to in this file to `used`.
pub(super) fn check<'d>(
    site: &Site<'_>,
    objects: &Objects<'d>,
    (kind, section, options): (&'d str, &'d Section, &Options<'d>),
    used: &mut Used<'d>,
    findings: &mut Findings<'_>,
) {
    for reference in REFERENCES.iter().filter(|reference| reference.from == kind) {
        let Some(last) = options.get(reference.option) else { continue };
        // An ACL adds to those above; of all others, the last holds.
        let adds = matches!(reference.to, Target::Sections(..));
        let same = section.options().iter().filter(|option| adds && option.has_key(reference.option));
        let earlier = same.filter(|option| option.location() != last.location());
        for option in earlier.chain([last]) {
            let missing = missing(site, objects, reference, option.value(), used);
            if let Some(what) = missing {
                let message = format!("{what}: {}", reference.consequence);
                let at = objects.file.at(option.location());
                findings.add(reference.rule, at, object(kind, section.name()), message);
            }
        }
    }
}

/// Returns what does not exist of what an option refers to: `there is no aor "a"`.
fn missing<'d>(
    site: &Site<'_>,
    objects: &Objects<'d>,
    reference: &Reference,
    value: &'d BStr,
    used: &mut Used<'d>,
) -> Option<String> {
    match reference.to {
        Target::List(kind) | Target::AnyOf(kind) => {
            let names: Vec<&BStr> = items(value).collect();
            used.extend(names.iter().map(|name| (kind, *name)));
            let lost: Vec<&BStr> = names.iter().copied().filter(|name| !objects.has(kind, name)).collect();
            let is_enough = reference.to == Target::AnyOf(kind) && lost.len() < names.len();
            there_is_no(kind, if is_enough { &[] } else { &lost })
        }
        Target::One(kind) => {
            let is_missing = !value.is_empty() && !objects.has(kind, value);
            there_is_no(kind, if is_missing { std::slice::from_ref(&value) } else { &[] })
        }
        Target::Sections(file, what) => {
            let names = items(value).filter(|name| site.defines(file, name) == Some(false));
            there_is_no(what, &names.collect::<Vec<_>>())
        }
        Target::Section(file, what) => {
            let is_missing = !value.is_empty() && site.defines(file, value) == Some(false);
            there_is_no(what, if is_missing { std::slice::from_ref(&value) } else { &[] })
        }
        Target::Mailboxes => {
            let names = items(value).filter(|name| site.has_mailbox(name) == Some(false));
            there_is_no("mailbox", &names.collect::<Vec<_>>())
        }
    }
}

fn there_is_no(what: &str, names: &[&BStr]) -> Option<String> {
    let names: Vec<String> = names.iter().map(|name| format!("\"{}\"", Shown(name))).collect();
    (!names.is_empty()).then(|| format!("there is no {what} {}", names.join(" or ")))
}
