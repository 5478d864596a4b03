//! Applications and functions that Asterisk 22 does not have.
//!
//! Modules of others have more of them. So an unknown name is reported only if it is one that Asterisk had once, or if it
//! seems to be a misspelled one.

use asterisk_conf::catalogue;
use bstr::{BStr, ByteSlice};

use crate::text::{Shown, misspelled};

/// The applications that Asterisk no longer has: those of `app_macro`, `res_monitor` and `chan_sip`.
const GONE: &[&str] = &[
    "Macro",
    "MacroExclusive",
    "MacroIf",
    "MacroExit",
    "Monitor",
    "StopMonitor",
    "ChangeMonitor",
    "PauseMonitor",
    "UnpauseMonitor",
    "SIPAddHeader",
    "SIPRemoveHeader",
    "SIPDtmfMode",
    "SIPSendCustomINFO",
];

/// Says that Asterisk no longer has an application.
pub(super) fn gone_application(name: &BStr) -> Option<String> {
    let gone = GONE.iter().find(|gone| name.eq_ignore_ascii_case(gone.as_bytes()))?;
    Some(format!("Asterisk 22 has no application {gone}"))
}

/// Says that no module of Asterisk has an application, whose name seems to be misspelled.
pub(super) fn unknown_application(name: &BStr) -> Option<String> {
    unknown(name, catalogue::applications(), "application")
}

/// Says that no module of Asterisk has a function, whose name seems to be misspelled.
pub(super) fn unknown_function(name: &BStr) -> Option<String> {
    // An administrator names those of func_odbc.conf, with this prefix.
    let is_own = name.starts_with(b"ODBC_");
    if is_own { None } else { unknown(name, catalogue::functions(), "function") }
}

fn unknown(name: &BStr, known: &catalogue::Names, kind: &str) -> Option<String> {
    let text = name.to_str().ok().filter(|text| !known.has(text))?;
    let nearest = misspelled(text, known.iter())?;
    Some(format!("Asterisk 22 has no {kind} \"{}\" (did you mean {nearest}?)", Shown(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_others_may_have_is_not_reported() {
        let application = |name| unknown_application(BStr::new(name));
        assert_eq!(
            application("Playbak").unwrap(),
            "Asterisk 22 has no application \"Playbak\" (did you mean Playback?)"
        );
        for name in ["playback", "SCCPSetMessage", "Swift", "AGI", "Konference", "", "\u{e9}"] {
            assert_eq!(application(name), None, "{name}");
        }
        let function = |name| unknown_function(BStr::new(name));
        assert_eq!(
            function("CALERID").unwrap(),
            "Asterisk 22 has no function \"CALERID\" (did you mean CALLERID?)"
        );
        for name in ["CALLERID", "ODBC_FETC", "MY_LOOKUP"] {
            assert_eq!(function(name), None, "{name}");
        }
    }

    #[test]
    fn an_application_that_is_gone_is_not_in_the_catalogue() {
        for name in GONE {
            assert!(gone_application(BStr::new(&name.to_lowercase())).is_some());
            assert!(!catalogue::applications().has(name), "{name}");
        }
    }
}
