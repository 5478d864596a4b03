//! Applications that do not exist, and arguments that name objects.

use std::borrow::Cow;

use asterisk_conf::stripped;
use bstr::{BStr, ByteSlice};

use super::super::Findings;
use super::super::applications::{gone_application, unknown_application};
use super::{Checked, extension_name, missing};
use crate::Rule;
use crate::dialplan::{
    Context, Extension, Priority, Target, call_in, has_variable, local_channel, split, unquoted,
};
use crate::rule::rules;
use crate::text::Shown;

rules! {
    APPLICATION = "dialplan-application-missing", Error, "The call ends with a warning.";
    UNKNOWN = "dialplan-application-unknown", Warning,
        "The call ends with a warning, unless a module that is not Asterisk's has an application of this name.";
    USER_EVENT = "dialplan-userevent-unnamed", Error, "UserEvent needs the name of its event; without it, the call ends.";
    SET_INVALID = "dialplan-set-invalid", Warning, "Set needs a name, a \"=\" and a value; without them, it does nothing.";
    PROFILE = "dialplan-confbridge-missing", Error, "The call ends with a warning.";
    SOUND = "dialplan-sound-missing", Warning, "Asterisk warns, and the caller hears nothing.";
    QUEUE = "dialplan-queue-missing", Error, "Asterisk warns, and the call goes on without the queue.";
    MAILBOX = "dialplan-mailbox-missing", Error, "Asterisk warns, and the call goes on without the voicemail.";
    MUSIC_CLASS = "dialplan-musicclass-missing", Error, "Asterisk warns, and the call goes on without music.";
    LOT = "dialplan-lot-missing", Error, "Asterisk does not park the call.";
    ENDPOINT = "dialplan-endpoint-missing", Error, "Dial goes on with DIALSTATUS = CHANUNAVAIL.";
    LOCAL = "dialplan-local-missing", Error, "Asterisk makes no channel.";
}

/// The fault of a call of an application.
type Problem = (&'static Rule, String);

pub(super) fn check(
    checked: &Checked<'_, '_>,
    context: &Context<'_>,
    extension: &Extension<'_>,
    priority: &Priority<'_>,
    findings: &mut Findings<'_>,
) {
    let mut report = |(rule, message): Problem| {
        let object = format!("extension {}", extension_name(extension.name, context.name));
        findings.add(rule, checked.at(priority.location), object, message);
    };
    application_problem(priority).into_iter().for_each(&mut report);
    let named = |name: &str| priority.application.eq_ignore_ascii_case(name.as_bytes());
    let arguments = || Arguments(priority.arguments);
    if named("Dial") {
        dial_problems(checked, arguments().get(0)).into_iter().for_each(report);
    } else if named("ConfBridge") {
        profile_problems(checked, arguments()).into_iter().for_each(report);
    } else if named("VoiceMail") {
        mailbox_problems(checked, arguments().get(0)).into_iter().for_each(report);
    } else if named("Queue") {
        let absent = arguments().known(0).and_then(|name| checked.objects.no_queue(&name));
        report_if(absent, &QUEUE, "callers do not get into it", report);
    } else if named("MusicOnHold") || named("StartMusicOnHold") {
        let absent = arguments().known(0).and_then(|name| checked.objects.no_music_class(&name));
        report_if(absent, &MUSIC_CLASS, "the call hears no music", report);
    } else if named("Playback") || named("Background") {
        sound_problems(checked, arguments().get(0)).into_iter().for_each(report);
    } else if named("Park") {
        let absent = arguments().known(0).and_then(|name| checked.objects.no_lot(&name));
        report_if(absent, &LOT, "the call is not parked", report);
    }
}

fn report_if(
    absent: Option<String>,
    rule: &'static Rule,
    consequence: &str,
    mut report: impl FnMut(Problem),
) {
    if let Some(absent) = absent {
        report((rule, format!("{absent}: {consequence}")));
    }
}

/// The arguments of an application that splits them at commas.
#[derive(Clone, Copy)]
struct Arguments<'a>(&'a BStr);

impl<'a> Arguments<'a> {
    fn get(self, index: usize) -> &'a BStr {
        split(self.0, b',').nth(index).unwrap_or_default()
    }

    /// Returns an argument that is given, and whose value is known before a call.
    fn known(self, index: usize) -> Option<Cow<'a, BStr>> {
        let argument = self.get(index);
        let is_known = !stripped(argument).is_empty() && !has_variable(argument);
        is_known.then(|| unquoted(argument))
    }
}

fn application_problem(priority: &Priority<'_>) -> Option<Problem> {
    let name = priority.application;
    if name.is_empty() {
        return Some((&APPLICATION, "the priority has no application: the call ends".to_owned()));
    }
    if let Some(gone) = gone_application(name) {
        return Some((&APPLICATION, format!("{gone}: the call ends")));
    }
    if let Some(unknown) = unknown_application(name).filter(|_| !has_variable(name)) {
        return Some((&UNKNOWN, format!("{unknown}: the call ends")));
    }
    if name.eq_ignore_ascii_case(b"TryExec")
        && let Some((tried, _)) = call_in(priority.arguments)
        && let Some(unknown) = gone_application(tried).or_else(|| unknown_application(tried))
    {
        return Some((&UNKNOWN, format!("{unknown}: TryExec does nothing")));
    }
    if name.eq_ignore_ascii_case(b"UserEvent") && stripped(priority.arguments).is_empty() {
        return Some((&USER_EVENT, "UserEvent has no name of an event: the call ends".to_owned()));
    }
    let sets_nothing = name.eq_ignore_ascii_case(b"Set")
        && !has_variable(priority.arguments)
        && !priority.arguments.contains(&b'=');
    sets_nothing.then(|| (&SET_INVALID, "Set has no \"=\" in its argument: it does nothing".to_owned()))
}

fn dial_problems(checked: &Checked<'_, '_>, devices: &BStr) -> Vec<Problem> {
    let problem = |device: &BStr| {
        let device = unquoted(device);
        if has_variable(&device) {
            return None;
        }
        let (rule, absent) = match local_channel(&device) {
            Some((number, context)) => {
                let target = Target::Number(1);
                let absent = checked.lookup.extension(context, number, target).err()?;
                (&LOCAL, missing(absent, context, number, target))
            }
            None => (&ENDPOINT, checked.devices.absent_in_call(&device)?),
        };
        Some((rule, format!("{absent}: the call to it fails")))
    };
    devices.split_str("&").map(|device| stripped(device.as_bstr())).filter_map(problem).collect()
}

fn sound_problems(checked: &Checked<'_, '_>, sounds: &BStr) -> Vec<Problem> {
    let Some(known) = checked.sounds else { return Vec::new() };
    let names = sounds.split_str("&").map(stripped).filter(|name| !has_variable(name)).map(unquoted);
    let absent = names.filter(|name| !known.may_have(name));
    let message =
        |name: Cow<'_, BStr>| format!("there is no sound \"{}\": the caller hears nothing", Shown(&name));
    absent.map(|name| (&SOUND, message(name))).collect()
}

fn profile_problems(checked: &Checked<'_, '_>, arguments: Arguments<'_>) -> Vec<Problem> {
    let kinds = [(1, "bridge"), (2, "user"), (3, "menu")];
    let absent = kinds
        .into_iter()
        .filter_map(|(index, kind)| checked.objects.no_profile(kind, arguments.known(index)?.as_ref()));
    absent.map(|absent| (&PROFILE, format!("{absent}: the call ends"))).collect()
}

fn mailbox_problems(checked: &Checked<'_, '_>, mailboxes: &BStr) -> Vec<Problem> {
    let known = mailboxes.split_str("&").map(|name| stripped(name.as_bstr()));
    let known = known.filter(|name| !name.is_empty() && !has_variable(name));
    let absent = known.filter_map(|name| checked.objects.no_mailbox(&unquoted(name)));
    absent.map(|absent| (&MAILBOX, format!("{absent}: nobody can leave a message"))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{Machine, dialplan, findings, found};

    /// Returns the findings of an application, beside a file of objects.
    fn of(application: &str, file: (&str, &str)) -> Vec<String> {
        let text = format!("[a]\nexten => 4,1,{application}\n");
        let findings = found(&[("extensions.conf", &text), file]);
        let own = findings.iter().filter_map(|finding| finding.strip_prefix("asterisk/extensions.conf:2: "));
        own.map(ToOwned::to_owned).collect()
    }

    #[test]
    fn an_application_that_asterisk_does_not_have() {
        assert_eq!(
            dialplan("[a]\nexten => 1,1,macro(x)\nsame => n,\nsame => n,NoOp()\n"),
            [
                "2: error: extension 1@a: Asterisk 22 has no application Macro: the call ends \
                [dialplan-application-missing]",
                "3: error: extension 1@a: the priority has no application: the call ends \
                [dialplan-application-missing]"
            ]
        );
    }

    #[test]
    fn an_application_that_is_misspelled() {
        assert_eq!(
            dialplan(
                "[a]\nexten => 1,1,Playbak(x)\nsame => n,PLAYBACK(x)\nsame => n,Weather(x)\nsame => n,${Wiat}()\n"
            ),
            [
                "2: warning: extension 1@a: Asterisk 22 has no application \"Playbak\" (did you mean Playback?): the \
            call ends [dialplan-application-unknown]"
            ]
        );
    }

    #[test]
    fn an_application_that_another_one_calls() {
        assert_eq!(
            dialplan(
                "[a]\nexten => 1,1,ExecIf($[\"${X}\" = \"a\"]?Macro(x):Wiat(1))\nsame => n,Exec(Goto(1,9))\n\
                same => n,ExecIf(${X}?Wait(1):${Y})\nsame => n,TryExec(Macro(x))\nsame => n,ExecIf(${X}?Set(A=${B}):)\n"
            ),
            [
                "2: error: extension 1@a: Asterisk 22 has no application Macro: the call ends \
                [dialplan-application-missing]",
                "2: warning: extension 1@a: Asterisk 22 has no application \"Wiat\" (did you mean Wait?): the call ends \
                [dialplan-application-unknown]",
                "3: error: extension 1@a: 1@a has no priority 9: the call ends [dialplan-goto-missing]",
                "5: warning: extension 1@a: Asterisk 22 has no application Macro: TryExec does nothing \
                [dialplan-application-unknown]",
            ]
        );
    }

    #[test]
    fn a_user_event_without_a_name() {
        assert_eq!(
            dialplan("[a]\nexten => 1,1,UserEvent()\nsame => n,UserEvent(x)\nsame => n,UserEvent(${X})\n"),
            ["2: error: extension 1@a: UserEvent has no name of an event: the call ends \
            [dialplan-userevent-unnamed]"]
        );
    }

    #[test]
    fn set_without_an_equals_sign() {
        assert_eq!(
            dialplan("[a]\nexten => 1,1,Set(X)\nsame => n,Set(X=)\nsame => n,Set(${X})\n"),
            [
                "2: warning: extension 1@a: Set has no \"=\" in its argument: it does nothing [dialplan-set-invalid]"
            ]
        );
    }

    #[test]
    fn conference_profiles() {
        let file = ("confbridge.conf", "[b]\ntype = bridge\n[u]\ntype = User\n[m]\ntype = menu\n");
        assert_eq!(
            of("ConfBridge(1,u,u,nope)", file),
            [
                "error: extension 4@a: there is no bridge profile \"u\": the call ends \
                [dialplan-confbridge-missing]",
                "error: extension 4@a: there is no menu profile \"nope\": the call ends \
                [dialplan-confbridge-missing]"
            ]
        );
        for arguments in ["1,b,u,m", "1", "1,,u", "1,default_bridge,default_user,default_menu", "1,${B}"] {
            assert_eq!(of(&format!("ConfBridge({arguments})"), file), [""; 0]);
        }
        // Somebody else may define the profile.
        assert_eq!(dialplan("[a]\nexten => 4,1,ConfBridge(1,nope)\n"), [""; 0]);
    }

    #[test]
    fn queues_mailboxes_music_and_parking_lots() {
        assert_eq!(
            of("Queue(help,t)", ("queues.conf", "[sales]\n")),
            [
                "error: extension 4@a: there is no queue \"help\": callers do not get into it [dialplan-queue-missing]"
            ]
        );
        assert_eq!(of("Queue(SALES)", ("queues.conf", "[sales]\n")), [""; 0]);
        let voicemail = ("voicemail.conf", "[default]\n1 => 1,A\n[v]\n2 => 1,A\n");
        assert_eq!(
            of("VoiceMail(1&2@V&3@v,u)", voicemail),
            ["error: extension 4@a: there is no mailbox \"3@v\": nobody can leave a message \
            [dialplan-mailbox-missing]"]
        );
        let searching = ("voicemail.conf", "[general]\nsearchcontexts = yes\n[v]\n2 => 1,A\n");
        assert_eq!(of("VoiceMail(2)", searching), [""; 0]);
        let music = ("musiconhold.conf", "[Default]\nmode = files\ndirectory = /d\n");
        assert_eq!(
            of("MusicOnHold(jazz,5)", music),
            ["error: extension 4@a: there is no music class \"jazz\": the call hears no music \
            [dialplan-musicclass-missing]"]
        );
        for application in ["MusicOnHold(default)", "MusicOnHold(,5)", "StartMusicOnHold(${C})"] {
            assert_eq!(of(application, music), [""; 0]);
        }
        let parking = ("res_parking.conf", "[lot]\nparkpos = 1-2\n");
        assert_eq!(
            of("Park(other)", parking),
            [
                "error: extension 4@a: there is no parking lot \"other\": the call is not parked [dialplan-lot-missing]"
            ]
        );
        for application in ["Park(lot,r)", "Park(default)", "Park()", "Park"] {
            assert_eq!(of(application, parking), [""; 0]);
        }
        assert_eq!(of("Park(other)", ("res_parking.conf", "[general]\nparkeddynamic = yes\n")), [""; 0]);
    }

    #[test]
    fn sounds_that_are_played() {
        let text = "[a]\nexten => 1,1,Playback(hello&nope&/tmp/x,noanswer)\nsame => n,Background(digits/1&${X}&\"beep\")\n";
        let of = |settings| {
            let files = [("asterisk.conf", settings), ("modules.conf", ""), ("voicemail.conf", "")];
            let sounds = ["en/hello.wav", "fr/digits/1.gsm", "beep.wav"];
            let below: &[(&str, &[&str])] = &[("/data/sounds", &sounds)];
            let host = Machine { files: files.into_iter().collect(), folders: &[], below, programs: &[] };
            let findings = findings(Some(&host), &[("extensions.conf", text)]);
            findings.into_iter().filter(|line| line.contains("sound")).collect::<Vec<_>>()
        };
        assert_eq!(
            of("[directories]\nastdatadir => /data\n"),
            [
                "asterisk/extensions.conf:2: warning: extension 1@a: there is no sound \"nope\": the caller hears \
            nothing [dialplan-sound-missing]"
            ]
        );
        assert_eq!(of("[directories]\nastdatadir => /other\n"), [""; 0]);
        assert_eq!(of("[options]\n"), [""; 0]);
    }

    #[test]
    fn devices_that_are_dialled() {
        let pjsip = ("pjsip.conf", "[x]\ntype=endpoint\n[y]\ntype=aor\n");
        assert_eq!(
            of("Dial(PJSIP/x&PJSIP/y,20)", pjsip),
            ["error: extension 4@a: there is no endpoint \"y\": the call to it fails \
            [dialplan-endpoint-missing]"]
        );
        for device in ["PJSIP/x", "PJSIP/x/sip:1@h", "PJSIP/5@x", "${D}", "PJSIP/${E}", "DAHDI/1", "IAX2/h/5"]
        {
            assert_eq!(of(&format!("Dial({device},20)"), pjsip), [""; 0], "{device}");
        }
        assert_eq!(
            of("Dial(Local/4@a&Local/5@a/n)", pjsip),
            ["error: extension 4@a: there is no extension \"5\" in the context \"a\": the call to it fails \
            [dialplan-local-missing]"]
        );
    }
}
