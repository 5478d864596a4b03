//! The devices: telephones with their line and the speed dials of its user.

use std::collections::HashSet;

use driver_api::asterisk::Writer;
use driver_api::{Blanked, Error, OneLine, Query, Row, Session};
use serde::Deserialize;

use super::speed_dial::SpeedDials;
use super::write_present;
use crate::section_names::SectionNames;

pub(super) const TEMPLATE: &str = "xivo_device_tpl";

/// The device of a telephone that is not configured yet.
pub(super) const GUEST: &str = "guest";

/// A device has its line by name. It has a row for each voicemail of the lines of that name, and at least one.
const DEVICES: Query<'_> = Query {
    table: "sccpdevice",
    key: &["id"],
    sql: "SELECT d.id, d.name, d.device, d.line, v.mailbox
        FROM sccpdevice d
        LEFT JOIN sccpline s ON s.name = d.line
        LEFT JOIN linefeatures l ON l.endpoint_sccp_id = s.id
        LEFT JOIN user_line ul ON ul.line_id = l.id AND ul.main_user
        LEFT JOIN userfeatures u ON u.id = ul.user_id
        LEFT JOIN voicemail v ON v.uniqueid = u.voicemailid
        ORDER BY d.id, s.id, l.id, ul.user_id",
};

#[derive(Deserialize)]
struct Device {
    id: i64,
    name: OneLine,
    device: String,
    line: Blanked,
    mailbox: Option<Blanked>,
}

pub(super) fn write(
    writer: &mut Writer,
    session: &mut Session<'_>,
    names: &mut SectionNames,
    speed_dials: &SpeedDials,
) -> Result<(), Error> {
    let devices: Vec<Row<Device>> = session.query(DEVICES, &[])?;
    write_guest(writer);
    let mut written = HashSet::new();
    for device in &devices {
        let new = written.insert((device.id, device.mailbox.as_deref()));
        if new && names.add(session, device, &device.name) {
            write_device(writer, device, speed_dials);
        }
    }
    Ok(())
}

fn write_guest(writer: &mut Writer) {
    let mut lines = writer.own();
    lines.derived_section(GUEST, TEMPLATE);
    lines.option("type", "device");
    lines.option("line", super::line::GUEST);
    writer.blank();
}

fn write_device(writer: &mut Writer, device: &Row<Device>, speed_dials: &SpeedDials) {
    let mut lines = writer.at(device);
    lines.derived_section(&device.name, TEMPLATE);
    lines.option("type", "device");
    write_present(&mut lines, "line", &device.line);
    write_present(&mut lines, "voicemail", &device.mailbox);
    for speed_dial in speed_dials.of(&device.device) {
        writer.at(speed_dial).option("speeddial", speed_dial.name());
    }
    writer.blank();
}
