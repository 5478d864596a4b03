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
use driver_api::{Driver, Error, Piece, Session};

use crate::section_names::SectionNames;
use settings::Settings;
use speed_dial::SpeedDials;

pub(crate) struct Sccp;

impl Driver for Sccp {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
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
        settings.write_line_template(&mut writer);
        line::write(&mut writer, session, &mut names)?;
        writer.part();
        speed_dials.write(&mut writer);
        Ok(writer.finish(session))
    }
}

/// Writes an option that has a value.
fn write_present(lines: &mut Lines<'_>, key: &str, value: impl Piece) {
    if !value.text().is_empty() {
        lines.option(key, value);
    }
}
