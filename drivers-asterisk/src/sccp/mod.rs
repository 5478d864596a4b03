//! Writes `sccp.conf`: the telephones that speak Cisco's Skinny protocol. Devices and lines are separate
//! sections, each below a template with the settings that all of them share.
//!
//! ```text
//! [xivo_device_tpl](!)
//! dialtimeout = 5
//! keepalive = 10
//! vmexten = *97
//!
//! [SEP00000000000A](xivo_device_tpl)
//! type = device
//! line = 1001
//! voicemail = 8001
//! speeddial = 1-1
//! ```

mod device;
mod line;
mod settings;
mod speed_dial;
#[cfg(test)]
mod tests;

use driver_api::asterisk::{Lines, Writer};
use driver_api::{Dated, Driver, Error, Piece, Release, Session};

use crate::feature_tables;
use crate::section_names::SectionNames;
use settings::Settings;
use speed_dial::SpeedDials;

pub(crate) struct Sccp;

impl Driver for Sccp {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        session.stand_in(feature_tables::OLDER);
        let variant = Variant::of(session.release()?);
        let settings = Settings::read(session)?;
        let speed_dials = SpeedDials::read(session)?;
        let fixed = ["general", device::TEMPLATE, device::GUEST, line::TEMPLATE, line::GUEST];
        let mut names = SectionNames::new(&fixed);
        let mut writer = Writer::new(session);
        settings.write_general(&mut writer);
        writer.part();
        settings.write_device_template(&mut writer);
        device::write(&mut writer, session, &mut names, &speed_dials)?;
        writer.part();
        settings.write_line_template(&mut writer, variant);
        line::write(&mut writer, session, variant, &mut names)?;
        writer.part();
        speed_dials.write(&mut writer);
        Ok(writer.finish(session))
    }
}

/// The differences of the file between releases, since 20.17.
#[derive(Clone, Copy)]
struct Variant {
    /// Whether a line has the variable `WAZO_CALLER_SIMULTCALLS`.
    has_simultaneous_calls: bool,
    /// Whether a line has the variables `WAZO_USERID` and `WAZO_USERUUID`, beside those with the old names.
    has_user_variables: bool,
    /// Whether a call on a line ends after ten hours.
    has_time_limit: bool,
}

const HAS_SIMULTANEOUS_CALLS: Dated<bool> = Dated::new(true, &[(Release::new(24, 16), false)]);
const HAS_USER_VARIABLES: Dated<bool> = Dated::new(true, &[(Release::new(24, 1), false)]);
const HAS_TIME_LIMIT: Dated<bool> = Dated::new(true, &[(Release::new(24, 7), false)]);

impl Variant {
    fn of(release: Release) -> Variant {
        Variant {
            has_simultaneous_calls: HAS_SIMULTANEOUS_CALLS.at(release),
            has_user_variables: HAS_USER_VARIABLES.at(release),
            has_time_limit: HAS_TIME_LIMIT.at(release),
        }
    }
}

/// Writes an option that has a value.
fn write_present(lines: &mut Lines<'_>, key: &str, value: impl Piece) {
    if !value.text().is_empty() {
        lines.option(key, value);
    }
}
