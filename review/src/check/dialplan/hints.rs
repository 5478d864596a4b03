//! Hints: the devices that tell the state of an extension.

use asterisk_conf::stripped;
use bstr::{BStr, ByteSlice};

use super::super::Findings;
use super::{Checked, extension_name, missing};
use crate::dialplan::{Target, has_variable, local_channel};
use crate::rule::rules;
use crate::text::Shown;
use crate::words::grouped;

rules! {
    DEVICE = "dialplan-hint-device-missing", Warning, "The lamp of the extension says for ever that it is unavailable.";
    UNKNOWN = "dialplan-hint-unknown", Warning, "A device of a hint needs its technology, or the provider of its state.";
    MANY = "dialplan-hints-many", Warning, "While a dialplan reload makes the hints, calls wait and lamps stand still.";
}

/// The most hints with which a reload takes some seconds. The time grows with the square of the number.
const MOST: usize = 5_000;

pub(super) fn check(checked: &Checked<'_, '_>, findings: &mut Findings<'_>) {
    let contexts = &checked.lookup.dialplan().contexts;
    let hints = || contexts.iter().flat_map(|context| context.hints.iter().map(move |hint| (context, hint)));
    for (context, hint) in hints() {
        let problems =
            hint.devices().map(|part| stripped(part)).filter_map(|device| problem(checked, device));
        for (rule, message) in problems {
            let object = format!("hint {}", extension_name(hint.name, context.name));
            findings.add(rule, checked.at(hint.location), object, message);
        }
    }
    let count = hints().count();
    if count > MOST
        && let Some((_, first)) = hints().next()
    {
        let (count, most) = (grouped(count), grouped(MOST));
        let message = format!("there are {count} hints: with more than {most}, a dialplan reload takes long");
        findings.add(&MANY, checked.at(first.location), "", message);
    }
}

/// Returns what is wrong with a device of a hint.
fn problem(checked: &Checked<'_, '_>, device: &BStr) -> Option<(&'static crate::Rule, String)> {
    if has_variable(device) {
        return None;
    }
    if device.is_empty() {
        return Some((&UNKNOWN, "a device is empty: its state is not known".to_owned()));
    }
    if !device.contains_str("/") && !device.contains_str(":") {
        let message = "is no device of a technology: its state is not known";
        return Some((&UNKNOWN, format!("\"{}\" {message}", Shown(device))));
    }
    let absent = match local_channel(device) {
        Some((number, context)) => {
            let target = Target::Number(1);
            let absent = checked.lookup.extension(context, number, target).err();
            absent.map(|absent| missing(absent, context, number, target))
        }
        None => checked.devices.absent(device),
    };
    absent.map(|absent| (&DEVICE, format!("{absent}: the state is unavailable for ever")))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{dialplan, found};

    #[test]
    fn a_device_that_is_missing() {
        let pjsip = "[a]\ntype=endpoint\nallow=ulaw\nauth=a\ncontext=c\n[a]\ntype=auth\nusername=a\npassword=p\n\
            [t]\ntype=transport\nbind=0.0.0.0\n";
        let hints = "[c]\nexten => 1,hint,PJSIP/a&PJSIP/nope\nexten => 2,hint,pjsip/a,CustomPresence:b\n\
            exten => 3,hint,${DEVICE}&SCCP/x&Custom:y&confbridge:1\n";
        assert_eq!(
            found(&[("extensions.conf", hints), ("pjsip.conf", pjsip)]),
            ["asterisk/extensions.conf:2: warning: hint 1@c: there is no endpoint \"nope\": the state is \
            unavailable for ever [dialplan-hint-device-missing]"]
        );
        assert_eq!(dialplan(hints), [""; 0]);
        let sccp = "[x]\ntype = line\n[y]\ntype = device\nline = x\n";
        let findings =
            found(&[("extensions.conf", "[c]\nexten => 1,hint,SCCP/x&SCCP/y\n"), ("sccp.conf", sccp)]);
        assert_eq!(
            findings[..1],
            [
                "asterisk/extensions.conf:2: warning: hint 1@c: there is no SCCP line \"y\": the state is unavailable \
            for ever [dialplan-hint-device-missing]"
            ]
        );
        assert!(findings.iter().skip(1).all(|finding| !finding.contains("hint")), "{findings:?}");
    }

    #[test]
    fn a_local_channel_without_its_extension() {
        assert_eq!(
            dialplan(
                "[c]\nexten => 1,hint,Local/1@c&Local/2@c/n\nexten => 1,1,Hangup()\nexten => 3,hint,Local/1@d\n"
            ),
            [
                "2: warning: hint 1@c: there is no extension \"2\" in the context \"c\": the state is unavailable for \
            ever [dialplan-hint-device-missing]"
            ]
        );
    }

    #[test]
    fn a_device_without_a_technology() {
        assert_eq!(
            dialplan("[c]\nexten => 1,hint,Custom:a&b\nexten => 2,hint,\n"),
            [
                "2: warning: hint 1@c: \"b\" is no device of a technology: its state is not known \
                [dialplan-hint-unknown]",
                "3: warning: hint 2@c: a device is empty: its state is not known [dialplan-hint-unknown]"
            ]
        );
    }

    #[test]
    fn many_hints() {
        let hints = |count: usize| {
            let lines: Vec<_> = (0..count).map(|number| format!("exten => {number},hint,Custom:a")).collect();
            dialplan(&format!("[c]\n{}\n", lines.join("\n")))
        };
        assert_eq!(hints(5_000), [""; 0]);
        assert_eq!(
            hints(5_001),
            ["2: warning: there are 5,001 hints: with more than 5,000, a dialplan reload takes long \
            [dialplan-hints-many]"]
        );
    }
}
