//! Queues: what their options and members refer to.

use std::collections::{HashMap, HashSet};

use asterisk_conf::{ConfigOption, Section, stripped};
use bstr::{BStr, BString, ByteSlice};
use driver_api::secrets;

use super::Findings;
use super::devices::Devices;
use super::names::{Names, objects};
use crate::fields::fields;
use crate::rule::rules;
use crate::site::{Site, SiteFile};
use crate::text::{Shown, object};

rules! {
    MUSIC_CLASS = "queue-musicclass-missing", Warning, "Callers hear silence, and Asterisk warns at each call.";
    TWICE = "queue-twice", Error, "Asterisk compares the names of queues without case, and ignores the second one.";
    RULE = "queue-rule-missing", Warning, "Asterisk warns, and the penalties of the queue never change.";
    MEMBER_MISSING = "queue-member-missing", Error, "The member has the state Invalid, so that no call reaches it.";
    MEMBER_TWICE = "queue-member-twice", Warning, "The second member of an interface replaces the first one.";
    MEMBER_EMPTY = "queue-member-empty", Error, "Asterisk warns, and skips a member without an interface.";
    PENALTY = "queue-member-penalty", Warning, "Asterisk uses another penalty than the line has, without a message.";
    MEMBERS_NONE = "queue-members-none", Note, "Callers wait until the queue has a dynamic member.";
}

/// The fields of a member: interface, penalty, name, state interface, ringinuse, wrapuptime, paused.
const FIELDS: usize = 7;

pub(super) fn check(site: &Site<'_>, devices: &Devices<'_>, findings: &mut Findings<'_>) {
    let Some(file) = site.file("queues.conf") else { return };
    let known = Known {
        classes: Names::music_classes(site),
        rules: site
            .whole_file("queuerules.conf")
            .map(|file| Names::without_case(objects(file, &["general"]).map(Section::name))),
        devices,
    };
    // With this option, Asterisk keeps the members that were added at run time: they are meant to be.
    let has_dynamic_members = file.is_yes_in_general("persistentmembers");
    let mut names: HashMap<BString, &Section> = HashMap::new();
    for queue in objects(file, &["general"]) {
        if names.insert(queue.name().to_ascii_lowercase().into(), queue).is_some() {
            let message = "a queue of this name, without regard to case, stands above";
            findings.add(&TWICE, file.at(queue.location()), object("queue", queue.name()), message);
        }
        let mut check = QueueCheck { file, queue, known: &known, findings };
        check.references();
        check.members();
        if !has_dynamic_members && queue.value("member").is_none() {
            check.add(&MEMBERS_NONE, None, "the queue has no members");
        }
    }
}

/// The objects that queues refer to, as far as their files are known.
struct Known<'d> {
    classes: Option<Names<'d>>,
    rules: Option<Names<'d>>,
    devices: &'d Devices<'d>,
}

/// The check of one queue.
struct QueueCheck<'c, 'r> {
    file: &'c SiteFile<'c>,
    queue: &'c Section,
    known: &'c Known<'c>,
    findings: &'c mut Findings<'r>,
}

impl QueueCheck<'_, '_> {
    /// Adds a finding about an option, or about the queue.
    fn add(&mut self, rule: &'static crate::Rule, option: Option<&ConfigOption>, message: impl Into<String>) {
        let location = option.map_or(self.queue.location(), ConfigOption::location);
        self.findings.add(rule, self.file.at(location), object("queue", self.queue.name()), message);
    }

    fn references(&mut self) {
        for option in self.queue.options() {
            let value = option.value();
            let is_class = ["musicclass", "music", "musiconhold"].iter().any(|key| option.has_key(key));
            if is_class && is_missing(self.known.classes.as_ref(), value) {
                let message = format!("there is no music class \"{}\"", Shown(value));
                self.add(&MUSIC_CLASS, Some(option), message);
            }
            if option.has_key("defaultrule") && is_missing(self.known.rules.as_ref(), value) {
                let message = format!("there is no rule \"{}\" in queuerules.conf", Shown(value));
                self.add(&RULE, Some(option), message);
            }
        }
    }

    fn members(&mut self) {
        let mut interfaces: HashSet<Vec<u8>> = HashSet::new();
        for option in self.queue.options().iter().filter(|option| option.has_key("member")) {
            let fields = fields(option.value(), FIELDS);
            let field = |at: usize| fields.get(at).map_or(BStr::new(""), |field| field.as_bstr());
            let interface = field(0);
            if interface.is_empty() {
                self.add(&MEMBER_EMPTY, Some(option), "the member has no interface");
                continue;
            }
            if !interfaces.insert(interface.to_ascii_lowercase()) {
                let message = format!("the member {} stands twice in the queue", shown(interface));
                self.add(&MEMBER_TWICE, Some(option), message);
            }
            self.device(option, interface);
            let state = stripped(field(3));
            if state != interface {
                self.device(option, state);
            }
            self.penalty(option, interface, stripped(field(1)));
        }
    }

    /// Checks that a channel driver knows a device.
    fn device(&mut self, option: &ConfigOption, device: &BStr) {
        if let Some(absent) = self.known.devices.absent_as_member(device) {
            let message = format!("member {}: {absent}", shown(device));
            self.add(&MEMBER_MISSING, Some(option), message);
        }
    }

    fn penalty(&mut self, option: &ConfigOption, interface: &BStr, penalty: &BStr) {
        let digits = penalty.strip_prefix(b"-").unwrap_or(penalty);
        let used = if digits.is_empty() && penalty.is_empty() {
            return;
        } else if penalty.starts_with(b"-") || !digits.first().is_some_and(u8::is_ascii_digit) {
            "0"
        } else if digits.iter().all(u8::is_ascii_digit) {
            return;
        } else {
            "its leading digits"
        };
        let (interface, penalty) = (shown(interface), Shown(penalty));
        let message = format!("member {interface}: the penalty \"{penalty}\" means {used}");
        self.add(&PENALTY, Some(option), message);
    }
}

/// Returns a device for a message, without the password of `IAX2/USER:PASSWORD@PEER`.
fn shown(device: &BStr) -> String {
    let is_iax = device.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"iax2/"));
    if is_iax
        && let Some((login, peer)) = device.rsplit_once_str("@")
        && let Some((user, _)) = login.split_once_str(":")
    {
        return format!("{}:{}@{}", Shown(BStr::new(user)), secrets::MASK, Shown(BStr::new(peer)));
    }
    Shown(device).to_string()
}

/// Returns whether a name is known to be missing. An empty one refers to nothing.
fn is_missing(names: Option<&Names<'_>>, name: &BStr) -> bool {
    !name.is_empty() && names.is_some_and(|names| !names.has(name))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{found, found_in};

    const CLASSES: &str = "[Default]\nmode = files\ndirectory = /d\n";

    #[test]
    fn a_music_class_that_is_missing() {
        let queues =
            "[general]\npersistentmembers = yes\n[sales]\nmusicclass = jazz\n[help]\nmusic = default\n";
        let finding = "asterisk/queues.conf:4: warning: queue sales: there is no music class \"jazz\" \
            [queue-musicclass-missing]";
        assert_eq!(found(&[("queues.conf", queues), ("musiconhold.conf", CLASSES)]), [finding]);
        // Somebody else may define the class.
        assert_eq!(found(&[("queues.conf", queues)]), [""; 0]);
        // Of a file that Asterisk cuts, nobody knows the classes.
        let cut = found(&[("queues.conf", queues), ("musiconhold.conf", "mode = files\n")]);
        assert!(cut.len() == 1 && cut[0].contains("[syntax-refused]"), "{cut:?}");
        let folder = [
            ("queues.conf", "#exec /usr/bin/xivo-confgen asterisk/queues.conf --cached\n"),
            ("musiconhold.conf", "[default]\nmode = files\ndirectory = /d\n"),
        ];
        assert!(found_in(&folder, &[("queues.conf", queues)]).contains(&finding.to_owned()));
    }

    #[test]
    fn two_queues_whose_names_differ_in_case() {
        let queues = "[general]\npersistentmembers = 1\n[Sales]\n[sales]\n[sales2]\n";
        assert_eq!(
            found(&[("queues.conf", queues)]),
            [
                "asterisk/queues.conf:4: error: queue sales: a queue of this name, without regard to case, stands above \
            [queue-twice]"
            ]
        );
    }

    #[test]
    fn a_rule_that_is_missing() {
        let queues =
            "[sales]\ndefaultrule = fast\nmember = Local/1@c\n[help]\ndefaultrule=SLOW\nmember = Local/2@c\n";
        let rules = "[general]\n[slow]\npenaltychange = 30,5\n";
        assert_eq!(
            found(&[("queues.conf", queues), ("queuerules.conf", rules)]),
            ["asterisk/queues.conf:2: warning: queue sales: there is no rule \"fast\" in queuerules.conf \
            [queue-rule-missing]"]
        );
        assert_eq!(found(&[("queues.conf", queues)]), [""; 0]);
    }

    #[test]
    fn a_member_whose_device_is_missing() {
        let queues = "[q]\nmember = PJSIP/ann\nmember = pjsip/5@Ann/x,0,,PJSIP/ann\nmember = SCCP/100/a\n\
            member = SCCP/200\nmember = IAX2/u:p@peer/5\nmember = IAX2/pair\nmember = IAX2/a.example\nmember = DAHDI/1\n";
        let set = [
            ("queues.conf", queues),
            ("pjsip.conf", "[ann]\ntype = endpoint\nallow = ulaw\n[Ann]\ntype = aor\n"),
            ("sccp.conf", "[100]\ntype = line\n[200]\ntype = device\n"),
            ("iax.conf", "[peer]\ntype = user\n[pair]\ntype = Friend\nhost = dynamic\n"),
        ];
        let expected = [
            "asterisk/queues.conf:3: error: queue q: member pjsip/5@Ann/x: there is no endpoint \"Ann\"",
            "asterisk/queues.conf:5: error: queue q: member SCCP/200: there is no SCCP line \"200\"",
            "asterisk/queues.conf:6: error: queue q: member IAX2/u:***@peer/5: there is no IAX peer \"peer\"",
        ];
        let found = |files: &[_]| -> Vec<String> {
            let all = found(files).into_iter();
            all.filter_map(|line| line.strip_suffix(" [queue-member-missing]").map(str::to_owned)).collect()
        };
        assert_eq!(found(&set), expected);
        assert_eq!(found(&set[..1]), [""; 0]);
    }

    #[test]
    fn a_member_that_stands_twice_in_a_queue() {
        let queues = "[q]\nmember = Local/1@c,1\nmember = local/1@C,2\nmember = Local/1\\,@c\n[r]\nmember = Local/1@c\n";
        assert_eq!(
            found(&[("queues.conf", queues)]),
            [
                "asterisk/queues.conf:3: warning: queue q: the member local/1@C stands twice in the queue [queue-member-twice]"
            ]
        );
    }

    #[test]
    fn a_member_without_an_interface() {
        let queues = "[q]\nmember = Local/1@c\nmember =\nmember = ,5,Ann\n";
        assert_eq!(
            found(&[("queues.conf", queues)]),
            [
                "asterisk/queues.conf:3: error: queue q: the member has no interface [queue-member-empty]",
                "asterisk/queues.conf:4: error: queue q: the member has no interface [queue-member-empty]",
            ]
        );
    }

    #[test]
    fn a_penalty_that_is_no_number() {
        let queues =
            "[q]\nmember = A/1,-2\nmember = A/2, 3 ,x\nmember = A/3,4x\nmember = A/4,x\nmember = A/5,\n";
        assert_eq!(
            found(&[("queues.conf", queues)]),
            [
                "asterisk/queues.conf:2: warning: queue q: member A/1: the penalty \"-2\" means 0 [queue-member-penalty]",
                "asterisk/queues.conf:4: warning: queue q: member A/3: the penalty \"4x\" means its leading digits \
            [queue-member-penalty]",
                "asterisk/queues.conf:5: warning: queue q: member A/4: the penalty \"x\" means 0 [queue-member-penalty]",
            ]
        );
    }

    #[test]
    fn a_queue_without_members() {
        let finding = "asterisk/queues.conf:2: note: queue q: the queue has no members [queue-members-none]";
        assert_eq!(found(&[("queues.conf", "[general]\n[q]\n[r]\nmember = A/1\n")]), [finding]);
        assert_eq!(found(&[("queues.conf", "[general]\npersistentmembers = yes\n[q]\n")]), [""; 0]);
    }

    #[test]
    fn a_word_that_says_when_callers_may_join() {
        let queues = "[q]\njoinempty = paused,strict,weird\nleavewhenempty = yes\nmember = A/1\n";
        let [finding] = found(&[("queues.conf", queues)]).try_into().unwrap();
        assert!(finding.starts_with(
            "asterisk/queues.conf:2: warning: queue q: joinempty: \"weird\" is none of yes, no,"
        ));
    }
}
