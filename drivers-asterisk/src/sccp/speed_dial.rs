//! The speed dials: the function keys of a user that dial a number.

use std::collections::HashMap;

use driver_api::asterisk::Writer;
use driver_api::{Error, Query, Row, Session, Text};
use serde::Deserialize;

use super::write_present;

pub(super) struct SpeedDials {
    all: Vec<Row<SpeedDial>>,
    /// The indexes of the speed dials of each device, by the position of their keys.
    by_device: HashMap<String, Vec<usize>>,
}

/// A user with several devices has each key on all of them, one row for each. Only keys in the user's own
/// template count, and none in a shared one.
const SPEED_DIALS: Query<'_> = Query {
    table: "func_key_mapping",
    key: &["user_id", "position"],
    sql: "SELECT u.id AS user_id, m.position, m.label, m.blf, c.exten, d.device
        FROM func_key_mapping m
        JOIN userfeatures u ON u.func_key_private_template_id = m.template_id
        JOIN func_key_dest_custom c ON c.func_key_id = m.func_key_id
        JOIN user_line ul ON ul.user_id = u.id AND ul.main_user
        JOIN linefeatures l ON l.id = ul.line_id AND l.commented = 0
        JOIN sccpline s ON s.id = l.endpoint_sccp_id
        JOIN sccpdevice d ON d.line = s.name
        ORDER BY m.template_id, m.func_key_id, d.id, m.position",
};

#[derive(Deserialize)]
pub(super) struct SpeedDial {
    user_id: i64,
    position: i64,
    label: Option<Text>,
    blf: bool,
    exten: Text,
    device: String,
}

impl SpeedDials {
    pub(super) fn read(session: &mut Session<'_>) -> Result<SpeedDials, Error> {
        let all: Vec<Row<SpeedDial>> = session.query(SPEED_DIALS, &[])?;
        let mut by_device: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_position: Vec<usize> = (0..all.len()).collect();
        by_position.sort_by_key(|&at| all[at].position);
        for at in by_position {
            by_device.entry(all[at].device.clone()).or_default().push(at);
        }
        Ok(SpeedDials { all, by_device })
    }

    /// Returns the speed dials of a device.
    pub(super) fn of(&self, device: &str) -> impl Iterator<Item = &Row<SpeedDial>> {
        self.by_device.get(device).into_iter().flatten().map(|&at| &self.all[at])
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        for speed_dial in &self.all {
            let mut lines = writer.at(speed_dial);
            lines.section(speed_dial.name());
            lines.option("type", "speeddial");
            lines.option("extension", ("exten", cleaned(&speed_dial.exten)));
            write_present(&mut lines, "label", ("label", speed_dial.label.as_deref().map(cleaned)));
            lines.option("blf", ("blf", if speed_dial.blf { "1" } else { "0" }));
            writer.blank();
        }
    }
}

impl SpeedDial {
    /// Returns the name by which a device refers to the speed dial.
    pub(super) fn name(&self) -> String {
        format!("{}-{}", self.user_id, self.position)
    }
}

/// Removes the characters that would end the line or begin a comment. A label that a user typed is as readable
/// without them.
fn cleaned(text: &str) -> String {
    text.replace(['\n', '\r', '\t', ';', '\0'], "")
}
