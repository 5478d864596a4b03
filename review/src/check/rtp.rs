//! The ports of audio and video.

use bstr::BStr;

use super::Findings;
use crate::rule::rules;
use crate::site::Site;

rules! {
    PORTS = "rtp-ports", Warning, "Asterisk uses the ports 5000 to 31000, or has too few for a call: there is no audio.";
}

/// A call between two telephones needs two ports for each of them.
const PORTS_OF_A_CALL: i64 = 4;

pub(super) fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Some(file) = site.file("rtp.conf") else { return };
    let Some(general) = file.document().section("general") else { return };
    let option = |key: &str| general.options().iter().find(|option| option.has_key(key));
    let (start, end) = (option("rtpstart"), option("rtpend"));
    let port = |option: Option<&asterisk_conf::ConfigOption>, default| {
        option.map_or(default, |option| leading_digits(option.value()).clamp(1024, 65535))
    };
    let (first, last) = (port(start, 5000), port(end, 31000));
    let message = if first > last {
        format!("rtpstart is {first} and rtpend {last}: Asterisk uses 5000 to 31000")
    } else if last - first + 1 < PORTS_OF_A_CALL {
        format!("{first} to {last} are too few ports for a call")
    } else {
        return;
    };
    if let Some(option) = start.or(end) {
        findings.add(&PORTS, file.at(option.location()), "", message);
    }
}

/// Reads a number as the module does, which ignores what follows it.
fn leading_digits(value: &BStr) -> i64 {
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number: i64, digit| number.saturating_mul(10).saturating_add(i64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    #[test]
    fn a_range_of_ports_that_is_empty_or_too_small() {
        let at = |line, message: &str| format!("asterisk/rtp.conf:{line}: warning: {message} [rtp-ports]");
        let table = [
            (
                "rtpstart = 20000\nrtpend = 10000\n",
                Some("rtpstart is 20000 and rtpend 10000: Asterisk uses 5000 to 31000"),
            ),
            ("rtpstart = 40000\n", Some("rtpstart is 40000 and rtpend 31000: Asterisk uses 5000 to 31000")),
            ("rtpstart = 10000\nrtpend = 10002\n", Some("10000 to 10002 are too few ports for a call")),
            ("rtpend = 20000\nrtpstart = 10000\nrtpend = 2000\n", None),
            ("icesupport = no\n", None),
        ];
        for (options, message) in table {
            let found = found(&[("rtp.conf", &format!("[general]\n{options}"))]);
            assert_eq!(
                found,
                message.map(|message| at(2, message)).into_iter().collect::<Vec<_>>(),
                "{options}"
            );
        }
    }
}
