//! References from other files into the dialplan: to contexts, extensions and hints.

use std::cell::Cell;

use asterisk_conf::{ConfigOption, Section, stripped};
use bstr::{BStr, ByteSlice};

use super::dialplan::missing;
use super::names::objects;
use super::{Findings, pjsip};
use crate::Rule;
use crate::dialplan::{Context, Key, Lookup, Target, has_variable, leading_number, local_channel, split};
use crate::fields::fields;
use crate::mailboxes;
use crate::rule::rules;
use crate::site::{At, Site, SiteFile};
use crate::text::{Shown, object};
use crate::words::counted;

rules! {
    ENDPOINT = "pjsip-context-missing", Error, "Asterisk answers calls from the endpoint with 404.";
    ENDPOINT_OTHER = "pjsip-other-context-missing", Warning, "Subscriptions, messages or overlap dialling fail.";
    QUEUE = "queue-context-missing", Warning, "A caller can't leave the queue by a digit, or the subroutine is not run.";
    MEMBER = "queue-member-local-missing", Error, "The state of the member is invalid, and it is never called.";
    MEMBER_HINT = "queue-member-hint-missing", Error, "The state of the member is not known.";
    VOICEMAIL = "voicemail-context-missing", Warning, "The caller can't use an item of the menu.";
    PARKING = "parking-context-missing", Warning, "A parked call that nobody fetches is lost.";
    PARKING_TAKEN = "parking-extension-taken", Error,
        "The extension of extensions.conf wins, and nobody parks or fetches calls by the number.";
    IAX = "iax-context-missing", Error, "Asterisk rejects calls.";
    MENU = "confbridge-exec-missing", Warning, "The key of the menu does nothing.";
}

pub(super) fn check(site: &Site<'_>, lookup: &Lookup<'_, '_>, findings: &mut Findings<'_>) {
    let checked = Checked { lookup, slots: Cell::new(MOST_SLOTS) };
    let checks: [(&str, FileCheck); 6] = [
        ("confbridge.conf", check_menus),
        ("iax.conf", check_iax),
        ("pjsip.conf", check_endpoints),
        ("queues.conf", check_queues),
        ("res_parking.conf", check_parking),
        ("voicemail.conf", check_mailboxes),
    ];
    for (name, check_file) in checks {
        if let Some(file) = site.file(name) {
            check_file(&checked, file, findings);
        }
    }
}

/// Checks what a file refers to.
type FileCheck = fn(&Checked<'_, '_>, &SiteFile<'_>, &mut Findings<'_>);

/// The dialplan that other files refer to.
struct Checked<'c, 'd> {
    lookup: &'c Lookup<'c, 'd>,
    /// The number of slots that may still be compared with extensions.
    slots: Cell<usize>,
}

impl Checked<'_, '_> {
    /// Reports the value of an option that is no context.
    fn context(
        &self,
        rule: &'static Rule,
        at: At<'_>,
        object: &str,
        (option, context): (&str, &BStr),
        findings: &mut Findings<'_>,
    ) {
        if !context.is_empty() && !has_variable(context) && self.lookup.lacks_context(context) {
            let purpose = if option == "context" { String::new() } else { format!(" for {option}") };
            findings.add(rule, at, object, format!("there is no context \"{}\"{purpose}", Shown(context)));
        }
    }

    /// Says what is absent of an extension that is called.
    fn absent(&self, context: &BStr, number: &BStr, target: Target<'_>) -> Option<String> {
        if has_variable(context) || has_variable(number) {
            return None;
        }
        let absent = self.lookup.extension(context, number, target).err()?;
        Some(missing(absent, context, number, target))
    }
}

impl Checked<'_, '_> {
    /// Returns the first slot that is an extension of a context, and the number of these slots.
    fn taken_slots(&self, context: &Context<'_>, range: &BStr) -> Option<(i32, usize)> {
        let (first, last) = range.split_once_str("-")?;
        let (first, last) = (leading_number(first)?, leading_number(last)?);
        let slots = usize::try_from(i64::from(last) - i64::from(first) + 1).ok()?;
        self.slots.set(self.slots.get().checked_sub(slots)?);
        let is_taken = |slot: &i32| {
            let number = slot.to_string();
            context.extension(&Key::of_extension(number.as_bytes(), None)).is_some()
        };
        let mut taken = (first..=last).filter(is_taken);
        Some((taken.next()?, 1 + taken.count()))
    }
}

/// The options of an endpoint that are contexts.
const ENDPOINT_CONTEXTS: [(&str, &Rule); 4] = [
    ("context", &ENDPOINT),
    ("subscribe_context", &ENDPOINT_OTHER),
    ("message_context", &ENDPOINT_OTHER),
    ("overlap_context", &ENDPOINT_OTHER),
];

fn check_endpoints(checked: &Checked<'_, '_>, file: &SiteFile<'_>, findings: &mut Findings<'_>) {
    let is_endpoint = |section: &&Section| pjsip::kind(section) == Some("endpoint");
    for endpoint in file.document().visible_sections().filter(is_endpoint) {
        let name = object("endpoint", endpoint.name());
        for (key, rule) in ENDPOINT_CONTEXTS {
            if let Some(option) = endpoint.last_option(key) {
                let at = file.at(option.location());
                checked.context(rule, at, &name, (key, option.value()), findings);
            }
        }
        if endpoint.last_option("context").is_none() {
            let at = file.at(endpoint.location());
            checked.context(
                &ENDPOINT,
                at,
                &name,
                ("endpoints without a context", BStr::new("default")),
                findings,
            );
        }
    }
}

fn check_queues(checked: &Checked<'_, '_>, file: &SiteFile<'_>, findings: &mut Findings<'_>) {
    for queue in objects(file, &["general"]) {
        let name = object("queue", queue.name());
        for option in queue.options() {
            let at = file.at(option.location());
            if let Some(key) = ["context", "membergosub"].into_iter().find(|key| option.has_key(key)) {
                checked.context(&QUEUE, at, &name, (key, option.value()), findings);
            } else if option.has_key("member") {
                check_member(checked, at, &name, option.value(), findings);
            }
        }
    }
}

/// The fields of a member: interface, penalty, name, state interface, ringinuse, wrapuptime, paused.
const MEMBER_FIELDS: usize = 7;

/// Checks the interface of a member, and the interface that tells its state.
fn check_member(
    checked: &Checked<'_, '_>,
    at: At<'_>,
    queue: &str,
    member: &BStr,
    findings: &mut Findings<'_>,
) {
    let fields = fields(member, MEMBER_FIELDS);
    for interface in [0, 3].into_iter().filter_map(|field| fields.get(field)).map(|field| stripped(field)) {
        if has_variable(interface) {
            continue;
        }
        if let Some((number, context)) = local_channel(interface) {
            if let Some(absent) = checked.absent(context, number, Target::Number(1)) {
                let message = format!("member {}: {absent}: it is never called", Shown(interface));
                findings.add(&MEMBER, at, queue, message);
            }
        } else if let Some((number, context)) = hint(interface)
            && checked.lookup.lacks_hint(context, number)
        {
            let message =
                format!("member {}: there is no such hint: its state is not known", Shown(interface));
            findings.add(&MEMBER_HINT, at, queue, message);
        }
    }
}

/// Returns the extension and the context of an interface `hint:extension@context`.
fn hint(interface: &BStr) -> Option<(&BStr, &BStr)> {
    let (prefix, target) = interface.split_once_str(":")?;
    let (number, context) = target.split_once_str("@").unwrap_or((target, b"default"));
    prefix.eq_ignore_ascii_case(b"hint").then_some((number.as_bstr(), context.as_bstr()))
}

/// The options of mailboxes that are contexts.
const MAILBOX_CONTEXTS: [&str; 3] = ["callback", "dialout", "exitcontext"];

fn check_mailboxes(checked: &Checked<'_, '_>, file: &SiteFile<'_>, findings: &mut Findings<'_>) {
    for option in file.document().section("general").into_iter().flat_map(Section::options) {
        if let Some(key) = MAILBOX_CONTEXTS.into_iter().find(|key| option.has_key(key)) {
            let at = file.at(option.location());
            checked.context(&VOICEMAIL, at, "section general", (key, option.value()), findings);
        }
    }
    for context in mailboxes::contexts(file.document()) {
        for mailbox in context.options() {
            let Some(options) = mailbox.value().splitn_str(5, ",").nth(4) else { continue };
            let pairs = options.split_str("|").filter_map(|pair| pair.split_once_str("="));
            for (key, value) in pairs {
                let known =
                    MAILBOX_CONTEXTS.into_iter().find(|known| key.eq_ignore_ascii_case(known.as_bytes()));
                let Some(key) = known else { continue };
                let name = format!("mailbox {}@{}", Shown(mailbox.key()), Shown(context.name()));
                let at = file.at(mailbox.location());
                checked.context(&VOICEMAIL, at, &name, (key, value.as_bstr()), findings);
            }
        }
    }
}

fn check_parking(checked: &Checked<'_, '_>, file: &SiteFile<'_>, findings: &mut Findings<'_>) {
    for lot in objects(file, &["general"]) {
        let name = object("parking lot", lot.name());
        if let Some(option) = lot.last_option("comebackcontext") {
            let at = file.at(option.location());
            checked.context(&PARKING, at, &name, ("comebackcontext", option.value()), findings);
        }
        let Some(extension) = lot.last_option("parkext").filter(|option| !option.value().is_empty()) else {
            continue;
        };
        let context = lot.last_option("context").map_or(BStr::new("parkedcalls"), ConfigOption::value);
        let Some(context) = checked.lookup.dialplan().context(context) else { continue };
        if context.extension(&Key::of_extension(extension.value(), None)).is_some() {
            let number = Shown(extension.value());
            let message =
                format!("{number}@{} is an extension, too: nobody can park there", Shown(context.name));
            findings.add(&PARKING_TAKEN, file.at(extension.location()), name.clone(), message);
        }
        if let Some(slots) = lot.last_option("parkpos")
            && let Some((first, count)) = checked.taken_slots(context, slots.value())
        {
            let others = if count > 1 {
                format!(" and {} are extensions, too", counted(count - 1, "other slot"))
            } else {
                " is an extension, too".to_owned()
            };
            let message =
                format!("slot {first}@{}{others}: nobody can fetch a call there", Shown(context.name));
            findings.add(&PARKING_TAKEN, file.at(slots.location()), name, message);
        }
    }
}

/// The most slots of all lots that are compared with extensions.
const MOST_SLOTS: usize = 1_000_000;

fn check_iax(checked: &Checked<'_, '_>, file: &SiteFile<'_>, findings: &mut Findings<'_>) {
    for section in objects(file, &["general"]) {
        let Some(kind) = section.value("type").and_then(|kind| kind.to_str().ok()) else { continue };
        let name = format!("{} {}", kind.escape_debug(), Shown(section.name()));
        for option in section.options().iter().filter(|option| option.has_key("context")) {
            let at = file.at(option.location());
            checked.context(&IAX, at, &name, ("context", option.value()), findings);
        }
    }
}

fn check_menus(checked: &Checked<'_, '_>, file: &SiteFile<'_>, findings: &mut Findings<'_>) {
    let is_menu =
        |section: &&Section| section.value("type").is_some_and(|kind| kind.eq_ignore_ascii_case(b"menu"));
    for menu in file.document().visible_sections().filter(is_menu) {
        for key in menu.options() {
            let absent = split(key.value(), b',').filter_map(|action| exec_target(stripped(action)));
            for absent in absent.filter_map(|target| exec_problem(checked, target)) {
                let message = format!("key {}: {absent}: the key does nothing", Shown(key.key()));
                findings.add(&MENU, file.at(key.location()), object("menu", menu.name()), message);
            }
        }
    }
}

/// Returns the arguments of an action `dialplan_exec(context,extension,priority)`.
fn exec_target(action: &BStr) -> Option<&BStr> {
    let (name, arguments) = action.split_once_str("(")?;
    let arguments = arguments.strip_suffix(b")")?;
    name.eq_ignore_ascii_case(b"dialplan_exec").then_some(arguments.as_bstr())
}

fn exec_problem(checked: &Checked<'_, '_>, target: &BStr) -> Option<String> {
    let mut parts = split(target, b',').map(|part| stripped(part));
    let (context, number, priority) = (parts.next()?, parts.next()?, parts.next()?);
    checked.absent(context, number, Target::Number(leading_number(priority)?))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{found, found_in};

    /// A dialplan in which everything is known.
    const DIALPLAN: &str = "[c]\nexten => 1,1,NoOp()\nexten => _2X,1,NoOp()\nexten => 1,hint,Custom:a\nexten => 801,1,NoOp()\n\
        exten => 803,1,NoOp()\n[default]\nexten => 1,1,NoOp()\n";

    /// Returns the findings of a file beside the dialplan of Asterisk's folder.
    fn of(file: &str, text: &str) -> Vec<String> {
        let findings = found_in(&[("extensions.conf", DIALPLAN), (file, text)], &[]);
        findings
            .into_iter()
            .filter(|finding| {
                finding.contains("context") || finding.contains("ext") || finding.contains("hint")
            })
            .collect()
    }

    #[test]
    fn contexts_of_an_endpoint() {
        let endpoint = "[a]\ntype=endpoint\nallow=ulaw\nauth=a\ntransport=t\n[a]\ntype=auth\nusername=a\npassword=p\n[t]\n\
            type=transport\nbind=0.0.0.0\n";
        let with =
            |options: &str| of("pjsip.conf", &endpoint.replacen("allow", &format!("{options}allow"), 1));
        assert_eq!(
            with("context=nope\nsubscribe_context=no\n"),
            [
                "pjsip.conf:3: error: endpoint a: there is no context \"nope\" [pjsip-context-missing]",
                "pjsip.conf:4: warning: endpoint a: there is no context \"no\" for subscribe_context \
                [pjsip-other-context-missing]"
            ]
        );
        assert_eq!(with("context=c\nmessage_context=default\n"), [""; 0]);
        assert_eq!(with(""), [""; 0]);
        let files = [("extensions.conf", DIALPLAN), ("pjsip.conf", "[a]\ntype=endpoint\ncontext=nope\n")];
        assert!(!found(&files).iter().any(|finding| finding.contains("context")));
    }

    #[test]
    fn members_of_a_queue() {
        let missing = "there is no extension \"5\" in the context \"c\": it is never called";
        assert_eq!(
            of("queues.conf", "[q]\nmember = Local/5@nope/n\nmember = Local/5@c,0,,hint:5@c\n"),
            [
                "queues.conf:2: error: queue q: member Local/5@nope/n: there is no context \"nope\": it is never \
                called [queue-member-local-missing]"
                    .to_owned(),
                format!("queues.conf:3: error: queue q: member Local/5@c: {missing} [queue-member-local-missing]"),
                "queues.conf:3: error: queue q: member hint:5@c: there is no such hint: its state is not known \
                [queue-member-hint-missing]"
                    .to_owned(),
            ]
        );
        let sound = "[q]\nmember = Local/1@c/n,0,\"A, B\",hint:1@c\nmember = Local/25@c\nmember = Local/1\n\
            member = Local/${X}@c\ncontext = c\n";
        assert_eq!(of("queues.conf", sound), [""; 0]);
        // An administrator may define the context.
        let files =
            [("extensions.conf", DIALPLAN), ("queues.conf", "[q]\nmember = Local/5@nope/n,0,,hint:5@nope\n")];
        assert_eq!(found(&files), [""; 0]);
        let hints = "[hints]\nexten => 1,hint,Custom:a\n";
        let queue = "[q]\nmember = Local/1@hints,0,,hint:1@hints\nmember = Local/2@hints\n";
        assert_eq!(found(&[("extensions.conf", hints), ("queues.conf", queue)]), [""; 0]);
    }

    #[test]
    fn the_context_of_a_queue() {
        assert_eq!(
            of("queues.conf", "[q]\ncontext = nope\n"),
            ["queues.conf:2: warning: queue q: there is no context \"nope\" [queue-context-missing]"]
        );
    }

    #[test]
    fn contexts_of_mailboxes() {
        assert_eq!(
            of(
                "voicemail.conf",
                "[general]\ndialout = no\n[v]\n1 => 1,A,,,attach=yes|Callback=nope|exitcontext=c\n"
            ),
            [
                "voicemail.conf:2: warning: section general: there is no context \"no\" for dialout \
                [voicemail-context-missing]",
                "voicemail.conf:4: warning: mailbox 1@v: there is no context \"nope\" for callback \
                [voicemail-context-missing]"
            ]
        );
    }

    #[test]
    fn extensions_of_a_parking_lot() {
        assert_eq!(
            of(
                "res_parking.conf",
                "[lot]\ncontext = c\nparkext = 801\nparkpos = 802-805\ncomebackcontext = nope\n"
            ),
            [
                "res_parking.conf:3: error: parking lot lot: 801@c is an extension, too: nobody can park there \
                [parking-extension-taken]",
                "res_parking.conf:4: error: parking lot lot: slot 803@c is an extension, too: nobody can fetch a call \
                there [parking-extension-taken]",
                "res_parking.conf:5: warning: parking lot lot: there is no context \"nope\" for comebackcontext \
                [parking-context-missing]"
            ]
        );
        assert_eq!(
            of("res_parking.conf", "[lot]\ncontext = c\nparkext = 800\nparkpos = 801-805\n"),
            ["res_parking.conf:4: error: parking lot lot: slot 801@c and 1 other slot are extensions, too: \
            nobody can fetch a call there [parking-extension-taken]"]
        );
        // Without parkext, slots are no extensions. The lot makes its own context.
        assert_eq!(
            of("res_parking.conf", "[lot]\ncontext = c\nparkpos = 801-805\n"),
            ["res_parking.conf:1: note: parking lot lot: the lot has no parkext [parking-extension-none]"]
        );
        assert_eq!(of("res_parking.conf", "[lot]\ncontext = p\nparkext = 801\nparkpos = 802-805\n"), [""; 0]);
    }

    #[test]
    fn the_context_of_an_iax_user() {
        assert_eq!(
            of("iax.conf", "[u]\ntype = user\ncontext = nope\n[v]\ntype = friend\ncontext = c\n"),
            ["iax.conf:3: error: user u: there is no context \"nope\" [iax-context-missing]"]
        );
    }

    #[test]
    fn a_key_that_calls_an_extension() {
        let menu = "[m]\ntype = menu\n1 = toggle_mute,dialplan_exec(c,9,1)\n2 = dialplan_exec(c,1,1)\n\
            3 = dialplan_exec(${C},1,1)\n";
        assert_eq!(
            of("confbridge.conf", menu),
            [
                "confbridge.conf:3: warning: menu m: key 1: there is no extension \"9\" in the context \"c\": the key \
            does nothing [confbridge-exec-missing]"
            ]
        );
    }
}
