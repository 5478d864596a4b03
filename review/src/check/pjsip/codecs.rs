//! The codecs of an endpoint.

use asterisk_conf::Section;
use bstr::{BStr, ByteSlice};

use super::super::Findings;
use super::items;
use crate::rule::rules;
use crate::site::SiteFile;
use crate::text::{Shown, object};

rules! {
    UNKNOWN = "pjsip-codec-unknown", Error, "Asterisk does not make the endpoint.";
    NONE = "pjsip-codec-none", Error, "Asterisk refuses every call of an endpoint without codecs with 488.";
}

/// The codecs of Asterisk 22, and `all`.
const CODECS: &[&str] = &[
    "adpcm", "all", "alaw", "codec2", "g719", "g722", "g723", "g726", "g726aal2", "g729", "gsm", "h261",
    "h263", "h263p", "h264", "h265", "ilbc", "jpeg", "lpc10", "mpeg4", "none", "opus", "png", "red", "silk",
    "silk12", "silk16", "silk24", "silk8", "siren14", "siren7", "slin", "slin12", "slin16", "slin192",
    "slin24", "slin32", "slin44", "slin48", "slin96", "speex", "speex16", "speex32", "t140", "t140red",
    "t38", "testlaw", "ulaw", "vp8", "vp9",
];

/// Checks the options `allow` and `disallow`, which Asterisk applies in order.
pub(super) fn check(file: &SiteFile<'_>, endpoint: &Section, findings: &mut Findings<'_>) {
    let mut allowed: Vec<Vec<u8>> = Vec::new();
    let mut is_known = true;
    for option in endpoint.options() {
        let allows = option.has_key("allow");
        if !allows && !option.has_key("disallow") {
            continue;
        }
        for item in items(option.value()) {
            let (negated, codec) = split(item);
            if !CODECS.iter().any(|known| known.as_bytes() == codec) {
                is_known = false;
                let message = format!(
                    "Asterisk knows no codec \"{}\": it does not make the endpoint",
                    Shown(BStr::new(&codec))
                );
                findings.add(
                    &UNKNOWN,
                    file.at(option.location()),
                    object("endpoint", endpoint.name()),
                    message,
                );
            } else if allows != negated {
                allowed.push(codec);
            } else if codec == b"all" {
                allowed.clear();
            } else {
                allowed.retain(|known| *known != codec);
            }
        }
    }
    if is_known && allowed.is_empty() {
        let message = "it allows no codec: Asterisk refuses every call with 488";
        findings.add(&NONE, file.at(endpoint.location()), object("endpoint", endpoint.name()), message);
    }
}

/// Splits an item into whether it begins with `!`, and the name without its packet time.
fn split(item: &BStr) -> (bool, Vec<u8>) {
    let (negated, name) = match item.strip_prefix(b"!") {
        Some(name) => (true, name),
        None => (false, item.as_bytes()),
    };
    let name = name.split(|byte| *byte == b':').next().unwrap_or(name);
    (negated, name.trim_ascii().to_ascii_lowercase())
}
